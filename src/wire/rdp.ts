/** RDP's connection sequence ([MS-RDPBCGR] §2.2.1): X.224 in TPKT, and the server's choice of security in GCC. */
import { u8, u16, u16le, u32le } from '../core/bytes.ts'
import { findText, opensWith, standsAt } from './inner-text.ts'

/** RFC 1006 §6: version 3, a reserved byte, the length. */
export const TPKT_HEADER_BYTES = 4
/** TPKT, and X.224's length indicator, code, references and class. */
const X224_BYTES = 11
export const CONNECTION_REQUEST = 0xe0
export const CONNECTION_CONFIRM = 0xd0
const DATA = 0xf0

export const NEGOTIATION_REQUEST = 1
export const NEGOTIATION_RESPONSE = 2
export const NEGOTIATION_FAILURE = 3
const NEGOTIATION_BYTES = 8
const COOKIE = 'Cookie: '
/** A load balancer's token or a cookie (§2.2.1.1). */
const MAX_COOKIE_BYTES = 512

export const tpktLength = (buf: Uint8Array, at: number): number =>
  buf[at] === 3 && buf[at + 1] === 0 && u16(buf, at + 2) > 6 ? u16(buf, at + 2) : 0

export const x224Code = (buf: Uint8Array, at: number): number => u8(buf, at + 5) & 0xf0

/** 1 = a TPKT with a connection request or confirm that fill each other, 0 = it may be, -1 = not so. */
export function x224Opens(buf: Uint8Array, at: number, end: number): number {
  const seen = end - at
  if ((seen > 0 && buf[at] !== 3) || (seen > 1 && buf[at + 1] !== 0)) return -1
  if (seen < X224_BYTES) return 0
  const code = u8(buf, at + 5)
  const length = u16(buf, at + 2)
  const isConnect = code === CONNECTION_REQUEST || code === CONNECTION_CONFIRM
  return isConnect && length >= X224_BYTES && u8(buf, at + 4) === length - 5 ? 1 : -1
}

/** 1 = RDP's, 0 = it may be, -1 = not so. What carries nothing of RDP waits for MCS behind it. */
export function rdpOpens(buf: Uint8Array, at: number, end: number): number {
  const connect = x224Opens(buf, at, end)
  if (connect !== 1) return connect
  const body = at + X224_BYTES
  const next = at + u16(buf, at + 2)
  if (body === next) return mcsOpens(buf, next, end)
  if (u8(buf, at + 5) === CONNECTION_REQUEST && u8(buf, body) === 0x43) {
    const cookie = opensWith(buf, body, Math.min(end, next), COOKIE)
    return cookie === 'match' ? 1 : cookie === 'unsure' ? 0 : -1
  }
  return end - body < 4 ? (end === body || u8(buf, body) <= 3 ? 0 : -1) : negotiates(buf, body, next) ? 1 : -1
}

const negotiates = (buf: Uint8Array, body: number, next: number): boolean => {
  const type = u8(buf, body)
  const isRequest = type === NEGOTIATION_REQUEST
  const isExpected =
    buf[body - 6] === CONNECTION_REQUEST ? isRequest : type === NEGOTIATION_RESPONSE || type === NEGOTIATION_FAILURE
  // Correlation info (§2.2.1.1.2) may follow a request.
  return isExpected && u16le(buf, body + 2) === NEGOTIATION_BYTES && (isRequest || next - body === NEGOTIATION_BYTES)
}

/** A data TPDU with MCS's Connect-Initial or Connect-Response (T.125 §7). */
function mcsOpens(buf: Uint8Array, at: number, end: number): number {
  const want = [3, 0, -1, -1, 2, DATA, 0x80, 0x7f]
  for (let i = 0; i < want.length; i++) {
    if (at + i === end) return 0
    if (want[i] !== -1 && buf[at + i] !== want[i]) return -1
  }
  if (end - at < 9) return 0
  return u8(buf, at + 8) === 0x65 || u8(buf, at + 8) === 0x66 ? 1 : -1
}

/** Offset of the negotiation structure in a connection request or confirm, or -1. */
export function negotiationAt(buf: Uint8Array, at: number, end: number): number {
  let p = at + X224_BYTES
  if (u8(buf, at + 5) === CONNECTION_REQUEST) {
    const line = findText(buf, p, Math.min(end, p + MAX_COOKIE_BYTES), '\r\n')
    if (line >= 0) p = line + 2
  }
  return end - p >= NEGOTIATION_BYTES && u16le(buf, p + 2) === NEGOTIATION_BYTES ? p : -1
}

const SC_SECURITY = 0x0c02
const MAX_BLOCKS = 16

/** encryptionMethod of the server's security data (§2.2.1.4.3) inside MCS Connect-Response; -1 = not there. */
export function encryptionMethod(buf: Uint8Array, at: number, end: number): number {
  const key = findText(buf, at, end, 'McDn')
  if (key < 0 || end - key < 8) return -1
  let p = key + ((u8(buf, key + 4) & 0x80) === 0 ? 5 : 6)
  for (let n = 0; n < MAX_BLOCKS && end - p >= 8; n++) {
    if (u16le(buf, p) === SC_SECURITY) return u32le(buf, p + 4)
    const length = u16le(buf, p + 2)
    if (length < 4) return -1
    p += length
  }
  return -1
}

/** Is the data TPDU at `at` MCS's Send-Data-Request, the first of which is the Security Exchange? */
export const isSendData = (buf: Uint8Array, at: number, end: number): boolean =>
  end - at >= 8 && standsAt(buf, at + 4, end, '\x02\xf0\x80') && u8(buf, at + 7) === 0x64
