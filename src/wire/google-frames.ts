/** Frames of Google's T050 and T051: TLS in CRYPTO frames, among frames of Google's own layout ("QUIC Wire Layout Specification"). */
import { u8 } from '../core/bytes.ts'
import { QuicFrameType, type QuicFrameView } from './quic-frames.ts'
import { varint, varintEnd } from './quic-varint.ts'

const PING = 0x07
const CRYPTO = 0x08
/** 01ntllmm: more than one block, truncation unused, sizes of the largest acknowledged and of a block's length. */
const ACK_BITS = 0xc0
const ACK = 0x40
const HAS_BLOCKS = 0x20
const NUMBER_BYTES = [1, 2, 4, 6] as const
const ACK_DELAY_BYTES = 2
const FIRST_TIMESTAMP_BYTES = 5
const TIMESTAMP_BYTES = 3

/** As `readInitialFrame`, of Google's layout: `out.type` is the IETF's. */
export function readGoogleFrame(buf: Uint8Array, at: number, end: number, out: QuicFrameView): number {
  let p = at
  while (p < end && buf[p] === QuicFrameType.PADDING) p += 1
  out.type = QuicFrameType.PADDING
  if (p >= end) return end
  const type = u8(buf, p)
  p += 1
  if (type === PING) return p
  if ((type & ACK_BITS) === ACK) return ackEnd(buf, p, end, type)
  if (type !== CRYPTO) return -1
  const lengthAt = varintEnd(buf, p, end)
  const dataAt = lengthAt < 0 ? -1 : varintEnd(buf, lengthAt, end)
  if (dataAt < 0) return -1
  out.type = QuicFrameType.CRYPTO
  out.offset = varint(buf, p)
  out.at = dataAt
  out.end = dataAt + varint(buf, lengthAt)
  return out.end <= end ? out.end : -1
}

function ackEnd(buf: Uint8Array, at: number, end: number, type: number): number {
  const largestBytes = NUMBER_BYTES[((type >>> 2) & 3) as 0 | 1 | 2 | 3]
  const blockBytes = NUMBER_BYTES[(type & 3) as 0 | 1 | 2 | 3]
  let p = at + largestBytes + ACK_DELAY_BYTES
  const hasBlocks = (type & HAS_BLOCKS) !== 0
  if (p >= end) return -1
  const blocks = hasBlocks ? u8(buf, p) : 0
  p += (hasBlocks ? 1 : 0) + blockBytes + blocks * (1 + blockBytes)
  if (p >= end) return -1
  const timestamps = u8(buf, p)
  p += 1
  if (timestamps > 0) p += FIRST_TIMESTAMP_BYTES + (timestamps - 1) * TIMESTAMP_BYTES
  return p <= end ? p : -1
}
