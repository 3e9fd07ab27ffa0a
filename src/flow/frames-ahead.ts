/**
 * Frames decoded some at a time before the first of them is looked at. Each packet of one of thousands of flows asks for
 * memory that is not in the processor's cache: the flow's bucket, its record, and where a copy would be. Asked for one packet
 * after another each is waited for; asked for many packets at once, the waits overlap.
 */
import { decodeFrame } from '../decode/decode.ts'
import { DECODED, type DecodeStatus, PacketMeta } from '../decode/packet-meta.ts'
import type { FrameBatch } from '../source/source.ts'
import { type FlowTable, HASH, KEY_WORDS } from './flow-table.ts'
import { isInShard, type Shard } from './key-order.ts'
import type { RecentPackets } from './recent-packets.ts'

/** Enough for the waits to overlap, few enough for what was read to be there still. */
const AHEAD = 64

/** What is counted of all frames. */
interface FrameCounts {
  frames: number
  wireBytes: number
  /** By `DecodeStatus`. */
  readonly statuses: Float64Array
}

export class FramesAhead {
  readonly packets: readonly PacketMeta[] = Array.from({ length: AHEAD }, () => new PacketMeta())
  readonly statuses: DecodeStatus[] = new Array(AHEAD).fill(DECODED)
  /** Of what was read: nobody asks, but what nobody keeps is not read. */
  touched = 0
  readonly #table: FlowTable
  readonly #recent: RecentPackets
  readonly #counts: FrameCounts
  readonly #filter: ((m: PacketMeta) => boolean) | null
  readonly #shard: Shard | null
  // Of those that will be looked at.
  readonly #hashes = new Int32Array(AHEAD)
  readonly #copiesAt = new Int32Array(AHEAD)
  /** The first flow of each one's bucket. */
  readonly #slots = new Int32Array(AHEAD)

  /** `filter`: the packets that are asked for, null = all; `shard`: this worker's, null = there is no other one. */
  constructor(
    table: FlowTable,
    recent: RecentPackets,
    counts: FrameCounts,
    filter: ((m: PacketMeta) => boolean) | null = null,
    shard: Shard | null = null,
  ) {
    this.#table = table
    this.#recent = recent
    this.#counts = counts
    this.#filter = filter
    this.#shard = shard
  }

  /** Fills `packets` and `statuses` with frames of the batch from `from` on; returns how many. */
  decode({ bytes, at, captured, wire, time, link, count }: FrameBatch, from: number): number {
    const { packets, statuses } = this
    const counts = this.#counts
    const frames = Math.min(AHEAD, count - from)
    let wireBytes = 0
    let looked = 0
    for (let i = 0; i < frames; i++) {
      const m = packets[i] as PacketMeta
      const frame = from + i
      const start = at[frame] as number
      const end = start + (captured[frame] as number)
      const onWire = wire[frame] as number
      wireBytes += onWire
      m.time = time[frame] as number
      const status = decodeFrame(bytes, start, end, onWire, link[frame] as number, m)
      statuses[i] = status
      counts.statuses[status] = (counts.statuses[status] as number) + 1
      if (status !== DECODED || !this.look(bytes, m)) continue
      this.#hashes[looked] = m.flowHash
      this.#copiesAt[looked] = m.copyAt
      looked += 1
    }
    counts.frames += frames
    counts.wireBytes += wireBytes
    this.touched = this.#touchFlows(looked) ^ this.#recent.touch(this.#copiesAt, looked)
    return frames
  }

  /** Loops of nothing but reads: a processor waits for many of them at once only where they are close together. */
  #touchFlows(count: number): number {
    const { buckets, key, counterWords } = this.#table
    const hashes = this.#hashes
    const slots = this.#slots
    const mask = buckets.length - 1
    for (let i = 0; i < count; i++) slots[i] = buckets[(hashes[i] as number) & mask] as number
    let touched = 0
    for (let i = 0; i < count; i++) {
      // Of none the first record is as good as another.
      const at = Math.max((slots[i] as number) - 1, 0) * KEY_WORDS
      touched ^= (key[at + HASH] as number) ^ (counterWords[at] as number)
    }
    return touched
  }

  /** What `FlowTable.find` and `RecentPackets.isCopy` need of a packet; false = it need not be looked at. */
  look(bytes: Uint8Array, m: PacketMeta): boolean {
    const isUnwanted = this.#filter !== null && !this.#filter(m)
    const isOthers = this.#shard !== null && !isInShard(m, this.#shard)
    m.isUnwanted = isUnwanted
    m.isOthers = isOthers
    if (isUnwanted || isOthers) return false
    m.flowHash = this.#table.hashOf(m)
    this.#recent.look(bytes, m)
    return true
  }
}
