/**
 * Frames decoded some at a time before the first of them is looked at. Each packet of one of thousands of flows asks for
 * memory that is not in the processor's cache: the flow's bucket, its record, and where a copy would be. Asked for one packet
 * after another each is waited for; asked for many packets at once, the waits overlap.
 */
import { LastView } from '../core/last-view.ts'
import { decodeFrame } from '../decode/decode.ts'
import { DECODED, PacketMeta } from '../decode/packet-meta.ts'
import type { FrameBatch } from '../source/source.ts'
import { type FlowTable, HASH, KEY_WORDS } from './flow-table.ts'
import { isInShard, type Shard } from './key-order.ts'
import { lookAtPacket } from './packet-copies.ts'
import { LINK_ETHERNET, readPlain } from './plain-frame.ts'
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
  /** Of what was read: nobody asks, but what nobody keeps is not read. */
  touched = 0
  readonly #table: FlowTable
  readonly #recent: RecentPackets
  readonly #counts: FrameCounts
  readonly #filter: ((m: PacketMeta) => boolean) | null
  readonly #shard: Shard | null
  readonly #view = new LastView()
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

  /** Fills `packets` with frames of the batch from `from` on; returns how many. */
  decode({ bytes, at, captured, wire, time, link, count }: FrameBatch, from: number): number {
    const { packets } = this
    const { statuses } = this.#counts
    const view = this.#view.of(bytes)
    const { seed } = this.#table
    const isChoosy = this.#filter !== null || this.#shard !== null
    const hashes = this.#hashes
    const copiesAt = this.#copiesAt
    const frames = Math.min(AHEAD, count - from)
    let wireBytes = 0
    let decoded = 0
    let looked = 0
    for (let i = 0; i < frames; i++) {
      const m = packets[i] as PacketMeta
      const frame = (from + i) | 0
      const start = at[frame] as number
      const end = (start + (captured[frame] as number)) | 0
      const onWire = wire[frame] as number
      wireBytes += onWire
      m.time = time[frame] as number
      if (link[frame] === LINK_ETHERNET && readPlain(view, start, end, seed, m) === true) {
        m.status = DECODED
        decoded += 1
        if (isChoosy && this.#leaveOut(m)) continue
      } else {
        const status = decodeFrame(bytes, start, end, onWire, link[frame] as number, m)
        m.status = status
        statuses[status] = (statuses[status] as number) + 1
        if (status !== DECODED || !this.look(bytes, m)) continue
      }
      hashes[looked] = m.flowHash
      copiesAt[looked] = m.copyAt
      looked += 1
    }
    statuses[DECODED] = (statuses[DECODED] as number) + decoded
    this.#counts.frames += frames
    this.#counts.wireBytes += wireBytes
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
      const slot = slots[i] as number
      const at = slot === 0 ? 0 : Math.imul(slot - 1, KEY_WORDS)
      touched ^= (key[at + HASH] as number) ^ (counterWords[at] as number)
    }
    return touched
  }

  /** Finds out what is asked of a packet that is not read by `readPlain`; false = it need not be looked at. */
  look(bytes: Uint8Array, m: PacketMeta): boolean {
    if (this.#leaveOut(m)) return false
    this.#table.look(m)
    lookAtPacket(bytes, m)
    return true
  }

  /** It is not asked for, or another worker's. */
  #leaveOut(m: PacketMeta): boolean {
    m.isUnwanted = this.#filter !== null && !this.#filter(m)
    m.isOthers = this.#shard !== null && !isInShard(m, this.#shard)
    return m.isUnwanted || m.isOthers
  }
}
