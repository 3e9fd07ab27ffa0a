/** QUIC: its Initials are opened, everything behind them is counted. Google's versions before TLS are named. */
import { sameBytes } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { PROTO_UDP } from '../decode/packet-meta.ts'
import { findChlo, GoogleQuicView, isGoogleVersionList, readGoogleHeader } from '../wire/google-quic.ts'
import {
  hasFixedBit,
  isLongHeader,
  MIN_LONG_HEADER_BYTES,
  QuicPacketType,
  QuicPacketView,
  quicVersion,
  readLongHeader,
} from '../wire/quic-packet.ts'
import { initialSalt, isReservedVersion, VERSION_NEGOTIATION } from '../wire/quic-version.ts'
import { ContentType } from '../wire/tls-record.ts'
import { CLIENT, type DatagramDissector, type Direction, SERVER } from './dissector.ts'
import { noteVersion, readChlo, readInitial } from './quic-initials.ts'
import { copyId, isCurrent } from './quic-memory.ts'
import { openerOfQuic, probeQuic } from './quic-probe.ts'
import { QuicState } from './quic-state.ts'
import { confirmUnknown } from './quic-unknown.ts'
import { tlsFacts } from './tls-messages.ts'
import { noteProtected, settleEnd } from './tls-progress.ts'

/** Flags, a packet number, and the sample for header protection (RFC 9001 §5.4.2). */
const MIN_SHORT_PACKET_BYTES = 21
/** Packets that one datagram may coalesce. */
const MAX_COALESCED = 16
/** Protected packets after which a hello that is not there will not come; and after which nothing else will. */
const LATE_PACKETS = 8
const MAX_PROTECTED_PACKETS = 64
/** Initials after which a handshake that is still not whole will not become so. */
const MAX_INITIALS = 128
/** Datagrams each way after which a connection of Google's own is taken to be past its hellos. */
const GOOGLE_DATAGRAMS = 4
const MAX_GOOGLE_DATAGRAMS = 32

const packet = new QuicPacketView()
const google = new GoogleQuicView()

export const quic: DatagramDissector<QuicState> = {
  name: 'quic',
  transport: PROTO_UDP,
  ports: [443, 853, 8443, 4433],
  about: {
    title: 'QUIC (v1, v2, drafts 22 to 34, mvfst; Google Q0xx and T05x)',
    source: 'RFC 9000, RFC 9001, RFC 9369',
    reads: 'both hellos from its Initials, Retry, version negotiation, 0-RTT, alerts, connections that go on elsewhere',
  },
  probe: probeQuic,
  opener: openerOfQuic,

  start(_facts, used = null, memory): QuicState {
    used?.reset()
    const state = used ?? new QuicState()
    state.memory = memory ?? null
    return state
  },

  read(state, facts, direction, buf, at, end, missing, timeUs): void {
    state.timeUs = timeUs
    if (at >= end || (!state.confirmed && !confirm(state, facts, buf, at, end))) return
    if (state.isGoogle) readGoogle(state, facts, direction, buf, at, end)
    else readPackets(state, facts, direction, buf, at, end, end + missing, timeUs)
  },

  finish(state, facts): void {
    const { tls } = facts
    if (tls !== null) settleEnd(state.tls, facts)
    if (tls?.established === true && tls.sawServerHello && state.serverId !== null) {
      state.memory?.quic.remember(state.serverId, facts.quicVersion, tls, state.timeUs)
    }
    state.done = true
    state.release()
  },
}

const isGoogle = (buf: Uint8Array, at: number, end: number): boolean =>
  isGoogleVersionList(buf, at, end) ||
  (readGoogleHeader(buf, at, end, google) && findChlo(buf, google.payloadAt, end) >= 0)

/** Settles what kind of QUIC the flow speaks by its first datagram, or by the answer to it. False = nothing more to read in it. */
function confirm(state: QuicState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): boolean {
  const isLong = isLongHeader(buf, at) && end - at >= MIN_LONG_HEADER_BYTES
  if (isGoogle(buf, at, end)) state.isGoogle = true
  else if (state.unknown === null && !isLong && continueConnection(state, facts, buf, at, end)) return false
  else if (!isLong || !isKnown(state, buf, at, end)) {
    confirmByAnswer(state, facts, buf, at, end)
    return false
  }
  open(state, facts)
  return true
}

/** Can the packet be read, and its version be believed? A reserved one needs a tag that fits, as anything may look like it. */
function isKnown(state: QuicState, buf: Uint8Array, at: number, end: number): boolean {
  const version = quicVersion(buf, at)
  if (version === VERSION_NEGOTIATION) return state.unknown === null
  return initialSalt(version) !== null && (!isReservedVersion(version) || openerOfQuic(buf, at, end) === CLIENT)
}

