/** TLS whose records another protocol carries in pieces: they are put together and handed to the dissector of TLS. */
import type { FlowFacts } from '../core/facts.ts'
import { lendBuffer, returnBuffer } from '../flow/buffer-pool.ts'
import type { Direction } from './dissector.ts'
import { tls } from './tls.ts'
import { TlsState } from './tls-state.ts'

/** Bytes of one direction that may wait for the rest of a record. */
const MAX_PENDING_BYTES = 32 * 1024

class Lane {
  pending: Uint8Array | null = null
  length = 0
  /** Bytes to come that the dissector of TLS does not look at. */
  skip = 0

  release(): void {
    if (this.pending !== null) returnBuffer(this.pending)
    this.pending = null
    this.length = 0
    this.skip = 0
  }
}

export class InnerTls {
  readonly #state = new TlsState()
  readonly #lanes: readonly [Lane, Lane] = [new Lane(), new Lane()]

  get done(): boolean {
    return this.#state.done
  }

  start(facts: FlowFacts): void {
    tls.start(facts, this.#state)
  }

  /** False when more waits than may. */
  feed(facts: FlowFacts, direction: Direction, buf: Uint8Array, at: number, end: number, timeUs: number): boolean {
    if (this.#state.done) return true
    const lane = this.#lanes[direction]
    const skipped = Math.min(lane.skip, end - at)
    lane.skip -= skipped
    if (!append(lane, buf, at + skipped, end)) {
      facts.capHit = true
      return false
    }
    const pending = lane.pending as Uint8Array
    const taken = tls.feed(this.#state, facts, direction, pending, 0, lane.length, timeUs)
    const consumed = Math.min(taken, lane.length)
    lane.skip = taken - consumed
    pending.copyWithin(0, consumed, lane.length)
    lane.length -= consumed
    return true
  }

  gap(facts: FlowFacts, direction: Direction): void {
    this.#lanes[direction].release()
    if (!this.#state.done) tls.gap(this.#state, facts, direction, 1)
  }

  finish(facts: FlowFacts): void {
    tls.finish(this.#state, facts)
    this.release()
  }

  release(): void {
    for (const lane of this.#lanes) lane.release()
  }
}

function append(lane: Lane, buf: Uint8Array, at: number, end: number): boolean {
  const need = lane.length + end - at
  if (need > MAX_PENDING_BYTES) return false
  if (lane.pending === null || lane.pending.length < need) {
    const grown = lendBuffer(need)
    if (lane.pending !== null) {
      grown.set(lane.pending.subarray(0, lane.length))
      returnBuffer(lane.pending)
    }
    lane.pending = grown
  }
  lane.pending.set(buf.subarray(at, end), lane.length)
  lane.length = need
  return true
}
