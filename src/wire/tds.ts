/** Tabular Data Stream ([MS-TDS] §2.2): packets, PRELOGIN, LOGIN7 and the first tokens of a response. */
import { u8, u16, u16le, u32le } from '../core/bytes.ts'

export const TDS_HEADER_BYTES = 8

/** Packet types ([MS-TDS] §2.2.3.1.1). */
export const TdsType = {
  SQL_BATCH: 1,
  LOGIN: 2,
  RPC: 3,
  RESPONSE: 4,
  LOGIN7: 0x10,
  SSPI: 0x11,
  PRELOGIN: 0x12,
} as const
const KNOWN_TYPES = [1, 2, 3, 4, 6, 7, 8, 14, 15, 16, 17, 18]
/** Status bits: end of message, ignore, event notification, reset connection, reset but keep the transaction. */
const MAX_STATUS = 0x1f
const MAX_PACKET_BYTES = 32_767

export const tdsType = (buf: Uint8Array, at: number): number => u8(buf, at)
export const tdsLength = (buf: Uint8Array, at: number): number => u16(buf, at + 2)

/** Is there a packet's header? Its eight bytes must be there. */
export const isTdsHeader = (buf: Uint8Array, at: number): boolean =>
  KNOWN_TYPES.includes(tdsType(buf, at)) &&
  u8(buf, at + 1) <= MAX_STATUS &&
  tdsLength(buf, at) >= TDS_HEADER_BYTES &&
  tdsLength(buf, at) <= MAX_PACKET_BYTES

/** Values of PRELOGIN's ENCRYPTION option ([MS-TDS] §2.2.6.5). */
export const Encryption = { OFF: 0, ON: 1, NOT_SUP: 2, REQ: 3 } as const
const CLIENT_CERT = 0x80

const VERSION_TOKEN = 0
const ENCRYPTION_TOKEN = 1
const TERMINATOR = 0xff
const OPTION_BYTES = 5
const VERSION_BYTES = 6
const MAX_TOKEN = 8
const MAX_PRELOGIN_BYTES = 2048

export type Kind = 'message' | 'incomplete' | 'none'

/** A PRELOGIN of the client or the server's answer to one, in one packet: options whose offsets and lengths add up. */
export function preloginKind(buf: Uint8Array, at: number, end: number): Kind {
  const type = tdsType(buf, at)
  if (type !== TdsType.PRELOGIN && type !== TdsType.RESPONSE) return 'none'
  if (end - at > 1 && u8(buf, at + 1) !== 1) return 'none'
  if (end - at < 4) return 'incomplete'
  const length = tdsLength(buf, at)
  if (length < TDS_HEADER_BYTES + OPTION_BYTES + 1 + VERSION_BYTES || length > MAX_PRELOGIN_BYTES) return 'none'
  return optionsKind(buf, at + TDS_HEADER_BYTES, end, at + length)
}

/** A table of token, offset and length, 0xFF behind it, and then the values in the table's order. */
function optionsKind(buf: Uint8Array, body: number, end: number, bodyEnd: number): Kind {
  let next = 0
  for (let p = body; p < end && p < bodyEnd; p += OPTION_BYTES) {
    if (u8(buf, p) === TERMINATOR) return valuesKind(buf, body, p + 1, end, bodyEnd)
    if (end - p < OPTION_BYTES) return isToken(u8(buf, p), p === body) ? 'incomplete' : 'none'
    const offset = u16(buf, p + 1)
    const size = u16(buf, p + 3)
    const fits = offset >= next && body + offset + size <= bodyEnd && (p > body || size === VERSION_BYTES)
    if (!fits || !isToken(u8(buf, p), p === body)) return 'none'
    next = offset
  }
  return end < bodyEnd ? 'incomplete' : 'none'
}

const isToken = (token: number, isFirst: boolean): boolean => (isFirst ? token === VERSION_TOKEN : token <= MAX_TOKEN)

/** The first option's value lies right behind the table. */
function valuesKind(buf: Uint8Array, body: number, valuesAt: number, end: number, bodyEnd: number): Kind {
  if (valuesAt <= body + OPTION_BYTES || body + u16(buf, body + 1) !== valuesAt) return 'none'
  return end < bodyEnd ? 'incomplete' : 'message'
}

/** The ENCRYPTION option of a PRELOGIN, -1 when it has none. */
export function preloginEncryption(buf: Uint8Array, at: number, end: number): number {
  const body = at + TDS_HEADER_BYTES
  for (let p = body; p + OPTION_BYTES <= end && u8(buf, p) !== TERMINATOR; p += OPTION_BYTES) {
    const valueAt = body + u16(buf, p + 1)
    if (u8(buf, p) === ENCRYPTION_TOKEN)
      return u16(buf, p + 3) === 1 && valueAt < end ? u8(buf, valueAt) & ~CLIENT_CERT : -1
  }
  return -1
}

/** Offsets from the start of LOGIN7's data ([MS-TDS] §2.2.6.4). */
const TDS_VERSION = 4
const OPTION_FLAGS_2 = 25
const OPTION_FLAGS_3 = 27
const HOST_NAME = 36
const PASSWORD = 44
const FIXED_BYTES = 86
const INTEGRATED_SECURITY = 0x80
const EXTENSION = 0x10

