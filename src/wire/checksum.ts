import { u8, u16 } from '../core/bytes.ts'

/** RFC 1071: the sum of all words in ones' complement, 0xffff over bytes that hold their own checksum. */
export function onesSum(buf: Uint8Array, at: number, end: number): number {
  let sum = 0
  for (let p = at; p + 1 < end; p += 2) sum += u16(buf, p)
  if ((end - at) % 2 === 1) sum += u8(buf, end - 1) << 8
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return sum
}
