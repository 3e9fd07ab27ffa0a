/** MySQL and MariaDB: the greeting's offer of TLS, what the client makes of it, and how it authenticates. */
import { u8, u32le } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { copyName, nulAt, standsAt } from '../wire/inner-text.ts'
import {
  CLIENT_SSL,
  greetingCapabilities,
  greetingKind,
  HandshakeResponse,
  isGreeting,
  PACKET_HEADER_BYTES,
  packetLength,
  packetSequence,
  RESPONSE_HEAD_BYTES,
  readHandshakeResponse,
  responseKind,
} from '../wire/mysql.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { BOUNDS, feedMessages, fresh, loseMessages, MessagesState, MORE, type Walk } from './messages.ts'

/** First byte of what the server says while the client authenticates. */
const HEADER = { OK: 0x00, AUTH_MORE_DATA: 0x01, AUTH_SWITCH_REQUEST: 0xfe, ERR: 0xff } as const
/** caching_sha2_password: the server does not know the password's hash and wants the password itself. */
const PERFORM_FULL_AUTHENTICATION = 0x04
/** A password under the server's RSA key is as long as the key. */
const MIN_RSA_BYTES = 128
/** Plugins whose answer is the password itself, or as good as it. */
const EXPOSING: Readonly<Record<string, string>> = {
  mysql_clear_password: 'mysql-clear-password',
  dialog: 'mysql-dialog-password',
  mysql_old_password: 'mysql-old-password',
}

const RESPONSE = new HandshakeResponse()

export class MysqlState extends MessagesState {
  greeted = false
  answered = false
  plugin: string | null = null
  /** The server asked for the password itself, and the client's next packet is its answer. */
  wantsPassword = false

  override reset(): void {
    super.reset()
    this.greeted = false
    this.answered = false
    this.plugin = null
    this.wantsPassword = false
  }
}

const WALK: Walk<MysqlState> = {
  ...BOUNDS,
  length: (_state, _facts, _direction, buf, at, end) =>
    end - at < PACKET_HEADER_BYTES ? MORE : PACKET_HEADER_BYTES + packetLength(buf, at),
  read(state, facts, direction, buf, at, end) {
    if (direction === SERVER) readServer(state, facts, buf, at, end)
    else if (state.answered) readAnswer(state, facts, buf, at + PACKET_HEADER_BYTES, end)
    else readResponse(state, facts, buf, at, end)
  },
}

export const mysql: Dissector<MysqlState> = {
  name: 'mysql',
  about: {
    title: 'MySQL and MariaDB',
    source: 'MySQL Internals, "Connection Phase"',
    reads: 'CLIENT_SSL and SSLRequest, authentication plugins and outcome',
  },
  transport: 'tcp',
  ports: [3306],

  probe(buf, at, end): Probe {
    const greeting = greetingKind(buf, at, end)
    const response = responseKind(buf, at, end)
    if (greeting === 'message' || response === 'message') return 'match'
    return greeting === 'incomplete' || response === 'incomplete' ? 'unsure' : 'no_match'
  },

  opener(buf, at, end): Direction | null {
    if (greetingKind(buf, at, end) === 'message') return SERVER
    return responseKind(buf, at, end) === 'message' ? CLIENT : null
  },

  start(facts, used): MysqlState {
    facts.appProtocol ??= 'mysql'
    return fresh(used, () => new MysqlState())
  },

  feed: (state, facts, direction, buf, at, end) => feedMessages(WALK, state, facts, direction, buf, at, end),
  gap: loseMessages,
  finish() {},
}

function readServer(state: MysqlState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const isFirst = !state.greeted && packetSequence(buf, at) === 0
  state.greeted = true
  if (isFirst) readGreeting(state, facts, buf, at, end)
  else if (at + PACKET_HEADER_BYTES < end) readVerdict(state, facts, buf, at + PACKET_HEADER_BYTES, end)
}

function readGreeting(state: MysqlState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  // Sent away before anything was said.
  if (!isGreeting(buf, at)) state.done = true
  else {
    facts.protocolVersion = '10'
    facts.upgradeState = (greetingCapabilities(buf, at, end) & CLIENT_SSL) !== 0 ? 'advertised' : 'not_offered'
  }
}

function readVerdict(state: MysqlState, facts: FlowFacts, buf: Uint8Array, body: number, end: number): void {
  const header = u8(buf, body)
  if (header === HEADER.AUTH_SWITCH_REQUEST) {
    const nameEnd = nulAt(buf, body + 1, end)
    // An empty one is the old way to ask for mysql_old_password.
    usePlugin(state, facts, body + 1 === end ? 'mysql_old_password' : copyName(buf, body + 1, nameEnd))
  } else if (header === HEADER.AUTH_MORE_DATA) {
    state.wantsPassword = end - body === 2 && u8(buf, body + 1) === PERFORM_FULL_AUTHENTICATION
  } else if (header === HEADER.OK || header === HEADER.ERR) {
    if (header === HEADER.OK) facts.authOutcome = 'success'
    // SQLSTATE class 28: invalid authorization specification.
    else if (standsAt(buf, body + 3, end, '#28')) facts.authOutcome = 'failure'
    state.done = true
  }
}

function readResponse(state: MysqlState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  state.answered = true
  if (responseKind(buf, at, end) !== 'message') {
    // A client older than MySQL 4.1; it never asks for TLS.
    facts.protection = 'cleartext'
    return
  }
  const body = at + PACKET_HEADER_BYTES
  if (end - body === RESPONSE_HEAD_BYTES && (u32le(buf, body) & CLIENT_SSL) !== 0) {
    // There is no answer: the client goes on with a ClientHello.
    facts.upgrade = 'sslrequest'
    facts.upgradeState = 'accepted'
    state.leave()
    return
  }
  facts.protection = 'cleartext'
  if (facts.upgradeState === 'advertised') facts.upgradeState = 'skipped'
  if (!readHandshakeResponse(buf, body, end, RESPONSE)) return
  usePlugin(state, facts, copyName(buf, RESPONSE.pluginAt, RESPONSE.pluginEnd) ?? 'mysql_native_password')
  if (RESPONSE.authEnd - RESPONSE.authAt > 1) exposeBy(state, facts)
}

/** What the client says to the server's further questions. */
function readAnswer(state: MysqlState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  // Without the server's side the plugin may have changed meanwhile.
  if (state.lost[SERVER]) return
  const size = end - at
  if (size > 1) exposeBy(state, facts)
  // One byte asks for the server's RSA key; what is as long as such a key is encrypted under it.
  const isPassword = size > 1 && size < MIN_RSA_BYTES && u8(buf, end - 1) === 0
  if (state.wantsPassword && isPassword) facts.expose('mysql-caching-sha2-password')
  state.wantsPassword = false
}

function usePlugin(state: MysqlState, facts: FlowFacts, plugin: string | null): void {
  state.plugin = plugin
  if (plugin !== null) facts.authenticatedBy(plugin)
}

function exposeBy(state: MysqlState, facts: FlowFacts): void {
  const kind = state.plugin === null ? undefined : EXPOSING[state.plugin]
  if (kind !== undefined) facts.expose(kind)
}
