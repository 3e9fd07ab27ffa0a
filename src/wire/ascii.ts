/** Text inside binary protocols, looked at where it lies. */
export const isPrintable = (byte: number): boolean => byte >= 0x20 && byte < 0x7f

/** Does `words` (Latin-1) stand at `at`? Bytes behind `end` are none. */
export function standsAt(buf: Uint8Array, at: number, end: number, words: string): boolean {
  if (end - at < words.length) return false
  for (let i = 0; i < words.length; i++) if (buf[at + i] !== words.charCodeAt(i)) return false
  return true
}

/** As a probe: `match` if all of `words` is there, `unsure` while only a beginning of it is. */
export function opensWith(buf: Uint8Array, at: number, end: number, words: string): 'match' | 'no_match' | 'unsure' {
  const shown = Math.min(end - at, words.length)
  if (!standsAt(buf, at, at + shown, words.slice(0, shown))) return 'no_match'
  return shown === words.length ? 'match' : 'unsure'
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
