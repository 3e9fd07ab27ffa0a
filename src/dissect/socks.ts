import { u8, u16 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { endOfText } from '../wire/inner-text.ts'
import { CLIENT, type Dissector, type DissectorState, type Probe, SERVER } from './dissector.ts'

const V4 = 4
const V5 = 5
const CONNECT = 1
const UDP_ASSOCIATE = 3
/** Methods (RFC 1928 §3); 0xff refuses all. */
const GSSAPI = 1
const USERNAME = 2
const NO_ACCEPTABLE = 0xff
const MAX_METHODS = 16
const MAX_USER_BYTES = 255
const V4_GRANTED = 0x5a
const V4_LAST_REPLY = 0x5d
const V4_REPLY_BYTES = 8
const V5_REQUEST_MIN_BYTES = 5
/** RFC 1929. */
const LOGIN_VERSION = 1

// What a length is told as when it is none yet.
const SHORT = 0
const STRANGE = -1

type Phase = 'greeting' | 'next' | 'settled' | 'method' | 'login' | 'reply'

class SocksState implements DissectorState {
  done = false
  tunnel = false
  version = 0
  /** By direction: what is due from it. */
  readonly due: [Phase, Phase] = ['greeting', 'method']
}

/** SOCKS 4, 4a and 5: the login, and what goes through the tunnel after it. */
export const socks: Dissector<SocksState> = {
  name: 'socks',
  about: { title: 'SOCKS 4 and 5', source: 'RFC 1928, RFC 1929', reads: 'login and outcome; the tunnel is followed' },
  transport: 'tcp',
  ports: [1080],

  /** A version 5 greeting is too short to be known by: the message behind it tells. */
  probe(buf, at, end, sender): Probe {
    if (end === at) return 'unsure'
    if (sender !== CLIENT) return 'no_match'
    if (buf[at] === V4) return asProbe(requestV4Bytes(buf, at, end))
    if (buf[at] !== V5) return 'no_match'
    const greeting = greetingBytes(buf, at, end)
    if (greeting <= SHORT || at + greeting === end) return greeting === STRANGE ? 'no_match' : 'unsure'
    const next = at + greeting
    return asProbe(buf[next] === LOGIN_VERSION ? loginBytes(buf, next, end) : requestV5Bytes(buf, next, end))
  },

  opener: () => CLIENT,
  start: () => new SocksState(),

  feed(state, facts, direction, buf, at, end): number {
    let p = at
    while (p < end && !state.done) {
      const bytes = direction === CLIENT ? readClient(state, facts, buf, p, end) : readServer(state, facts, buf, p, end)
      if (bytes === STRANGE) {
        facts.malformed++
        state.done = true
      }
      if (bytes <= SHORT) break
      p += bytes
    }
    return p - at
  },

  gap(state, facts): void {
    facts.sawGap = true
    state.done = true
  },

  finish(state, facts): void {
    // Behind a gap there may be a tunnel, and what it carries decides.
    if (!state.tunnel && !facts.sawGap && facts.credentialsExposed.length > 0) facts.protection = 'cleartext'
  },
}

const asProbe = (bytes: number): Probe => (bytes > SHORT ? 'match' : bytes === SHORT ? 'unsure' : 'no_match')

function readClient(state: SocksState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): number {
  const due = state.due[CLIENT]
  if (due === 'settled') return SHORT
  facts.appProtocol ??= 'socks'
  if (due === 'greeting' && buf[at] === V4) {
    const bytes = requestV4Bytes(buf, at, end)
    if (bytes > SHORT) {
      state.version = V4
      state.due[CLIENT] = 'settled'
      state.due[SERVER] = 'reply'
    }
    return bytes
  }
  if (due === 'greeting') {
    const bytes = greetingBytes(buf, at, end)
    if (bytes > SHORT) {
      state.version = V5
      state.due[CLIENT] = 'next'
    }
    return bytes
  }
  if (buf[at] === LOGIN_VERSION) {
    const bytes = loginBytes(buf, at, end)
    if (bytes > SHORT) {
      facts.authenticatedBy('username-password')
      facts.expose('socks5-password')
    }
    return bytes
  }
  const bytes = requestV5Bytes(buf, at, end)
  if (bytes > SHORT) state.due[CLIENT] = 'settled'
  return bytes
}

function readServer(state: SocksState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): number {
  if (state.version === 0) return SHORT
  if (state.version === V4) return readReplyV4(state, facts, buf, at, end)
  if (state.due[SERVER] === 'reply') return readReplyV5(state, facts, buf, at, end)
  if (end - at < 2) return SHORT
  if (state.due[SERVER] === 'login') {
    facts.authOutcome = buf[at + 1] === 0 ? 'success' : 'failure'
    state.due[SERVER] = 'reply'
    return 2
  }
  if (buf[at] !== V5) return STRANGE
  const method = u8(buf, at + 1)
  if (method === GSSAPI) facts.authenticatedBy('gssapi')
  // Refused, or a method whose messages may wrap all that follows.
  if (method === GSSAPI || method >= 0x80) {
    if (method === NO_ACCEPTABLE) facts.authOutcome = 'failure'
    state.done = true
  }
  state.due[SERVER] = method === USERNAME ? 'login' : 'reply'
  return 2
}

/** Version 4: NUL, status, port, address. */
function readReplyV4(state: SocksState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): number {
  if (end - at < V4_REPLY_BYTES) return SHORT
  const status = u8(buf, at + 1)
  if (buf[at] !== 0 || status < V4_GRANTED || status > V4_LAST_REPLY) return STRANGE
  leave(state, facts, status === V4_GRANTED)
  return V4_REPLY_BYTES
}

function readReplyV5(state: SocksState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): number {
  if (end - at < V5_REQUEST_MIN_BYTES) return SHORT
  const bytes = addressedBytes(buf, at)
  if (buf[at] !== V5 || bytes === STRANGE) return STRANGE
  if (end - at < bytes) return SHORT
  leave(state, facts, buf[at + 1] === 0)
  return bytes
}

function leave(state: SocksState, facts: FlowFacts, granted: boolean): void {
  if (granted) facts.upgrade = 'socks'
  state.tunnel = granted
  state.done = true
}

function greetingBytes(buf: Uint8Array, at: number, end: number): number {
  if (end - at < 2) return SHORT
  const count = u8(buf, at + 1)
  if (count === 0 || count > MAX_METHODS) return STRANGE
  for (let i = at + 2; i < Math.min(end, at + 2 + count); i++) {
    if (buf[i] === NO_ACCEPTABLE || buf.indexOf(u8(buf, i), at + 2) < i) return STRANGE
  }
  return end - at < 2 + count ? SHORT : 2 + count
}

function requestV5Bytes(buf: Uint8Array, at: number, end: number): number {
  if (buf[at] !== V5) return STRANGE
  if (end - at >= 2 && (u8(buf, at + 1) < CONNECT || u8(buf, at + 1) > UDP_ASSOCIATE)) return STRANGE
  if (end - at < V5_REQUEST_MIN_BYTES) return SHORT
  const bytes = addressedBytes(buf, at)
  return bytes > end - at ? SHORT : bytes
}

/** Version, command or reply, a reserved NUL, an address of one of three types, a port. Five bytes are there. */
function addressedBytes(buf: Uint8Array, at: number): number {
  if (buf[at + 2] !== 0) return STRANGE
  switch (buf[at + 3]) {
    case 1:
      return 10
    case 3:
      return u8(buf, at + 4) === 0 ? STRANGE : 7 + u8(buf, at + 4)
    case 4:
      return 22
    default:
      return STRANGE
  }
}

function loginBytes(buf: Uint8Array, at: number, end: number): number {
  if (end - at < 2) return SHORT
  const user = u8(buf, at + 1)
  if (user === 0) return STRANGE
  if (end - at < 3 + user) return SHORT
  const need = 3 + user + u8(buf, at + 2 + user)
  return end - at < need ? SHORT : need
}

/** Version, command, port, address, user; an address of 0.0.0.x has a name behind it (version 4a). */
function requestV4Bytes(buf: Uint8Array, at: number, end: number): number {
  if (end - at >= 2 && u8(buf, at + 1) !== 1 && u8(buf, at + 1) !== 2) return STRANGE
  if (end - at < V4_REPLY_BYTES) return SHORT
  const isName = u8(buf, at + 4) === 0 && u16(buf, at + 5) === 0
  if (u16(buf, at + 2) === 0 || (u8(buf, at + 4) === 0 && !isName) || (isName && buf[at + 7] === 0)) return STRANGE
  let nul = endOfText(buf, at + V4_REPLY_BYTES, end, MAX_USER_BYTES)
  if (nul >= 0 && isName) nul = endOfText(buf, nul + 1, end, MAX_USER_BYTES)
  if (nul < 0) return nul === -1 ? SHORT : STRANGE
  // Nothing is said before the answer: what goes on is another protocol's (a frame of Cassandra's begins like this).
  return nul + 1 === end ? end - at : STRANGE
}
