/** Kafka: whether and how a client authenticates before its first request for data. */
import { i32, u16 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { ApiKey, kafkaRequest, NONE, Request, UNSURE } from '../wire/kafka.ts'
import { saslMechanism, secretIn } from '../wire/sasl.ts'
import { CLIENT, type Direction, type Dissector, type DissectorState, type Probe } from './dissector.ts'

/** Requests of a login are waited for this long. */
const MAX_LOGIN_BYTES = 16 * 1024
/** Size and correlation id before a response's body, and its error code. */
const RESPONSE_BYTES = 10
const MAX_RESPONSE_BYTES = 2 ** 28
/** Requests read of one connection: what it shows, it shows early. */
const MAX_REQUESTS = 16
/** Passed over by one call, so that a sum of offsets stays a small integer. */
const REST = 2 ** 30

export class KafkaState implements DissectorState {
  done = false
  requests = 0
  mechanism = ''
  /** Version 0 of the handshake: what follows is no request, but SASL's messages behind a size. */
  isBare = false
  rounds = 0
  /** Correlation id of the request whose answer tells the outcome, -1 = none. */
  awaited = -1
  /** Headers of responses have tags (from version 2 of SaslAuthenticate on). */
  isTagged = false

  reset(): void {
    this.done = false
    this.requests = 0
    this.mechanism = ''
    this.isBare = false
    this.rounds = 0
    this.awaited = -1
    this.isTagged = false
  }
}

// Scratch of one call.
const REQUEST = new Request()

export const kafka: Dissector<KafkaState> = {
  name: 'kafka',
  about: {
    title: 'Kafka',
    source: 'kafka.apache.org/protocol',
    reads: 'SASL mechanism and outcome',
  },
  transport: 'tcp',
  ports: [9092],

  probe(buf, at, end): Probe {
    const opening = kafkaRequest(null, buf, at, end)
    if (opening === UNSURE) return 'unsure'
    return opening === NONE ? 'no_match' : 'match'
  },

  opener: (buf, at, end): Direction | null => (kafkaRequest(null, buf, at, end) > 0 ? CLIENT : null),

  start(_facts, used = null): KafkaState {
    if (used === null) return new KafkaState()
    used.reset()
    return used
  },

  feed(state, facts, direction, buf, at, end): number {
    let p = at
    while (!state.done) {
      const next =
        direction === CLIENT ? readRequest(state, facts, buf, p, end) : readResponse(state, facts, buf, p, end)
      if (next === p) break
      p = next
    }
    return state.done ? REST : p - at
  },

  gap(state, facts): void {
    facts.sawGap = true
    state.done = true
  },

  finish(): void {},
}

/** Returns where the request at `at` ends, or `at` as long as too little of it is there. */
function readRequest(state: KafkaState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): number {
  if (state.isBare) return readBareToken(state, facts, buf, at, end)
  const opening = kafkaRequest(REQUEST, buf, at, end)
  if (opening === UNSURE) return at
  if (opening === NONE) {
    facts.malformed += 1
    state.done = true
    return at
  }
  const isLogin = REQUEST.key === ApiKey.SASL_HANDSHAKE || REQUEST.key === ApiKey.SASL_AUTHENTICATE
  if (isLogin && REQUEST.end > end) {
    state.done = REQUEST.end - at > MAX_LOGIN_BYTES
    return at
  }
  facts.appProtocol ??= 'kafka'
  facts.protection = 'cleartext'
  state.requests += 1
  if (REQUEST.key === ApiKey.SASL_HANDSHAKE) noteHandshake(state, facts, buf)
  else if (REQUEST.key === ApiKey.SASL_AUTHENTICATE) noteToken(state, facts, REQUEST.correlation)
  // A request for data: the login is over, or there was none.
  else if (REQUEST.key !== ApiKey.API_VERSIONS || state.requests > MAX_REQUESTS) state.done = true
  return REQUEST.end
}

/** SaslHandshake's body is the mechanism. */
function noteHandshake(state: KafkaState, facts: FlowFacts, buf: Uint8Array): void {
  const { body, end, version } = REQUEST
  if (body + 2 > end) return
  const mechanism = saslMechanism(buf, body + 2, Math.min(end, body + 2 + u16(buf, body)))
  if (mechanism === null) return
  state.mechanism = mechanism
  state.isBare = version === 0
  facts.authenticatedBy(mechanism)
}

function noteToken(state: KafkaState, facts: FlowFacts, correlation: number): void {
  state.rounds += 1
  state.awaited = correlation
  state.isTagged = REQUEST.version >= 2
  if (secretIn(state.mechanism) === state.rounds) facts.expose(state.mechanism.replace('sasl', 'kafka'))
}

function readBareToken(state: KafkaState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): number {
  if (end - at < 4) return at
  noteToken(state, facts, -1)
  // No answer to it has a code.
  state.done = true
  return at + 4 + i32(buf, at)
}

function readResponse(state: KafkaState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): number {
  if (end - at < 8) return at
  const size = i32(buf, at)
  if (size < 4 || size > MAX_RESPONSE_BYTES) {
    state.done = true
    return at
  }
  if (state.awaited !== i32(buf, at + 4)) return at + 4 + size
  // The tags of a response's header are none so far: one byte.
  const code = at + RESPONSE_BYTES - 2 + (state.isTagged ? 1 : 0)
  if (code + 2 > end) return at
  noteOutcome(state, facts, u16(buf, code))
  return at + 4 + size
}

/** Several messages go to and fro with SCRAM and GSSAPI: only the last is let in, and any may be refused. */
function noteOutcome(state: KafkaState, facts: FlowFacts, code: number): void {
  state.awaited = -1
  if (code !== 0) {
    facts.authOutcome = 'failure'
    state.done = true
  } else if (secretIn(state.mechanism) > 0 || (state.mechanism.startsWith('scram-') && state.rounds === 2)) {
    facts.authOutcome = 'success'
    state.done = true
  }
}
