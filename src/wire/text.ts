/** Lines of text as SMTP, FTP, POP3 and their like send them, read in place: words, reply codes, beginnings. */
import { copyLatin1 } from '../core/bytes.ts'

const CR = 0x0d
const LF = 0x0a
const SP = 0x20
const HTAB = 0x09
const DEL = 0x7f

/** Of a first line that is to tell its protocol. */
const MAX_TELLING_LINE_BYTES = 1024
/** Verbs and keywords are short; a longer word is none. */
const MAX_WORD_BYTES = 32

/** The line does not end within the bytes given, and may still be one. */
export const INCOMPLETE = -1
/** A byte that no line of text has, or more bytes than one that tells anything. */
export const NO_LINE = -2

const isTextByte = (byte: number): boolean => (byte >= SP && byte !== DEL) || byte === HTAB

/** Offset of the line feed that ends the line of text at `at`, INCOMPLETE or NO_LINE. */
export function textLineEnd(buf: Uint8Array, at: number, end: number): number {
  const last = Math.min(end, at + MAX_TELLING_LINE_BYTES)
  for (let i = at; i < last; i++) {
    const byte = buf[i] as number
    if (byte === LF) return i
    if (isTextByte(byte)) continue
    const endsLine = byte === CR && (i + 1 === end || buf[i + 1] === LF)
    if (!endsLine) return NO_LINE
  }
  return end - at < MAX_TELLING_LINE_BYTES ? INCOMPLETE : NO_LINE
}

/** End of the line whose line feed is at `lineFeed`, without its CR and trailing blanks. */
export function trimmedEnd(buf: Uint8Array, at: number, lineFeed: number): number {
  let end = lineFeed
  while (end > at && (buf[end - 1] === CR || buf[end - 1] === SP)) end--
  return end
}

const isBlank = (byte: number | undefined): boolean => byte === SP || byte === HTAB

export function skipBlanks(buf: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && isBlank(buf[i])) i++
  return i
}

export function wordEnd(buf: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && !isBlank(buf[i])) i++
  return i
}

/** The word at `at` in upper case; "" when there is none, or one too long to be a keyword. */
export function upperWord(buf: Uint8Array, at: number, end: number): string {
  const stop = wordEnd(buf, at, end)
  return stop - at > MAX_WORD_BYTES ? '' : copyLatin1(buf, at, stop).toUpperCase()
}

/** Is the word behind the one at `at`, if any, this one? `word` is in upper case. */
export function secondWord(buf: Uint8Array, at: number, end: number): number {
  return skipBlanks(buf, wordEnd(buf, at, end), end)
}

const upper = (byte: number): number => (byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte)

/** 1 = the bytes begin with `text` (upper case; the bytes in either), 0 = they are too few to tell, -1 = they do not. */
export function beginsWith(buf: Uint8Array, at: number, end: number, text: string): -1 | 0 | 1 {
  for (let i = 0; i < text.length; i++) {
    if (at + i >= end) return 0
    if (upper(buf[at + i] as number) !== text.charCodeAt(i)) return -1
  }
  return 1
}

export const isText = (buf: Uint8Array, at: number, end: number, text: string): boolean =>
  end - at === text.length && beginsWith(buf, at, end, text) === 1

/** Offset of `text` (upper case) between `at` and `end`, in either case, or -1. */
export function findText(buf: Uint8Array, at: number, end: number, text: string): number {
  for (let i = at; i + text.length <= end; i++) if (beginsWith(buf, i, end, text) === 1) return i
  return -1
}

/** Three digits and a delimiter (RFC 5321 §4.2, RFC 959 §4.2, RFC 3977 §3.2): the code, or -1. */
export function replyCode(buf: Uint8Array, at: number, end: number): number {
  if (end - at < 3) return -1
  let code = 0
  for (let i = 0; i < 3; i++) {
    const digit = (buf[at + i] as number) - 0x30
    if (digit < 0 || digit > 9) return -1
    code = code * 10 + digit
  }
  const delimiter = at + 3 < end ? buf[at + 3] : SP
  const isReply = delimiter === SP || delimiter === 0x2d
  return isReply && code >= 100 && code < 600 ? code : -1
}

/** Further lines of the same reply follow. */
export const isContinued = (buf: Uint8Array, at: number, end: number): boolean => at + 3 < end && buf[at + 3] === 0x2d

/**
 * A keyword that a device on the path has written over: as long as the true one, X throughout, but for a last letter that
 * tells the device which it was ("XXXXXXXA" in place of STARTTLS).
 */
export function isBlanked(buf: Uint8Array, at: number, end: number, word: string): boolean {
  if (end - at !== word.length) return false
  for (let i = at; i < end - 1; i++) if (buf[i] !== 0x58) return false
  const last = buf[end - 1] as number
  return last >= 0x41 && last <= 0x5a
}

/** Bytes of the literal that a line announces at its end: "{12}" or, sent without waiting, "{12+}" (RFC 7888); 0 = none. */
export function literalBytes(buf: Uint8Array, at: number, end: number): number {
  const MAX_DIGITS = 9
  let i = end - 1
  if (i < at || buf[i] !== 0x7d) return 0
  i--
  if (i > at && buf[i] === 0x2b) i--
  let bytes = 0
  let scale = 1
  for (let digits = 0; i >= at && digits < MAX_DIGITS; i--, digits++) {
    const digit = (buf[i] as number) - 0x30
    if (digit < 0 || digit > 9) break
    bytes += digit * scale
    scale *= 10
  }
  return i >= at && buf[i] === 0x7b ? bytes : 0
}
