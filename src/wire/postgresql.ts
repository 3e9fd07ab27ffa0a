/** PostgreSQL's frontend/backend protocol 3 (PostgreSQL documentation, "Message Formats"). */
import { u8, u16, u32 } from '../core/bytes.ts'
import { isPrintable, isPrintableText, nulAt } from './inner-text.ts'

export const SSL_REQUEST = 80877103
export const GSSENC_REQUEST = 80877104
const CANCEL_REQUEST = 80877102
const REQUEST_BYTES = 8
/** Process id and a secret key of 4 bytes, of up to 256 since protocol 3.2. */
const MIN_CANCEL_BYTES = 16
const MAX_CANCEL_BYTES = 12 + 256
/** MAX_STARTUP_PACKET_LENGTH of the server. */
const MAX_STARTUP_BYTES = 10_000
const MAJOR_VERSION = 3

/** Codes of Authentication messages. */
export const Authentication = {
  OK: 0,
  KERBEROS_V5: 2,
  CLEARTEXT_PASSWORD: 3,
  MD5_PASSWORD: 5,
  GSS: 7,
  SSPI: 9,
  SASL: 10,
} as const

/** Length of an Authentication message by its code; the others are of any length. */
const FIXED_LENGTHS: Readonly<Record<number, number>> = { 0: 8, 2: 8, 3: 8, 5: 12, 7: 8, 9: 8 }

export type StartupKind = 'ssl_request' | 'gssenc_request' | 'cancel_request' | 'startup' | 'incomplete' | 'none'

/** What a client opens with. */
export function startupKind(buf: Uint8Array, at: number, end: number): StartupKind {
  if (end - at < REQUEST_BYTES)
    return u8(buf, at) === 0 && (end - at < 2 || u8(buf, at + 1) === 0) ? 'incomplete' : 'none'
  const length = u32(buf, at)
  const code = u32(buf, at + 4)
  if (length === REQUEST_BYTES) {
    if (code === SSL_REQUEST) return 'ssl_request'
    return code === GSSENC_REQUEST ? 'gssenc_request' : 'none'
  }
  if (code === CANCEL_REQUEST)
    return length >= MIN_CANCEL_BYTES && length <= MAX_CANCEL_BYTES ? 'cancel_request' : 'none'
  if (code >>> 16 !== MAJOR_VERSION || length <= REQUEST_BYTES || length > MAX_STARTUP_BYTES) return 'none'
  return parametersKind(buf, at + REQUEST_BYTES, Math.min(end, at + length), at + length)
}

/** Names and values, each ended by a NUL, and a NUL behind them. */
function parametersKind(buf: Uint8Array, at: number, end: number, need: number): StartupKind {
  const cut: StartupKind = end < need ? 'incomplete' : 'none'
  for (let p = at; p < end; ) {
    if (u8(buf, p) === 0) return p + 1 === need ? 'startup' : 'none'
    const nameEnd = nulAt(buf, p, end)
    if (!isName(buf, p, nameEnd < 0 ? end : nameEnd)) return 'none'
    const valueEnd = nameEnd < 0 ? -1 : nulAt(buf, nameEnd + 1, end)
    if (valueEnd < 0) return cut
    p = valueEnd + 1
  }
  return cut
}

/** "user", "client_encoding", "_pq_.name". */
function isName(buf: Uint8Array, at: number, end: number): boolean {
  for (let i = at; i < end; i++) {
    const lower = u8(buf, i) | 0x20
    const isLetter = lower >= 0x61 && lower <= 0x7a
    if (!isLetter && buf[i] !== 0x5f && (i === at || !isPrintable(u8(buf, i)))) return false
  }
  return true
}

export const protocolVersion = (buf: Uint8Array, at: number): string => `${u16(buf, at + 4)}.${u16(buf, at + 6)}`

const AUTHENTICATION = 0x52
const HEADER_BYTES = 9

