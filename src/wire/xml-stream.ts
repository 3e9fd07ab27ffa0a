/** XML as XMPP streams it (RFC 6120 §11.4: no comments, no processing instructions, no DTD): one tag at a time, in place. */
import { copyLatin1 } from '../core/bytes.ts'

const OPEN = 0x3c
const CLOSE = 0x3e
const SLASH = 0x2f
const DOUBLE_QUOTE = 0x22
const SINGLE_QUOTE = 0x27

/** Where one tag lies; reused, so read it before the next parse. */
export class Tag {
  /** Local name in lower case, without its prefix. */
  name = ''
  at = 0
  /** Behind its ">". */
  end = 0
  /** "</name>". */
  closes = false
  /** "<name/>". */
  isEmpty = false
}

const isNameEnd = (byte: number): boolean => byte <= 0x20 || byte === SLASH || byte === CLOSE

/** Offset behind the ">" of the tag at `at`, or -1 when it does not end before `end`. A ">" in quotes is none. */
function tagEnd(buf: Uint8Array, at: number, end: number): number {
  let quote = 0
  for (let i = at; i < end; i++) {
    const byte = buf[i] as number
    if (quote !== 0) quote = byte === quote ? 0 : quote
    else if (byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE) quote = byte
    else if (byte === CLOSE) return i + 1
  }
  return -1
}

/** Reads the tag whose "<" is at `at`. False when it is not all there. */
export function readTag(buf: Uint8Array, at: number, end: number, out: Tag): boolean {
  const MAX_NAME_BYTES = 40
  const stop = tagEnd(buf, at, end)
  if (stop < 0) return false
  out.at = at
  out.end = stop
  out.closes = buf[at + 1] === SLASH
  out.isEmpty = buf[stop - 2] === SLASH
  const nameAt = out.closes ? at + 2 : at + 1
  let nameEnd = nameAt
  while (nameEnd < stop && nameEnd - nameAt < MAX_NAME_BYTES && !isNameEnd(buf[nameEnd] as number)) nameEnd++
  const name = copyLatin1(buf, nameAt, nameEnd).toLowerCase()
  out.name = name.slice(name.indexOf(':') + 1)
  return true
}

export const nextOpen = (buf: Uint8Array, at: number, end: number): number => {
  let i = at
  while (i < end && buf[i] !== OPEN) i++
  return i
}

/** Value of an attribute of the tag; null when it has none of this name. */
export function attribute(buf: Uint8Array, tag: Tag, name: string): string | null {
  const MAX_TAG_TEXT_BYTES = 2048
  const text = copyLatin1(buf, tag.at, Math.min(tag.end, tag.at + MAX_TAG_TEXT_BYTES))
  return new RegExp(`[\\s]${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(text)?.slice(1).find(Boolean) ?? null
}
