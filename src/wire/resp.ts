/** RESP2 and RESP3, Redis' serialization protocol (redis.io "Redis serialization protocol specification"). */
import { u8 } from '../core/bytes.ts'

const CR = 0x0d
const LF = 0x0a
const ARRAY = 0x2a
const BULK = 0x24
const INTEGER = 0x3a
const ATTRIBUTE = 0x7c
const MAP = 0x25
const SET = 0x7e
const DOUBLE = 0x2c
/** A line that is a number: its type, a sign, digits, CRLF. */
const MAX_COUNT_LINE_BYTES = 16
const MAX_NAME_BYTES = 32
/** Elements of a command; servers take a million. */
const MAX_ELEMENTS = 1024 * 1024
/** A reply that is waited for, to see its end. */
const MAX_REPLY_BYTES = 8 * 1024
const MAX_BULK_BYTES = 512 * 1024 * 1024

export type Kind = 'message' | 'incomplete' | 'none'

/** A line of type, digits and CRLF; reused, so read it before the next parse. */
export class CountLine {
  value = 0
  /** Offset behind the CRLF. */
  end = 0
}

/** Reads "*3\r\n" or "$-1\r\n" behind the type at `at`. */
export function readCount(buf: Uint8Array, at: number, end: number, out: CountLine): Kind {
  let p = at + 1
  const isNegative = p < end && buf[p] === 0x2d
  if (isNegative) p++
  let value = 0
  const from = p
  for (; p < end && p - at < MAX_COUNT_LINE_BYTES; p++) {
    const digit = u8(buf, p) - 0x30
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  if (p === end) return p - at < MAX_COUNT_LINE_BYTES ? 'incomplete' : 'none'
  if (p === from || buf[p] !== CR) return 'none'
  if (p + 1 === end) return 'incomplete'
  if (buf[p + 1] !== LF) return 'none'
  out.value = isNegative ? -value : value
  out.end = p + 2
  return 'message'
}

const LINE = new CountLine()

/** An array whose first element is a name: what a command, and a pushed message, opens with. */
export function commandKind(buf: Uint8Array, at: number, end: number): Kind {
  if (end <= at) return 'incomplete'
  if (u8(buf, at) !== ARRAY) return 'none'
  const count = readCount(buf, at, end, LINE)
  if (count !== 'message') return count
  if (LINE.value < 1 || LINE.value > MAX_ELEMENTS) return 'none'
  const bulkAt = LINE.end
  if (bulkAt === end) return 'incomplete'
  if (u8(buf, bulkAt) !== BULK) return 'none'
  const bulk = readCount(buf, bulkAt, end, LINE)
  if (bulk !== 'message') return bulk
  return nameKind(buf, LINE.end, end, LINE.value)
}

/** Letters, and behind them the CRLF where the length says it is. */
function nameKind(buf: Uint8Array, at: number, end: number, length: number): Kind {
  if (length < 2 || length > MAX_NAME_BYTES) return 'none'
  for (let i = at; i < Math.min(end, at + length); i++) {
    const lower = u8(buf, i) | 0x20
    const isLetter = lower >= 0x61 && lower <= 0x7a
    if (!isLetter && (i === at || !isNameByte(u8(buf, i)))) return 'none'
  }
  if (at + length < end && buf[at + length] !== CR) return 'none'
  if (end < at + length + 2) return 'incomplete'
  return buf[at + length + 1] === LF ? 'message' : 'none'
}

/** Digits, and what module commands and containers are joined by: "FT.SEARCH", "config|get", "JSON_SET". */
const isNameByte = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || byte === 0x2e || byte === 0x7c || byte === 0x5f || byte === 0x2d

const MAX_LINE_BYTES = 1024

/** Replies that no other server opens with, whole or their beginning. */
const OPENING_REPLIES = ['+PONG\r\n', '-NOAUTH Authentication required.', '-DENIED Redis is running', '-WRONGPASS ']
const MAX_REPLIES = 16

export function replyKind(buf: Uint8Array, at: number, end: number): Kind {
  let answer = chainKind(buf, at, end)
  for (const reply of OPENING_REPLIES) {
    const length = Math.min(end - at, reply.length)
    let same = 0
    while (same < length && buf[at + same] === reply.charCodeAt(same)) same++
    if (same === reply.length) return 'message'
    if (same === end - at) answer = 'incomplete'
  }
  return answer
}

/** Simple replies, and among them a bulk string that ends where its length says. "+OK" and "-ERR" are POP3's as well. */
function chainKind(buf: Uint8Array, at: number, end: number): Kind {
  let p = at
  for (let n = 0; n < MAX_REPLIES && p < end; n++) {
    const type = u8(buf, p)
    if (type === BULK && !isNullBulk(buf, p, end)) return bulkKind(buf, p, end)
    if (n === 0 && isTree(type)) return treeKind(buf, p, end)
    const kind = type === INTEGER || type === BULK ? readCount(buf, p, end, LINE) : lineKind(buf, p, end)
    if (kind !== 'message') return kind
    p = LINE.end
  }
  return p >= end ? 'incomplete' : 'none'
}

/** A reply of several elements, each of its own type, and as many as it says; an attribute comes before what it is about. */
function treeKind(buf: Uint8Array, at: number, end: number): Kind {
  let p = at
  let left = 1
  for (let n = 0; left > 0 && n < MAX_REPLIES; n++) {
    if (p >= end) return 'incomplete'
    const type = u8(buf, p)
    const kind = elementKind(type, buf, p, end)
    if (kind !== 'message') return kind
    left += inner(type)
    if (n === 0 && left < 2) return 'none'
    p = LINE.end
  }
  return 'message'
}

/** Elements that the line just read adds to those that are still to come. */
function inner(type: number): number {
  if (type === ATTRIBUTE) return 2 * LINE.value
  if (type === MAP) return 2 * LINE.value - 1
  return type === ARRAY || type === SET ? LINE.value - 1 : -1
}

function elementKind(type: number, buf: Uint8Array, at: number, end: number): Kind {
  if (type === BULK && !isNullBulk(buf, at, end)) {
    const kind = bulkKind(buf, at, end)
    LINE.end += LINE.value + 2
    return kind
  }
  return isCounted(type) ? readCount(buf, at, end, LINE) : lineKind(buf, at, end)
}

const isTree = (type: number): boolean => type === ARRAY || type === SET || type === MAP || type === ATTRIBUTE
const isCounted = (type: number): boolean => isTree(type) || type === INTEGER || type === BULK

/** "$-1": there is no value, and nothing behind the line. */
const isNullBulk = (buf: Uint8Array, at: number, end: number): boolean =>
  readCount(buf, at, end, LINE) === 'message' && LINE.value === -1

/** "+OK\r\n", "-ERR unknown command\r\n", ",0.5\r\n": one line, into `LINE`. */
function lineKind(buf: Uint8Array, at: number, end: number): Kind {
  if (buf[at] !== 0x2b && buf[at] !== 0x2d && buf[at] !== DOUBLE) return 'none'
  let p = at + 1
  while (p < end && u8(buf, p) >= 0x20 && p - at < MAX_LINE_BYTES) p++
  if (p === end) return 'incomplete'
  if (buf[p] !== CR) return 'none'
  if (p + 1 === end) return 'incomplete'
  LINE.end = p + 2
  return buf[p + 1] === LF ? 'message' : 'none'
}

function bulkKind(buf: Uint8Array, at: number, end: number): Kind {
  const kind = readCount(buf, at, end, LINE)
  if (kind !== 'message') return kind
  const last = LINE.end + LINE.value
  if (LINE.value < 1 || LINE.value > MAX_REPLY_BYTES) return 'none'
  if (last < end && buf[last] !== CR) return 'none'
  if (end < last + 2) return 'incomplete'
  return buf[last + 1] === LF ? 'message' : 'none'
}

/** One element of an array of bulk strings; offsets of its bytes. Reused. */
export class Bulk {
  at = 0
  /** Its own end; it may lie behind what is there. */
  end = 0
  /** Offset behind the CRLF. */
  next = 0
}

export function readBulk(buf: Uint8Array, at: number, end: number, out: Bulk): Kind {
  if (at >= end) return 'incomplete'
  if (u8(buf, at) !== BULK) return 'none'
  const kind = readCount(buf, at, end, LINE)
  if (kind !== 'message') return kind
  if (LINE.value < 0 || LINE.value > MAX_BULK_BYTES) return 'none'
  out.at = LINE.end
  out.end = LINE.end + LINE.value
  out.next = out.end + 2
  return 'message'
}
