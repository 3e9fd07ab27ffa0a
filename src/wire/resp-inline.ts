/**
 * Redis commands as a person types them: a line of words (redis.io "Redis serialization protocol specification", Inline
 * commands). Other protocols have such words as well, so that the server's reply has to tell.
 */
import { u8 } from '../core/bytes.ts'

const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20
const MAX_INLINE_BYTES = 1024
/** Pairs of command and reply that are looked at. */
const MAX_PAIRS = 4

/**
 * By command: the reply, or the type of one that is a number. Empty = others answer the same to that word, or the reply is an
 * array of names, which is known by itself.
 */
const INLINE: readonly (readonly [line: string, reply: string])[] = [
  ['auth ', ''],
  ['hello ', ''],
  ['config ', ''],
  ['keys ', ''],
  ['ping\r\n', '+PONG\r\n'],
  ['set ', '+OK\r\n'],
  ['get ', '$'],
  ['info', '$'],
  ['incr ', ':'],
  ['decr ', ':'],
  ['del ', ':'],
  ['exists ', ':'],
  ['expire ', ':'],
  ['publish ', ':'],
  ['lpush ', ':'],
  ['rpush ', ':'],
  ['select ', '+OK\r\n'],
  ['monitor\r\n', '+OK\r\n'],
]

/** Printable as far as the line is there, and its first word is a command's, or begins like one. */
export function mayBeInline(buf: Uint8Array, at: number, end: number): boolean {
  for (let i = at; i < end && buf[i] !== LF; i++) {
    if (i - at > MAX_INLINE_BYTES || (u8(buf, i) < SPACE && buf[i] !== CR) || u8(buf, i) >= 0x7f) return false
  }
  return INLINE.some(([line]) => opensWith(line, buf, at, end))
}

/**
 * Do lines that may be commands and lines that may be replies belong together? The first pair that is Redis' alone tells: what
 * is said before it, `AUTH` and "+OK", is POP3's as well.
 */
export function isAnsweredInline(
  client: Uint8Array,
  clientAt: number,
  clientEnd: number,
  server: Uint8Array,
  serverAt: number,
  serverEnd: number,
): boolean {
  let p = clientAt
  let q = serverAt
  for (let n = 0; n < MAX_PAIRS; n++) {
    const nextCommand = lineEnd(client, p, clientEnd)
    const nextReply = lineEnd(server, q, serverEnd)
    if (nextCommand < 0 || nextReply < 0) return false
    const expected = INLINE.find(([line]) => opensWith(line, client, p, clientEnd))?.[1]
    if (expected === undefined) return false
    if (expected !== '') return isReply(expected, server, q, nextReply)
    if (u8(server, q) !== 0x2b && u8(server, q) !== 0x2d) return false
    p = nextCommand
    q = nextReply
  }
  return false
}

/** A reply of one line is the whole line, any other a type and a number. */
function isReply(expected: string, buf: Uint8Array, at: number, end: number): boolean {
  if (buf[end - 2] !== CR) return false
  for (let i = 0; i < expected.length; i++) if (buf[at + i] !== expected.charCodeAt(i)) return false
  if (expected.length > 1) return end - at === expected.length
  const digits = buf[at + 1] === 0x2d ? at + 2 : at + 1
  for (let i = digits; i < end - 2; i++) if (u8(buf, i) < 0x30 || u8(buf, i) > 0x39) return false
  return end - 2 > digits
}

/** Offset behind the line feed, or -1. */
function lineEnd(buf: Uint8Array, at: number, end: number): number {
  for (let p = at; p < end && p - at <= MAX_INLINE_BYTES; p++) if (buf[p] === LF) return p + 1
  return -1
}

function opensWith(line: string, buf: Uint8Array, at: number, end: number): boolean {
  let same = 0
  while (same < line.length && at + same < end && lowerCase(u8(buf, at + same)) === line.charCodeAt(same)) same++
  return same === line.length || at + same === end
}

const lowerCase = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)
