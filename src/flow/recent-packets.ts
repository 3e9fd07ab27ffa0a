/**
 * Packets of the last moments, by which a second copy is known. A mirror of both ways of a port, or of both ends of a
 * conversation, shows each packet twice in one context, and switches and routers between change no more of it than
 * addresses of the link, tags, TTL and the checksum of IP.
 */
import { u8 } from '../core/bytes.ts'
import { type PacketMeta, PROTO_TCP, SYN } from '../decode/packet-meta.ts'
import type { Side } from './flow-flags.ts'

/** Entries of a bucket: the oldest makes room. */
const WAYS = 4
const BUCKETS = 1 << 12
/** A cache line for each bucket: flow and side, what is compared exactly, a hash of the rest, and the time in µs. */
const ENTRY_WORDS = 4
const BUCKET_WORDS = WAYS * ENTRY_WORDS
/** In place of flow and side: of fragments. */
const NO_FLOW = 0
const EXACT = 1
const HASH = 2
const TIME = 3

/**
 * How far apart copies come, at the most: the way from one end of a conversation to the other, and what the mirrors hold
 * back. A sender that repeats itself gives each packet an identification or a timestamp of its own, so that its repetitions
 * are never taken for copies. A SYN may have neither; it is not repeated within a second (RFC 6298 §2).
 */
const COPY_US = 900_000
/** Where neither is there, equal packets are copies only if no sender could have repeated itself so soon. */
const DOUBTFUL_COPY_US = 2000

// RFC 9293 §3.1; RFC 7323 §3.2: the timestamp's value, where two NOPs come before the option, as Appendix A has it.
const TCP_ACK = 8
const TCP_CHECKSUM = 16
const TCP_FIRST_OPTION = 20
const TCP_TIMESTAMP_LOW = 26
const TCP_TIMESTAMP_END = 32
const NOP_NOP_TIMESTAMP_10 = 0x0101080a

/** Of what is no TCP: header and beginning of the payload, and its end, which is where authentication tags are. */
const HEAD_BYTES = 24
const TAIL_BYTES = 8

interface Copies {
  duplicates: number
}

export class RecentPackets {
  readonly #counts: Copies
  readonly #fragmentCounts: Copies
  readonly #entries = new Int32Array(BUCKETS * BUCKET_WORDS)
  /** Which entry of a bucket makes room next. */
  readonly #oldest = new Uint8Array(BUCKETS)

  /** Counts copies into `counts`; those of fragments into the other, as each worker sees all of them. */
  constructor(counts: Copies, fragmentCounts = counts) {
    this.#counts = counts
    this.#fragmentCounts = fragmentCounts
  }

  /** Finds out what `isCopy` asks of a packet. */
  look(bytes: Uint8Array, m: PacketMeta): void {
    if (m.proto === PROTO_TCP) lookAtSegment(bytes, m)
    else lookAtDatagram(bytes, m)
    const ends = Math.imul(m.src3 ^ Math.imul(m.dst3, 0x165667b1), 0x9e3779b1) ^ (m.srcPort << 16) ^ m.dstPort
    m.copyAt = bucketOf(ends, m.copyExact, m.copyHash)
  }

  /** Reads a little of each of these places, so that they are at hand when their packets come up. */
  touch(copiesAt: Int32Array, count: number): number {
    const entries = this.#entries
    let touched = 0
    for (let i = 0; i < count; i++) touched ^= entries[copiesAt[i] as number] as number
    return touched
  }

  /** Was this packet of `side` of `flow`, which was looked at, there a moment ago? If not, it is remembered. */
  isCopy({ copyAt, copyExact, copyHash, copyWithinUs, time }: PacketMeta, flow: number, side: Side): boolean {
    const isCopy = this.#remember(flow * 2 + side + 1, copyAt, copyExact, copyHash, time | 0, copyWithinUs)
    if (isCopy) this.#counts.duplicates += 1
    return isCopy
  }

  /** The same of a fragment, whose flow is not known yet. */
  isFragmentCopy(bytes: Uint8Array, m: PacketMeta): boolean {
    const from = Math.imul(m.src0 ^ m.src3, 0x9e3779b1) ^ Math.imul(m.src1 ^ m.src2, 0x85ebca6b)
    const to = Math.imul(m.dst0 ^ m.dst3, 0xc2b2ae35) ^ Math.imul(m.dst1 ^ m.dst2, 0x165667b1)
    const exact = from ^ (to >>> 7) ^ (to << 25) ^ m.vni
    const what = Math.imul(m.fragmentId, 0x9e3779b1) ^ Math.imul((m.fragmentOffset << 1) | m.moreFragments, 0x85ebca6b)
    const hash = mixEnds(what ^ m.proto, bytes, m.at, m)
    const isCopy = this.#remember(NO_FLOW, bucketOf(0, exact, hash), exact, hash, m.time | 0, COPY_US)
    if (isCopy) this.#fragmentCounts.duplicates += 1
    return isCopy
  }

