/** memcached: the text protocol is only recognised; of the binary one SASL and its outcome are read. */
import { u8, u16 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { copyName, saslMechanism } from '../wire/inner-text.ts'
import {
  BINARY_HEADER_BYTES,
  BINARY_REQUEST,
  BINARY_RESPONSE,
  BinaryOpcode,
  binaryKind,
  bodyLength,
  isBinary,
  textKind,
} from '../wire/memcached.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { BOUNDS, feedMessages, fresh, loseMessages, MessagesState, MORE, NO_MESSAGE, type Walk } from './messages.ts'

const STATUS = { OK: 0x00, AUTH_ERROR: 0x20 } as const
const UPPER_CASE_A = 0x41
const UPPER_CASE_Z = 0x5a

const WALK: Walk<MessagesState> = {
  ...BOUNDS,
  length(_state, _facts, _direction, buf, at, end): number {
    if (!isBinary(buf, at)) return NO_MESSAGE
    return end - at < BINARY_HEADER_BYTES ? MORE : BINARY_HEADER_BYTES + bodyLength(buf, at)
  },
  read: readBinary,
}

export const memcached: Dissector<MessagesState> = {
  name: 'memcached',
  about: {
    title: 'memcached',
    source: 'memcached doc/protocol.txt',
    reads: 'SASL of the binary protocol and its outcome',
  },
  transport: 'tcp',
  ports: [11211],

  probe(buf, at, end): Probe {
    if (end <= at) return 'unsure'
    const binary = binaryKind(buf, at, end)
    const text = textKind(buf, at, end)
    if (binary === 'message' || text === 'message') return 'match'
    return binary === 'incomplete' || text === 'incomplete' ? 'unsure' : 'no_match'
  },

  opener(buf, at, end): Direction | null {
    if (end <= at) return null
    if (binaryKind(buf, at, end) === 'message') return u8(buf, at) === BINARY_REQUEST ? CLIENT : SERVER
    if (textKind(buf, at, end) !== 'message') return null
    return u8(buf, at) >= UPPER_CASE_A && u8(buf, at) <= UPPER_CASE_Z ? SERVER : CLIENT
  },

  start(facts, used): MessagesState {
    facts.appProtocol ??= 'memcached'
    facts.protection = 'cleartext'
    return fresh(used, () => new MessagesState())
  },

  feed(state, facts, direction, buf, at, end): number {
    // Text says all it has to say by being there.
    if (at < end && state.messages === 0 && !state.lost[direction] && !isBinary(buf, at)) state.done = true
    return feedMessages(WALK, state, facts, direction, buf, at, end)
  },

  gap: loseMessages,
  finish() {},
}

function readBinary(
  state: MessagesState,
  facts: FlowFacts,
  _direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): void {
  const opcode = u8(buf, at + 1)
  const isAuthentication = opcode === BinaryOpcode.SASL_AUTH || opcode === BinaryOpcode.SASL_STEP
  if (u8(buf, at) === BINARY_RESPONSE) {
    const status = u16(buf, at + 6)
    if (!isAuthentication || (status !== STATUS.OK && status !== STATUS.AUTH_ERROR)) return
    facts.authOutcome = status === STATUS.OK ? 'success' : 'failure'
    state.done = true
  } else if (opcode === BinaryOpcode.SASL_AUTH) {
    const keyAt = at + BINARY_HEADER_BYTES + u8(buf, at + 4)
    const name = copyName(buf, keyAt, Math.min(end, keyAt + u16(buf, at + 2)))
    if (name === null) return
    facts.authenticatedBy(saslMechanism(name))
    if (name === 'plain') facts.expose('memcached-sasl-plain')
  }
}
