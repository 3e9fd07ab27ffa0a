/** RTP packets (RFC 3550 §5.1) and RTCP's compound packets (§6.1). SRTP leaves RTP's header as it is (RFC 3711 §3.1). */
import { u8, u16, u32 } from '../core/bytes.ts'

export const RTP_HEADER_BYTES = 12
const RTCP_HEADER_BYTES = 8

/** RFC 3551 §6 and its dynamic range; between them lie RTCP's types (RFC 5761 §4), and few assigned ones. */
const LAST_STATIC_TYPE = 34
const FIRST_DYNAMIC_TYPE = 96

export const rtpPayloadType = (buf: Uint8Array, at: number): number => u8(buf, at + 1) & 0x7f
export const rtpSequence = (buf: Uint8Array, at: number): number => u16(buf, at + 2)
export const rtpTimestamp = (buf: Uint8Array, at: number): number => u32(buf, at + 4)
export const rtpSource = (buf: Uint8Array, at: number): number => u32(buf, at + 8)

/** Could this be RTP? One packet never proves it. */
export function mayBeRtp(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  if (end - at < RTP_HEADER_BYTES || u8(buf, at) >>> 6 !== 2 || rtpSource(buf, at) === 0) return false
  const type = rtpPayloadType(buf, at)
  if (type > LAST_STATIC_TYPE && type < FIRST_DYNAMIC_TYPE) return false
  return rtpPayloadAt(buf, at, end) > 0 && end + missing > rtpPayloadAt(buf, at, end)
}

/** Offset of the payload behind sources and header extension; 0 when it lies outside. */
export function rtpPayloadAt(buf: Uint8Array, at: number, end: number): number {
  const p = at + RTP_HEADER_BYTES + (u8(buf, at) & 0x0f) * 4
  if ((u8(buf, at) & 0x10) === 0) return p <= end ? p : 0
  if (p + 4 > end) return 0
  const payload = p + 4 + u16(buf, p + 2) * 4
  return payload <= end ? payload : 0
}

/** RFC 5761 §4: on a shared port the packet type tells RTCP from RTP. */
export const isRtcpType = (buf: Uint8Array, at: number, end: number): boolean =>
  end - at >= RTCP_HEADER_BYTES && u8(buf, at) >>> 6 === 2 && u8(buf, at + 1) >= 200 && u8(buf, at + 1) <= 207

const SENDER_REPORT = 200
const RECEIVER_REPORT = 201
const SOURCE_DESCRIPTION = 202
const BYE = 203
const MAX_PACKETS = 32

/**
 * Is this a compound packet in the clear: a report first, and lengths and counts that fill the datagram? SRTCP has an
 * index and a tag behind its last packet (RFC 3711 §3.4), and noise where the second one would begin.
 */
export function isClearRtcp(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  if (!isRtcpType(buf, at, end) || u8(buf, at + 1) > RECEIVER_REPORT) return false
  let p = at
  for (let n = 0; n < MAX_PACKETS && p < end; n++) {
    if (!isRtcpType(buf, p, end) || !countFits(buf, p)) return false
    p += 4 + u16(buf, p + 2) * 4
  }
  return p === end + missing
}

/** Is every word that the count promises there (§6.4, §6.5, §6.6)? */
function countFits(buf: Uint8Array, at: number): boolean {
  const count = u8(buf, at) & 0x1f
  const words = u16(buf, at + 2)
  switch (u8(buf, at + 1)) {
    case SENDER_REPORT:
      return words >= 6 + count * 6
    case RECEIVER_REPORT:
      return words >= 1 + count * 6
    case SOURCE_DESCRIPTION:
      return words >= count * 2
    case BYE:
      return words >= count
    default:
      return words >= 2
  }
}

const MIN_PROOF_BYTES = 40
const MIN_REPEATS = 20
const TS_PACKET_BYTES = 188
const TS_SYNC = 0x47
const MIN_TS_PACKETS = 4

const COUNTS = new Uint16Array(256)

/**
 * Does this payload show that it is not encrypted? A ciphertext never has one byte in a quarter of its places, nor an MPEG
 * packet's first byte wherever one would begin. The opposite proves nothing: compressed media look like noise.
 */
export function isReadable(buf: Uint8Array, at: number, end: number): boolean {
  return isTransportStream(buf, at, end) || hasRepeats(buf, at, end)
}

function isTransportStream(buf: Uint8Array, at: number, end: number): boolean {
  if (end - at < MIN_TS_PACKETS * TS_PACKET_BYTES || (end - at) % TS_PACKET_BYTES !== 0) return false
  for (let p = at; p < end; p += TS_PACKET_BYTES) if (u8(buf, p) !== TS_SYNC) return false
  return true
}

function hasRepeats(buf: Uint8Array, at: number, end: number): boolean {
  const size = end - at
  if (size < MIN_PROOF_BYTES) return false
  COUNTS.fill(0)
  let most = 0
  for (let p = at; p < end; p++) {
    const count = (COUNTS[u8(buf, p)] as number) + 1
    COUNTS[u8(buf, p)] = count
    if (count > most) most = count
  }
  return most >= MIN_REPEATS && most * 4 >= size
}