  clear(): void {
    this.#entries.fill(0)
  }

  /** `now`: microseconds modulo 2³², as their difference is all that is asked for, and a fraction would cost 16 bytes a call. */
  #remember(owner: number, first: number, exact: number, hash: number, now: number, withinUs: number): boolean {
    const entries = this.#entries
    // Nearly always none of them is it: four reads beside each other say so.
    if (
      entries[first + HASH] === hash ||
      entries[first + ENTRY_WORDS + HASH] === hash ||
      entries[first + 2 * ENTRY_WORDS + HASH] === hash ||
      entries[first + 3 * ENTRY_WORDS + HASH] === hash
    ) {
      for (let at = first; at < first + BUCKET_WORDS; at += ENTRY_WORDS) {
        if (entries[at + HASH] !== hash || entries[at + EXACT] !== exact || entries[at] !== owner) continue
        if ((now - (entries[at + TIME] as number) + withinUs) >>> 0 > 2 * withinUs) continue
        return true
      }
    }
    const bucket = first / BUCKET_WORDS
    const way = this.#oldest[bucket] as number
    this.#oldest[bucket] = (way + 1) & (WAYS - 1)
    const at = first + way * ENTRY_WORDS
    entries[at] = owner
    entries[at + EXACT] = exact
    entries[at + HASH] = hash
    entries[at + TIME] = now
    return false
  }
}

/** Where the entries of its bucket begin. */
function bucketOf(ends: number, exact: number, hash: number): number {
  const mixed = Math.imul(hash ^ Math.imul(exact ^ ends, 0x85ebca6b), 0xc2b2ae35)
  return ((mixed ^ (mixed >>> 15)) & (BUCKETS - 1)) * BUCKET_WORDS
}

function lookAtSegment(bytes: Uint8Array, m: PacketMeta): void {
  const { transportAt, at, ipId } = m
  const view = m.view.of(bytes)
  const length = at - transportAt
  let hash = Math.imul(view.getInt32(transportAt + TCP_ACK) ^ (m.tcpFlags << 24), 0x9e3779b1)
  hash ^= Math.imul((ipId << 16) | view.getUint16(transportAt + TCP_CHECKSUM), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35) + (m.end - at + m.missing)
  let isSure = ipId !== 0 || (m.tcpFlags & SYN) !== 0
  // Options that were cut off may lie behind the end of all that there is.
  if (length > TCP_FIRST_OPTION && at <= bytes.length) {
    // Selective acknowledgements come last, and differ where all else is equal (RFC 2018 §3).
    let options = view.getUint16(at - 2)
    if (length >= TCP_TIMESTAMP_END && view.getInt32(transportAt + TCP_FIRST_OPTION) === NOP_NOP_TIMESTAMP_10) {
      options |= view.getUint16(transportAt + TCP_TIMESTAMP_LOW) << 16
      isSure = true
    }
    hash = Math.imul(hash ^ (hash >>> 13), 0x165667b1) ^ options
  }
  m.copyExact = m.seq
  m.copyHash = hash | 0
  m.copyWithinUs = isSure ? COPY_US : DOUBTFUL_COPY_US
}

function lookAtDatagram(bytes: Uint8Array, m: PacketMeta): void {
  m.copyExact = (m.ipId << 16) | ((m.end - m.at + m.missing) & 0xffff)
  m.copyHash = mixEnds((m.srcPort << 16) | m.dstPort, bytes, m.transportAt, m)
  m.copyWithinUs = m.ipId !== 0 ? COPY_US : DOUBTFUL_COPY_US
}

/** The first bytes from `from` on and the last ones that were captured. */
function mixEnds(seed: number, bytes: Uint8Array, from: number, { end }: PacketMeta): number {
  let hash = seed | 0
  const headEnd = Math.min(end, from + HEAD_BYTES)
  for (let at = from; at < headEnd; at++) hash = Math.imul(hash ^ u8(bytes, at), 0x01000193)
  for (let at = Math.max(headEnd, end - TAIL_BYTES); at < end; at++) hash = Math.imul(hash ^ u8(bytes, at), 0x01000193)
  return hash ^ (hash >>> 15)
}
