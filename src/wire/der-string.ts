/** ASN.1's character string types as text. X.680 §41, RFC 5280 appendix B. */
import { isUtf8 } from 'node:buffer'
import { u8, u16, u32 } from '../core/bytes.ts'

/** Text of a string's contents, or null if the bytes are no such string. */
type StringDecoder = (buf: Uint8Array, at: number, end: number) => string | null

/** By tag. A tag that is not here is no character string. */
export const STRING_DECODERS: ReadonlyMap<number, StringDecoder> = new Map([
  [0x0c, decodeUtf8], // UTF8String
  [0x12, decodeAscii], // NumericString
  [0x13, decodeAscii], // PrintableString; authorities write "*", "@" and "&" into it, which only its alphabet forbids
  [0x14, decodeLatin1], // TeletexString: T.61 by the book, ISO 8859-1 by everybody's practice
  [0x16, decodeAscii], // IA5String
  [0x1a, decodeAscii], // VisibleString
  [0x1c, decodeUtf32], // UniversalString
  [0x1e, decodeUtf16], // BMPString
])

function decodeUtf8(buf: Uint8Array, at: number, end: number): string | null {
  const bytes = view(buf, at, end)
  return isUtf8(bytes) ? bytes.toString('utf8') : null
}

export function decodeAscii(buf: Uint8Array, at: number, end: number): string | null {
  for (let i = at; i < end; i++) if (u8(buf, i) >= 0x80) return null
  return decodeLatin1(buf, at, end)
}

function decodeLatin1(buf: Uint8Array, at: number, end: number): string {
  return view(buf, at, end).toString('latin1')
}

/** Big-endian UCS-2: a surrogate means that someone wrote UTF-16, and only whole pairs of them are text. */
function decodeUtf16(buf: Uint8Array, at: number, end: number): string | null {
  if ((end - at) % 2 !== 0) return null
  let text = ''
  for (let i = at; i < end; i += 2) text += String.fromCharCode(u16(buf, i))
  return LONE_SURROGATE.test(text) ? null : text
}

function decodeUtf32(buf: Uint8Array, at: number, end: number): string | null {
  if ((end - at) % 4 !== 0) return null
  let text = ''
  for (let i = at; i < end; i += 4) {
    const codePoint = u32(buf, i)
    if (codePoint > 0x10ffff) return null
    text += String.fromCodePoint(codePoint)
  }
  return LONE_SURROGATE.test(text) ? null : text
}

const LONE_SURROGATE = /\p{Surrogate}/u

const view = (buf: Uint8Array, at: number, end: number): Buffer =>
  Buffer.from(buf.buffer, buf.byteOffset + at, end - at)
