// The build writes these eight out where they are called (scripts/inline.mjs): one expression each, of nothing but what is given.

/** Reads from a borrowed buffer at an absolute offset. Callers check once that the bytes are there, then read. */
export const u8 = (buf: Uint8Array, at: number): number => buf[at] as number
export const u16 = (buf: Uint8Array, at: number): number => ((buf[at] as number) << 8) | (buf[at + 1] as number)
export const u24 = (buf: Uint8Array, at: number): number =>
  ((buf[at] as number) << 16) | ((buf[at + 1] as number) << 8) | (buf[at + 2] as number)
/** Unsigned, network byte order. */
export const u32 = (buf: Uint8Array, at: number): number =>
  (((buf[at] as number) << 24) |
    ((buf[at + 1] as number) << 16) |
    ((buf[at + 2] as number) << 8) |
    (buf[at + 3] as number)) >>>
  0
/** Signed 32 bits of the same four bytes: cheaper than `u32`, and enough for hashing and comparing. */
export const i32 = (buf: Uint8Array, at: number): number =>
  ((buf[at] as number) << 24) |
  ((buf[at + 1] as number) << 16) |
  ((buf[at + 2] as number) << 8) |
  (buf[at + 3] as number)

/** Size in bits of the unsigned integer between two offsets. */
export function integerBits(buf: Uint8Array, at: number, end: number): number {
  let p = at
  while (p < end && buf[p] === 0) p += 1
  if (p === end) return 0
  return (end - p) * 8 - (Math.clz32(u8(buf, p)) - 24)
}
/** Little endian, for the protocols that were born on such machines. */
export const u16le = (buf: Uint8Array, at: number): number => (buf[at] as number) | ((buf[at + 1] as number) << 8)
export const u24le = (buf: Uint8Array, at: number): number =>
  (buf[at] as number) | ((buf[at + 1] as number) << 8) | ((buf[at + 2] as number) << 16)
export const u32le = (buf: Uint8Array, at: number): number =>
  ((buf[at] as number) |
    ((buf[at + 1] as number) << 8) |
    ((buf[at + 2] as number) << 16) |
    ((buf[at + 3] as number) << 24)) >>>
  0

/** Copies bytes out of a borrowed buffer so that they may be kept. */
export const copyBytes = (buf: Uint8Array, at: number, end: number): Uint8Array => buf.slice(at, end)

/** Node's own; called on any array of bytes it takes offsets, so that no view has to be made. */
const { latin1Slice } = Buffer.prototype as unknown as { latin1Slice(at: number, end: number): string }

/** Copies bytes as text, one character a byte (ISO 8859-1), so that no input can fail. */
export function copyLatin1(buf: Uint8Array, at: number, end: number): string {
  const last = Math.min(end, buf.length)
  return last > at ? latin1Slice.call(buf, at, last) : ''
}

/** FNV-1a over a range, 32 bits signed. Finds candidates in a cache; a hit is confirmed by `sameBytes`. */
export function hashBytes(buf: Uint8Array, at: number, end: number, seed = 0x811c9dc5 | 0): number {
  let hash = seed
  for (let i = at; i < end; i++) hash = Math.imul(hash ^ (buf[i] as number), 0x01000193)
  return hash
}

export function sameBytes(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aAt + i] !== b[bAt + i]) return false
  return true
}
