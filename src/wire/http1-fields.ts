/** Header fields of HTTP/1 messages, compared and measured in place: no string is made for a field. RFC 9112 §5. */
import { SERVICE_FIELDS, type ServiceField } from './http-services.ts'
import { CR, HTAB, isDigit, isLetter, SP } from './http1.ts'

/** The fields that show something; every other field is stepped over. */
const FIELD_NAMES = [
  'host',
  'cookie',
  'set-cookie',
  'location',
  'upgrade',
  'authorization',
  'proxy-authorization',
  'strict-transport-security',
  'content-type',
  'content-length',
  'transfer-encoding',
  // Fields that carry an API key or token and nothing else.
  'api-key',
  'apikey',
  'private-token',
  'x-access-token',
  'x-api-key',
  'x-auth-token',
  'x-clickhouse-key',
  'x-consul-token',
  'x-goog-api-key',
  'x-vault-token',
] as const
export type FieldName = (typeof FIELD_NAMES)[number] | ServiceField

const NAMES_BY_LENGTH: (readonly FieldName[])[] = []
for (const name of [...FIELD_NAMES, ...(Object.keys(SERVICE_FIELDS) as ServiceField[])])
  NAMES_BY_LENGTH[name.length] = [...(NAMES_BY_LENGTH[name.length] ?? []), name]
const LONGEST_NAME = NAMES_BY_LENGTH.length - 1

/** RFC 9110 §5.6.2 tchar. */
const TOKEN_BYTE = new Uint8Array(256)
for (let i = 0x21; i < 0x7f; i++) TOKEN_BYTE[i] = '"(),/:;<=>?@[\\]{}'.includes(String.fromCharCode(i)) ? 0 : 1

/** Where a field's name and trimmed value lie; reused. */
export class FieldSpan {
  /** Null for a field that shows nothing. */
  name: FieldName | null = null
  valueAt = 0
  valueEnd = 0
}

/**
 * Reads one field line `[at, lineEnd)`, without its line end. False when it is none: no colon, an empty name, or
 * white space before the colon (RFC 9112 §5.1).
 */
export function parseField(buf: Uint8Array, at: number, lineEnd: number, out: FieldSpan): boolean {
  let i = at
  while (i < lineEnd && TOKEN_BYTE[buf[i] as number] === 1) i++
  if (i === at || i === lineEnd || buf[i] !== 0x3a) return false
  out.name = fieldName(buf, at, i)
  if (out.name === null) return true
  out.valueAt = skipSpace(buf, i + 1, lineEnd)
  out.valueEnd = trimSpace(buf, out.valueAt, lineEnd)
  return true
}

function fieldName(buf: Uint8Array, at: number, end: number): FieldName | null {
  if (end - at > LONGEST_NAME) return null
  const names = NAMES_BY_LENGTH[end - at]
  if (names === undefined) return null
  for (const name of names) if (startsWith(buf, at, end, name)) return name
  return null
}

/** Begins with this lower-case text, whatever the case on the wire. */
export function startsWith(buf: Uint8Array, at: number, end: number, lower: string): boolean {
  if (end - at < lower.length) return false
  for (let i = 0; i < lower.length; i++) {
    const byte = buf[at + i] as number
    if (byte !== lower.charCodeAt(i) && (!isLetter(byte) || (byte | 0x20) !== lower.charCodeAt(i))) return false
  }
  return true
}

/** Is exactly this lower-case text, whatever the case on the wire. */
export const equalsText = (buf: Uint8Array, at: number, end: number, lower: string): boolean =>
  end - at === lower.length && startsWith(buf, at, end, lower)

export function skipSpace(buf: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && (buf[i] === SP || buf[i] === HTAB)) i++
  return i
}

/** The end of `[at, end)` without white space (and the line's CR) behind it. */
export function trimSpace(buf: Uint8Array, at: number, end: number): number {
  let i = end
  while (i > at && (buf[i - 1] === SP || buf[i - 1] === HTAB || buf[i - 1] === CR)) i--
  return i
}

