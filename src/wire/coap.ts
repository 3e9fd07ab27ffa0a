/** CoAP over UDP (RFC 7252): is a datagram a message whose options are in order, known, and of lengths they may have? */
import { u8, u16 } from '../core/bytes.ts'

const HEADER_BYTES = 4
const PAYLOAD_MARKER = 0xff
/** Uri-Host to Observe, OSCORE and block-wise transfer: the least and the most bytes of each (RFC 7252 §5.10 and later ones). */
const OPTIONS: ReadonlyMap<number, readonly [number, number]> = new Map([
  [1, [0, 8]], // If-Match
  [3, [1, 255]], // Uri-Host
  [4, [1, 8]], // ETag
  [5, [0, 0]], // If-None-Match
  [6, [0, 3]], // Observe (RFC 7641)
  [7, [0, 2]], // Uri-Port
  [8, [0, 255]], // Location-Path
  [9, [0, 255]], // OSCORE (RFC 8613)
  [11, [0, 255]], // Uri-Path
  [12, [0, 2]], // Content-Format
  [14, [0, 4]], // Max-Age
  [15, [0, 255]], // Uri-Query
  [16, [1, 1]], // Hop-Limit (RFC 8768)
  [17, [0, 2]], // Accept
  [20, [0, 255]], // Location-Query
  [23, [0, 3]], // Block2 (RFC 7959)
  [27, [0, 3]], // Block1
  [28, [0, 4]], // Size2
  [35, [1, 1034]], // Proxy-Uri
  [39, [1, 255]], // Proxy-Scheme
  [60, [0, 4]], // Size1
  [252, [1, 40]], // Echo (RFC 9175)
  [258, [0, 1]], // No-Response (RFC 7967)
  [292, [0, 8]], // Request-Tag
])
const OSCORE = 9
const CONTENT_FORMAT = 12
/** Options whose values are text. */
const TEXTS: ReadonlySet<number> = new Set([3, 8, 11, 15, 20, 35, 39])

export type CoapKind = 'request' | 'response' | 'oscore' | null

/** What a datagram is. Null = no message that could be told from others' datagrams: an empty one, one without options. */
export function coapKind(buf: Uint8Array, at: number, end: number, missing: number): CoapKind {
  if (end - at < HEADER_BYTES || u8(buf, at) >> 6 !== 1) return null
  const tokenBytes = u8(buf, at) & 0x0f
  const code = u8(buf, at + 1)
  const isRequest = code >= 1 && code <= 7
  const type = (u8(buf, at) >> 4) & 3
  // A reset is empty; a request is neither that nor an acknowledgement.
  if (tokenBytes > 8 || type === 3 || (isRequest ? type === 2 : !isResponse(code))) return null
  if (!readOptions(buf, at + HEADER_BYTES + tokenBytes, end, missing)) return null
  if (FOUND.oscore) return FOUND.payload >= MIN_CIPHERTEXT_BYTES && OSCORE_CODES.has(code) ? 'oscore' : null
  // One short option more or less could be chance.
  if (isRequest) return FOUND.textBytes >= 2 ? 'request' : null
  return FOUND.contentFormat && tokenBytes > 0 && FOUND.payload > 0 ? 'response' : null
}

/** RFC 7252 §12.1.2 and later: 2.01–2.05, 2.31, 4.00–4.06, 4.08, 4.09, 4.12–4.15, 4.22, 4.29, 5.00–5.05, 5.08. */
function isResponse(code: number): boolean {
  const detail = code & 31
  if (code >> 5 === 2) return (detail >= 1 && detail <= 5) || detail === 31
  if (code >> 5 === 4) return detail <= 15 || detail === 22 || detail === 29
  return code >> 5 === 5 && detail <= 8
}

const NONE = -1
/** A code inside and a tag of eight bytes (RFC 8613 §5.2, RFC 9053 §4.2). */
const MIN_CIPHERTEXT_BYTES = 9
/** POST, FETCH, 2.04 and 2.05: all that is to be seen of the real one (RFC 8613 §4.2). */
const OSCORE_CODES: ReadonlySet<number> = new Set([0x02, 0x05, 0x44, 0x45])

// What `readOptions` saw, for one call.
const FOUND = { oscore: false, contentFormat: false, textBytes: 0, payload: 0 }

/** Do the options add up to the end, or to a payload (RFC 7252 §3.1)? */
function readOptions(buf: Uint8Array, from: number, end: number, missing: number): boolean {
  FOUND.oscore = false
  FOUND.contentFormat = false
  FOUND.textBytes = 0
  FOUND.payload = 0
  let p = from
  let number = 0
  while (p < end) {
    const head = u8(buf, p)
    if (head === PAYLOAD_MARKER) {
      FOUND.payload = end + missing - p - 1
      return FOUND.payload > 0
    }
    p = readExtended(buf, p + 1, end, head >> 4)
    number += EXTENDED.value
    p = p < 0 ? NONE : readExtended(buf, p, end, head & 15)
    if (p < 0 || p + EXTENDED.value > end || !isOption(number, buf, p, p + EXTENDED.value)) return false
    if (number === OSCORE) FOUND.oscore = true
    if (number === CONTENT_FORMAT) FOUND.contentFormat = true
    if (TEXTS.has(number)) FOUND.textBytes += EXTENDED.value
    p += EXTENDED.value
  }
  return p === end
}

function isOption(number: number, buf: Uint8Array, at: number, end: number): boolean {
  const [least, most] = OPTIONS.get(number) ?? [1, 0]
  if (end - at < least || end - at > most) return false
  if (!TEXTS.has(number)) return true
  for (let i = at; i < end; i++) if (u8(buf, i) < 0x20 || u8(buf, i) === 0x7f) return false
  return true
}

// Scratch of one call.
const EXTENDED = { value: 0 }

/** RFC 7252 §3.1: a nibble up to 12, or one or two bytes that go on. Sets `EXTENDED`, returns what is behind, or NONE. */
function readExtended(buf: Uint8Array, at: number, end: number, nibble: number): number {
  EXTENDED.value = nibble
  if (nibble < 13) return at
  if (nibble === 15 || at + nibble - 12 > end) return NONE
  EXTENDED.value = nibble === 13 ? 13 + u8(buf, at) : 269 + u16(buf, at)
  return at + nibble - 12
}
