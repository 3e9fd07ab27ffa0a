/** Frames of Initial packets (RFC 9000 §12.4): the few types that may stand in one, each told from the next by its own length. */
import { u8 } from '../core/bytes.ts'
import { varint, varintEnd } from './quic-varint.ts'

/** QUIC frame types that Initial packets may carry (RFC 9000 §12.4, table 3). */
export const QuicFrameType = {
  PADDING: 0x00,
  PING: 0x01,
  ACK: 0x02,
  ACK_ECN: 0x03,
  CRYPTO: 0x06,
  CONNECTION_CLOSE: 0x1c,
} as const

/** Ranges of one ACK frame: a sender of Initials has a handful to acknowledge. */
const MAX_ACK_RANGES = 256
/** Transport error codes from here on hold a TLS alert in their low byte (RFC 9000 §20.1). */
const CRYPTO_ERROR = 0x0100

/** One frame. Reused: read it before the next call. */
export class QuicFrameView {
  type = 0
  /** Offset of a CRYPTO frame's data in its stream. */
  offset = 0
  /** The data of a CRYPTO frame. */
  at = 0
  end = 0
  /** Error code of a CONNECTION_CLOSE. */
  errorCode = 0
}

/** The alert in a CONNECTION_CLOSE's error code, -1 when it holds none (RFC 9001 §4.8). */
export const alertOf = (errorCode: number): number => (errorCode >>> 8 === CRYPTO_ERROR >>> 8 ? errorCode & 255 : -1)

/**
 * Reads the frame at `at`, padding before it passed over. Returns the offset behind it; `end` itself with type PADDING when
 * there is no more; -1 when the bytes are no frame that an Initial packet may carry.
 */
export function readInitialFrame(buf: Uint8Array, at: number, end: number, out: QuicFrameView): number {
  let p = at
  while (p < end && buf[p] === QuicFrameType.PADDING) p += 1
  out.type = QuicFrameType.PADDING
  if (p >= end) return end
  out.type = u8(buf, p)
  p += 1
  switch (out.type) {
    case QuicFrameType.PING:
      return p
    case QuicFrameType.ACK:
    case QuicFrameType.ACK_ECN:
      return ackEnd(buf, p, end, out.type === QuicFrameType.ACK_ECN)
    case QuicFrameType.CRYPTO:
      return readCrypto(buf, p, end, out)
    case QuicFrameType.CONNECTION_CLOSE:
      return readClose(buf, p, end, out)
    default:
      return -1
  }
}

function readCrypto(buf: Uint8Array, at: number, end: number, out: QuicFrameView): number {
  const lengthAt = varintEnd(buf, at, end)
  const dataAt = lengthAt < 0 ? -1 : varintEnd(buf, lengthAt, end)
  if (dataAt < 0) return -1
  out.offset = varint(buf, at)
  out.at = dataAt
  out.end = dataAt + varint(buf, lengthAt)
  return out.end <= end ? out.end : -1
}

/** Largest acknowledged, delay, number of ranges, first range, the ranges, three counts of ECN (RFC 9000 §19.3). */
function ackEnd(buf: Uint8Array, at: number, end: number, hasEcn: boolean): number {
  const countAt = skipVarints(buf, at, end, 2)
  const firstAt = countAt < 0 ? -1 : varintEnd(buf, countAt, end)
  if (firstAt < 0) return -1
  const ranges = varint(buf, countAt)
  if (ranges > MAX_ACK_RANGES) return -1
  return skipVarints(buf, firstAt, end, 1 + 2 * ranges + (hasEcn ? 3 : 0))
}

/** Error code, the frame at fault, a reason with its length (RFC 9000 §19.19). */
function readClose(buf: Uint8Array, at: number, end: number, out: QuicFrameView): number {
  const lengthAt = skipVarints(buf, at, end, 2)
  const reasonAt = lengthAt < 0 ? -1 : varintEnd(buf, lengthAt, end)
  if (reasonAt < 0) return -1
  out.errorCode = varint(buf, at)
  const next = reasonAt + varint(buf, lengthAt)
  return next <= end ? next : -1
}

function skipVarints(buf: Uint8Array, at: number, end: number, count: number): number {
  let p = at
  for (let i = 0; i < count && p >= 0; i++) p = varintEnd(buf, p, end)
  return p
}
