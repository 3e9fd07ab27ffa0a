/** Protocols over TCP whose messages say how long they are: the walk from one to the next, and what a gap does. */
import type { FlowFacts } from '../core/facts.ts'
import type { Direction, Dissector, DissectorState } from './dissector.ts'

/** Passed over by one call, so that a sum of offsets stays a small integer. */
const MAX_SKIP_BYTES = 2 ** 30

export interface FramedRow<S extends DissectorState>
  extends Pick<Dissector, 'name' | 'about' | 'ports' | 'probe' | 'opener'> {
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

export function framed<S extends DissectorState>(row: FramedRow<S>): Dissector<S> {
  const { name, about, ports, probe } = row
  return {
    name,
    about,
    ports,
    transport: 'tcp',
    probe,
    ...(row.opener && { opener: row.opener }),
    start: () => row.start(),
    feed(state, facts, direction, buf, at, end) {
      let p = at
      while (!state.done && end - p >= row.headerBytes) {
        const total = row.length(buf, p)
        if (total < row.headerBytes) {
          facts.malformed++
          state.done = true
          break
        }
        const look = Math.min(total, row.lookBytes)
        if (end - p < look) break
        facts.appProtocol ??= name
        row.message(state, facts, direction, buf, p, p + look, total)
        p += Math.min(total, MAX_SKIP_BYTES)
      }
      return p - at
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
