/** MongoDB's wire protocol (MongoDB manual, "MongoDB Wire Protocol"): a header of 16 bytes and what lies behind it. */
import { u8, u32le } from '../core/bytes.ts'
import { isBsonType } from './bson.ts'
import { isPrintable } from './inner-text.ts'

export const MONGODB_HEADER_BYTES = 16
export const Opcode = { REPLY: 1, QUERY: 2004, COMPRESSED: 2012, MSG: 2013 } as const
/** Of those before OP_MSG: update, insert, get_more, delete, kill_cursors. */
const OPCODES: readonly number[] = [...Object.values(Opcode), 2001, 2002, 2005, 2006, 2007]
const MAX_MESSAGE_BYTES = 48_000_000 + 16 * 1024
/** Bits 0 to 15 must be understood; only these are defined, and bit 16 for exhaust cursors. */
const MSG_FLAGS = 0x00010003
const MAX_QUERY_FLAGS = 0xff
const MAX_REPLY_FLAGS = 0x0f
const MAX_COMPRESSOR = 3
const NO_REQUEST = 0xffffffff
/** Behind the header: flags, the kind of the first section. */
const MSG_HEAD_BYTES = 5
const REPLY_HEAD_BYTES = 20

export type Kind = 'message' | 'incomplete' | 'none'

export const mongoLength = (buf: Uint8Array, at: number): number => u32le(buf, at)
export const mongoOpcode = (buf: Uint8Array, at: number): number => u32le(buf, at + 12)
const respondsTo = (buf: Uint8Array, at: number): number => u32le(buf, at + 8)
/** A request answers nothing: 0, and -1 from the shell and `mongos` before OP_MSG. */
export const isMongoRequest = (buf: Uint8Array, at: number): boolean => {
  const to = respondsTo(buf, at)
  return to === 0 || (to === NO_REQUEST && mongoOpcode(buf, at) === Opcode.QUERY)
}

const isLength = (length: number): boolean => length > MONGODB_HEADER_BYTES && length <= MAX_MESSAGE_BYTES

export const isMongoHeader = (buf: Uint8Array, at: number): boolean =>
  isLength(mongoLength(buf, at)) && OPCODES.includes(mongoOpcode(buf, at))

/** Is there a message's beginning at `at`? The opcode, what it says of answering, and the first fields behind it agree. */
export function mongoKind(buf: Uint8Array, at: number, end: number): Kind {
  const have = end - at
  if (have > 3 && !isLength(mongoLength(buf, at))) return 'none'
  if (have > 13 && u8(buf, at + 13) !== 0x07 && u8(buf, at + 13) !== 0) return 'none'
  if (have < MONGODB_HEADER_BYTES) return 'incomplete'
  if (!isMongoHeader(buf, at)) return 'none'
  return have < MONGODB_HEADER_BYTES + 4 ? 'incomplete' : bodyKind(buf, at, end)
}

function bodyKind(buf: Uint8Array, at: number, end: number): Kind {
  const body = at + MONGODB_HEADER_BYTES
  const flags = u32le(buf, body)
  const opcode = mongoOpcode(buf, at)
  if (opcode === Opcode.MSG) return (flags & ~MSG_FLAGS) === 0 ? 'message' : 'none'
  if (opcode === Opcode.COMPRESSED) return compressedKind(buf, body, end)
  if (opcode === Opcode.REPLY) return respondsTo(buf, at) !== 0 && flags <= MAX_REPLY_FLAGS ? 'message' : 'none'
  return isMongoRequest(buf, at) && flags <= MAX_QUERY_FLAGS ? namespaceKind(buf, body + 4, end) : 'none'
}

/** "admin.$cmd" and its NUL: letters and a point. */
function namespaceKind(buf: Uint8Array, at: number, end: number): Kind {
  let hasPoint = false
  for (let i = at; i < end && i < at + 256; i++) {
    const byte = u8(buf, i)
    if (byte === 0) return hasPoint ? 'message' : 'none'
    if (!isPrintable(byte)) return 'none'
    hasPoint ||= byte === 0x2e
  }
  return end - at < 256 ? 'incomplete' : 'none'
}

/** The opcode inside, the size of what is compressed, the compressor. */
function compressedKind(buf: Uint8Array, at: number, end: number): Kind {
  if (end - at < 9) return 'incomplete'
  const isKnown = u32le(buf, at) === Opcode.MSG || u32le(buf, at) === Opcode.QUERY || u32le(buf, at) === Opcode.REPLY
  return isKnown && u32le(buf, at + 4) <= MAX_MESSAGE_BYTES && u8(buf, at + 8) <= MAX_COMPRESSOR ? 'message' : 'none'
}

/** Where the command or its answer lies in a message, or -1. Its length fits between there and `end`. */
export function documentAt(buf: Uint8Array, at: number, end: number): number {
  const body = at + MONGODB_HEADER_BYTES
  let documentAt = -1
  if (mongoOpcode(buf, at) === Opcode.MSG) documentAt = bodySectionAt(buf, body, end)
  if (mongoOpcode(buf, at) === Opcode.REPLY) documentAt = body + REPLY_HEAD_BYTES
  if (mongoOpcode(buf, at) === Opcode.QUERY) {
    let p = body + 4
    while (p < end && buf[p] !== 0) p++
    documentAt = p + 1 + 8
  }
  if (documentAt < 0 || documentAt + 5 > end) return -1
  const fits =
    u32le(buf, documentAt) <= end - documentAt && (isBsonType(u8(buf, documentAt + 4)) || u8(buf, documentAt + 4) === 0)
  return fits ? documentAt : -1
}

/** Drivers put the body first; a document sequence before it is stepped over. */
function bodySectionAt(buf: Uint8Array, body: number, end: number): number {
  let p = body + MSG_HEAD_BYTES - 1
  if (p + 5 < end && u8(buf, p) === 1) p += 1 + u32le(buf, p + 1)
  return p < end && u8(buf, p) === 0 ? p + 1 : -1
}
