/** Apache Thrift: the head of a message in its binary and compact protocols (thrift-binary-protocol.md, -compact-). */
import { u8, u16, u32 } from '../core/bytes.ts'

/** The bytes did not come far enough to say. */
export const UNSURE = -1
/** These bytes are none. */
export const NONE = -2

const MAX_FRAME_BYTES = 256 * 1024 * 1024
const MAX_NAME_BYTES = 128
const BINARY_1 = 0x8001
const COMPACT = 0x82
const CALL = 1
const REPLY = 2
const ONEWAY = 4
/** Types of a struct's fields in the binary protocol: stop, bool, byte, double, i16, i32, i64, string, struct, map, set, list. */
const FIELD_TYPES: ReadonlySet<number> = new Set([0, 2, 3, 4, 6, 8, 10, 11, 12, 13, 14, 15])

/** Type of the message at `at` (1 call, 2 reply, 3 exception, 4 one way), in a frame or bare; UNSURE or NONE. */
export function thriftMessage(buf: Uint8Array, at: number, end: number): number {
  if (at === end) return UNSURE
  if (u8(buf, at) >= 0x80) return bareMessage(buf, at, end)
  if (end - at < 5) return u8(buf, at) < 0x10 ? UNSURE : NONE
  const size = u32(buf, at)
  if (size < 8 || size > MAX_FRAME_BYTES) return NONE
  return bareMessage(buf, at + 4, end)
}

function bareMessage(buf: Uint8Array, at: number, end: number): number {
  if (at === end) return UNSURE
  if (u8(buf, at) === COMPACT) return compactMessage(buf, at, end)
  if (u8(buf, at) !== BINARY_1 >> 8) return NONE
  if (end - at < 8) return end - at < 2 || u8(buf, at + 1) === 1 ? UNSURE : NONE
  const type = u8(buf, at + 3)
  const nameBytes = u32(buf, at + 4)
  if (u16(buf, at) !== BINARY_1 || u8(buf, at + 2) !== 0 || type < CALL || type > ONEWAY) return NONE
  const name = nameAt(buf, at + 8, nameBytes, end)
  if (name !== NAMED) return name
  // The arguments: a field's type, and its number, or the end of them.
  const field = at + 8 + nameBytes + 4
  if (field >= end) return UNSURE
  return FIELD_TYPES.has(u8(buf, field)) ? type : NONE
}

/** Version 1 and the type in one byte, the sequence number and the name's length as variable ones. */
function compactMessage(buf: Uint8Array, at: number, end: number): number {
  if (end - at < 4) return UNSURE
  const type = u8(buf, at + 1) >> 5
  if ((u8(buf, at + 1) & 0x1f) !== 1 || type < CALL || type > ONEWAY) return NONE
  let p = at + 2
  while (p < end && p < at + 7 && u8(buf, p) >= 0x80) p += 1
  if (p >= at + 7) return NONE
  if (p + 1 >= end) return UNSURE
  const nameBytes = u8(buf, p + 1)
  const name = nameAt(buf, p + 2, nameBytes, end)
  if (name !== NAMED) return name
  const field = p + 2 + nameBytes
  if (field >= end) return UNSURE
  // Types of fields go up to 12; 0 is the end of them.
  return (u8(buf, field) & 15) <= 12 ? type : NONE
}

const NAMED = 0

/** A method's name: a letter, then letters, digits, and what joins a service to it. */
function nameAt(buf: Uint8Array, at: number, bytes: number, end: number): number {
  if (bytes < 2 || bytes > MAX_NAME_BYTES) return NONE
  for (let i = at; i < Math.min(at + bytes, end); i++) {
    if (!isLetter(u8(buf, i)) && (i === at || !isJoiner(u8(buf, i)))) return NONE
  }
  return at + bytes <= end ? NAMED : UNSURE
}

const isLetter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
const isJoiner = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x3a) || byte === 0x5f || byte === 0x2e || byte === 0x2d

export const isFromClient = (type: number): boolean => type === CALL || type === ONEWAY
export const isFromServer = (type: number): boolean => type >= REPLY && type < ONEWAY
