/** PostgreSQL: SSLRequest and GSSENCRequest and their answers, then how the client authenticates. */
import { u8, u32 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { copyName, nulAt, saslMechanism } from '../wire/inner-text.ts'
import {
  Authentication,
  authenticationKind,
  isAuthorizationError,
  midstreamKind,
  protocolVersion,
  startupKind,
} from '../wire/postgresql.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { BOUNDS, feedMessages, fresh, loseMessages, MessagesState, MORE, NO_MESSAGE, type Walk } from './messages.ts'

/** What the answer to the client's request is about; its answer is one byte without a length. */
type Asked = 'ssl' | 'gssenc' | null

const NOT_ASKED = -1
const HEADER_BYTES = 5
const MAX_LENGTH = 2 ** 30
const MESSAGE = {
  AUTHENTICATION: 0x52,
  ERROR_RESPONSE: 0x45,
  PASSWORD: 0x70,
  QUERY: 0x51,
  READY_FOR_QUERY: 0x5a,
} as const
/** CommandComplete, DataRow, RowDescription, ReadyForQuery: what a server says only to a session. */
const ROWS = [0x43, 0x44, 0x54, 0x5a]
const ANSWER = { SSL: 0x53, GSS: 0x47, NO: 0x4e } as const
const HANDSHAKE_RECORD = 0x16

/** By the server's request: the mechanism that the client's answer is, and the secret in it. */
const MECHANISMS: Readonly<Record<number, readonly [mechanism: string, exposes: string | null]>> = {
  [Authentication.CLEARTEXT_PASSWORD]: ['password', 'postgresql-password'],
  [Authentication.MD5_PASSWORD]: ['md5', 'postgresql-md5'],
  [Authentication.KERBEROS_V5]: ['kerberos', null],
  [Authentication.GSS]: ['gssapi', null],
  [Authentication.SSPI]: ['sspi', null],
}

export class PostgresqlState extends MessagesState {
  asked: Asked = null
  /** The StartupMessage went by: from here on messages have a type. */
  started = false
  /** Code of the last Authentication message. */
  authentication = NOT_ASKED

  override reset(): void {
    super.reset()
    this.asked = null
    this.started = false
    this.authentication = NOT_ASKED
  }
}

const WALK: Walk<PostgresqlState> = { ...BOUNDS, length, read }

export const postgresql: Dissector<PostgresqlState> = {
  name: 'postgresql',
  about: {
    title: 'PostgreSQL',
    source: 'PostgreSQL documentation, "Frontend/Backend Protocol"',
    reads: 'SSLRequest and GSSENCRequest and their answers, authentication and outcome',
  },
  transport: 'tcp',
  ports: [5432, 6432],

  probe(buf, at, end): Probe {
    if (end <= at) return 'unsure'
    const kind = startupKind(buf, at, end)
    if (kind === 'incomplete') return 'unsure'
    if (kind !== 'none') return 'match'
    const answer = authenticationKind(buf, at, end)
    const middle = midstreamKind(buf, at, end)
    if (answer === 'message' || middle === 'query' || middle === 'turn') return 'match'
    return answer === 'incomplete' || middle === 'incomplete' ? 'unsure' : 'no_match'
  },

  opener(buf, at, end): Direction | null {
    if (end <= at) return null
    const kind = startupKind(buf, at, end)
    if (kind !== 'none' && kind !== 'incomplete') return CLIENT
    const middle = midstreamKind(buf, at, end)
    if (middle === 'query') return CLIENT
    return middle === 'turn' || authenticationKind(buf, at, end) === 'message' ? SERVER : null
  },

  start(facts, used): PostgresqlState {
    facts.appProtocol ??= 'postgresql'
    return fresh(used, () => new PostgresqlState())
  },

  feed: (state, facts, direction, buf, at, end) => feedMessages(WALK, state, facts, direction, buf, at, end),
  gap: loseMessages,
  finish() {},
}

function length(
  state: PostgresqlState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): number {
  if (direction === CLIENT && !state.started) {
    // Only what comes before a session has no type; a capture may begin in the middle.
    if (state.asked !== null || u8(buf, at) === 0) return startupLength(state, facts, buf, at, end)
    state.started = true
  }
  if (state.asked !== null && u8(buf, at) !== MESSAGE.ERROR_RESPONSE) return 1
  if (end - at < HEADER_BYTES) return MORE
  const size = u32(buf, at + 1)
  return size >= 4 && size < MAX_LENGTH ? 1 + size : NO_MESSAGE
}

function startupLength(state: PostgresqlState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): number {
  if (state.asked === 'ssl' && u8(buf, at) === HANDSHAKE_RECORD) {
    // TLS is there although the server's answer was not seen.
    accept(state, facts)
    return MORE
  }
  const kind = startupKind(buf, at, end)
  if (kind === 'none') return NO_MESSAGE
  return kind === 'incomplete' ? MORE : u32(buf, at)
}

function read(
  state: PostgresqlState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): void {
  if (direction === SERVER) {
    if (state.asked === null) readServer(state, facts, buf, at, end)
    else readAnswer(state, facts, u8(buf, at))
  } else if (!state.started) readStartup(state, facts, buf, at, end)
  else if (u8(buf, at) === MESSAGE.PASSWORD) readPassword(state, facts, buf, at + HEADER_BYTES, end)
  else if (u8(buf, at) === MESSAGE.QUERY) {
    facts.protection = 'cleartext'
    state.done = true
  }
}

function readStartup(state: PostgresqlState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const kind = startupKind(buf, at, end)
  if (kind === 'ssl_request') {
    state.asked = 'ssl'
    facts.upgradeState = 'requested'
    return
  }
  if (kind === 'gssenc_request') {
    state.asked = 'gssenc'
    return
  }
  // Behind a StartupMessage nothing can be protected any more; a CancelRequest carries the session's secret key.
  facts.protection = 'cleartext'
  state.asked = null
  state.started = true
  if (kind === 'cancel_request') state.done = true
  else facts.protocolVersion = protocolVersion(buf, at)
}

function readAnswer(state: PostgresqlState, facts: FlowFacts, answer: number): void {
  const asked = state.asked
  state.asked = null
  if (asked === 'ssl' && answer === ANSWER.SSL) accept(state, facts)
  else if (asked === 'ssl' && (answer === ANSWER.NO || answer === MESSAGE.ERROR_RESPONSE))
    facts.upgradeState = 'refused'
  else if (asked === 'gssenc' && answer === ANSWER.GSS) {
    // What protects the data is agreed inside GSSAPI's tokens.
    facts.upgrade = 'gssencrequest'
    facts.protection = 'opaque'
    state.done = true
  } else if (answer !== ANSWER.NO && answer !== MESSAGE.ERROR_RESPONSE) {
    // Anything else is no answer of a server: somebody garbled it.
    if (asked === 'ssl') facts.upgradeState = 'stripped'
    facts.malformed += 1
    state.lose(SERVER)
  }
}

function accept(state: PostgresqlState, facts: FlowFacts): void {
  facts.upgrade = 'sslrequest'
  facts.upgradeState = 'accepted'
  state.leave()
}

function readServer(state: PostgresqlState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  if (u8(buf, at) === MESSAGE.ERROR_RESPONSE) {
    if (isAuthorizationError(buf, at + HEADER_BYTES, end)) facts.authOutcome = 'failure'
    state.done = true
  }
  if (ROWS.includes(u8(buf, at))) facts.protection = 'cleartext'
  if (u8(buf, at) === MESSAGE.READY_FOR_QUERY) state.done = true
  if (u8(buf, at) !== MESSAGE.AUTHENTICATION || end - at < HEADER_BYTES + 4) return
  facts.protection = 'cleartext'
  const code = u32(buf, at + HEADER_BYTES)
  if (code === Authentication.OK) {
    if (state.authentication === NOT_ASKED && !facts.midstream) facts.authenticatedBy('trust')
    facts.authOutcome = 'success'
    state.done = true
  } else state.authentication = code
}

function readPassword(state: PostgresqlState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const known = MECHANISMS[state.authentication]
  if (known !== undefined) {
    facts.authenticatedBy(known[0])
    if (known[1] !== null) facts.expose(known[1])
  } else if (state.authentication === Authentication.SASL) {
    const name = copyName(buf, at, nulAt(buf, at, end))
    if (name !== null) facts.authenticatedBy(saslMechanism(name))
  }
}