/** Does an Authentication message lie at `at`, the first a server says without TLS? */
export function authenticationKind(buf: Uint8Array, at: number, end: number): 'message' | 'incomplete' | 'none' {
  if (u8(buf, at) !== AUTHENTICATION) return 'none'
  const have = end - at
  if ((have > 1 && u8(buf, at + 1) !== 0) || (have > 2 && u8(buf, at + 2) !== 0)) return 'none'
  if (have < HEADER_BYTES) return 'incomplete'
  const length = u32(buf, at + 1)
  const code = u32(buf, at + 5)
  if (code !== Authentication.SASL) return FIXED_LENGTHS[code] === length ? 'message' : 'none'
  if (length < 12 || length > 1024) return 'none'
  const last = at + 1 + length
  if (end < last) return isMechanismList(buf, at + HEADER_BYTES, end) ? 'incomplete' : 'none'
  return isMechanismList(buf, at + HEADER_BYTES, last) && buf[last - 1] === 0 && buf[last - 2] === 0
    ? 'message'
    : 'none'
}

function isMechanismList(buf: Uint8Array, at: number, end: number): boolean {
  for (let i = at; i < end; i++) if (buf[i] !== 0 && !isPrintable(u8(buf, i))) return false
  return end > at ? buf[at] !== 0 : true
}

/** ErrorResponse: SQLSTATE class 28, "invalid authorization specification". */
export function isAuthorizationError(buf: Uint8Array, at: number, end: number): boolean {
  const CODE = 0x43
  for (let p = at; p < end && buf[p] !== 0; ) {
    const valueEnd = nulAt(buf, p + 1, end)
    if (valueEnd < 0) return false
    if (buf[p] === CODE) return isPrintableText(buf, p + 1, valueEnd) && buf[p + 1] === 0x32 && buf[p + 2] === 0x38
    p = valueEnd + 1
  }
  return false
}

/** Types of messages by their sender, and the one that ends the server's turn: ReadyForQuery with one byte of status. */
const BACKEND_TYPES = '123ACDEGHIKNRSTVWZdcnst'
const READY_FOR_QUERY = 0x5a
const STATUSES = 'IET'
const QUERY = 0x51
const MAX_WALK = 64
const MAX_MESSAGE_BYTES = 1 << 20

type Midstream = 'query' | 'turn' | 'incomplete' | 'none'

/** The middle of a connection: a client's query, or a turn of the server up to its ReadyForQuery. */
export function midstreamKind(buf: Uint8Array, at: number, end: number): Midstream {
  if (u8(buf, at) === QUERY) return queryKind(buf, at, end)
  let p = at
  for (let n = 0; n < MAX_WALK && p < end; n++) {
    if (!isOf(BACKEND_TYPES, u8(buf, p))) return 'none'
    const kind = lengthKind(buf, p, end)
    if (kind !== 'message') return kind
    if (u8(buf, p) === READY_FOR_QUERY) return readyKind(buf, p, end)
    p += 1 + u32(buf, p + 1)
  }
  return p >= end ? 'incomplete' : 'none'
}

function readyKind(buf: Uint8Array, at: number, end: number): Midstream {
  if (u32(buf, at + 1) !== 5) return 'none'
  if (end - at < 6) return 'incomplete'
  return isOf(STATUSES, u8(buf, at + 5)) ? 'turn' : 'none'
}

/** Printable text of one line or many, its NUL where the length says it is. */
function queryKind(buf: Uint8Array, at: number, end: number): 'query' | 'incomplete' | 'none' {
  const kind = lengthKind(buf, at, end)
  if (kind !== 'message') return kind
  const last = at + u32(buf, at + 1)
  if (last < at + 8) return 'none'
  for (let i = at + 5; i < Math.min(end, last); i++)
    if (!isPrintable(u8(buf, i)) && !isOf('\t\n\r', u8(buf, i))) return 'none'
  if (end <= last) return 'incomplete'
  return buf[last] === 0 && (end === last + 1 || isOf('QPBDESX', u8(buf, last + 1))) ? 'query' : 'none'
}

function lengthKind(buf: Uint8Array, at: number, end: number): 'message' | 'incomplete' | 'none' {
  // The first byte of a length is zero, and of the second next to nothing is used.
  if ((end - at > 1 && u8(buf, at + 1) !== 0) || (end - at > 2 && u8(buf, at + 2) > 0x10)) return 'none'
  if (end - at < 5) return 'incomplete'
  const size = u32(buf, at + 1)
  return size >= 4 && size <= MAX_MESSAGE_BYTES ? 'message' : 'none'
}

const isOf = (types: string, byte: number): boolean => types.includes(String.fromCharCode(byte))
