/** The DTLS record layer (RFC 6347 §4.1; connection ids: RFC 9146 §4; the unified header of 1.3: RFC 9147 §4). */
import { u8, u16 } from '../core/bytes.ts'
import { ContentType } from './tls-record.ts'

// RFC 6347 §4.1. Byte offsets from the start of a record: type, version, epoch, 48 bits of sequence number, length.
const VERSION = 1
const EPOCH = 3
const LENGTH = 11

export const DTLS_HEADER_BYTES = 13
export const DTLS10 = 0xfeff
export const DTLS12 = 0xfefd
export const DTLS13 = 0xfefc
/** What OpenSSL before 0.9.8f and Cisco's AnyConnect say for DTLS 1.0. */
export const DTLS_BAD_VERSION = 0x0100
/** ContentType tls12_cid: the record has a connection id in front of its length (RFC 9146 §4). */
export const TLS12_CID = 25
/** ContentType ack (RFC 9147 §7). */
export const ACK = 26
/** As in TLS: 2^14 and what ciphers may add (RFC 6347 §4.1). */
const MAX_RECORD_BYTES = 16_384 + 2048

export const dtlsType = (buf: Uint8Array, at: number): number => u8(buf, at)
export const dtlsVersion = (buf: Uint8Array, at: number): number => u16(buf, at + VERSION)
/** 0 until the first ChangeCipherSpec: what it has is in the clear. */
export const dtlsEpoch = (buf: Uint8Array, at: number): number => u16(buf, at + EPOCH)

export const isDtlsVersion = (version: number): boolean =>
  version === DTLS12 || version === DTLS10 || version === DTLS13 || version === DTLS_BAD_VERSION

/** Does the record at `at` show a connection id, whose length only the two ends know? Never in the clear (RFC 9146 §3). */
export function showsConnectionId(buf: Uint8Array, at: number, end: number): boolean {
  if (u8(buf, at) >>> 5 === UNIFIED) return (u8(buf, at) & HAS_CONNECTION_ID) !== 0
  return u8(buf, at) === TLS12_CID && end - at >= DTLS_HEADER_BYTES && dtlsVersion(buf, at) === DTLS12
}

/** Is `type` one that a record with the long header has? */
const isDtlsType = (type: number): boolean =>
  (type >= ContentType.CHANGE_CIPHER_SPEC && type <= ContentType.HEARTBEAT) || type === TLS12_CID || type === ACK

/** One record. Reused: `readDtlsRecord` sets every field. */
export class DtlsRecordView {
  type = 0
  version = 0
  /** Only its two low bits in a unified header. */
  epoch = 0
  /** A DTLS 1.3 ciphertext: type, version and most of the epoch are not shown. */
  isUnified = false
  at = 0
  /** End of the record; beyond the captured bytes when those are cut off. */
  end = 0
}

/**
 * Reads the record at `at`. `wireEnd` is where the datagram ended on the wire; `idBytes` the length of the connection ids
 * that the receiver asked for. False when the bytes are no record that fits its datagram.
 */
export function readDtlsRecord(
  buf: Uint8Array,
  at: number,
  end: number,
  wireEnd: number,
  idBytes: number,
  out: DtlsRecordView,
): boolean {
  if (at >= end) return false
  if (u8(buf, at) >>> 5 === UNIFIED) return readUnified(buf, at, end, wireEnd, idBytes, out)
  out.type = u8(buf, at)
  const lengthAt = at + LENGTH + (out.type === TLS12_CID ? idBytes : 0)
  if (!isDtlsType(out.type) || lengthAt + 2 > end) return false
  out.version = dtlsVersion(buf, at)
  out.epoch = dtlsEpoch(buf, at)
  out.isUnified = false
  out.at = lengthAt + 2
  out.end = out.at + u16(buf, lengthAt)
  return isDtlsVersion(out.version) && out.end - out.at <= MAX_RECORD_BYTES && out.end <= wireEnd
}

// RFC 9147 §4: 001CSLEE.
const UNIFIED = 0b001
const HAS_CONNECTION_ID = 0x10
const HAS_LONG_NUMBER = 0x08
const HAS_LENGTH = 0x04
const EPOCH_BITS = 0x03
/** The sample for the sequence number's protection (RFC 9147 §4.2.3). */
const MIN_CIPHERTEXT_BYTES = 16

function readUnified(
  buf: Uint8Array,
  at: number,
  end: number,
  wireEnd: number,
  idBytes: number,
  out: DtlsRecordView,
): boolean {
  const bits = u8(buf, at)
  let p = at + 1 + ((bits & HAS_CONNECTION_ID) !== 0 ? idBytes : 0) + ((bits & HAS_LONG_NUMBER) !== 0 ? 2 : 1)
  out.type = ContentType.APPLICATION_DATA
  out.version = DTLS13
  out.epoch = bits & EPOCH_BITS
  out.isUnified = true
  out.end = wireEnd
  if ((bits & HAS_LENGTH) !== 0) {
    p += 2
    if (p > end) return false
    out.end = p + u16(buf, p - 2)
  }
  out.at = p
  return out.end - out.at >= MIN_CIPHERTEXT_BYTES && out.end - out.at <= MAX_RECORD_BYTES && out.end <= wireEnd
}
