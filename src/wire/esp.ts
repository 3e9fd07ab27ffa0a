/** ESP (RFC 4303), and how to tell that it encrypts nothing (RFC 5879). */
import { u8, u16, u32 } from '../core/bytes.ts'
import { onesSum } from './checksum.ts'
import { isWholeIpv4, isWholeIpv6 } from './whole-ip.ts'

const HEADER_BYTES = 8
const TRAILER_BYTES = 2
/** 1 to 255 are reserved, 0 never crosses a network (RFC 4303 §2.1). */
const FIRST_SPI = 256
/** Sizes of the integrity check value in use: HMAC-96, -128, -192 and -256 bits. */
const ICV_BYTES = [12, 16, 24, 32]

const NEXT_IPV4 = 4
const NEXT_TCP = 6
const NEXT_UDP = 17
const NEXT_IPV6 = 41
const NEXT_ICMP = 1

/** SPI, sequence number, whole words of payload, a trailer and an integrity check. */
export const isEsp = (buf: Uint8Array, at: number, end: number, missing: number): boolean =>
  end - at >= HEADER_BYTES &&
  end - at + missing >= HEADER_BYTES + TRAILER_BYTES + 8 &&
  (end - at + missing) % 4 === 0 &&
  u32(buf, at) >= FIRST_SPI

/**
 * How much the whole packet between `at` and `end` speaks for ESP without encryption: 0 = not at all, 1 = its trailer and
 * a TCP header fit, 2 = a header inside is right by its own length or checksum.
 */
export function clearInside(buf: Uint8Array, at: number, end: number): 0 | 1 | 2 {
  for (const icv of ICV_BYTES) {
    const trailer = end - icv - TRAILER_BYTES
    const inner = at + HEADER_BYTES
    const innerEnd = trailer >= inner ? paddingAt(buf, inner, trailer) : -1
    if (innerEnd < 0) continue
    const found = headerInside(buf, inner, innerEnd, u8(buf, trailer + 1))
    if (found > 0) return found
  }
  return 0
}

/** Where the padding begins that the trailer counts: bytes 1, 2, 3 … (RFC 4303 §2.4); -1 when it is none. */
function paddingAt(buf: Uint8Array, inner: number, trailer: number): number {
  const length = u8(buf, trailer)
  const at = trailer - length
  if (at < inner) return -1
  for (let i = 0; i < length; i++) if (u8(buf, at + i) !== i + 1) return -1
  return at
}

function headerInside(buf: Uint8Array, at: number, end: number, next: number): 0 | 1 | 2 {
  const size = end - at
  switch (next) {
    case NEXT_IPV4:
      return isWholeIpv4(buf, at, end) ? 2 : 0
    case NEXT_IPV6:
      return isWholeIpv6(buf, at, end) ? 2 : 0
    case NEXT_UDP:
      return size >= 8 && u16(buf, at + 4) === size ? 2 : 0
    case NEXT_ICMP:
      return size >= 8 && onesSum(buf, at, end) === 0xffff ? 2 : 0
    case NEXT_TCP:
      return size >= 20 && isTcp(buf, at, size) ? 1 : 0
    default:
      return 0
  }
}

function isTcp(buf: Uint8Array, at: number, size: number): boolean {
  const header = (u8(buf, at + 12) >>> 4) * 4
  return header >= 20 && header <= size && (u8(buf, at + 12) & 15) === 0 && (u8(buf, at + 13) & 0xc0) === 0
}
