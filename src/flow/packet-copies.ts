/** By what a packet is known again: see recent-packets.ts, which remembers it. */
import { u8 } from '../core/bytes.ts'
import { type PacketMeta, PROTO_TCP, SYN } from '../decode/packet-meta.ts'

/**
 * How far apart copies come, at the most: the way from one end of a conversation to the other, and what the mirrors hold
 * back. A sender that repeats itself gives each packet an identification or a timestamp of its own, so that its repetitions
 * are never taken for copies. A SYN may have neither; it is not repeated within a second (RFC 6298 §2).
 */
export const COPY_US = 900_000
/** Where neither is there, equal packets are copies only if no sender could have repeated itself so soon. */
export const DOUBTFUL_COPY_US = 2000

/** Entries of a bucket: the oldest makes room. */
export const WAYS = 4
export const BUCKETS = 1 << 12
/** A cache line for each bucket: flow and side, what is compared exactly, a hash of the rest, and the time in µs. */
export const ENTRY_WORDS = 4
export const BUCKET_WORDS = WAYS * ENTRY_WORDS

// RFC 9293 §3.1; RFC 7323 §3.2: the timestamp's value, where two NOPs come before the option, as Appendix A has it.
const TCP_ACK = 8
const TCP_CHECKSUM = 16
const TCP_FIRST_OPTION = 20
const TCP_TIMESTAMP_LOW = 26
const TCP_TIMESTAMP_END = 32
export const NOP_NOP_TIMESTAMP_10 = 0x0101080a

/** Of what is no TCP: header and beginning of the payload, and its end, which is where authentication tags are. */
const HEAD_BYTES = 24
const TAIL_BYTES = 8

/** Finds out by what a packet is known again. */
export function lookAtPacket(bytes: Uint8Array, m: PacketMeta): void {
  if (m.proto === PROTO_TCP) lookAtSegment(bytes, m)
  else lookAtDatagram(bytes, m)
  m.copyAt = copyPlace(m.src3, m.dst3, (m.srcPort << 16) | m.dstPort, m.copyExact, m.copyHash)
}

/** Where the entries of its bucket begin. */
export const copyPlace = (src: number, dst: number, ports: number, exact: number, hash: number): number =>
  bucketOf(Math.imul(src ^ Math.imul(dst, 0x165667b1), 0x9e3779b1) ^ ports, exact, hash)

/** The same, of what is mixed of both ends. */
export function bucketOf(ends: number, exact: number, hash: number): number {
  const mixed = Math.imul(hash ^ Math.imul(exact ^ ends, 0x85ebca6b), 0xc2b2ae35)
  return ((mixed ^ (mixed >>> 15)) & (BUCKETS - 1)) * BUCKET_WORDS
}

/** `length`: of the payload, with what was not captured. */
export function mixSegment(ack: number, flags: number, ipId: number, checksum: number, length: number): number {
  const hash = Math.imul(ack ^ (flags << 24), 0x9e3779b1) ^ Math.imul((ipId << 16) | checksum, 0x85ebca6b)
  return (Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35) + (length | 0)) | 0
}

export const mixOptions = (hash: number, options: number): number =>
  Math.imul(hash ^ (hash >>> 13), 0x165667b1) ^ options

function lookAtSegment(bytes: Uint8Array, m: PacketMeta): void {
  const { transportAt, at, ipId, tcpFlags } = m
  const view = m.view.of(bytes)
  const header = at - transportAt
  const checksum = view.getUint16(transportAt + TCP_CHECKSUM)
  const ack = view.getInt32(transportAt + TCP_ACK)
  let hash = mixSegment(ack, tcpFlags, ipId, checksum, m.end - at + m.missing)
  let isSure = ipId !== 0 || (tcpFlags & SYN) !== 0
  // Options that were cut off may lie behind the end of all that there is.
  if (header > TCP_FIRST_OPTION && at <= bytes.length) {
    // Selective acknowledgements come last, and differ where all else is equal (RFC 2018 §3).
    let options = view.getUint16(at - 2)
    if (header >= TCP_TIMESTAMP_END && view.getInt32(transportAt + TCP_FIRST_OPTION) === NOP_NOP_TIMESTAMP_10) {
      options |= view.getUint16(transportAt + TCP_TIMESTAMP_LOW) << 16
      isSure = true
    }
    hash = mixOptions(hash, options)
  }
  m.copyExact = m.seq
  m.copyHash = hash
  m.copyWithinUs = isSure ? COPY_US : DOUBTFUL_COPY_US
}

function lookAtDatagram(bytes: Uint8Array, m: PacketMeta): void {
  m.copyExact = (m.ipId << 16) | ((m.end - m.at + m.missing) & 0xffff)
  m.copyHash = mixEnds((m.srcPort << 16) | m.dstPort, bytes, m.transportAt, m)
  m.copyWithinUs = m.ipId !== 0 ? COPY_US : DOUBTFUL_COPY_US
}

/** The first bytes from `from` on and the last ones that were captured. */
export function mixEnds(seed: number, bytes: Uint8Array, from: number, { end }: PacketMeta): number {
  let hash = seed | 0
  const headEnd = Math.min(end, from + HEAD_BYTES)
  for (let at = from; at < headEnd; at++) hash = Math.imul(hash ^ u8(bytes, at), 0x01000193)
  for (let at = Math.max(headEnd, end - TAIL_BYTES); at < end; at++) hash = Math.imul(hash ^ u8(bytes, at), 0x01000193)
  return hash ^ (hash >>> 15)
}
