/** Protocols whose messages say their own length: they are read one by one, each direction up to its first hole. */
import type { FlowFacts } from '../core/facts.ts'
import type { Direction, DissectorState } from './dissector.ts'

/** Passed over by one call, so that a sum of offsets stays a small integer. */
const REST = 2 ** 30
/** Messages of a flow, both directions together. What a connection shows, it shows early. */
const MAX_MESSAGES = 64
/** Of a message at most this much is waited for; what lies behind is passed over. */
const MAX_MESSAGE_BYTES = 20 * 1024

/** What `Framing.length` returns when more bytes must tell. */
export const MORE = 0
export const NO_MESSAGE = -1

export class MessagesState implements DissectorState {
  done = false
  tunnel = false
  /** By direction: where the next message begins is not known any more. */
  readonly lost: [boolean, boolean] = [false, false]
  messages = 0

  /** As new, for the next flow. */
  reset(): void {
    this.done = false
    this.tunnel = false
    this.lost[0] = false
    this.lost[1] = false
    this.messages = 0
  }

  /** From the next byte on, both directions are another conversation: TLS, most likely. */
  leave(): void {
    this.tunnel = true
    this.done = true
  }

  lose(direction: Direction): void {
    this.lost[direction] = true
    if (this.lost[0] && this.lost[1]) this.done = true
  }
}

export interface Framing<S extends MessagesState> {
  /** Bytes of the message at `at`, its header with it; MORE or NO_MESSAGE. It may `leave`, with none of it taken. */
  length(state: S, facts: FlowFacts, direction: Direction, buf: Uint8Array, at: number, end: number): number
  /** Reads the message; `end` is its own end, or where what was waited for of it ends. */
  read(state: S, facts: FlowFacts, direction: Direction, buf: Uint8Array, at: number, end: number): void
}

export function feedMessages<S extends MessagesState>(
  framing: Framing<S>,
  state: S,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): number {
  let p = at
  while (p < end && !state.done && !state.lost[direction]) {
    const length = framing.length(state, facts, direction, buf, p, end)
    if (length === MORE) return p - at
    if (length < 0) {
      facts.malformed += 1
      state.lose(direction)
      break
    }
    const wanted = Math.min(length, MAX_MESSAGE_BYTES)
    if (end - p < wanted) return p - at
    framing.read(state, facts, direction, buf, p, p + wanted)
    p += length
    state.messages++
    if (state.messages >= MAX_MESSAGES) state.done = true
  }
  return state.tunnel ? p - at : state.done || state.lost[direction] ? REST : p - at
}

export function loseMessages(state: MessagesState, facts: FlowFacts, direction: Direction): void {
  facts.sawGap = true
  state.lose(direction)
}

/** A used state made as new, or a new one. */
export function fresh<S extends MessagesState>(used: S | null | undefined, make: () => S): S {
  if (used === null || used === undefined) return make()
  used.reset()
  return used
}
