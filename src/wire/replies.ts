/** What a server says first where replies are three digits and a text: SMTP (RFC 5321 §4.2) and FTP (RFC 959 §4.2). */
import { u8 } from '../core/bytes.ts'
import { beginsWith, INCOMPLETE, isContinued, replyCode, textLineEnd, trimmedEnd } from './text.ts'

/** A greeting and a list of capabilities are shorter. */
const MAX_REPLY_BYTES = 8 * 1024
const DIGITS = 3

/** Where one reply lies, its lines together; reused, so read it before the next parse. */
export class Reply {
  code = 0
  at = 0
  /** Behind its last line feed, or -1 when it does not end within the bytes given. */
  end = 0
}

/** May these bytes be the beginning of a reply: up to three digits of which the first is 1 to 5? */
function mayBeReply(buf: Uint8Array, at: number, end: number): boolean {
  const digits = Math.min(end - at, DIGITS)
  for (let i = at; i < at + digits; i++) if (u8(buf, i) < 0x30 || u8(buf, i) > 0x39) return false
  return digits === 0 || (u8(buf, at) > 0x30 && u8(buf, at) < 0x36)
}

/** Reads the reply at `at`, of one line or several. False when the bytes are none. */
export function readReply(buf: Uint8Array, at: number, end: number, out: Reply): boolean {
  out.code = 0
  out.at = at
  out.end = -1
  if (!mayBeReply(buf, at, end)) return false
  const last = Math.min(end, at + MAX_REPLY_BYTES)
  for (let line = at; line < last; ) {
    const lineFeed = textLineEnd(buf, line, last)
    if (lineFeed < 0) return lineFeed === INCOMPLETE && end - at < MAX_REPLY_BYTES
    const code = replyCode(buf, line, trimmedEnd(buf, line, lineFeed))
    if (line === at) out.code = code
    if (out.code < 0) return false
    // Lines in the middle need not begin with the code in FTP.
    if (code === out.code && !isContinued(buf, line, lineFeed)) {
      out.end = lineFeed + 1
      return true
    }
    line = lineFeed + 1
  }
  return true
}

/** Is `word` (upper case) one of the words between `at` and `end`, not a part of a host's name? */
export function saysWord(buf: Uint8Array, at: number, end: number, word: string): boolean {
  for (let i = at; i + word.length <= end; i++) {
    if (beginsWith(buf, i, end, word) !== 1) continue
    if (!isNamePart(buf[i - 1], i > at) && !isNamePart(buf[i + word.length], i + word.length < end)) return true
  }
  return false
}

/** Letters and digits go on with a word; a dot, a hyphen or an underscore make it part of a name. */
function isNamePart(byte: number | undefined, isThere: boolean): boolean {
  if (!isThere || byte === undefined) return false
  const isDigit = byte >= 0x30 && byte <= 0x39
  const isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
  return isDigit || isLetter || byte === 0x2d || byte === 0x2e || byte === 0x5f
}
