/** Cassandra's native protocol: the server's wish to authenticate, the client's answer and the outcome. */
import { u16, u32 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import {
  asksForCompression,
  CQL_HEADER_BYTES,
  CqlOpcode,
  cqlLength,
  cqlOpcode,
  cqlVersion,
  isCqlHeader,
  isCqlResponse,
  openingKind,
  SEGMENT_HEADER_BYTES,
  segmentLength,
} from '../wire/cql.ts'
import { standsAt } from '../wire/inner-text.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { BOUNDS, feedMessages, fresh, loseMessages, MessagesState, MORE, NO_MESSAGE, type Walk } from './messages.ts'

const FIRST_WITH_SEGMENTS = 5
const BAD_CREDENTIALS = 0x0100
const JAVA_PACKAGE = 'org.apache.cassandra.auth.'
const PASSWORD_AUTHENTICATOR = 'PasswordAuthenticator'

export class CassandraState extends MessagesState {
  /** Frames lie in segments from now on. */
  segmented = false
  compresses = false
  /** The server's authenticator takes name and password as they are. */
  wantsPassword = false
  answered = false

  override reset(): void {
    super.reset()
    this.segmented = false
    this.compresses = false
    this.wantsPassword = false
    this.answered = false
  }
}

const WALK: Walk<CassandraState> = {
  ...BOUNDS,
  length(state, _facts, _direction, buf, at, end): number {
    if (state.segmented) return end - at < SEGMENT_HEADER_BYTES ? MORE : segmentLength(buf, at)
    if (end - at < CQL_HEADER_BYTES) return MORE
    return isCqlHeader(buf, at) ? CQL_HEADER_BYTES + cqlLength(buf, at) : NO_MESSAGE
  },
  read(state, facts, _direction, buf, at, end) {
    const frameAt = state.segmented ? at + SEGMENT_HEADER_BYTES : at
    if (end - frameAt >= CQL_HEADER_BYTES && isCqlHeader(buf, frameAt)) readFrame(state, facts, buf, frameAt, end)
  },
}

export const cassandra: Dissector<CassandraState> = {
  name: 'cassandra',
  about: {
    title: 'Cassandra (CQL native protocol)',
    source: 'native_protocol_v5.spec',
    reads: 'authenticator, password and outcome',
  },
  transport: 'tcp',
  ports: [9042],

  probe(buf, at, end): Probe {
    if (end <= at) return 'unsure'
    const kind = openingKind(buf, at, end)
    if (kind === 'incomplete') return 'unsure'
    return kind === 'message' ? 'match' : 'no_match'
  },

  opener(buf, at, end): Direction | null {
    if (end <= at || openingKind(buf, at, end) !== 'message') return null
    return isCqlResponse(buf, at) ? SERVER : CLIENT
  },

  start(facts, used): CassandraState {
    facts.appProtocol ??= 'cassandra'
    facts.protection = 'cleartext'
    return fresh(used, () => new CassandraState())
  },

  feed: (state, facts, direction, buf, at, end) => feedMessages(WALK, state, facts, direction, buf, at, end),
  gap: loseMessages,
  finish() {},
}

function readFrame(state: CassandraState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const body = at + CQL_HEADER_BYTES
  switch (cqlOpcode(buf, at)) {
    case CqlOpcode.STARTUP:
      facts.protocolVersion = String(cqlVersion(buf, at))
      state.compresses = asksForCompression(buf, body, end)
      break
    case CqlOpcode.READY:
      state.done = true
      break
    case CqlOpcode.AUTHENTICATE:
      openSegments(state, cqlVersion(buf, at))
      state.wantsPassword = isPasswordAuthenticator(buf, body, end)
      break
    case CqlOpcode.AUTH_RESPONSE:
      if (!state.lost[SERVER]) readAnswer(state, facts)
      break
    case CqlOpcode.AUTH_SUCCESS:
      facts.authOutcome = 'success'
      state.done = true
      break
    case CqlOpcode.ERROR:
      if (end - body >= 4 && u32(buf, body) === BAD_CREDENTIALS) facts.authOutcome = 'failure'
      if (isCqlResponse(buf, at)) state.done = true
  }
}

/** Behind the answer to STARTUP, frames lie in segments; compressed ones are not read. */
function openSegments(state: CassandraState, version: number): void {
  state.segmented = version >= FIRST_WITH_SEGMENTS
  if (state.segmented && state.compresses) state.done = true
}

/** "org.apache.cassandra.auth.PasswordAuthenticator"; others' own classes say nothing of what crosses. */
function isPasswordAuthenticator(buf: Uint8Array, body: number, end: number): boolean {
  const nameAt = body + 2
  if (end < nameAt) return false
  const nameEnd = Math.min(end, nameAt + u16(buf, body))
  const from = standsAt(buf, nameAt, nameEnd, JAVA_PACKAGE) ? nameAt + JAVA_PACKAGE.length : nameAt
  return standsAt(buf, from, nameEnd, PASSWORD_AUTHENTICATOR)
}

/** The mechanism is the authenticator's: SASL PLAIN (RFC 4616) behind a length. */
function readAnswer(state: CassandraState, facts: FlowFacts): void {
  if (!state.wantsPassword || state.answered) return
  state.answered = true
  facts.authenticatedBy('sasl-plain')
  // Compressed it is as readable as it was.
  facts.expose('cassandra-password')
}
