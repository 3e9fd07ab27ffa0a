/** MySQL's client/server protocol, connection phase (MySQL Internals, "Protocol Basics" and "Connection Phase"). */
import { u8, u16le, u24le, u32le } from '../core/bytes.ts'
import { isPrintable, isPrintableText, nulAt } from './inner-text.ts'

export const PACKET_HEADER_BYTES = 4
/** Capability flags. */
const CLIENT_CONNECT_WITH_DB = 1 << 3
const CLIENT_PROTOCOL_41 = 1 << 9
export const CLIENT_SSL = 1 << 11
const CLIENT_SECURE_CONNECTION = 1 << 15
const CLIENT_PLUGIN_AUTH = 1 << 19
const CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA = 1 << 21

/** capabilities, max packet size, character set, 23 bytes of filler; the same in an SSLRequest and a HandshakeResponse41. */
export const RESPONSE_HEAD_BYTES = 32
const PROTOCOL_VERSION_10 = 0x0a
const ERR = 0xff
const MAX_GREETING_BYTES = 1024
const MAX_VERSION_BYTES = 80
const MIN_ERROR = 1000
const MAX_ERROR = 5000
const MAX_USER_BYTES = 256
/** The last four of the filler are MariaDB's own capabilities. */
const ZEROS_BYTES = 19

export type Kind = 'message' | 'incomplete' | 'none'

export const packetLength = (buf: Uint8Array, at: number): number => u24le(buf, at)
export const packetSequence = (buf: Uint8Array, at: number): number => u8(buf, at + 3)

/** The server's first packet: a Handshake v10, or an ERR packet that sends the client away. */
export function greetingKind(buf: Uint8Array, at: number, end: number): Kind {
  if (end - at > 2 && u8(buf, at + 2) !== 0) return 'none'
  if (end - at > 3 && packetSequence(buf, at) !== 0) return 'none'
  if (end - at <= PACKET_HEADER_BYTES) return end - at < 2 || u8(buf, at + 1) < 4 ? 'incomplete' : 'none'
  const length = packetLength(buf, at)
  const body = at + PACKET_HEADER_BYTES
  const bodyEnd = body + length
  if (length > MAX_GREETING_BYTES) return 'none'
  if (u8(buf, body) === PROTOCOL_VERSION_10) return handshakeKind(buf, body, Math.min(end, bodyEnd), bodyEnd)
  return u8(buf, body) === ERR ? refusalKind(buf, body, Math.min(end, bodyEnd), bodyEnd) : 'none'
}

