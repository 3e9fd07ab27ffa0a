/** Do bytes that may be encrypted hold an IP packet all the same? */
import { u8, u16 } from '../core/bytes.ts'
import { onesSum } from './checksum.ts'

const V4_MIN_HEADER = 20
const V4_TOTAL_LENGTH = 2
const V6_HEADER = 40
const V6_PAYLOAD_LENGTH = 4

/** An IPv4 packet (RFC 791 §3.1) that fills the bytes between `at` and `end`, its header right by its checksum. */
export function isWholeIpv4(buf: Uint8Array, at: number, end: number): boolean {
  const size = end - at
  if (size < V4_MIN_HEADER || u8(buf, at) >>> 4 !== 4) return false
  const header = (u8(buf, at) & 15) * 4
  if (header < V4_MIN_HEADER || header > size || u16(buf, at + V4_TOTAL_LENGTH) !== size) return false
  return onesSum(buf, at, at + header) === 0xffff
}

/** An IPv6 packet (RFC 8200 §3) that fills the bytes between `at` and `end`. */
export const isWholeIpv6 = (buf: Uint8Array, at: number, end: number): boolean =>
  end - at >= V6_HEADER && u8(buf, at) >>> 4 === 6 && u16(buf, at + V6_PAYLOAD_LENGTH) === end - at - V6_HEADER
