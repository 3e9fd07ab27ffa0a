/** ClickHouse's native protocol: the client's first packet carries its password as it is. */
import { u8, u32le } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { ClickhouseHello, ClickhousePacket, clientHelloKind, helloKind } from '../wire/clickhouse.ts'
import { CLIENT, type Direction, type Dissector, type Probe } from './dissector.ts'
import { BOUNDS, feedMessages, fresh, loseMessages, MessagesState, MORE, NO_MESSAGE, type Walk } from './messages.ts'

/** UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, AUTHENTICATION_FAILED (ClickHouse src/Common/ErrorCodes.cpp). */
const NOT_LET_IN = [192, 193, 194, 516]
const EXCEPTION_BYTES = 5
const HELLO = new ClickhouseHello()

const WALK: Walk<MessagesState> = {
  ...BOUNDS,
  length(_state, _facts, direction, buf, at, end): number {
    // A server's answer is known by its first byte, and nothing behind it is read.
    if (direction !== CLIENT) return u8(buf, at) === ClickhousePacket.EXCEPTION ? EXCEPTION_BYTES : 1
    const kind = clientHelloKind(buf, at, end, HELLO)
    if (kind === 'incomplete') return MORE
    return kind === 'message' ? HELLO.end - at : NO_MESSAGE
  },

  read(state, facts, direction, buf, at, end) {
    if (direction === CLIENT) {
      readHello(facts, buf, at, end)
      return
    }
    const packet = u8(buf, at)
    if (packet === ClickhousePacket.HELLO) facts.authOutcome = 'success'
    else if (packet === ClickhousePacket.EXCEPTION && NOT_LET_IN.includes(u32le(buf, at + 1)))
      facts.authOutcome = 'failure'
    state.done = true
  },
}

export const clickhouse: Dissector<MessagesState> = {
  name: 'clickhouse',
  about: {
    title: 'ClickHouse (native protocol)',
    source: 'ClickHouse src/Core/Protocol.h',
    reads: 'password and outcome',
  },
  transport: 'tcp',
  ports: [9000],

  probe(buf, at, end): Probe {
    if (end <= at) return 'unsure'
    const kind = helloKind(buf, at, end, HELLO)
    if (kind === 'incomplete') return 'unsure'
    return kind === 'message' ? 'match' : 'no_match'
  },

  opener(buf, at, end): Direction | null {
    return end > at && clientHelloKind(buf, at, end, HELLO) === 'message' ? CLIENT : null
  },

  start(facts, used): MessagesState {
    facts.appProtocol ??= 'clickhouse'
    facts.protection = 'cleartext'
    return fresh(used, () => new MessagesState())
  },

  feed: (state, facts, direction, buf, at, end) => feedMessages(WALK, state, facts, direction, buf, at, end),
  gap: loseMessages,
  finish() {},
}

function readHello(facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  clientHelloKind(buf, at, end, HELLO)
  facts.protocolVersion = String(HELLO.revision)
  facts.authenticatedBy('password')
  if (HELLO.passwordBytes > 0) facts.expose('clickhouse-password')
}
