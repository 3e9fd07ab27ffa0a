/** memcached's text protocol (doc/protocol.txt) and its binary one (doc/protocol_binary.txt), as far as openings show them. */
import { u8, u16, u32 } from '../core/bytes.ts'
import { isPrintable, mayBecomeText, standsAt } from './inner-text.ts'

export type Kind = 'message' | 'incomplete' | 'none'

export const BINARY_HEADER_BYTES = 24
export const BINARY_REQUEST = 0x80
export const BINARY_RESPONSE = 0x81
export const BinaryOpcode = { SASL_LIST: 0x20, SASL_AUTH: 0x21, SASL_STEP: 0x22 } as const
/** Bytes of extras in a request, by opcode: get, set, add, replace, delete, increment, … */
const REQUEST_EXTRAS: Readonly<Record<number, readonly number[]>> = {
  0: [0],
  1: [8],
  2: [8],
  3: [8],
  4: [0],
  5: [20],
  6: [20],
  7: [0],
  8: [0, 4],
  9: [0],
  10: [0],
  11: [0],
  12: [0],
  13: [0],
  14: [0],
  15: [0],
  16: [0],
  17: [8],
  18: [8],
  19: [8],
  20: [0],
  21: [20],
  22: [20],
  27: [4],
  28: [4],
  29: [4],
  30: [4],
  32: [0],
  33: [0],
  34: [0],
}
const MAX_KEY_BYTES = 250
const MAX_BODY_BYTES = 128 * 1024 * 1024
const MAX_STATUS = 0x86

export const bodyLength = (buf: Uint8Array, at: number): number => u32(buf, at + 8)
export const isBinary = (buf: Uint8Array, at: number): boolean =>
  u8(buf, at) === BINARY_REQUEST || u8(buf, at) === BINARY_RESPONSE

export function binaryKind(buf: Uint8Array, at: number, end: number): Kind {
  if (!isBinary(buf, at)) return 'none'
  const extras = end - at > 1 ? REQUEST_EXTRAS[u8(buf, at + 1)] : []
  if (extras === undefined) return 'none'
  // Data type: raw bytes, the only one there is.
  if (end - at > 5 && u8(buf, at + 5) !== 0) return 'none'
  if (end - at < BINARY_HEADER_BYTES) return 'incomplete'
  const key = u16(buf, at + 2)
  const body = bodyLength(buf, at)
  if (key > MAX_KEY_BYTES || body < key + u8(buf, at + 4) || body > MAX_BODY_BYTES) return 'none'
  if (u8(buf, at) === BINARY_RESPONSE) return isResponse(buf, at) ? 'message' : 'none'
  const isRequest = extras.includes(u8(buf, at + 4)) && u16(buf, at + 6) < 1024
  return isRequest && (u8(buf, at + 1) !== 0 || body === key) ? 'message' : 'none'
}

/** Extras of a response are flags or nothing; an error carries a text and nothing else. */
function isResponse(buf: Uint8Array, at: number): boolean {
  const extras = u8(buf, at + 4)
  const status = u16(buf, at + 6)
  if (status > MAX_STATUS || (extras !== 0 && extras !== 4)) return false
  return status === 0 || (extras === 0 && u16(buf, at + 2) === 0 && bodyLength(buf, at) < 1024)
}

/** Storage commands: key, flags, expiry, bytes, and for "cas" a number that is the item's. */
const STORAGE = ['set ', 'add ', 'replace ', 'append ', 'prepend ', 'cas ']
/** What servers answer and no other server opens with. */
const ANSWERS = [
  'STORED\r\n',
  'NOT_STORED\r\n',
  'EXISTS\r\n',
  'END\r\n',
  'SERVER_ERROR ',
  'CLIENT_ERROR ',
  'STAT pid ',
  'VERSION 1.',
  'DELETED\r\n',
]
/** Commands that other protocols may have as well: the server's answer tells. */
const ASKING = [
  'get ',
  'gets ',
  'gat ',
  'gats ',
  'stats\r\n',
  'stats ',
  'version\r\n',
  'delete ',
  'incr ',
  'decr ',
  'touch ',
  'flush_all',
  'mg ',
  'ms ',
  'mn\r\n',
]
const VALUE = 'VALUE '
const MAX_LINE_BYTES = 2048
const MAX_DIGITS = 20

export function textKind(buf: Uint8Array, at: number, end: number): Kind {
  for (const word of STORAGE) {
    if (mayBecomeText(buf, at, end, word))
      return standsAt(buf, at, end, word) ? keyAndNumbers(buf, at + word.length, end, 3) : 'incomplete'
  }
  if (mayBecomeText(buf, at, end, VALUE)) {
    return standsAt(buf, at, end, VALUE) ? keyAndNumbers(buf, at + VALUE.length, end, 2) : 'incomplete'
  }
  let mayBecome = false
  for (const word of ANSWERS) {
    if (standsAt(buf, at, end, word)) return 'message'
    mayBecome ||= mayBecomeText(buf, at, end, word)
  }
  if (mayBecome) return 'incomplete'
  return ASKING.some((word) => mayBecomeText(buf, at, end, word)) && isLine(buf, at, end) ? 'incomplete' : 'none'
}

/** One line of printable characters, short enough for a command; what lies behind it is not looked at. */
function isLine(buf: Uint8Array, at: number, end: number): boolean {
  for (let i = at; i < end; i++) {
    if (buf[i] === 0x0d || buf[i] === 0x0a) return true
    if (!isPrintable(u8(buf, i)) || i - at > MAX_LINE_BYTES) return false
  }
  return true
}

/** "key 0 900 5\r\n": a key of up to 250 printable bytes, then numbers, and perhaps more words. */
function keyAndNumbers(buf: Uint8Array, at: number, end: number, numbers: number): Kind {
  let p = at
  while (p < end && u8(buf, p) > 0x20 && buf[p] !== 0x7f && p - at < MAX_KEY_BYTES) p++
  if (p === end) return 'incomplete'
  if (p === at || buf[p] !== 0x20) return 'none'
  for (let n = 1; n <= numbers; n++) {
    const from = p + 1
    p = numberEnd(buf, from, end)
    if (p === end) return p - from > MAX_DIGITS ? 'none' : 'incomplete'
    const isEnded = buf[p] === 0x20 || (n === numbers && buf[p] === 0x0d)
    if (p === from || p - from > MAX_DIGITS || !isEnded) return 'none'
  }
  return 'message'
}

function numberEnd(buf: Uint8Array, at: number, end: number): number {
  let p = at
  if (p < end && buf[p] === 0x2d) p++
  while (p < end && p - at <= MAX_DIGITS && isDigit(u8(buf, p))) p++
  return p
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39
