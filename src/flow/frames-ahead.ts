/**
 * Frames decoded some at a time before the first of them is looked at. Each packet of one of thousands of flows asks for
 * memory that is not in the processor's cache: the flow's bucket, its record, and where a copy would be. Asked for one packet
 * after another each is waited for; asked for many packets at once, the waits overlap.
 */
import { decodeFrame } from '../decode/decode.ts'
import { DECODED, type DecodeStatus, PacketMeta } from '../decode/packet-meta.ts'
import type { FrameBatch } from '../source/source.ts'
import { type FlowTable, HASH, KEY_WORDS } from './flow-table.ts'
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
  // Of each of them; those of a frame that is no packet are of one before.
  readonly #hashes = new Int32Array(AHEAD)
  readonly #copiesAt = new Int32Array(AHEAD)
  /** The first flow of each one's bucket. */
  readonly #slots = new Int32Array(AHEAD)

  constructor(table: FlowTable, recent: RecentPackets, counts: FrameCounts) {
    this.#table = table
    this.#recent = recent
    this.#counts = counts
  }

  /** Fills `packets` and `statuses` with frames of the batch from `from` on; returns how many. */
  decode({ bytes, at, captured, wire, time, link, count }: FrameBatch, from: number): number {
    const { packets, statuses } = this
    const counts = this.#counts
    const frames = Math.min(AHEAD, count - from)
    let wireBytes = 0
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
      if (status === DECODED) this.look(bytes, m)
      this.#hashes[i] = m.flowHash
      this.#copiesAt[i] = m.copyAt
    }
    counts.frames += frames
    counts.wireBytes += wireBytes
    this.touched = this.#touchFlows(frames) ^ this.#recent.touch(this.#copiesAt, frames)
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

  /** What `FlowTable.find` and `RecentPackets.isCopy` need of a packet. */
  look(bytes: Uint8Array, m: PacketMeta): void {
    m.flowHash = this.#table.hashOf(m)
    this.#recent.look(bytes, m)
  }
}
