/** Control messages of the two tunnels for PPP: PPTP's (RFC 2637 §2) and L2TP's (RFC 2661 §3.1 and §4.1, RFC 3931 §3.2.1). */
import { u8, u16, u32 } from '../core/bytes.ts'

const MAGIC_COOKIE = 0x1a2b3c4d
const CONTROL_MESSAGE = 1
export const PPTP_HEADER_BYTES = 12
/** Size of each control message, by its type. */
const PPTP_BYTES = [0, 156, 156, 16, 16, 16, 20, 168, 32, 220, 24, 28, 16, 148, 40, 24]

export const PptpMessage = { START_REQUEST: 1, START_REPLY: 2 } as const

/** Type of the control message whose header lies at `at`, 0 when it is none. Magic, type and size must go together. */
export function pptpMessage(buf: Uint8Array, at: number): number {
  if (u16(buf, at + 2) !== CONTROL_MESSAGE || u32(buf, at + 4) !== MAGIC_COOKIE) return 0
  const type = u16(buf, at + 8)
  return PPTP_BYTES[type] === u16(buf, at) ? type : 0
}

/** Message type and magic cookie, as they lie behind the length. */
const PPTP_FIXED = [0, CONTROL_MESSAGE, 0x1a, 0x2b, 0x3c, 0x4d] as const

/** Can the bytes so far be the beginning of a control message? Others' short requests must not be kept waiting. */
export function mayBecomePptp(buf: Uint8Array, at: number, end: number): boolean {
  if (end > at && u8(buf, at) !== 0) return false
  if (end - at > 1 && !PPTP_BYTES.includes(u8(buf, at + 1), 1)) return false
  const known = Math.min(end - at - 2, PPTP_FIXED.length)
  for (let i = 0; i < known; i++) if (u8(buf, at + 2 + i) !== PPTP_FIXED[i]) return false
  return true
}

const L2TP_HEADER_BYTES = 12
/** Type, length and sequence bits set, all others clear. */
const L2TP_FLAGS = 0xc800
const AVP_HEADER_BYTES = 6
/** Mandatory, hidden, four reserved bits. */
const AVP_RESERVED = 0x3c00
const LAST_MESSAGE_TYPE = 28

export const L2tpMessage = { START_REQUEST: 1, START_REPLY: 2 } as const

const L2TP_CONTROL = 0x8000
const L2TP_HAS_LENGTH = 0x4000
const L2TP_HAS_SEQUENCE = 0x0800
const L2TP_HAS_OFFSET = 0x0200

/** Offset of the PPP frame in the data message of version 2 at `at` (RFC 2661 §3.1); -1 = it is none, or cut off. */
export function l2tpFrameAt(buf: Uint8Array, at: number, end: number): number {
  if (end - at < L2TP_HEADER_BYTES) return -1
  const flags = u16(buf, at)
  if ((flags & L2TP_CONTROL) !== 0 || (flags & 0x0f) !== 2) return -1
  let p = at + 6
  if ((flags & L2TP_HAS_LENGTH) !== 0) p += 2
  if ((flags & L2TP_HAS_SEQUENCE) !== 0) p += 4
  if ((flags & L2TP_HAS_OFFSET) !== 0) p += end - p < 2 ? end : 2 + u16(buf, p)
  return p < end ? p : -1
}

/** Type of the control message between `at` and `end`, 0 when it is none, or acknowledges only. */
export function l2tpMessage(buf: Uint8Array, at: number, end: number, missing: number): number {
  const first = at + L2TP_HEADER_BYTES
  if (end - first < AVP_HEADER_BYTES + 2 || u16(buf, at + 2) !== end - at + missing) return 0
  const version = u16(buf, at) - L2TP_FLAGS
  if (version !== 2 && version !== 3) return 0
  // The first attribute is the message's type.
  const field = u16(buf, first)
  const isType = (field & 0x03ff) === AVP_HEADER_BYTES + 2 && u32(buf, first + 2) === 0 && (field & AVP_RESERVED) === 0
  const type = isType ? u16(buf, first + AVP_HEADER_BYTES) : 0
  return type <= LAST_MESSAGE_TYPE && u8(buf, first) >= 0x80 ? type : 0
}
