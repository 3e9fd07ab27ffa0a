/** RADIUS packets (RFC 2865 §3): a code, a length, and attributes that fill it. */
import { u8, u16, u32 } from '../core/bytes.ts'

export const RADIUS_HEADER_BYTES = 20
const MAX_PACKET_BYTES = 4096
const MAX_PADDING_BYTES = 16

export const ACCESS_REQUEST = 1
export const ACCESS_ACCEPT = 2
export const ACCESS_REJECT = 3
export const ACCOUNTING_RESPONSE = 5
/** RFC 2865, 2866, 5176 and 5997. */
const CODES = [1, 2, 3, 4, 5, 11, 12, 13, 40, 41, 42, 43, 44, 45]
const FROM_CLIENT = [1, 4, 12, 13, 40, 43]

const USER_PASSWORD = 2
const CHAP_PASSWORD = 3
const VENDOR_SPECIFIC = 26
const EAP_MESSAGE = 79
const MESSAGE_AUTHENTICATOR = 80
const VENDOR_MICROSOFT = 311
const MS_CHAP_RESPONSE = 1
const MS_CHAP2_RESPONSE = 25

const EAP_RESPONSE = 2
/** Methods (IANA's EAP registry); identity, notification and nak name none. */
const EAP_METHODS: Readonly<Record<number, string>> = {
  4: 'eap-md5',
  5: 'eap-otp',
  6: 'eap-gtc',
  13: 'eap-tls',
  17: 'eap-leap',
  18: 'eap-sim',
  21: 'eap-ttls',
  23: 'eap-aka',
  25: 'eap-peap',
  26: 'eap-mschapv2',
  43: 'eap-fast',
  50: "eap-aka'",
  52: 'eap-pwd',
  55: 'eap-teap',
}

/** Bytes of the packet at `at` by its own word, -1 = no packet has so few or so many. */
export function radiusLength(buf: Uint8Array, at: number): number {
  const length = u16(buf, at + 2)
  return length < RADIUS_HEADER_BYTES || length > MAX_PACKET_BYTES ? -1 : length
}

export function isRadius(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  if (end - at < RADIUS_HEADER_BYTES || !CODES.includes(u8(buf, at))) return false
  const length = radiusLength(buf, at)
  if (length < 0) return false
  const last = Math.min(end, at + length)
  if (length !== end + missing - at && (missing > 0 || last === end || !isPadding(buf, last, end))) return false
  let p = at + RADIUS_HEADER_BYTES
  while (p + 1 < last) {
    const size = u8(buf, p + 1)
    if (u8(buf, p) === 0 || size < 2) return false
    p += size
  }
  return p === at + length || (missing > 0 && p <= at + length)
}

/** RFC 2865 §3: what lies behind the length is padding and ignored. Nobody fills it with anything but a few zeros. */
function isPadding(buf: Uint8Array, at: number, end: number): boolean {
  for (let i = at; i < end; i++) if (buf[i] !== 0) return false
  return end - at <= MAX_PADDING_BYTES
}

export const isFromRadiusClient = (code: number): boolean => FROM_CLIENT.includes(code)

export interface RadiusVisitor {
  /** The password, hidden by MD5 with a secret that client and server share (RFC 2865 §5.2). */
  password(): void
  mechanism(name: string): void
  messageAuthenticator(): void
}

export function visitRadius(buf: Uint8Array, at: number, end: number, visitor: RadiusVisitor): void {
  const last = Math.min(end, at + u16(buf, at + 2))
  let p = at + RADIUS_HEADER_BYTES
  while (p + 1 < last) {
    const size = u8(buf, p + 1)
    if (size < 2 || p + size > last) return
    visitAttribute(buf, p, size, visitor)
    p += size
  }
}

function visitAttribute(buf: Uint8Array, at: number, size: number, visitor: RadiusVisitor): void {
  const type = u8(buf, at)
  if (type === USER_PASSWORD) {
    if ((size - 2) % 16 === 0) visitor.password()
  } else if (type === CHAP_PASSWORD) visitor.mechanism('chap')
  else if (type === MESSAGE_AUTHENTICATOR) visitor.messageAuthenticator()
  else if (type === EAP_MESSAGE && size >= 7 && u8(buf, at + 2) === EAP_RESPONSE) {
    const method = EAP_METHODS[u8(buf, at + 6)]
    if (method !== undefined) visitor.mechanism(method)
  } else if (type === VENDOR_SPECIFIC && size >= 8 && u32(buf, at + 2) === VENDOR_MICROSOFT) {
    const subtype = u8(buf, at + 6)
    if (subtype === MS_CHAP_RESPONSE) visitor.mechanism('mschap')
    if (subtype === MS_CHAP2_RESPONSE) visitor.mechanism('mschapv2')
  }
}
