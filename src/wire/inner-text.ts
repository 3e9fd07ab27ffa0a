/** Pieces of text inside binary messages. */
import { copyLatin1 } from '../core/bytes.ts'

export const isPrintable = (byte: number): boolean => byte >= 0x20 && byte < 0x7f

/** Offset of the NUL that ends the text at `at`, or -1 when there is none before `end`. */
export const nulAt = (buf: Uint8Array, at: number, end: number): number => findByte(buf, at, end, 0)

export function isPrintableText(buf: Uint8Array, at: number, end: number): boolean {
  for (let i = at; i < end; i++) if (!isPrintable(buf[i] as number)) return false
  return true
}

/** Do the bytes that are there agree with `word`, as far as both go? */
export function mayBecomeText(buf: Uint8Array, at: number, end: number, word: string): boolean {
  const length = Math.min(end - at, word.length)
  for (let i = 0; i < length; i++) if (buf[at + i] !== word.charCodeAt(i)) return false
  return true
}

/** Does `words` (Latin-1) stand at `at`? Bytes behind `end` are none. */
export const standsAt = (buf: Uint8Array, at: number, end: number, words: string): boolean =>
  end - at >= words.length && mayBecomeText(buf, at, end, words)

/** As a probe: `match` if all of `words` is there, `unsure` while only a beginning of it is. */
export function opensWith(buf: Uint8Array, at: number, end: number, words: string): 'match' | 'no_match' | 'unsure' {
  if (!mayBecomeText(buf, at, end, words)) return 'no_match'
  return end - at >= words.length ? 'match' : 'unsure'
}

/** Offset of the first such byte at or behind `at`, or -1. The buffer goes on behind `end`, so `indexOf` would too. */
export function findByte(buf: Uint8Array, at: number, end: number, byte: number): number {
  for (let i = at; i < end; i++) if (buf[i] === byte) return i
  return -1
}

/** Offset of `words` at or behind `at`, or -1. For short ranges. */
export function findText(buf: Uint8Array, at: number, end: number, words: string): number {
  for (let i = at; i + words.length <= end; i++) if (standsAt(buf, i, end, words)) return i
  return -1
}

/**
 * Offset of the NUL that ends printable text at `at`; -1 = it does not end before `end`, -2 = something else stands
 * there, or more than `maxBytes` of it.
 */
export function endOfText(buf: Uint8Array, at: number, end: number, maxBytes: number): number {
  for (let i = at; i < end; i++) {
    if (buf[i] === 0) return i
    if (i - at >= maxBytes || !isPrintable(buf[i] as number)) return -2
  }
  return -1
}

const MAX_NAME_BYTES = 64

/** A name as protocols spell their mechanisms, in lower case; null when it is none, so that no secret passes for one. */
export function copyName(buf: Uint8Array, at: number, end: number): string | null {
  if (end <= at || end - at > MAX_NAME_BYTES) return null
  const name = copyLatin1(buf, at, end)
  return /^[A-Za-z][A-Za-z0-9_.-]*$/.test(name) ? name.toLowerCase() : null
}

/** SASL mechanisms (RFC 4422) whose name says nothing outside SASL carry it in front. */
export const saslMechanism = (name: string): string =>
  /^(plain|login|anonymous|external)$/.test(name) ? `sasl-${name}` : name
