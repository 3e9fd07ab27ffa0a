/** Protocols whose length stands in a header of fixed size, and which a gap in either direction ends. */
import type { FlowFacts } from '../core/facts.ts'
import type { Direction, Dissector } from './dissector.ts'
import { MORE, NO_MESSAGE, type Walk, type Walked, walkMessages } from './messages.ts'

export interface FramedRow<S extends Walked> extends Pick<Dissector, 'name' | 'about' | 'ports' | 'probe' | 'opener'> {
  /** Bytes from which a message's length can be told. */
  readonly headerBytes: number
  /** Bytes of the message at `at`, header included; 0 = none can stand there. */
  length(buf: Uint8Array, at: number): number
  /** A message's first bytes, which are waited for; the rest is stepped over. */
  readonly lookBytes: number
  start(): S
  /** One message, or its first `lookBytes`. `total` = all of its bytes. */
  message(
    state: S,
    facts: FlowFacts,
    direction: Direction,
    buf: Uint8Array,
    at: number,
    end: number,
    total: number,
  ): void
  finish?(state: S, facts: FlowFacts): void
}

export function framed<S extends Walked>(row: FramedRow<S>): Dissector<S> {
  const { name, about, ports, probe, headerBytes, length } = row
  const walk: Walk<S> = {
    lookBytes: row.lookBytes,
    maxMessages: Number.POSITIVE_INFINITY,
    length(_state, _facts, _direction, buf, at, end) {
      if (end - at < headerBytes) return MORE
      const total = length(buf, at)
      return total < headerBytes ? NO_MESSAGE : total
    },
    read: row.message,
  }
  return {
    name,
    about,
    ports,
    transport: 'tcp',
    probe,
    ...(row.opener && { opener: row.opener }),
    start: () => row.start(),
    feed(state, facts, direction, buf, at, end) {
      const p = walkMessages(walk, state, facts, direction, buf, at, end)
      if (state.messages > 0) facts.appProtocol ??= name
      if (p >= 0) return p - at
      facts.malformed++
      state.done = true
      return ~p - at
    },
    gap(state, facts) {
      // Where the next message begins may be lost with the bytes, and who was to be answered with them.
      facts.sawGap = true
      state.done = true
    },
    finish(state, facts) {
      row.finish?.(state, facts)
    },
  }
}
