/** QUIC packets as far as they cross in the clear: long headers, Version Negotiation, Retry (RFC 9000 §17, RFC 8999 §5). */
import { u8, u32 } from '../core/bytes.ts'
import { varint, varintEnd } from './quic-varint.ts'
import { typeShift, VERSION_NEGOTIATION } from './quic-version.ts'

// RFC 8999 §5.1. Byte offsets from the start of a packet with a long header.
const VERSION = 1
const DCID_LENGTH = 5
/** First byte, version, two lengths of connection ids. */
export const MIN_LONG_HEADER_BYTES = 7
/** Longest connection id of versions 1 and 2 (RFC 9000 §17.2). */
export const MAX_CONNECTION_ID_BYTES = 20
const RETRY_TAG_BYTES = 16
/** Packet number and the sample behind it (RFC 9001 §5.4.2): what a protected packet has at the least. */
const MIN_PROTECTED_BYTES = 20

/** Long packet types by their meaning; the bits on the wire depend on the version (RFC 9000 §17.2, RFC 9369 §3.2). */
export const QuicPacketType = {
  INITIAL: 0,
  ZERO_RTT: 1,
  HANDSHAKE: 2,
  RETRY: 3,
  VERSION_NEGOTIATION: 4,
} as const

/** Where everything lies in one packet with a long header. Reused: `readLongHeader` sets every field. */
export class QuicPacketView {
  version = 0
  type = 0
  destinationIdAt = 0
  destinationIdEnd = 0
  sourceIdAt = 0
  sourceIdEnd = 0
  /** Token of an Initial or a Retry; a Version Negotiation's list of versions. */
  tokenAt = 0
  tokenEnd = 0
  /** The packet number, under header protection. */
  numberAt = 0
  /** End of the packet; beyond the captured bytes when those are cut off. */
  end = 0
}

/** Header form bit: the packet has a long header (RFC 8999 §5.1). */
export const isLongHeader = (buf: Uint8Array, at: number): boolean => (u8(buf, at) & 0x80) !== 0
/** The fixed bit of short and long headers, 1 unless the receiver said that it may be greased (RFC 9000 §17, RFC 9287 §3). */
export const hasFixedBit = (buf: Uint8Array, at: number): boolean => (u8(buf, at) & 0x40) !== 0
/** The version of a packet with a long header, whose first seven bytes are there. */
export const quicVersion = (buf: Uint8Array, at: number): number => u32(buf, at + VERSION)

/**
 * Reads the invariant part of a long header: version and connection ids, which every version has (RFC 8999 §5.1).
 * False when it does not fit before `end`.
 */
export function readInvariants(buf: Uint8Array, at: number, end: number, out: QuicPacketView): boolean {
  if (end - at < MIN_LONG_HEADER_BYTES || !isLongHeader(buf, at)) return false
  out.version = quicVersion(buf, at)
  out.destinationIdAt = at + DCID_LENGTH + 1
  out.destinationIdEnd = out.destinationIdAt + u8(buf, at + DCID_LENGTH)
  if (out.destinationIdEnd >= end) return false
  out.sourceIdAt = out.destinationIdEnd + 1
  out.sourceIdEnd = out.sourceIdAt + u8(buf, out.destinationIdEnd)
  return out.sourceIdEnd <= end
}

/**
 * Reads the long header at `at`, of a version whose layout is that of RFC 9000. `wireEnd` is where the datagram ended on
 * the wire, behind `end` when the capture cut it off. False when it is no such packet.
 */
export function readLongHeader(
  buf: Uint8Array,
  at: number,
  end: number,
  wireEnd: number,
  out: QuicPacketView,
): boolean {
  if (!readInvariants(buf, at, end, out)) return false
  if (out.version === VERSION_NEGOTIATION) return readVersionList(end, wireEnd, out)
  const idsFit =
    out.destinationIdEnd - out.destinationIdAt <= MAX_CONNECTION_ID_BYTES &&
    out.sourceIdEnd - out.sourceIdAt <= MAX_CONNECTION_ID_BYTES
  if (!idsFit) return false
  out.type = (((u8(buf, at) >>> 4) & 3) - typeShift(out.version)) & 3
  if (out.type === QuicPacketType.RETRY) return readRetry(end, wireEnd, out)
  let p = out.sourceIdEnd
  out.tokenAt = out.tokenEnd = p
  if (out.type === QuicPacketType.INITIAL) {
    p = varintEnd(buf, p, end)
    if (p < 0) return false
    out.tokenAt = p
    out.tokenEnd = p + varint(buf, out.sourceIdEnd)
    p = out.tokenEnd
  }
  out.numberAt = varintEnd(buf, p, end)
  if (out.numberAt < 0) return false
  const length = varint(buf, p)
  out.end = out.numberAt + length
  return length >= MIN_PROTECTED_BYTES && out.end <= wireEnd
}

/** A list of one or more versions, to the end of the datagram (RFC 9000 §17.2.1). */
function readVersionList(end: number, wireEnd: number, out: QuicPacketView): boolean {
  const length = wireEnd - out.sourceIdEnd
  out.type = QuicPacketType.VERSION_NEGOTIATION
  out.tokenAt = out.sourceIdEnd
  out.tokenEnd = end
  out.numberAt = out.end = wireEnd
  return length >= 4 && length % 4 === 0
}

/** Token and integrity tag, to the end of the datagram; the token is never empty (RFC 9000 §17.2.5). */
function readRetry(end: number, wireEnd: number, out: QuicPacketView): boolean {
  out.tokenAt = out.sourceIdEnd
  out.tokenEnd = Math.min(end, wireEnd - RETRY_TAG_BYTES)
  out.numberAt = out.end = wireEnd
  return wireEnd - RETRY_TAG_BYTES > out.sourceIdEnd
}

/** Versions listed by the Version Negotiation packet that `view` describes, at most `most`. */
export function readVersions(buf: Uint8Array, view: QuicPacketView, most: number): number[] {
  const versions: number[] = []
  for (let p = view.tokenAt; p + 4 <= view.tokenEnd && versions.length < most; p += 4) versions.push(u32(buf, p))
  return versions
}
