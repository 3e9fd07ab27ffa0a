/**
 * Packets of the last moments, by which a second copy is known. A mirror of both ways of a port, or of both ends of a
 * conversation, shows each packet twice in one context, and switches and routers between change no more of it than
 * addresses of the link, tags, TTL and the checksum of IP.
 */
import type { PacketMeta } from '../decode/packet-meta.ts'
import type { Side } from './flow-flags.ts'
import { BUCKET_WORDS, BUCKETS, bucketOf, COPY_US, ENTRY_WORDS, mixEnds, WAYS } from './packet-copies.ts'

/** In place of flow and side: of fragments. */
const NO_FLOW = 0
const EXACT = 1
const HASH = 2
const TIME = 3

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

  /** Reads a little of each of these places, so that they are at hand when their packets come up. */
  touch(copiesAt: Int32Array, count: number): number {
    const entries = this.#entries
    let touched = 0
    for (let i = 0; i < count; i++) touched ^= entries[copiesAt[i] as number] as number
    return touched
  }

  /** Was this packet of `side` of `flow`, at which `lookAtPacket` was, there a moment ago? If not, it is remembered. */
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
  #remember(owner: number, place: number, exact: number, hash: number, now: number, withinUs: number): boolean {
    const entries = this.#entries
    // What is stored into an array of integers without being known as one is made a double first.
    const first = place | 0
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
    const at = (first + way * ENTRY_WORDS) | 0
    entries[at] = owner | 0
    entries[at + EXACT] = exact | 0
    entries[at + HASH] = hash | 0
    entries[at + TIME] = now | 0
    return false
  }
}
