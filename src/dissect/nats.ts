/** NATS: what the server offers, whether TLS comes up behind its INFO, and how the client authenticates. */
import { u8 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { lineObject, MAX_LINE_BYTES, natsOpening } from '../wire/nats.ts'
import { CLIENT, type Direction, type Dissector, type DissectorState, type Probe, SERVER } from './dissector.ts'

const LF = 0x0a
const TLS_HANDSHAKE = 0x16
const PLUS = 0x2b
const MINUS = 0x2d
/** Verbs of a server that has let the client in: "PONG", "MSG", "HMSG". "PING" and "INFO" come to anybody. */
const LET_IN: ReadonlySet<string> = new Set(['PONG', 'MSG ', 'HMSG'])
/** Passed over by one call, so that a sum of offsets stays a small integer. */
const REST = 2 ** 30

export class NatsState implements DissectorState {
  done = false
  tunnel = false
  /** The server's INFO was read. */
  informed = false
  offersTls = false
  connected = false
  /** By direction: bytes of an unfinished line that hold no line feed. */
  readonly searched: [number, number] = [0, 0]

  reset(): void {
    this.done = false
    this.tunnel = false
    this.informed = false
    this.offersTls = false
    this.connected = false
    this.searched.fill(0)
  }
}

export const nats: Dissector<NatsState> = {
  name: 'nats',
  about: {
    title: 'NATS',
    source: 'docs.nats.io, client protocol',
    reads: 'TLS behind INFO followed; kind of credentials, outcome',
  },
  transport: 'tcp',
  ports: [4222],

  probe(buf, at, end): Probe {
    const opening = natsOpening(buf, at, end)
    if (opening === 'unsure') return 'unsure'
    return opening === 'none' ? 'no_match' : 'match'
  },

  opener(buf, at, end): Direction | null {
    const opening = natsOpening(buf, at, end)
    if (opening === 'info') return SERVER
    return opening === 'connect' ? CLIENT : null
  },

  start(_facts, used = null): NatsState {
    if (used === null) return new NatsState()
    used.reset()
    return used
  },

  feed(state, facts, direction, buf, at, end): number {
    facts.appProtocol ??= 'nats'
    let p = at
    while (p < end && !state.done) {
      if (direction === CLIENT && !state.connected && u8(buf, p) === TLS_HANDSHAKE) {
        goOverToTls(state, facts)
        return p - at
      }
      const lineFeed = findLineFeed(state, direction, buf, p, end)
      if (lineFeed < 0) {
        if (end - p > MAX_LINE_BYTES) giveUp(state, facts)
        break
      }
      if (direction === CLIENT) readClient(state, facts, buf, p, lineFeed)
      else readServer(state, facts, buf, p, lineFeed)
      p = lineFeed + 1
    }
    return state.done ? REST : p - at
  },

  gap(state, facts): void {
    facts.sawGap = true
    state.done = true
  },

  finish(): void {},
}

function findLineFeed(state: NatsState, direction: Direction, buf: Uint8Array, at: number, end: number): number {
  let i = at + (state.searched[direction] as number)
  while (i < end && buf[i] !== LF) i++
  state.searched[direction] = i < end ? 0 : end - at
  return i < end ? i : -1
}

function giveUp(state: NatsState, facts: FlowFacts): void {
  facts.capHit = true
  state.done = true
}

/** A client takes TLS without asking: its ClientHello is the question (nats.io, TLS). */
function goOverToTls(state: NatsState, facts: FlowFacts): void {
  facts.upgrade = 'nats-tls'
  facts.upgradeState = state.offersTls ? 'accepted' : 'requested'
  state.done = true
  state.tunnel = true
}

function readServer(state: NatsState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const first = u8(buf, at)
  if (first === 0x49 && !state.informed) {
    const info = lineObject(buf, at, end)
    if (info !== null) readInfo(state, facts, info)
  } else if (state.connected && (first === PLUS || LET_IN.has(verb(buf, at, end)))) {
    facts.authOutcome = 'success'
    state.done = true
  } else if (first === MINUS) readError(state, facts, buf, at, end)
}

const verb = (buf: Uint8Array, at: number, end: number): string =>
  Buffer.from(buf.buffer, buf.byteOffset + at, Math.min(4, end - at)).toString('latin1')

function readInfo(state: NatsState, facts: FlowFacts, info: Record<string, unknown>): void {
  state.informed = true
  state.offersTls = info['tls_required'] === true || info['tls_available'] === true
  if (state.connected) return
  facts.upgradeState = state.offersTls ? 'advertised' : 'not_offered'
  if (info['tls_required'] === true) facts.protocolSecurity = 'tls_required'
}

/** "-ERR 'Authorization Violation'", "-ERR 'Secure Connection - TLS Required'". */
function readError(state: NatsState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const words = Buffer.from(buf.buffer, buf.byteOffset + at, Math.min(80, end - at)).toString('latin1')
  if (/authori[sz]ation|authentication/i.test(words)) facts.authOutcome = 'failure'
  state.done = true
}

function readClient(state: NatsState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  facts.protection = 'cleartext'
  if (state.connected || u8(buf, at) !== 0x43) return
  const connect = lineObject(buf, at, end)
  if (connect === null) return
  state.connected = true
  if (state.offersTls) facts.upgradeState = 'skipped'
  readCredentials(facts, connect)
}

function readCredentials(facts: FlowFacts, connect: Record<string, unknown>): void {
  const has = (key: string): boolean => typeof connect[key] === 'string' && connect[key] !== ''
  const before = facts.authMechanisms.length
  if (has('pass')) present(facts, 'nats-password')
  if (has('auth_token')) present(facts, 'nats-token')
  // A signature of the server's nonce: nothing of the key crosses. A JWT without one is good for whoever has it.
  if (has('jwt') && has('sig')) facts.authenticatedBy('nats-jwt')
  else if (has('jwt')) present(facts, 'nats-jwt')
  else if (has('nkey')) facts.authenticatedBy('nats-nkey')
  if (facts.authMechanisms.length === before) facts.authenticatedBy('anonymous')
}

function present(facts: FlowFacts, kind: string): void {
  facts.authenticatedBy(kind)
  facts.expose(kind)
}
