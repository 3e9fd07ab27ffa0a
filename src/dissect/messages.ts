/** Protocols over TCP whose messages say their own length: the walk from one to the next, which every one of them takes. */
import type { FlowFacts } from '../core/facts.ts'
import type { Direction, DissectorState } from './dissector.ts'

/** Passed over by one call, so that a sum of offsets stays a small integer. */
export const REST = 2 ** 30

/** What `Walk.length` returns when more bytes must tell. */
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

/** What the walk needs of a flow. */
export interface Walked extends DissectorState {
  /** Messages of the flow so far, the one that is being read among them. */
  messages: number
}

/** How a protocol's messages follow each other. */
export interface Walk<S extends Walked> {
  /** Of a message at most this much is waited for; what lies behind is passed over. */
  readonly lookBytes: number
  /** Messages of a flow, both directions together. What a connection shows, it shows early. */
  readonly maxMessages: number
  /** Bytes of the message at `at`, its header with it; MORE or NO_MESSAGE. It may end the walk, with none of it taken. */
  length(state: S, facts: FlowFacts, direction: Direction, buf: Uint8Array, at: number, end: number): number
  /** Reads the message; `end` is its own end, or where what was waited for of it ends; `total` = all of its bytes. */
  read(state: S, facts: FlowFacts, direction: Direction, buf: Uint8Array, at: number, end: number, total: number): void
}

/**
 * From message to message, up to the first that is not whole: where it begins, or where the last one ends, which may lie
 * behind `end`. Below 0: no message can stand there, `~` of it is the place.
 */
export function walkMessages<S extends Walked>(
  walk: Walk<S>,
  state: S,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): number {
  let p = at
  while (p < end && !state.done) {
    const length = walk.length(state, facts, direction, buf, p, end)
    if (length === MORE) return p
    if (length < 0) return ~p
    const wanted = Math.min(length, walk.lookBytes)
    if (end - p < wanted) return p
    state.messages += 1
    walk.read(state, facts, direction, buf, p, p + wanted, length)
    p += Math.min(length, REST)
    if (state.messages >= walk.maxMessages) state.done = true
  }
  return p
}

/** Of protocols that lose their place in one direction, and keep the other. */
export const BOUNDS = { lookBytes: 20 * 1024, maxMessages: 64 } as const

export function feedMessages<S extends MessagesState>(
  walk: Walk<S>,
  state: S,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): number {
  const p = state.lost[direction] ? at : walkMessages(walk, state, facts, direction, buf, at, end)
  if (p < 0) {
    facts.malformed += 1
    state.lose(direction)
  }
  if (state.tunnel) return p - at
  return state.done || state.lost[direction] ? REST : p - at
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
