/** Syslog messages: `<PRI>` and what RFC 5424 §6 or RFC 3164 §4 want behind it; and the octet counts of RFC 6587 §3.4.1. */
import { u8 } from '../core/bytes.ts'

const MAX_PRIORITY = 191
/** A text shorter than this might be anything's. */
const MIN_TEXT_BYTES = 8
const MAX_COUNT_DIGITS = 5
const LT = 0x3c
const GT = 0x3e
const SP = 0x20

const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39

export type SyslogHeader = 'rfc5424' | 'rfc3164' | 'none'

/** Offset behind `<PRI>` at `at`; -1 = there is none, 0 = more bytes must tell. */
export function priorityEnd(buf: Uint8Array, at: number, end: number): number {
  if (at >= end) return 0
  if (u8(buf, at) !== LT) return -1
  let value = 0
  let p = at + 1
  for (; p < end && isDigit(u8(buf, p)); p++) {
    // No zero in front, and three digits (RFC 5424 §6.2.1).
    if ((p > at + 1 && value === 0) || p - at > 3) return -1
    value = value * 10 + u8(buf, p) - 0x30
  }
  if (value > MAX_PRIORITY) return -1
  if (p === end) return 0
  return u8(buf, p) === GT && p > at + 1 ? p + 1 : -1
}

/** Which header follows the priority; null = bytes that are no text. */
export function syslogHeader(buf: Uint8Array, at: number, end: number): SyslogHeader | null {
  for (let p = at; p < end; p++) if (!isText(u8(buf, p), p === end - 1)) return null
  if (end - at < MIN_TEXT_BYTES) return null
  if (u8(buf, at) === 0x31 && u8(buf, at + 1) === SP && isTimestamp5424(buf, at + 2)) return 'rfc5424'
  return isMonth(buf, at) && u8(buf, at + 3) === SP ? 'rfc3164' : 'none'
}

/** UTF-8 and the controls that occur in text; a last NUL is C's. */
const isText = (c: number, isLast: boolean): boolean =>
  c >= SP ? c !== 0x7f : c === 0x09 || c === 0x0a || c === 0x0d || c === 0x1b || (c === 0 && isLast)

/** "-", or a year. */
const isTimestamp5424 = (buf: Uint8Array, at: number): boolean =>
  u8(buf, at) === 0x2d || (isDigit(u8(buf, at)) && isDigit(u8(buf, at + 1)) && isDigit(u8(buf, at + 2)))

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const isMonth = (buf: Uint8Array, at: number): boolean =>
  MONTHS.some((name) => [0, 1, 2].every((i) => name.charCodeAt(i) === u8(buf, at + i)))

/** Offset of the message behind its octet count; `at` itself without one, -1 = neither, -2 = more bytes must tell. */
export function countEnd(buf: Uint8Array, at: number, end: number): number {
  if (at >= end) return -2
  if (u8(buf, at) === LT) return at
  if (!isDigit(u8(buf, at)) || u8(buf, at) === 0x30) return -1
  let p = at
  while (p < end && isDigit(u8(buf, p)) && p - at <= MAX_COUNT_DIGITS) p++
  if (p - at > MAX_COUNT_DIGITS) return -1
  if (p === end) return -2
  return u8(buf, p) === SP ? p + 1 : -1
}
