/**
 * OpenVPN over TCP: the TLS handshake of its control channel is read. What protects the data channel is agreed inside and
 * stays unknown, so the flow is opaque however good the handshake looks.
 */
import type { FlowFacts } from '../core/facts.ts'
import { lendBuffer, returnBuffer } from '../flow/buffer-pool.ts'
import {
  OPENVPN_LENGTH_BYTES,
  OpenVpnOpcode,
  OpenVpnPiece,
  openVpnLength,
  openVpnOpcode,
  openVpnOpening,
  readOpenVpnControl,
} from '../wire/openvpn.ts'
import { CLIENT, type Direction, type Dissector, type DissectorState, type Probe, SERVER } from './dissector.ts'
import { tls } from './tls.ts'
import { TlsState } from './tls-state.ts'

/** Bytes of one direction's TLS that may wait for the rest of a record. */
const MAX_PENDING_BYTES = 32 * 1024

const PIECE = new OpenVpnPiece()

/** One direction of the control channel. */
class Channel {
  nextId = 0
  pending: Uint8Array | null = null
  length = 0
  sawData = false

  release(): void {
    if (this.pending !== null) returnBuffer(this.pending)
    this.pending = null
    this.length = 0
  }
}

export class OpenVpnState implements DissectorState {
  done = false
  /** Bytes that tls-auth adds to each control packet; -1 = not known. */
  added = -1
  readonly inner = new TlsState()
  readonly channels: readonly [Channel, Channel] = [new Channel(), new Channel()]
}

export const openvpn: Dissector<OpenVpnState> = {
  name: 'openvpn',
  about: {
    title: 'OpenVPN over TCP',
    source: 'openvpn.net protocol documentation',
    reads: 'the TLS handshake of its control channel',
  },
  transport: 'tcp',
  ports: [1194, 443],

  probe(buf, at, end): Probe {
    const added = openVpnOpening(buf, at, end)
    if (added === -2) return 'unsure'
    return added < 0 ? 'no_match' : 'match'
  },

  opener: (buf, at, end): Direction | null => (openVpnOpening(buf, at, end) >= 0 ? CLIENT : null),

  start(facts): OpenVpnState {
    facts.openTls()
    facts.appProtocol ??= 'openvpn'
    return new OpenVpnState()
  },

  feed(state, facts, direction, buf, at, end, timeUs): number {
    let p = at
    while (!state.done && end - p > OPENVPN_LENGTH_BYTES) {
      const next = p + OPENVPN_LENGTH_BYTES + openVpnLength(buf, p)
      if (state.added < 0) state.added = Math.max(openVpnOpening(buf, p, end), -1)
      if (isData(openVpnOpcode(buf, p))) noteData(state, facts, direction)
      else if (next > end) break
      else readControl(state, facts, direction, buf, p, next, timeUs)
      p = next
    }
    return state.done ? Math.max(p, end) - at : p - at
  },

  gap(state, facts, direction): void {
    facts.sawGap = true
    // Where the next packet begins is lost with the bytes.
    state.channels[direction].release()
    tls.gap(state.inner, facts, direction, 1)
    state.done = true
  },

  finish(state, facts): void {
    tls.finish(state.inner, facts)
    for (const channel of state.channels) channel.release()
    hideDataChannel(state, facts)
  },
}

const isData = (opcode: number): boolean => opcode === OpenVpnOpcode.DATA_V1 || opcode === OpenVpnOpcode.DATA_V2

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
  if (!readOpenVpnControl(buf, at + OPENVPN_LENGTH_BYTES, end, state.added, PIECE)) {
    facts.malformed += 1
    return
  }
  const channel = state.channels[direction]
  // Sent again, although TCP lost nothing: the two ends time out on their own.
  if (PIECE.packetId < channel.nextId) return
  if (PIECE.packetId > channel.nextId) {
    channel.release()
    tls.gap(state.inner, facts, direction, 1)
  }
  channel.nextId = PIECE.packetId + 1
  if (PIECE.at < PIECE.end) feedTls(state, facts, direction, buf, PIECE.at, PIECE.end, timeUs)
}

/** Hands the pieces put together to the TLS dissector, and keeps what it has to wait with. */
function feedTls(
  state: OpenVpnState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
): void {
  const channel = state.channels[direction]
  if (!append(channel, buf, at, end)) {
    facts.capHit = true
    state.done = true
    return
  }
  const pending = channel.pending as Uint8Array
  const consumed = Math.min(tls.feed(state.inner, facts, direction, pending, 0, channel.length, timeUs), channel.length)
  pending.copyWithin(0, consumed, channel.length)
  channel.length -= consumed
  hideDataChannel(state, facts)
}

function append(channel: Channel, buf: Uint8Array, at: number, end: number): boolean {
  const need = channel.length + end - at
  if (need > MAX_PENDING_BYTES) return false
  if (channel.pending === null || channel.pending.length < need) {
    const grown = lendBuffer(need)
    if (channel.pending !== null) {
      grown.set(channel.pending.subarray(0, channel.length))
      returnBuffer(channel.pending)
    }
    channel.pending = grown
  }
  channel.pending.set(buf.subarray(at, end), channel.length)
  channel.length = need
  return true
}

function noteData(state: OpenVpnState, facts: FlowFacts, direction: Direction): void {
  state.channels[direction].sawData = true
  hideDataChannel(state, facts)
  if (state.channels[CLIENT].sawData && state.channels[SERVER].sawData) state.done = true
}

function hideDataChannel(state: OpenVpnState, facts: FlowFacts): void {
  const sawData = state.channels[CLIENT].sawData || state.channels[SERVER].sawData
  if (facts.protection === 'encrypted' || sawData) facts.protection = 'opaque'
}
