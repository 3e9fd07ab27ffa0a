/** Metrics sent to a collector: lines of StatsD and Graphite, parts of collectd's binary protocol. */
import { u8, u16 } from '../core/bytes.ts'

const LF = 0x0a
const SP = 0x20
const COLON = 0x3a
const BAR = 0x7c
const MAX_LINES = 64
const STATSD_TYPES = ['c', 'g', 'h', 'm', 's', 'd', 'ms', 'kv']

const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39
const isNameByte = (c: number): boolean => c > 0x20 && c < 0x7f && c !== COLON && c !== BAR && c !== 0x3c

/** Is every line `name:value|type`, with rate and tags behind it? */
export function isStatsd(buf: Uint8Array, at: number, end: number): boolean {
  let p = at
  for (let n = 0; n < MAX_LINES && p < end; n++) {
    let line = p
    while (line < end && u8(buf, line) !== LF) line++
    if (!isMetric(buf, p, line)) return false
    p = line + 1
  }
  return p > at
}

function isMetric(buf: Uint8Array, at: number, end: number): boolean {
  let p = at
  while (p < end && isNameByte(u8(buf, p))) p++
  if (p === at || p >= end || u8(buf, p) !== COLON) return false
  const value = p + 1
  for (p = value; p < end && u8(buf, p) !== BAR; p++) if (!isNumberByte(u8(buf, p))) return false
  if (p === value || p === end) return false
  const type = p + 1
  for (p = type; p < end && u8(buf, p) !== BAR; ) p++
  return STATSD_TYPES.some((name) => name.length === p - type && isWord(buf, type, name)) && isExtra(buf, p, end)
}

/** `|@0.1`, `|#tag:value`, and what DogStatsD adds in the same way. */
function isExtra(buf: Uint8Array, at: number, end: number): boolean {
  if (at === end) return true
  for (let p = at; p < end; p++) if (u8(buf, p) < 0x20) return false
  return '@#cT'.includes(String.fromCharCode(u8(buf, at + 1)))
}

/** Digits, sign, point, exponent, and the colons of several values. */
const isNumberByte = (c: number): boolean =>
  isDigit(c) || c === 0x2b || c === 0x2d || c === 0x2e || c === 0x65 || c === COLON

function isWord(buf: Uint8Array, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (u8(buf, at + i) !== word.charCodeAt(i)) return false
  return true
}

export type CollectdSecurity = 'none' | 'sign' | 'encrypt'

const HOST = 0x0000
const SIGNATURE = 0x0200
const ENCRYPTION = 0x0210
/** Host to severity (collectd.org, "Binary protocol"). */
const isPart = (type: number): boolean => type <= 0x0009 || (type >= 0x0100 && type <= 0x0101) || isSecurity(type)
const isSecurity = (type: number): boolean => type === SIGNATURE || type === ENCRYPTION
/** HMAC-SHA-256. */
const SIGNATURE_BYTES = 32

/** Security level of a packet of collectd's; null = it is none. */
export function collectdSecurity(buf: Uint8Array, at: number, end: number, missing: number): CollectdSecurity | null {
  if (end - at < 8) return null
  const first = u16(buf, at)
  const length = u16(buf, at + 2)
  if (first === ENCRYPTION) {
    // Length of the user's name, the name, an initialisation vector, the rest.
    return length === end + missing - at && 26 + u16(buf, at + 4) < length && u16(buf, at + 4) > 0 ? 'encrypt' : null
  }
  if (first === HOST) return isHost(buf, at, end, length) && partsAddUp(buf, at, end, missing) ? 'none' : null
  if (first !== SIGNATURE || length <= 4 + SIGNATURE_BYTES) return null
  return partsAddUp(buf, at, end, missing) ? 'sign' : null
}

/** A name that a NUL ends. */
function isHost(buf: Uint8Array, at: number, end: number, length: number): boolean {
  if (length < 6 || at + length > end || u8(buf, at + length - 1) !== 0) return false
  for (let p = at + 4; p < at + length - 1; p++) if (u8(buf, p) <= 0x20 || u8(buf, p) > 0x7e) return false
  return true
}

function partsAddUp(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  let p = at
  let parts = 0
  while (end - p >= 4) {
    const length = u16(buf, p + 2)
    if (!isPart(u16(buf, p)) || length < 5 || length > end + missing - p) return false
    p += length
    parts += 1
  }
  return parts > 1 && (p === end || missing > 0)
}

const MAX_LINE_BYTES = 1024

const isValueByte = (c: number): boolean => isNumberByte(c) && c !== COLON

/** Is the line at `at` Graphite's `path value timestamp`? 1 = yes, 0 = more bytes must tell, -1 = no. */
export function graphiteLine(buf: Uint8Array, at: number, end: number): 1 | 0 | -1 {
  const limit = Math.min(end, at + MAX_LINE_BYTES)
  const unknown = limit === end ? 0 : -1
  const path = passed(buf, at, limit, isNameByte)
  if (path === limit) return unknown
  if (u8(buf, path) !== SP || !hasPoint(buf, at, path)) return -1
  const value = passed(buf, path + 1, limit, isValueByte)
  if (value === limit) return unknown
  if (u8(buf, value) !== SP || value === path + 1) return -1
  const time = passed(buf, value + 1, limit, isDigit)
  if (time === limit) return unknown
  // Seconds or milliseconds since 1970.
  const digits = time - value - 1
  return u8(buf, time) === LF && digits >= 9 && digits <= 13 ? 1 : -1
}

/** Offset of the first byte that is not one of these. */
function passed(buf: Uint8Array, at: number, end: number, isOwn: (c: number) => boolean): number {
  let p = at
  while (p < end && isOwn(u8(buf, p))) p++
  return p
}

function hasPoint(buf: Uint8Array, at: number, end: number): boolean {
  for (let p = at; p < end; p++) if (u8(buf, p) === 0x2e) return true
  return false
}