/** version NUL, thread id, 8 bytes of nonce, a zero byte, capabilities and more. */
function handshakeKind(buf: Uint8Array, at: number, end: number, need: number): Kind {
  const versionAt = at + 1
  const versionEnd = nulAt(buf, versionAt, end)
  const textEnd = versionEnd < 0 ? end : versionEnd
  const isVersion = textEnd - versionAt <= MAX_VERSION_BYTES && isPrintableText(buf, versionAt, textEnd)
  if (!isVersion || (textEnd > versionAt && !isDigit(u8(buf, versionAt)))) return 'none'
  if (versionEnd < 0) return end < need ? 'incomplete' : 'none'
  const zeroAt = versionEnd + 1 + 4 + 8
  if (versionEnd - versionAt < 3 || zeroAt + 3 > need) return 'none'
  if (end < zeroAt + 3) return 'incomplete'
  return u8(buf, zeroAt) === 0 ? 'message' : 'none'
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39

function refusalKind(buf: Uint8Array, at: number, end: number, need: number): Kind {
  if (need - at < 8) return 'none'
  if (end - at < 3) return 'incomplete'
  const code = u16le(buf, at + 1)
  if (code < MIN_ERROR || code >= MAX_ERROR) return 'none'
  for (let i = at + 3; i < end; i++) if (!isPrintable(u8(buf, i))) return 'none'
  return end < need ? 'incomplete' : 'message'
}

export const isGreeting = (buf: Uint8Array, at: number): boolean =>
  u8(buf, at + PACKET_HEADER_BYTES) === PROTOCOL_VERSION_10

/** Capabilities of a Handshake v10; older servers send the lower half only. */
export function greetingCapabilities(buf: Uint8Array, at: number, end: number): number {
  const versionEnd = nulAt(buf, at + PACKET_HEADER_BYTES + 1, end)
  const lowerAt = versionEnd + 14
  if (versionEnd < 0 || lowerAt + 2 > end) return 0
  const upperAt = lowerAt + 5
  return u16le(buf, lowerAt) | (upperAt + 2 <= end ? u16le(buf, upperAt) << 16 : 0)
}

/** The client's first packet: SSLRequest or HandshakeResponse41, which begin alike. */
export function responseKind(buf: Uint8Array, at: number, end: number): Kind {
  const body = at + PACKET_HEADER_BYTES
  if (!mayBecomeResponse(buf, at, end)) return 'none'
  if (end - body < RESPONSE_HEAD_BYTES) return 'incomplete'
  if (packetLength(buf, at) === RESPONSE_HEAD_BYTES) return (u32le(buf, body) & CLIENT_SSL) !== 0 ? 'message' : 'none'
  const userAt = body + RESPONSE_HEAD_BYTES
  const userEnd = nulAt(buf, userAt, Math.min(end, userAt + MAX_USER_BYTES))
  if (userEnd < 0) return end - userAt < MAX_USER_BYTES && end - body < packetLength(buf, at) ? 'incomplete' : 'none'
  for (let i = userAt; i < userEnd; i++) if (u8(buf, i) < 0x20) return 'none'
  return 'message'
}

/** Length, sequence number 1, capabilities, and the filler: as far as they are there. */
function mayBecomeResponse(buf: Uint8Array, at: number, end: number): boolean {
  const body = at + PACKET_HEADER_BYTES
  if (end - at > 2 && u8(buf, at + 2) !== 0) return false
  if (end >= body && (packetSequence(buf, at) !== 1 || packetLength(buf, at) < RESPONSE_HEAD_BYTES)) return false
  if (end - body >= 2 && (u16le(buf, body) & CLIENT_PROTOCOL_41) === 0) return false
  const zerosAt = body + 9
  for (let i = zerosAt; i < Math.min(end, zerosAt + ZEROS_BYTES); i++) if (buf[i] !== 0) return false
  return true
}

/** Parts of a HandshakeResponse41; reused, so read it before the next parse. */
export class HandshakeResponse {
  authAt = 0
  authEnd = 0
  pluginAt = 0
  /** Equal to `pluginAt` when no plugin is named. */
  pluginEnd = 0
}

export function readHandshakeResponse(buf: Uint8Array, at: number, end: number, out: HandshakeResponse): boolean {
  const capabilities = u32le(buf, at)
  const userEnd = nulAt(buf, at + RESPONSE_HEAD_BYTES, end)
  if (userEnd < 0) return false
  if (!readAuthResponse(buf, userEnd + 1, end, capabilities, out)) return false
  let p = out.authEnd
  if ((capabilities & (CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA | CLIENT_SECURE_CONNECTION)) === 0) p++
  if ((capabilities & CLIENT_CONNECT_WITH_DB) !== 0) {
    const nameEnd = nulAt(buf, p, end)
    p = nameEnd < 0 ? end : nameEnd + 1
  }
  out.pluginAt = Math.min(p, end)
  const pluginEnd = nulAt(buf, out.pluginAt, end)
  const isNamed = (capabilities & CLIENT_PLUGIN_AUTH) !== 0
  out.pluginEnd = !isNamed ? out.pluginAt : pluginEnd < 0 ? end : pluginEnd
  return true
}

function readAuthResponse(
  buf: Uint8Array,
  at: number,
  end: number,
  capabilities: number,
  out: HandshakeResponse,
): boolean {
  const isCounted = (capabilities & (CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA | CLIENT_SECURE_CONNECTION)) !== 0
  if (at >= end) return false
  // A length-encoded integer above 250 would be a response no plugin sends here.
  out.authAt = isCounted ? at + 1 : at
  out.authEnd = isCounted ? at + 1 + u8(buf, at) : nulAt(buf, at, end)
  return out.authEnd >= out.authAt && out.authEnd <= end
}
