/** Pieces of text inside binary messages. */
import { copyLatin1 } from '../core/bytes.ts'

export const isPrintable = (byte: number): boolean => byte >= 0x20 && byte < 0x7f

/** Offset of the NUL that ends the text at `at`, or -1 when there is none before `end`. */
export function nulAt(buf: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && buf[i] !== 0) i++
  return i < end ? i : -1
}

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

export const beginsWith = (buf: Uint8Array, at: number, end: number, word: string): boolean =>
  end - at >= word.length && mayBecomeText(buf, at, end, word)

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
