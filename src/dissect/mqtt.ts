/** MQTT: who connects in which version, with which credentials, and what the broker says. */
import { u8 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import {
  authenticationMethod,
  Connect,
  NONE,
  PacketType,
  propertiesBytes,
  readConnect,
  readPacketHeader,
  UNSURE,
} from '../wire/mqtt.ts'
import { saslMechanism } from '../wire/sasl.ts'
import { CLIENT, type Direction, type Dissector, type DissectorState, type Probe } from './dissector.ts'

/** Properties longer than this are not waited for. */
const MAX_PROPERTIES_BYTES = 4096
/** Bytes of a whole CONNACK that are waited for: its flags and its code are the first two behind the header. */
const CONNACK_BYTES = 2
const MAX_LENGTH_BYTES = 4
/** Passed over by one call, so that a sum of offsets stays a small integer. */
const REST = 2 ** 30

export class MqttState implements DissectorState {
  done = false
  connected = false
  answered = false

  reset(): void {
    this.done = false
    this.connected = false
    this.answered = false
  }
}

// Scratch of one call.
const CONNECT = new Connect()
const PACKET = { type: 0, body: 0, end: 0 }

export const mqtt: Dissector<MqttState> = {
  name: 'mqtt',
  about: {
    title: 'MQTT 3.1, 3.1.1 and 5.0',
    source: 'OASIS MQTT 5.0',
    reads: 'version, credentials, authentication method and outcome',
  },
  transport: 'tcp',
  ports: [1883],

  probe(buf, at, end): Probe {
    const opening = readConnect(buf, at, end)
    if (opening === UNSURE) return 'unsure'
    if (opening === NONE) return mayBePings(buf, at, end) ? 'unsure' : 'no_match'
    return 'match'
  },

  /** A connection picked up while it idles: nothing but pings and as many answers, give or take one. */
  confirms(client, clientAt, clientEnd, server, serverAt, serverEnd) {
    const [asked, answered] = [clientEnd - clientAt, serverEnd - serverAt]
    return (
      isPings(PINGREQ, client, clientAt, clientEnd) &&
      isPings(PINGRESP, server, serverAt, serverEnd) &&
      Math.abs(asked - answered) <= 2
    )
  },

  opener: (buf, at, end): Direction | null => (readConnect(buf, at, end) >= 0 ? CLIENT : null),

  start(_facts, used = null): MqttState {
    if (used === null) return new MqttState()
    used.reset()
    return used
  },

  feed(state, facts, direction, buf, at, end): number {
    const consumed =
      direction === CLIENT ? readClient(state, facts, buf, at, end) : readServer(state, facts, buf, at, end)
    state.done = state.connected && state.answered
    return consumed
  },

  gap(state, facts): void {
    facts.sawGap = true
    state.done = true
  },

  finish(): void {},
}

const PINGREQ = 0xc0
const PINGRESP = 0xd0

/** Two bytes each (MQTT 3.1.1 §3.12, §3.13), the last of them perhaps not there yet. */
function mayBePings(buf: Uint8Array, at: number, end: number): boolean {
  const type = buf[at]
  if (type !== PINGREQ && type !== PINGRESP) return false
  for (let i = at; i < end; i++) if (buf[i] !== ((i - at) % 2 === 0 ? type : 0)) return false
  return true
}

const isPings = (type: number, buf: Uint8Array, at: number, end: number): boolean =>
  end - at >= 2 && (end - at) % 2 === 0 && buf[at] === type && mayBePings(buf, at, end)

function readClient(state: MqttState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): number {
  if (state.connected) return REST
  if (buf[at] === PINGREQ) {
    facts.appProtocol ??= 'mqtt'
    facts.protection = 'cleartext'
    state.connected = true
    return REST
  }
  const opening = readConnect(buf, at, end, CONNECT)
  if (opening === UNSURE) return 0
  if (opening === NONE) {
    facts.malformed += 1
    state.connected = true
    return REST
  }
  const { properties, version } = CONNECT
  if (properties > 0) {
    const bytes = propertiesBytes(buf, properties, end)
    if (bytes < 0 && end - properties < MAX_LENGTH_BYTES) return 0
    if (bytes <= MAX_PROPERTIES_BYTES && properties + bytes > end) return 0
    if (bytes > 0 && bytes <= MAX_PROPERTIES_BYTES) noteMethod(facts, buf, properties, end)
  }
  facts.appProtocol ??= 'mqtt'
  facts.protocolVersion = version
  // Even without credentials: the client's name and its last will are in it, and no upgrade is known.
  facts.protection = 'cleartext'
  noteCredentials(facts)
  state.connected = true
  return REST
}

function noteMethod(facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const method = authenticationMethod(buf, at, end)
  if (method === null) return
  const name = saslMechanism(buf, method.at, method.end)
  if (name !== null) facts.authenticatedBy(name)
}

function noteCredentials(facts: FlowFacts): void {
  if (CONNECT.hasPassword) {
    facts.authenticatedBy('mqtt-password')
    facts.expose('mqtt-password')
  } else if (CONNECT.hasUsername) {
    // Without a password the name is the secret: an access token of the device.
    facts.authenticatedBy('mqtt-username')
    facts.expose('mqtt-username')
  } else if (facts.authMechanisms.length === 0) facts.authenticatedBy('anonymous')
}

/** Return codes (MQTT 3.1.1 §3.2.2.3) and reason codes (5.0 §3.2.2.2) that are about who the client is. */
const REFUSALS: ReadonlySet<number> = new Set([4, 5, 0x86, 0x87, 0x8a, 0x8c])

function readServer(state: MqttState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): number {
  let p = at
  while (!state.answered && readPacketHeader(PACKET, buf, p, end)) {
    if (PACKET.type === PacketType.CONNACK && end - PACKET.body < CONNACK_BYTES) return p - at
    noteAnswer(state, facts, buf)
    p = PACKET.end
  }
  // A length that does not end is none.
  if (end - p > MAX_LENGTH_BYTES) state.answered = true
  return state.answered ? REST : p - at
}

function noteAnswer(state: MqttState, facts: FlowFacts, buf: Uint8Array): void {
  if (PACKET.type === PacketType.AUTH) return
  state.answered = true
  if (PACKET.type === PacketType.PINGRESP) return
  if (PACKET.type !== PacketType.CONNACK || PACKET.end - PACKET.body < CONNACK_BYTES) {
    facts.malformed += 1
    return
  }
  const code = u8(buf, PACKET.body + 1)
  if (code === 0) facts.authOutcome = 'success'
  else if (REFUSALS.has(code)) facts.authOutcome = 'failure'
}
