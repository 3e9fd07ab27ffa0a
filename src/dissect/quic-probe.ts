/** Is a datagram QUIC's, and which end sent it? */
import { findChlo, GoogleQuicView, isGoogleVersionList, readGoogleHeader } from '../wire/google-quic.ts'
import { QuicFrameType, QuicFrameView, readInitialFrame } from '../wire/quic-frames.ts'
import {
  hasFixedBit,
  isLongHeader,
  MAX_CONNECTION_ID_BYTES,
  MIN_LONG_HEADER_BYTES,
  QuicPacketType,
  QuicPacketView,
  quicVersion,
  readInvariants,
  readLongHeader,
  readVersions,
} from '../wire/quic-packet.ts'
import { initialSalt, isReservedVersion, usesQuicCrypto, VERSION_NEGOTIATION } from '../wire/quic-version.ts'
import { HandshakeType } from '../wire/tls-handshake.ts'
import { CLIENT, type Direction, SERVER } from './dissector.ts'
import type { CaptureMemory } from './memory.ts'
import { openByOwnId } from './quic-keys.ts'

/** A client fills its first datagrams up to this, whatever the version (RFC 8999 §6, RFC 9000 §14.1). */
const MIN_FIRST_DATAGRAM_BYTES = 1200
/** The first destination id is random, and that long at the least (RFC 9000 §7.2). */
const MIN_FIRST_ID_BYTES = 8
/** Versions of a Version Negotiation that are looked through for one that we know. */
const MAX_VERSIONS = 32

const view = new QuicPacketView()
const google = new GoogleQuicView()
const frame = new QuicFrameView()

export function probeQuic(
  buf: Uint8Array,
  at: number,
  end: number,
  missing: number,
  _sender: Direction = CLIENT,
  memory: CaptureMemory | null = null,
): boolean {
  if (end - at < MIN_LONG_HEADER_BYTES) return false
  if (!isLongHeader(buf, at)) return isGoogle(buf, at, end) || continuesConnection(memory, buf, at, end)
  const version = quicVersion(buf, at)
  if (version === VERSION_NEGOTIATION) return isVersionNegotiation(buf, at, end, missing)
  if (initialSalt(version) !== null && !isReservedVersion(version))
    return readLongHeader(buf, at, end, end + missing, view)
  if (usesQuicCrypto(version)) return isGoogleHello(buf, at, end)
  return mayBeFirstOfUnknown(buf, at, end, missing)
}

/** Who sent a datagram that `probeQuic` knows; null when it could be either. */
export function openerOfQuic(buf: Uint8Array, at: number, end: number): Direction | null {
  if (!isLongHeader(buf, at)) return isGoogleVersionList(buf, at, end) ? SERVER : CLIENT
  const version = quicVersion(buf, at)
  if (version === VERSION_NEGOTIATION) return SERVER
  if (initialSalt(version) === null) return CLIENT
  if (!readLongHeader(buf, at, end, Number.POSITIVE_INFINITY, view)) return null
  if (view.type === QuicPacketType.RETRY) return SERVER
  if (view.type === QuicPacketType.ZERO_RTT) return CLIENT
  if (view.type !== QuicPacketType.INITIAL) return null
  const opened = openByOwnId(buf, at, end, view)
  if (opened === null) return null
  return opened.authentic || startsClientHello(opened.payload) ? CLIENT : null
}

/** Under the wrong keys a packet that was cut off is noise, and nothing says so but its content. */
function startsClientHello(payload: Uint8Array): boolean {
  if (readInitialFrame(payload, 0, payload.length, frame) < 0 || frame.type !== QuicFrameType.CRYPTO) return false
  return frame.offset === 0 && payload[frame.at] === HandshakeType.CLIENT_HELLO
}

function isVersionNegotiation(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  if (!readLongHeader(buf, at, end, end + missing, view)) return false
  return readVersions(buf, view, MAX_VERSIONS).some((version) => initialSalt(version) !== null)
}

function isGoogleHello(buf: Uint8Array, at: number, end: number): boolean {
  return readGoogleHeader(buf, at, end, google) && findChlo(buf, google.payloadAt, end) >= 0
}

const isGoogle = (buf: Uint8Array, at: number, end: number): boolean =>
  isGoogleHello(buf, at, end) || isGoogleVersionList(buf, at, end)

/** The fixed bit says nothing here: it is greased where both ends allow it (RFC 9287). */
const continuesConnection = (memory: CaptureMemory | null, buf: Uint8Array, at: number, end: number): boolean =>
  memory !== null && memory.quic.find(buf, at, end) !== null

/** Looks like a client's first datagram; whether it is one, the server's answer tells. */
function mayBeFirstOfUnknown(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  if (end - at + missing < MIN_FIRST_DATAGRAM_BYTES || !hasFixedBit(buf, at)) return false
  if (!readInvariants(buf, at, end, view)) return false
  const idBytes = view.destinationIdEnd - view.destinationIdAt
  if (idBytes < MIN_FIRST_ID_BYTES || idBytes > MAX_CONNECTION_ID_BYTES) return false
  return view.sourceIdEnd - view.sourceIdAt <= MAX_CONNECTION_ID_BYTES
}
