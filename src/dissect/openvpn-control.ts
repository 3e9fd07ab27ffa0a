/**
 * OpenVPN over either transport: the TLS handshake of the control channel is read where it can be. What protects the data
 * channel is agreed inside and stays unknown, so the flow is opaque however good the handshake looks; that nothing protects
 * it (`cipher none`) shows in its packets.
 */
import type { FlowFacts } from '../core/facts.ts'
import {
  ENCRYPTED,
  NOT_A_RESET,
  OpenVpnOpcode,
  OpenVpnPiece,
  openVpnOpcode,
  openVpnReset,
  readOpenVpnControl,
} from '../wire/openvpn.ts'
import { openVpnClearInside } from '../wire/openvpn-data.ts'
import { ClearWatch } from './clear-watch.ts'
import { CLIENT, type Direction, type DissectorState, SERVER } from './dissector.ts'
import { InnerTls } from './inner-tls.ts'

const PIECE = new OpenVpnPiece()
/** Packets of the data channel after which whole ones are not waited for any more. */
const MAX_DATA_PACKETS = 64

/** One direction of the control channel. */
class Channel {
  nextId = 0
  sawData = false
}

export class OpenVpnState implements DissectorState {
  done = false
  /** Bytes that tls-auth adds to each control packet; below 0 = not known, or encrypted. */
  added = -1
  readonly inner = new InnerTls()
  readonly channels: readonly [Channel, Channel] = [new Channel(), new Channel()]
  readonly watch = new ClearWatch()
  dataPackets = 0
}

/** The client's first packet tells how the others are to be read. */
export function learnReset(state: OpenVpnState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  if (state.added !== NOT_A_RESET) return
  state.added = openVpnReset(buf, at, end)
  if (state.added === ENCRYPTED) facts.protocolSecurity = 'tls-crypt'
  if (state.added > 0) facts.protocolSecurity = 'tls-auth'
}

/** Takes one packet of either channel; one of data may be `passed`, its bytes not there to be looked into. */
export function readOpenVpnPacket(
  state: OpenVpnState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
  isPassed = false,
): void {
  if (isOpenVpnData(buf, at)) noteData(state, facts, direction, isPassed ? -1 : openVpnClearInside(buf, at, end))
  else readControl(state, facts, direction, buf, at, end, timeUs)
}

export function isOpenVpnData(buf: Uint8Array, at: number): boolean {
  const opcode = openVpnOpcode(buf, at)
  return opcode === OpenVpnOpcode.DATA_V1 || opcode === OpenVpnOpcode.DATA_V2
}

export function finishOpenVpn(state: OpenVpnState, facts: FlowFacts): void {
  state.inner.finish(facts)
  hideDataChannel(state, facts)
}

function readControl(
  state: OpenVpnState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
): void {
  if (openVpnOpcode(buf, at) === OpenVpnOpcode.ACK_V1 || state.added < 0) return
  if (!readOpenVpnControl(buf, at, end, state.added, PIECE)) {
    facts.malformed += 1
    return
  }
  const channel = state.channels[direction]
  // Sent again: over TCP too the two ends time out on their own.
  if (PIECE.packetId < channel.nextId) return
  if (PIECE.packetId > channel.nextId) state.inner.gap(facts, direction)
  channel.nextId = PIECE.packetId + 1
  if (PIECE.at === PIECE.end) return
  if (state.inner.feed(facts, direction, buf, PIECE.at, PIECE.end, timeUs)) hideDataChannel(state, facts)
  else state.done = true
}

/** `points` = how much the packet speaks for no encryption; below 0 = it was passed over. */
function noteData(state: OpenVpnState, facts: FlowFacts, direction: Direction, points: number): void {
  state.channels[direction].sawData = true
  state.dataPackets += 1
  const isWatched = points >= 0 && state.watch.packet(facts, points)
  hideDataChannel(state, facts)
  const bothSpoke = state.channels[CLIENT].sawData && state.channels[SERVER].sawData
  if (state.watch.isClear) state.done = true
  else if (bothSpoke && (isWatched || state.dataPackets >= MAX_DATA_PACKETS)) state.done = true
}

function hideDataChannel(state: OpenVpnState, facts: FlowFacts): void {
  if (state.watch.isClear) facts.protection = 'cleartext'
  else if (facts.protection === 'encrypted' || state.dataPackets > 0) facts.protection = 'opaque'
}