/** A LOGIN7 that opens a connection, as clients without PRELOGIN do. */
export function login7Kind(buf: Uint8Array, at: number, end: number): Kind {
  if (tdsType(buf, at) !== TdsType.LOGIN7 || (end - at > 1 && u8(buf, at + 1) > 1)) return 'none'
  const body = at + TDS_HEADER_BYTES
  if (end - at < 4) return 'incomplete'
  if (tdsLength(buf, at) < TDS_HEADER_BYTES + FIXED_BYTES) return 'none'
  if (end - body < FIXED_BYTES) return end - body >= 8 && !isTdsVersion(buf, body) ? 'none' : 'incomplete'
  const isWhole = u8(buf, at + 1) === 1
  const length = u32le(buf, body)
  const adds = isWhole
    ? length === tdsLength(buf, at) - TDS_HEADER_BYTES
    : length > tdsLength(buf, at) - TDS_HEADER_BYTES
  return adds && isTdsVersion(buf, body) && u16le(buf, body + HOST_NAME) >= FIXED_BYTES ? 'message' : 'none'
}

/** 7.0 to 7.4, in the many ways they are written: 0x70000000, 0x71000001, 0x730A0003, 0x74000004. */
const isTdsVersion = (buf: Uint8Array, body: number): boolean =>
  (u32le(buf, body + TDS_VERSION) & 0xf8f4fff0) >>> 0 === 0x70000000

export const login7Version = (buf: Uint8Array, body: number): string =>
  `7.${(u32le(buf, body + TDS_VERSION) >>> 24) & 0x0f}`

/** How the client authenticates; null when the bytes do not reach that far. */
export function login7Mechanism(buf: Uint8Array, body: number, end: number): 'password' | 'sspi' | 'fedauth' | null {
  if (end - body < FIXED_BYTES) return null
  if ((u8(buf, body + OPTION_FLAGS_2) & INTEGRATED_SECURITY) !== 0) return 'sspi'
  // Its length is in characters.
  if (u16le(buf, body + PASSWORD + 2) > 0) return 'password'
  return (u8(buf, body + OPTION_FLAGS_3) & EXTENSION) !== 0 ? 'fedauth' : null
}

/** The login record of TDS 4.2 and 5.0, Sybase's (TDS 5.0 Functional Specification, "Login Record"): offsets of it. */
const NAME_BYTES = 30
const NAMES = [0, 31, 62, 93]
const USER = 31
const LOGIN_PASSWORD = 62
const INT2 = 124
const INT4 = 125
const CHARACTERS = 126
const LOGIN_VERSION = 458
const LOGIN_BYTES = 462

/** Names with their lengths behind them and zeros up to there, the client's kinds of numbers, the version. */
export function loginKind(buf: Uint8Array, at: number, end: number): Kind {
  if (tdsType(buf, at) !== TdsType.LOGIN || (end - at > 1 && u8(buf, at + 1) > 1)) return 'none'
  if (end - at < 4) return 'incomplete'
  if (tdsLength(buf, at) < TDS_HEADER_BYTES + LOGIN_BYTES || tdsLength(buf, at) > MAX_PRELOGIN_BYTES) return 'none'
  const body = at + TDS_HEADER_BYTES
  if (end - body < LOGIN_BYTES) return 'incomplete'
  const fits = NAMES.every((name) => isName(buf, body + name)) && u8(buf, body + USER + NAME_BYTES) > 0
  const numbers =
    (u8(buf, body + INT2) & ~1) === 2 && u8(buf, body + INT4) <= 1 && (u8(buf, body + CHARACTERS) & ~1) === 6
  return fits && numbers && loginVersion(buf, body) !== null ? 'message' : 'none'
}

function isName(buf: Uint8Array, at: number): boolean {
  const length = u8(buf, at + NAME_BYTES)
  for (let i = length; i < NAME_BYTES; i++) if (buf[at + i] !== 0) return false
  return length <= NAME_BYTES
}

export function loginVersion(buf: Uint8Array, body: number): '4.2' | '5.0' | null {
  const version = u16(buf, body + LOGIN_VERSION)
  if (version === 0x0402) return '4.2'
  return version === 0x0500 ? '5.0' : null
}

/** The password is there as it is; a client that was told to hide it leaves it empty. */
export const hasLoginPassword = (buf: Uint8Array, body: number): boolean =>
  u8(buf, body + LOGIN_PASSWORD + NAME_BYTES) > 0

/** Tokens whose length is two bytes behind them ([MS-TDS] §2.2.7). */
const TOKEN = {
  ERROR: 0xaa,
  INFO: 0xab,
  LOGINACK: 0xad,
  CAPABILITY: 0xe2,
  ENVCHANGE: 0xe3,
  EXTENDED_ERROR: 0xe5,
  SSPI: 0xed,
} as const
const COUNTED: readonly number[] = Object.values(TOKEN)
/** ERROR 18456 "Login failed", 18452 "untrusted domain", and their neighbours. */
const MIN_LOGIN_ERROR = 18_450
const MAX_LOGIN_ERROR = 18_489

/** What the response to a login says; null when it goes on, as SSPI's does. */
export function loginOutcome(buf: Uint8Array, body: number, end: number): 'success' | 'failure' | null {
  for (let p = body; p + 3 <= end && COUNTED.includes(u8(buf, p)); p += 3 + u16le(buf, p + 1)) {
    if (u8(buf, p) === TOKEN.LOGINACK && p + 3 < end) return acknowledged(u8(buf, p + 3))
    if (u8(buf, p) !== TOKEN.ERROR || p + 7 > end) continue
    const number = u32le(buf, p + 3)
    if (number >= MIN_LOGIN_ERROR && number <= MAX_LOGIN_ERROR) return 'failure'
  }
  return null
}

/** TDS 5.0 answers 5, 6 or 7; later versions name the interface here, and say no by an ERROR. */
function acknowledged(status: number): 'success' | 'failure' | null {
  if (status === 6) return 'failure'
  return status === 7 ? null : 'success'
}