function confirmByAnswer(state: QuicState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const answered = confirmUnknown(state, buf, at, end)
  if (answered < 0) return
  open(state, facts)
  noteVersion(facts, state.unknown?.version ?? 0)
  // Both ends spoke it: what they say is beyond us, and encrypted, as in every version.
  if (answered !== VERSION_NEGOTIATION) facts.protection = 'opaque'
}

function open(state: QuicState, facts: FlowFacts): void {
  state.confirmed = true
  state.refused = false
  facts.appProtocol ??= 'quic'
  facts.openTls()
}

/** The client of an earlier flow calls the server by its id from elsewhere: what was agreed on holds. */
function continueConnection(state: QuicState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): boolean {
  const connection = state.memory?.quic.find(buf, at, end) ?? null
  if (connection === null) return false
  if (!isCurrent(connection, state.timeUs)) {
    state.refused = true
    return true
  }
  open(state, facts)
  noteVersion(facts, connection.version)
  Object.assign(tlsFacts(facts), connection.tls)
  facts.protection = 'encrypted'
  facts.midstream = true
  state.done = true
  return true
}

function readPackets(
  state: QuicState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  wireEnd: number,
  timeUs: number,
): void {
  let p = at
  for (let count = 0; p < end && count < MAX_COALESCED; count++) {
    if (!isLongHeader(buf, p)) {
      // Behind another packet it may be padding.
      if ((p === at || hasFixedBit(buf, p)) && wireEnd - p >= MIN_SHORT_PACKET_BYTES)
        noteHidden(state, facts, direction, ContentType.APPLICATION_DATA, timeUs)
      return
    }
    if (!readLongHeader(buf, p, end, wireEnd, packet)) return
    readLong(state, facts, direction, buf, p, end, timeUs)
    p = packet.end
  }
}

/** Reads what `packet` describes. */
function readLong(
  state: QuicState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
): void {
  const { type } = packet
  if (type === QuicPacketType.VERSION_NEGOTIATION || initialSalt(packet.version) === null) return
  if (facts.quicVersion === 0 || state.unknown !== null) noteVersion(facts, packet.version)
  if (type === QuicPacketType.ZERO_RTT) tlsFacts(facts).earlyData = true
  if (type === QuicPacketType.INITIAL) {
    noteServerId(state, direction, buf)
    state.initials += 1
    if (state.initials > MAX_INITIALS) state.done = true
    else if (!sawBothHellos(facts) && !readInitial(state, facts, direction, buf, at, end, packet, timeUs))
      facts.malformed += 1
  }
  if (type === QuicPacketType.HANDSHAKE) {
    noteServerId(state, direction, buf)
    noteHidden(state, facts, direction, ContentType.HANDSHAKE, timeUs)
  }
}

/** What Initials carry behind the hellos is acknowledgements. */
const sawBothHellos = ({ tls }: FlowFacts): boolean => tls !== null && tls.offer !== null && tls.sawServerHello

/** A packet went by under keys that we cannot have. */
function noteHidden(state: QuicState, facts: FlowFacts, direction: Direction, type: number, timeUs: number): void {
  state.protectedPackets += 1
  noteProtected(state.tls, facts, direction, type, timeUs)
  const { client, server } = state.tls
  const bothSpoke = client.protectedRecords > 0 && server.protectedRecords > 0
  const isWhole = tlsFacts(facts).sawServerHello || state.protectedPackets >= LATE_PACKETS
  if ((bothSpoke && isWhole) || state.protectedPackets >= MAX_PROTECTED_PACKETS) state.done = true
}

function noteServerId(state: QuicState, direction: Direction, buf: Uint8Array): void {
  const { sourceIdAt, sourceIdEnd } = packet
  if (state.tls.role(direction) !== SERVER) return
  const known = state.serverId
  const isSame = known?.length === sourceIdEnd - sourceIdAt && sameBytes(known, 0, buf, sourceIdAt, known.length)
  if (!isSame) state.serverId = copyId(buf, sourceIdAt, sourceIdEnd)
}

/** Google's own: the client's hello names the server in the clear, and from some packet on everything is encrypted. */
function readGoogle(
  state: QuicState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): void {
  if (!isGoogleVersionList(buf, at, end) && readGoogleHeader(buf, at, end, google)) {
    if (facts.quicVersion === 0) noteVersion(facts, google.version)
    readChlo(facts, buf, google.payloadAt, end)
  }
  if (direction === CLIENT) state.googleClient += 1
  else state.googleServer += 1
  if (state.googleClient >= GOOGLE_DATAGRAMS && state.googleServer >= GOOGLE_DATAGRAMS) facts.protection = 'opaque'
  if (state.googleClient + state.googleServer >= MAX_GOOGLE_DATAGRAMS) state.done = true
}
