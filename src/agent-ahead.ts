/**
 * Frames are decoded some at a time, before the first of them is read, so that what each will need is on its way from
 * memory while the others are looked at. With thousands of open flows most packets' records are in no cache; waiting for
 * each in turn was a sixth of all time (bench/README.md).
 */
import { decodeFrame } from './decode/decode.ts'
import { DECODED, PacketMeta } from './decode/packet-meta.ts'
import type { SessionPool } from './dissect/session-pool.ts'
import type { FlowTable } from './flow/flow-table.ts'
import type { FrameBatch } from './source/source.ts'

/** A processor waits for some ten lines of memory at once; more frames than this would drive one another out again. */
export const FRAMES_AHEAD = 32

export class LookAhead {
  readonly packets: readonly PacketMeta[] = Array.from({ length: FRAMES_AHEAD }, () => new PacketMeta())
  /** A `DecodeStatus` for each of `packets`. */
  readonly statuses = new Uint8Array(FRAMES_AHEAD)
  readonly #flows = new Int32Array(FRAMES_AHEAD)
  readonly #table: FlowTable
  readonly #sessions: SessionPool
  /** What was fetched, so that no compiler leaves the fetching out. */
  fetched = 0

  constructor(table: FlowTable, sessions: SessionPool) {
    this.#table = table
    this.#sessions = sessions
  }

  /** Decodes `count` frames of `batch` from `first` on, and counts how each ended. Returns their bytes on the wire. */
  decode(
    { bytes, at, captured, wire, time, link }: FrameBatch,
    first: number,
    count: number,
    ended: Float64Array,
  ): number {
    let wireBytes = 0
    for (let n = 0; n < count; n++) {
      const i = first + n
      const m = this.packets[n] as PacketMeta
      const start = at[i] as number
      const onWire = wire[i] as number
      m.time = time[i] as number
      wireBytes += onWire
      const status = decodeFrame(bytes, start, start + (captured[i] as number), onWire, link[i] as number, m)
      ended[status] = (ended[status] as number) + 1
      this.statuses[n] = status
    }
    return wireBytes
  }

  /** Touches the records that the first `count` packets will likely need. Changes nothing. */
  fetch(count: number): void {
    const { packets, statuses } = this
    const table = this.#table
    const flows = this.#flows
    for (let n = 0; n < count; n++) {
      flows[n] = statuses[n] === DECODED ? table.likelyFlow(packets[n] as PacketMeta) : -1
    }
    let fetched = 0
    for (let n = 0; n < count; n++) if ((flows[n] as number) >= 0) fetched ^= table.touch(flows[n] as number)
    for (let n = 0; n < count; n++) if ((flows[n] as number) >= 0) fetched ^= this.#sessions.touch(flows[n] as number)
    this.fetched = fetched
  }
}
