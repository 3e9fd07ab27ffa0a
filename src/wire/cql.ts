/** Cassandra's native protocol (native_protocol_v3.spec to v5.spec): frames of 9 bytes and a body. */
import { u8, u16, u24le, u32 } from '../core/bytes.ts'
import { mayBecomeText, standsAt } from './inner-text.ts'

export const CQL_HEADER_BYTES = 9
export const CqlOpcode = {
  ERROR: 0x00,
  STARTUP: 0x01,
  READY: 0x02,
  AUTHENTICATE: 0x03,
  OPTIONS: 0x05,
  SUPPORTED: 0x06,
  QUERY: 0x07,
  RESULT: 0x08,
  AUTH_CHALLENGE: 0x0e,
  AUTH_RESPONSE: 0x0f,
  AUTH_SUCCESS: 0x10,
} as const
const RESPONSE = 0x80
const MIN_VERSION = 3
const MAX_VERSION = 6
const MAX_FLAGS = 0x1f
const MAX_OPCODE = 0x10
/** "Limited to 256MB". */
const MAX_BODY_BYTES = 256 * 1024 * 1024
const MAX_OPENING_BYTES = 4096
/** Longer queries are not waited for. */
const MAX_QUERY_BYTES = 8 * 1024
const CQL_VERSION = 'CQL_VERSION'

export type Kind = 'message' | 'incomplete' | 'none'

export const cqlVersion = (buf: Uint8Array, at: number): number => u8(buf, at) & 0x7f
export const isCqlResponse = (buf: Uint8Array, at: number): boolean => (u8(buf, at) & RESPONSE) !== 0
export const cqlOpcode = (buf: Uint8Array, at: number): number => u8(buf, at + 4)
export const cqlLength = (buf: Uint8Array, at: number): number => u32(buf, at + 5)

export const isCqlHeader = (buf: Uint8Array, at: number): boolean =>
  isVersion(cqlVersion(buf, at)) &&
  u8(buf, at + 1) <= MAX_FLAGS &&
  cqlOpcode(buf, at) <= MAX_OPCODE &&
  cqlLength(buf, at) <= MAX_BODY_BYTES

const isVersion = (version: number): boolean => version >= MIN_VERSION && version <= MAX_VERSION

const REQUESTS: readonly number[] = [CqlOpcode.STARTUP, CqlOpcode.OPTIONS, CqlOpcode.QUERY]
const RESPONSES: readonly number[] = [CqlOpcode.SUPPORTED, CqlOpcode.RESULT]
/** Void, rows, set keyspace, prepared, schema change. */
const MAX_RESULT_KIND = 5

/**
 * What opens a connection: OPTIONS without a body, STARTUP, or the server's SUPPORTED, which both name CQL_VERSION. In
 * the middle of one, a QUERY whose text fits its frame, and a RESULT.
 */
export function openingKind(buf: Uint8Array, at: number, end: number): Kind {
  if (!isVersion(cqlVersion(buf, at)) || (end - at > 1 && u8(buf, at + 1) > MAX_FLAGS)) return 'none'
  const isResponse = isCqlResponse(buf, at)
  if (end - at > 4 && !(isResponse ? RESPONSES : REQUESTS).includes(cqlOpcode(buf, at))) return 'none'
  if (end - at < CQL_HEADER_BYTES) return 'incomplete'
  const opcode = cqlOpcode(buf, at)
  const length = cqlLength(buf, at)
  const body = at + CQL_HEADER_BYTES
  if (opcode === CqlOpcode.OPTIONS) return length === 0 ? 'message' : 'none'
  if (opcode === CqlOpcode.QUERY) return queryKind(buf, body, end, length)
  if (opcode === CqlOpcode.RESULT) return resultKind(buf, body, end, length)
  if (length > MAX_OPENING_BYTES || length < 2) return 'none'
  return mapKind(buf, body, end, body + length, isResponse)
}

/** A [long string], then consistency and flags. */
function queryKind(buf: Uint8Array, at: number, end: number, length: number): Kind {
  if (length < 8 || length > MAX_QUERY_BYTES) return 'none'
  if (end - at < 4) return 'incomplete'
  const size = u32(buf, at)
  if (size === 0 || size + 7 > length) return 'none'
  const textEnd = at + 4 + size
  for (let i = at + 4; i < Math.min(end, textEnd); i++) if (u8(buf, i) < 0x09) return 'none'
  return end < textEnd ? 'incomplete' : 'message'
}

function resultKind(buf: Uint8Array, at: number, end: number, length: number): Kind {
  if (length < 4 || length > MAX_BODY_BYTES) return 'none'
  if (end - at < 4) return 'incomplete'
  return u32(buf, at) >= 1 && u32(buf, at) <= MAX_RESULT_KIND ? 'message' : 'none'
}

/** A [string map], or SUPPORTED's [string multimap]: is CQL_VERSION among its keys? */
function mapKind(buf: Uint8Array, at: number, end: number, need: number, isMulti: boolean): Kind {
  let p = at + 2
  if (end < p) return 'incomplete'
  for (let left = u16(buf, at); left > 0; left--) {
    if (p + 2 > need) return 'none'
    if (end < p + 2) return 'incomplete'
    const key = p + 2
    const size = u16(buf, p)
    if (key + size > need) return 'none'
    if (size === CQL_VERSION.length && mayBecomeText(buf, key, Math.min(end, key + size), CQL_VERSION)) {
      return end >= key + size ? 'message' : 'incomplete'
    }
    p = valueEnd(buf, key + size, end, isMulti)
    if (p < 0) return 'incomplete'
  }
  return 'none'
}

/** Behind a [string], or a [string list]; -1 = not there yet. */
function valueEnd(buf: Uint8Array, at: number, end: number, isMulti: boolean): number {
  if (end < at + 2) return -1
  if (!isMulti) return at + 2 + u16(buf, at)
  let p = at + 2
  for (let left = u16(buf, at); left > 0; left--) {
    if (end < p + 2) return -1
    p += 2 + u16(buf, p)
  }
  return p
}

/** Does the [string map] of a STARTUP ask for compression? */
export function asksForCompression(buf: Uint8Array, at: number, end: number): boolean {
  for (let i = at; i + 11 <= end; i++) if (standsAt(buf, i, end, 'COMPRESSION')) return true
  return false
}

/** Since version 5 frames lie in segments: 17 bits of length, a flag, a CRC of 3 bytes, and one of 4 behind the frames. */
export const SEGMENT_HEADER_BYTES = 6
const SEGMENT_TRAILER_BYTES = 4
export const segmentLength = (buf: Uint8Array, at: number): number =>
  SEGMENT_HEADER_BYTES + (u24le(buf, at) & 0x1ffff) + SEGMENT_TRAILER_BYTES
