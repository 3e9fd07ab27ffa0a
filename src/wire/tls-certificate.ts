/** Certificate messages: where each DER lies (RFC 5246 §7.4.2, RFC 8446 §4.4.2). */
import { u8, u24 } from '../core/bytes.ts'
import { malformed, message, type Parsed } from '../core/result.ts'
import { vectorEnd } from './tls-extensions.ts'

/** Certificates read of one message; longer chains do not occur outside of attacks. */
export const MAX_CERTIFICATES = 64

export interface DerRange {
  readonly at: number
  readonly end: number
}

/** Reused: the offsets of a message's certificates, `count` of them. */
export class CertificateRanges {
  count = 0
  readonly at = new Int32Array(MAX_CERTIFICATES)
  readonly end = new Int32Array(MAX_CERTIFICATES)
  /** A length pointed outside its container, or the cap was hit. */
  clipped = false
}

/**
 * Reads the body of a Certificate message of SSL 3.0 to TLS 1.2 between `at` and `end` into `out`. A certificate that
 * is not all there is left out and sets `clipped`.
 */
export function readCertificates(buf: Uint8Array, at: number, end: number, out: CertificateRanges): void {
  readEntries(buf, at, end, 0, out)
}

/** The same of TLS 1.3: a request context in front, extensions behind every certificate (RFC 8446 §4.4.2). */
export function readCertificates13(buf: Uint8Array, at: number, end: number, out: CertificateRanges): void {
  readEntries(buf, vectorEnd(buf, at, end, 1), end, 2, out)
}

function readEntries(
  buf: Uint8Array,
  at: number,
  end: number,
  extensionLengthBytes: 0 | 2,
  out: CertificateRanges,
): void {
  out.count = 0
  const listEnd = vectorEnd(buf, at, end, 3)
  out.clipped = at + 3 > end || at + 3 + u24(buf, at) > end
  for (let p = at + 3; p + 3 <= listEnd; ) {
    const derEnd = p + 3 + u24(buf, p)
    if (derEnd > listEnd || out.count === MAX_CERTIFICATES) {
      out.clipped = true
      return
    }
    out.at[out.count] = p + 3
    out.end[out.count] = derEnd
    out.count += 1
    p = extensionLengthBytes === 0 ? derEnd : vectorEnd(buf, derEnd, listEnd, 2)
  }
}

function rangesOf(ranges: CertificateRanges, at: number, end: number): Parsed<readonly DerRange[]> {
  if (ranges.clipped) return malformed(ranges.count === MAX_CERTIFICATES ? 'too_large' : 'bad_length', at)
  const list: DerRange[] = []
  for (let i = 0; i < ranges.count; i++) list.push({ at: ranges.at[i] ?? 0, end: ranges.end[i] ?? 0 })
  return message(list, end)
}

/** Where the certificates of a Certificate message's body lie, SSL 3.0 to TLS 1.2 (RFC 5246 §7.4.2). */
export function parseCertificateMessage(buf: Uint8Array, at: number, end: number): Parsed<readonly DerRange[]> {
  const ranges = new CertificateRanges()
  readCertificates(buf, at, end, ranges)
  return rangesOf(ranges, at, end)
}

/** Where the certificates of a decrypted TLS 1.3 Certificate message's body lie (RFC 8446 §4.4.2). */
export function parseCertificateMessage13(buf: Uint8Array, at: number, end: number): Parsed<readonly DerRange[]> {
  const ranges = new CertificateRanges()
  readCertificates13(buf, at, end, ranges)
  return rangesOf(ranges, at, end)
}

/** Does the body open like a certificate_list: lengths that agree and a DER SEQUENCE (or nothing) in it? */
export function looksLikeCertificateList(buf: Uint8Array, at: number, end: number, bodyLength: number): boolean {
  if (end - at < 3 || u24(buf, at) !== bodyLength - 3) return false
  if (bodyLength === 3) return true
  if (end - at < 7) return false
  return u24(buf, at + 3) <= bodyLength - 6 && u8(buf, at + 6) === 0x30
}
