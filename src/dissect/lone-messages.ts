/** Protocols whose messages stand for themselves: little or nothing has to be remembered from one to the next. */
import type { FlowFacts } from '../core/facts.ts'
import { CLIENT, type DatagramDissector, type Direction, type Dissector, SERVER } from './dissector.ts'
import { REST, type Walk, type Walked, walkMessages } from './messages.ts'

export interface Reader extends Walked {
  done: boolean
  /** Bit a direction: where its next message begins is not known any more. */
  lost: number
}

/** Asserts what one message shows, `missing` bytes of whose end were not captured. True once nothing further can change a fact. */
type ReadMessage = (
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  state: Reader,
  missing: number,
) => boolean

type DatagramRow = Pick<
  DatagramDissector,
  'name' | 'about' | 'transport' | 'ports' | 'probe' | 'opener' | 'yields' | 'addressed'
> & {
  readonly read: ReadMessage
  readonly finish?: (facts: FlowFacts) => void
}

type StreamRow = Pick<Dissector, 'name' | 'about' | 'ports' | 'probe' | 'opener'> & {
  /** Bytes of the message at `at`; 0 = more must come to tell, -1 = there is none. */
  size(buf: Uint8Array, at: number, end: number): number
  readonly read: ReadMessage
  readonly finish?: (facts: FlowFacts) => void
}

/** A protocol of one message a datagram. Datagrams that `probe` does not know are passed over. */
export function datagramMessages(row: DatagramRow): DatagramDissector<Reader> {
  const { read, finish, ...rest } = row
  return {
    ...rest,
    start: (_facts, used = null) => fresh(used),
    read(state, facts, direction, buf, at, end, missing) {
      if (!row.probe(buf, at, end, missing, direction)) return
      facts.appProtocol ??= row.name
      state.messages += 1
      state.done = read(facts, direction, buf, at, end, state, missing)
    },
    finish: (_state, facts) => finish?.(facts),
  }
}

/** A protocol of messages that say how long they are. A gap loses the place in its direction for good. */
export function streamMessages(row: StreamRow): Dissector<Reader> {
  const { size, read, finish, ...rest } = row
  const walk: Walk<Reader> = {
    // Each is waited for to its end.
    lookBytes: REST,
    maxMessages: Number.POSITIVE_INFINITY,
    length: (_state, _facts, _direction, buf, at, end) => size(buf, at, end),
    read(state, facts, direction, buf, at, end) {
      facts.appProtocol ??= row.name
      state.done = read(facts, direction, buf, at, end, state, 0)
    },
  }
  return {
    ...rest,
    transport: 'tcp',
    start: (_facts, used = null) => fresh(used),
    feed(state, facts, direction, buf, at, end) {
      if ((state.lost & (1 << direction)) !== 0) return REST
      const p = walkMessages(walk, state, facts, direction, buf, at, end)
      if (p < 0) {
        facts.malformed += 1
        lose(state, direction)
        return REST
      }
      return state.done ? end - at : p - at
    },
    gap(state, facts, direction) {
      facts.sawGap = true
      lose(state, direction)
    },
    finish: (_state, facts) => finish?.(facts),
  }
}

function lose(state: Reader, direction: Direction): void {
  state.lost |= 1 << direction
  if (state.lost === ((1 << CLIENT) | (1 << SERVER))) state.done = true
}

function fresh(used: Reader | null): Reader {
  if (used === null) return { done: false, messages: 0, lost: 0 }
  used.done = false
  used.messages = 0
  used.lost = 0
  return used
}
