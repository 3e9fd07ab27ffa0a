/** Variable-length integers (RFC 9000 §16): the first two bits give the length, 1, 2, 4 or 8 bytes. */
import { u8, u16, u32 } from '../core/bytes.ts'

/** Bytes of the integer at `at`. */
export const varintBytes = (buf: Uint8Array, at: number): number => 1 << (u8(buf, at) >>> 6)

/** Offset behind the integer at `at`, or -1 when it does not fit before `end`. */
export function varintEnd(buf: Uint8Array, at: number, end: number): number {
  if (at >= end) return -1
  const next = at + varintBytes(buf, at)
  return next > end ? -1 : next
}

/** The integer at `at`, which is there in full. Beyond 2^53 it is rounded: no length or offset gets there. */
export function varint(buf: Uint8Array, at: number): number {
  switch (u8(buf, at) >>> 6) {
    case 0:
      return u8(buf, at)
    case 1:
      return u16(buf, at) & 0x3fff
    case 2:
      return u32(buf, at) & 0x3fffffff
    default:
      return (u32(buf, at) & 0x3fffffff) * 0x1_0000_0000 + u32(buf, at + 4)
  }
}
