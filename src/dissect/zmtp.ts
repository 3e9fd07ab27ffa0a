/** ZMTP 3: which security mechanism two ZeroMQ sockets agree on, and whether the handshake comes to its end. */
import type { FlowFacts } from '../core/facts.ts'
import {
  GREETING_BYTES,
  NONE,
  UNSURE,
  zmtpCommand,
  zmtpFrameBytes,
  zmtpGreeting,
  zmtpMechanism,
  zmtpMinor,
} from '../wire/zmtp.ts'
import type { Direction, Dissector, DissectorState, Probe } from './dissector.ts'

/** Commands of a handshake are short (CURVE's INITIATE: 257 bytes and metadata). */
const MAX_FRAME_BYTES = 4096
/** Passed over by one call, so that a sum of offsets stays a small integer. */
const REST = 2 ** 30

class ZmtpState implements DissectorState {
  done = false
  /** By direction, from its greeting. */
  readonly mechanisms: [string, string] = ['', '']
  /** Commands of CURVE that were seen: the keys of both ends are in them. */
  hello = false
  welcome = false

  reset(): void {
    this.done = false
    this.mechanisms.fill('')
    this.hello = false
    this.welcome = false
  }
}

/** Both ends send the same greeting; which of them connected, only TCP tells. */
export const zmtp: Dissector<ZmtpState> = {
  name: 'zmtp',
  about: {
    title: 'ZMTP 3 (ZeroMQ)',
    source: 'rfc.zeromq.org 23, 24, 26',
    reads: 'mechanism (NULL, PLAIN, CURVE) and outcome',
  },
  transport: 'tcp',
  ports: [5555],

  probe(buf, at, end): Probe {
    const opening = zmtpGreeting(buf, at, end)
    if (opening === UNSURE) return 'unsure'
    return opening === NONE ? 'no_match' : 'match'
  },

  start(_facts, used = null): ZmtpState {
    if (used === null) return new ZmtpState()
    used.reset()
    return used
  },

  feed(state, facts, direction, buf, at, end): number {
    facts.appProtocol ??= 'zmtp'
    let p = at
    if (state.mechanisms[direction] === '') {
      if (end - at < GREETING_BYTES) return 0
      readGreeting(state, facts, direction, buf, at)
      p += GREETING_BYTES
    }
    while (!state.done) {
      const bytes = zmtpFrameBytes(buf, p, end)
      if (bytes === NONE || bytes > MAX_FRAME_BYTES) giveUp(state, facts)
      if (bytes < 0 || p + bytes > end) break
      readFrame(state, facts, zmtpCommand(buf, p, p + bytes))
      p += bytes
    }
    return state.done ? REST : p - at
  },

  gap(state, facts): void {
    facts.sawGap = true
    state.done = true
  },

  finish(): void {},
}

function giveUp(state: ZmtpState, facts: FlowFacts): void {
  facts.malformed += 1
  state.done = true
}

function readGreeting(state: ZmtpState, facts: FlowFacts, direction: Direction, buf: Uint8Array, at: number): void {
  const mechanism = zmtpGreeting(buf, at, at + GREETING_BYTES) === NONE ? '' : zmtpMechanism(buf, at)
  const other = state.mechanisms[1 - direction] as string
  if (mechanism === '') {
    giveUp(state, facts)
    return
  }
  state.mechanisms[direction] = mechanism
  facts.protocolVersion = `3.${zmtpMinor(buf, at)}`
  // Unlike mechanisms end the connection.
  if (mechanism === other) facts.protocolSecurity = mechanism
  else if (other !== '') state.done = true
}

function readFrame(state: ZmtpState, facts: FlowFacts, command: string): void {
  // What comes before the other's greeting is by the mechanism that this end named.
  const mechanism = state.mechanisms.find((one) => one !== '')
  if (command === 'ERROR') {
    facts.authOutcome = 'failure'
    state.done = true
  } else if (mechanism === 'CURVE') readCurve(state, facts, command)
  else if (mechanism === 'PLAIN') readPlain(state, facts, command)
  else {
    // NULL, and mechanisms of others (GSSAPI), of which nothing is known.
    if (mechanism === 'NULL') facts.protection = 'cleartext'
    state.done = true
  }
}

/** rfc.zeromq.org 26: each end's short-term key is in one command; everything behind is in boxes made with them. */
function readCurve(state: ZmtpState, facts: FlowFacts, command: string): void {
  if (command === 'HELLO') {
    state.hello = true
    facts.authenticatedBy('zmtp-curve')
  } else if (command === 'WELCOME') state.welcome = true
  else if (command === 'READY') {
    facts.authOutcome = 'success'
    state.done = true
  } else if (command !== 'INITIATE') giveUp(state, facts)
  if (state.hello && state.welcome) facts.protection = 'encrypted'
}

/** rfc.zeromq.org 24: HELLO holds the name and the password. */
function readPlain(state: ZmtpState, facts: FlowFacts, command: string): void {
  facts.protection = 'cleartext'
  if (command === 'HELLO') {
    facts.authenticatedBy('zmtp-plain')
    facts.expose('zmtp-plain')
  } else if (command === 'WELCOME') {
    facts.authOutcome = 'success'
    state.done = true
  }
}
