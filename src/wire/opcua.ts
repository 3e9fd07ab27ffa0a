/** OPC UA connection protocol and secure conversation (OPC 10000-6 §7.1, §6.7). */
import { u8, u16le, u32le } from '../core/bytes.ts'
import { findText, standsAt } from './inner-text.ts'

export const UA_HEADER_BYTES = 8
const HELLO_BYTES = 32
const ACKNOWLEDGE_BYTES = 28
const MAX_URL_BYTES = 4096
const MAX_URI_BYTES = 255
const POLICIES = 'http://opcfoundation.org/UA/SecurityPolicy#'
const TYPES = ['HELF', 'ACKF', 'OPNF', 'ERRF', 'RHEF', 'MSGF', 'MSGC', 'MSGA', 'CLOF'] as const

export const uaLength = (buf: Uint8Array, at: number): number =>
  TYPES.some((type) => standsAt(buf, at, at + 4, type)) ? u32le(buf, at + 4) : 0

/** 1 = Hello, Acknowledge, OpenSecureChannel or a message in the clear opens here, 0 = it may, -1 = not so. */
export function uaOpens(buf: Uint8Array, at: number, end: number): number {
  const seen = Math.min(end - at, 4)
  const type = TYPES.find((one) => standsAt(buf, at, end, one.slice(0, seen)))
  if (type === undefined) return -1
  if (end - at < 4) return 0
  if (type === 'HELF') return helloFits(buf, at, end)
  if (type === 'OPNF') return channelFits(buf, at, end)
  if (type === 'MSGF')
    return end - at < BODY + 4 ? 0 : clearService(buf, at, end) > 0 && u32le(buf, at + 4) < 1 << 24 ? 1 : -1
  if (type !== 'ACKF') return -1
  if (end - at < UA_HEADER_BYTES + 4) return 0
  return u32le(buf, at + 4) === ACKNOWLEDGE_BYTES && u32le(buf, at + 8) <= 1 ? 1 : -1
}

/** Version, four limits, and a URL that fills the rest. */
function helloFits(buf: Uint8Array, at: number, end: number): number {
  if (end - at < HELLO_BYTES) return 0
  const url = u32le(buf, at + 28)
  const urlBytes = url === 0xffffffff ? 0 : url
  return urlBytes <= MAX_URL_BYTES && u32le(buf, at + 4) === HELLO_BYTES + urlBytes ? 1 : -1
}

function channelFits(buf: Uint8Array, at: number, end: number): number {
  const uri = at + 16
  if (end < uri + POLICIES.length) return standsAt(buf, uri, end, POLICIES.slice(0, Math.max(end - uri, 0))) ? 0 : -1
  return policyEnd(buf, at) > 0 && standsAt(buf, uri, end, POLICIES) ? 1 : -1
}

/** Where the security policy's URI of an OpenSecureChannel ends; 0 = it is none. */
const policyEnd = (buf: Uint8Array, at: number): number => {
  const bytes = u32le(buf, at + 12)
  return bytes > POLICIES.length && bytes <= MAX_URI_BYTES ? at + 16 + bytes : 0
}

/** "None", "Basic256Sha256", …; null = not a message that names one. */
export function securityPolicy(buf: Uint8Array, at: number, end: number): string | null {
  if (end - at < 17) return null
  const last = policyEnd(buf, at)
  if (last === 0 || last > end || !standsAt(buf, at + 16, end, POLICIES)) return null
  const name = buf.subarray(at + 16 + POLICIES.length, last)
  return name.every(
    (byte) =>
      (byte >= 0x30 && byte <= 0x39) ||
      (byte >= 0x41 && byte <= 0x5a) ||
      byte === 0x5f ||
      (byte >= 0x61 && byte <= 0x7a),
  )
    ? Buffer.from(name).toString('latin1')
    : null
}

/** Channel, token, sequence number and request before a body. */
const BODY = UA_HEADER_BYTES + 16

/**
 * Service that a MSG chunk names in the clear, or 0: a node id in the four-byte form and namespace 0. What is encrypted
 * shows two bytes like that once in 65 536 times, and a service number in range more rarely.
 */
export function clearService(buf: Uint8Array, at: number, end: number): number {
  if (end - at < BODY + 4 || buf[at + BODY] !== 1 || buf[at + BODY + 1] !== 0) return 0
  const id = u16le(buf, at + BODY + 2)
  return id >= 300 && id < 1000 ? id : 0
}

export const ACTIVATE_SESSION = 467

/** Does an ActivateSession request carry a user name with a password that nothing encrypts (OPC 10000-4 §7.36.4)? */
export function hasClearPassword(buf: Uint8Array, at: number, end: number): boolean {
  // UserNameIdentityToken, binary encoding: node id i=324, a body.
  const token = findText(buf, at + BODY, end, '\x01\x00\x44\x01\x01')
  if (token < 0) return false
  let p = token + 9
  for (let field = 0; field < 3; field++) {
    if (end - p < 4) return false
    const bytes = u32le(buf, p)
    if (bytes === 0xffffffff) p += 4
    else if (bytes < end - p) p += 4 + bytes
    else return false
    if (field === 2 && (bytes === 0xffffffff || bytes === 0)) return false
  }
  return end - p >= 4 && (u32le(buf, p) === 0xffffffff || u32le(buf, p) === 0)
}

export const isType = (buf: Uint8Array, at: number, type: (typeof TYPES)[number]): boolean =>
  standsAt(buf, at, at + 4, type)
export const isMessage = (buf: Uint8Array, at: number): boolean =>
  standsAt(buf, at, at + 3, 'MSG') && u8(buf, at + 3) > 0
