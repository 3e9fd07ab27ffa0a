/** What Initial packets show: both hellos, and the alert of a handshake that fails before there are other keys. */
import type { FlowFacts } from '../core/facts.ts'
import { readGoogleFrame } from '../wire/google-frames.ts'
import { ChloName, findChlo, readChloName } from '../wire/google-quic.ts'
import { alertOf, QuicFrameType, QuicFrameView, readInitialFrame } from '../wire/quic-frames.ts'
import type { QuicPacketView } from '../wire/quic-packet.ts'
import { isGoogleVersion, quicVersionName, usesQuicCrypto } from '../wire/quic-version.ts'
import { HANDSHAKE_HEADER_BYTES, HandshakeType, handshakeType } from '../wire/tls-handshake.ts'
import { CLIENT, type Direction, SERVER } from './dissector.ts'
import type { QuicState } from './quic-state.ts'
import { readAlert, readMessage, tlsFacts } from './tls-messages.ts'
import { serverName } from './tls-name-cache.ts'
import { settle } from './tls-progress.ts'

/** Frames of one packet; padding counts as none. */
const MAX_FRAMES = 256
const FATAL = 2

const frame = new QuicFrameView()
const name = new ChloName()
const alert = new Uint8Array([FATAL, 0])

/** Reads the Initial that `view` describes. False when none of the keys that it may have opens it. */
export function readInitial(
  state: QuicState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  view: QuicPacketView,
  timeUs: number,
): boolean {
  const role = state.tls.role(direction)
  const opened = state.keys.open(buf, at, end, view, role) ?? openSwapped(state, buf, at, end, view, role)
  if (opened === null) return false
  noteVersion(facts, view.version)
  if (usesQuicCrypto(view.version)) {
    state.tls.side(direction).sawMessage = true
    readChlo(facts, opened.payload, 0, opened.payload.length)
  } else readFrames(state, facts, direction, view.version, opened.payload, timeUs)
  return true
}

/** Before any packet was opened, which end is the client is a guess. */
function openSwapped(
  state: QuicState,
  buf: Uint8Array,
  at: number,
  end: number,
  view: QuicPacketView,
  role: Direction,
) {
  return role === SERVER && state.keys.areUnknown ? state.keys.open(buf, at, end, view, CLIENT) : null
}

export function noteVersion(facts: FlowFacts, version: number): void {
  facts.quicVersion = version
  facts.protocolVersion = quicVersionName(version)
}

/** The server's name, if the CHLO near `at` names it. */
export function readChlo(facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const chlo = findChlo(buf, at, end)
  if (chlo < 0) return
  readChloName(buf, chlo, end, name)
  const tls = tlsFacts(facts)
  if (name.end > name.at) tls.serverName ??= serverName(buf, name.at, name.end)
}

function readFrames(
  state: QuicState,
  facts: FlowFacts,
  direction: Direction,
  version: number,
  payload: Uint8Array,
  timeUs: number,
): void {
  const readFrame = isGoogleVersion(version) ? readGoogleFrame : readInitialFrame
  let p = 0
  for (let frames = 0; p < payload.length && frames < MAX_FRAMES; frames++) {
    p = readFrame(payload, p, payload.length, frame)
    if (p < 0) {
      facts.malformed += 1
      return
    }
    if (frame.type === QuicFrameType.CRYPTO) readCrypto(state, facts, direction, payload, timeUs)
    if (frame.type === QuicFrameType.CONNECTION_CLOSE) readClose(state, facts, direction)
  }
}

/** The data of the CRYPTO frame at hand, and every message that it completes. */
function readCrypto(
  state: QuicState,
  facts: FlowFacts,
  direction: Direction,
  payload: Uint8Array,
  timeUs: number,
): void {
  const stream = state.stream(direction)
  const { offset, at, end } = frame
  if (stream.isOld(offset, end - at)) return
  if (stream.takeWhole(offset, payload, at, end)) {
    readHello(state, facts, direction, payload, at, end, timeUs)
    return
  }
  if (!stream.put(offset, payload, at, end)) {
    facts.capHit = true
    return
  }
  while (stream.take()) readHello(state, facts, direction, stream.buf as Uint8Array, 0, stream.end, timeUs)
}

/** Initials carry hellos and nothing else (RFC 9001 §4.1.3). */
function readHello(
  state: QuicState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
): void {
  const type = handshakeType(buf, at)
  if (type !== HandshakeType.CLIENT_HELLO && type !== HandshakeType.SERVER_HELLO) {
    facts.malformed += 1
    return
  }
  readMessage(state.tls, facts, direction, type, buf, at + HANDSHAKE_HEADER_BYTES, end, timeUs)
  settle(state.tls, facts)
}

/** A connection that is closed before there are other keys has failed; TLS's alert is in the error code (RFC 9001 §4.8). */
function readClose(state: QuicState, facts: FlowFacts, direction: Direction): void {
  const description = alertOf(frame.errorCode)
  if (description >= 0) {
    alert[1] = description
    readAlert(state.tls, facts, direction, alert, 0)
  }
  if (tlsFacts(facts).established) return
  state.tls.failed = true
  facts.protection = 'undetermined'
}
