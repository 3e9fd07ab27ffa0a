/** AMQP 0-9-1 and 1.0: the layers of a connection, how the client authenticates, and whether it is let in. */
import type { FlowFacts } from '../core/facts.ts'
import {
  amqpHeader,
  amqpVersion,
  frameBytes,
  HEADER_BYTES,
  isLegacyStart,
  Layer,
  legacyFrameBytes,
  legacyMechanism,
  legacyMethod,
  legacyReplyCode,
  Method,
  NONE,
  performative,
  readSymbol,
  readUbyte,
  Sasl,
  UNSURE,
} from '../wire/amqp.ts'
import { saslMechanism, secretIn } from '../wire/sasl.ts'
import { CLIENT, type Direction, type Dissector, type DissectorState, type Probe, SERVER } from './dissector.ts'

/** A frame of the login is waited for this long. */
const MAX_FRAME_BYTES = 16 * 1024
const ACCESS_REFUSED = 403
/** Outcome codes (AMQP 1.0 §5.3.3.6). */
const OK = 0
const AUTH = 1
/** Passed over by one call, so that a sum of offsets stays a small integer. */
const REST = 2 ** 30

export class AmqpState implements DissectorState {
  done = false
  tunnel = false
  /** By direction: the layer its header asked for, or NONE. */
  readonly layers: [number, number] = [NONE, NONE]

  reset(): void {
    this.done = false
    this.tunnel = false
    this.layers.fill(NONE)
  }
}

// Scratch of one call.
const SPAN = { at: 0, end: 0 }

export const amqp: Dissector<AmqpState> = {
  name: 'amqp',
  about: {
    title: 'AMQP 0-9-1 and 1.0',
    source: 'OASIS AMQP 1.0, AMQP 0-9-1',
    reads: "version, 1.0's TLS layer, SASL mechanism and outcome",
  },
  transport: 'tcp',
  ports: [5672],

  probe(buf, at, end): Probe {
    const opening = Math.max(amqpHeader(buf, at, end), isLegacyStart(buf, at, end))
    if (opening === UNSURE) return 'unsure'
    return opening === NONE ? 'no_match' : 'match'
  },

  opener(buf, at, end): Direction | null {
    if (isLegacyStart(buf, at, end) > 0) return SERVER
    return amqpHeader(buf, at, end) === Layer.LEGACY ? CLIENT : null
  },

  start(_facts, used = null): AmqpState {
    if (used === null) return new AmqpState()
    used.reset()
    return used
  },

  feed(state, facts, direction, buf, at, end): number {
    let p = at
    if (state.layers[direction] === NONE) {
      const layer = amqpHeader(buf, at, end)
      if (layer === UNSURE) return 0
      if (layer !== NONE) {
        noteHeader(state, facts, direction, layer, amqpVersion(buf, at))
        p += HEADER_BYTES
      } else if (direction === SERVER || state.layers[SERVER] === Layer.LEGACY) state.layers[direction] = Layer.LEGACY
      else giveUp(state, facts)
    }
    while (!state.done) {
      const next = readFrame(state, facts, direction, buf, p, end)
      if (next === p) break
      p = next
    }
    return state.done && !state.tunnel ? REST : p - at
  },

  gap(state, facts): void {
    facts.sawGap = true
    state.done = true
  },

  finish(): void {},
}

function giveUp(state: AmqpState, facts: FlowFacts): void {
  facts.malformed += 1
  state.done = true
}

function noteHeader(state: AmqpState, facts: FlowFacts, direction: Direction, layer: number, version: string): void {
  state.layers[direction] = layer
  facts.appProtocol ??= 'amqp'
  const [client, server] = state.layers
  if (direction === CLIENT || client === NONE) facts.protocolVersion = version
  if (client === Layer.TLS) noteUpgrade(state, facts, server)
  else if (server === Layer.TLS && client !== NONE) facts.upgradeState = 'advertised'
  // A server that answers with another header closes the connection (AMQP 1.0 §2.2).
  if (client !== NONE && server !== NONE && client !== server) state.done = true
}

/** AMQP 1.0 §5.2: the client asked for TLS, and the server answers with the same header or with one that it can do. */
function noteUpgrade(state: AmqpState, facts: FlowFacts, server: number): void {
  facts.upgradeState = server === NONE ? 'requested' : server === Layer.TLS ? 'accepted' : 'refused'
  if (server !== Layer.TLS) return
  facts.upgrade = 'amqp-tls'
  state.done = true
  state.tunnel = true
}

/** Returns where the frame at `at` ends, or `at` as long as it is not all there. */
function readFrame(
  state: AmqpState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): number {
  const layer = state.layers[direction]
  // Behind its header of the TLS layer a peer is silent until the other's has come.
  if (layer === Layer.TLS || layer === NONE) return at
  const isLegacy = layer === Layer.LEGACY
  const bytes = isLegacy ? legacyFrameBytes(buf, at, end) : frameBytes(buf, at, end, layer === Layer.SASL ? 1 : 0)
  if (bytes === UNSURE) return at
  if (bytes === NONE || bytes > MAX_FRAME_BYTES) {
    giveUp(state, facts)
    return at
  }
  if (at + bytes > end) return at
  facts.appProtocol ??= 'amqp'
  if (isLegacy) readMethod(state, facts, direction, buf, at, at + bytes)
  else if (layer === Layer.SASL) readSasl(state, facts, direction, buf, at, at + bytes)
  else {
    // Open: the container's name and the host's, and no layer may come any more.
    facts.protection = 'cleartext'
    state.done = true
  }
  return at + bytes
}

function readMethod(
  state: AmqpState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): void {
  facts.protection = 'cleartext'
  const method = legacyMethod(buf, at, end)
  if (direction === CLIENT) {
    if (method === Method.START_OK && legacyMechanism(SPAN, buf, at, end)) noteMechanism(facts, buf)
  } else if (method === Method.TUNE) conclude(state, facts, 'success')
  else if (method === Method.CLOSE) {
    const isRefused = legacyReplyCode(buf, at, end) === ACCESS_REFUSED
    conclude(state, facts, isRefused ? 'failure' : null)
  }
}

function readSasl(
  state: AmqpState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): void {
  const what = performative(SPAN, buf, at, end)
  if (direction === CLIENT && what === Sasl.INIT) {
    // TLS would have come before (AMQP 1.0 §5.2).
    facts.protection = 'cleartext'
    if (readSymbol(SPAN, buf)) noteMechanism(facts, buf)
  } else if (direction === SERVER && what === Sasl.OUTCOME) {
    const code = readUbyte(SPAN, buf)
    conclude(state, facts, code === OK ? 'success' : code === AUTH ? 'failure' : null)
  }
}

function conclude(state: AmqpState, facts: FlowFacts, outcome: FlowFacts['authOutcome']): void {
  facts.authOutcome = outcome
  state.done = true
}

function noteMechanism(facts: FlowFacts, buf: Uint8Array): void {
  const mechanism = saslMechanism(buf, SPAN.at, SPAN.end)
  if (mechanism === null) return
  facts.authenticatedBy(mechanism)
  // RabbitMQ's AMQPLAIN is PLAIN in a table of AMQP's own. The first response is in the same message.
  if (secretIn(mechanism) === 1 || mechanism === 'sasl-amqplain') facts.expose(mechanism.replace('sasl', 'amqp'))
}
