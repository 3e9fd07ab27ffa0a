/** The TLS record layer: what can be read without keys (RFC 8446 §5.1, RFC 5246 §6.2.1). */
import { u16 } from '../core/bytes.ts'

// RFC 8446 §5.1. Byte offsets from the start of a record.
const VERSION = 1
const LENGTH = 3

export const RECORD_HEADER_BYTES = 5
/** TLSCiphertext.length may exceed 2^14 by 2048 in TLS 1.2 (RFC 5246 §6.2.3). */
export const MAX_RECORD_BYTES = 16_384 + 2048

/** TLS ContentType (RFC 8446 §5.1; heartbeat: RFC 6520 §3). */
export const ContentType = {
  CHANGE_CIPHER_SPEC: 20,
  ALERT: 21,
  HANDSHAKE: 22,
  APPLICATION_DATA: 23,
  HEARTBEAT: 24,
} as const

export const recordType = (buf: Uint8Array, at: number): number => buf[at] as number
export const recordVersion = (buf: Uint8Array, at: number): number => u16(buf, at + VERSION)
/** Bytes of the fragment behind the header. */
export const recordLength = (buf: Uint8Array, at: number): number => u16(buf, at + LENGTH)

/** SSL 3.0 to TLS 1.3, or a draft of TLS 1.3 that wrote its own code point (RFC 8446 §5.1, RFC 8446 §D.1). */
export const isTlsVersion = (version: number): boolean =>
  (version >= 0x0300 && version <= 0x0304) || version >>> 8 === 0x7f

/** Do the five bytes at `at` read as a record header? The caller has made sure that they are there. */
export function isTlsRecord(buf: Uint8Array, at: number): boolean {
  const type = recordType(buf, at)
  if (type < ContentType.CHANGE_CIPHER_SPEC || type > ContentType.HEARTBEAT) return false
  if (!isTlsVersion(recordVersion(buf, at))) return false
  const length = recordLength(buf, at)
  return length >= 1 && length <= MAX_RECORD_BYTES
}

/** Could the bytes at hand, fewer than a header perhaps, still become a record header? */
export function mayBecomeTlsRecord(buf: Uint8Array, at: number, end: number): boolean {
  if (end - at >= RECORD_HEADER_BYTES) return isTlsRecord(buf, at)
  const type = buf[at]
  if (type === undefined || at >= end) return true
  if (type < ContentType.CHANGE_CIPHER_SPEC || type > ContentType.HEARTBEAT) return false
  const major = at + VERSION < end ? buf[at + VERSION] : 3
  return major === 3 || major === 0x7f
}