/** Offset of `byte` in the range, else `end`. */
export function indexOf(buf: Uint8Array, at: number, end: number, byte: number): number {
  let i = at
  while (i < end && buf[i] !== byte) i++
  return i
}

/** End of the token at `at`; "/" is let through, as in a protocol's name and version (RFC 9110 §7.8). */
export function protocolEnd(buf: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && (TOKEN_BYTE[buf[i] as number] === 1 || buf[i] === 0x2f)) i++
  return i
}

/**
 * Content-Length in bytes (RFC 9110 §8.6); -1 when it is none. A list of one repeated value counts as that value
 * (RFC 9112 §6.3 item 5).
 */
export function parseContentLength(buf: Uint8Array, at: number, end: number): number {
  let length = -1
  for (let i = at; i <= end; ) {
    const comma = indexOf(buf, i, end, 0x2c)
    const from = skipSpace(buf, i, comma)
    const value = parseNumber(buf, from, trimSpace(buf, from, comma))
    if (value < 0 || (length >= 0 && value !== length)) return -1
    length = value
    i = comma + 1
  }
  return length
}

function parseNumber(buf: Uint8Array, at: number, end: number): number {
  let value = 0
  for (let i = at; i < end; i++) {
    if (!isDigit(buf[i] as number)) return -1
    value = value * 10 + ((buf[i] as number) - 0x30)
    if (value > Number.MAX_SAFE_INTEGER) return -1
  }
  return at < end ? value : -1
}

/** The last transfer coding of the field decides the framing (RFC 9112 §6.3 item 4). "identity" is historic: none. */
export type FinalCoding = 'chunked' | 'identity' | 'other'

export function finalTransferCoding(buf: Uint8Array, at: number, end: number): FinalCoding {
  let from = at
  for (let i = at; i < end; i++) if (buf[i] === 0x2c) from = i + 1
  from = skipSpace(buf, from, end)
  const to = trimSpace(buf, from, indexOf(buf, from, end, 0x3b))
  if (equalsText(buf, from, to, 'chunked')) return 'chunked'
  return equalsText(buf, from, to, 'identity') ? 'identity' : 'other'
}

/** Bytes of the chunk this line opens, 0 for the last chunk, -1 when it is no chunk line. RFC 9112 §7.1. */
export function parseChunkSize(buf: Uint8Array, at: number, lineEnd: number): number {
  let size = 0
  let i = at
  for (; i < lineEnd; i++) {
    const digit = hexDigit(buf[i] as number)
    if (digit < 0) break
    size = size * 16 + digit
    if (size > Number.MAX_SAFE_INTEGER) return -1
  }
  if (i === at) return -1
  i = skipSpace(buf, i, lineEnd)
  if (i < lineEnd && buf[i] === CR && i + 1 === lineEnd) i++
  return i === lineEnd || buf[i] === 0x3b ? size : -1
}

function hexDigit(byte: number): number {
  if (isDigit(byte)) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

/** The media type alone, parameters ignored. RFC 9110 §8.3.1. */
export const isMediaType = (buf: Uint8Array, at: number, end: number, lower: string): boolean =>
  equalsText(buf, at, trimSpace(buf, at, indexOf(buf, at, end, 0x3b)), lower)

export const COOKIE_SECURE = 1
export const COOKIE_HTTP_ONLY = 2
export const COOKIE_SAME_SITE = 4

/** Which protecting attributes a Set-Cookie value has, as `COOKIE_` bits. RFC 6265 §5.2; SameSite is of its successor. */
export function cookieAttributes(buf: Uint8Array, at: number, end: number): number {
  let bits = 0
  for (let i = indexOf(buf, at, end, 0x3b); i < end; ) {
    const next = indexOf(buf, i + 1, end, 0x3b)
    const from = skipSpace(buf, i + 1, next)
    const to = trimSpace(buf, from, indexOf(buf, from, next, 0x3d))
    if (equalsText(buf, from, to, 'secure')) bits |= COOKIE_SECURE
    if (equalsText(buf, from, to, 'httponly')) bits |= COOKIE_HTTP_ONLY
    if (equalsText(buf, from, to, 'samesite')) bits |= COOKIE_SAME_SITE
    i = next
  }
  return bits
}
