/** Diameter messages (RFC 6733 §3): a header, and attribute-value pairs that fill it. */
import { u8, u24, u32 } from '../core/bytes.ts'

export const DIAMETER_HEADER_BYTES = 20
const AVP_HEADER_BYTES = 8
const VENDOR_BYTES = 4
export const MAX_DIAMETER_BYTES = 16 * 1024

const FLAG_REQUEST = 0x80
const RESERVED_FLAGS = 0x0f
const AVP_VENDOR = 0x80
const AVP_RESERVED = 0x1f

export const CAPABILITIES_EXCHANGE = 257
const ORIGIN_HOST = 264
const INBAND_SECURITY_ID = 299
const TLS = 1

/** Size of the message at `at`; 0 = more bytes must tell, -1 = there is none. */
export function diameterSize(buf: Uint8Array, at: number, end: number): number {
  if (end > at && u8(buf, at) !== 1) return -1
  if (end - at < 8) return 0
  const size = u24(buf, at + 1)
  const isSize = size >= DIAMETER_HEADER_BYTES + AVP_HEADER_BYTES && size % 4 === 0 && size <= MAX_DIAMETER_BYTES
  return isSize && (u8(buf, at + 4) & RESERVED_FLAGS) === 0 && u24(buf, at + 5) > 0 ? size : -1
}

export const diameterCommand = (buf: Uint8Array, at: number): number => u24(buf, at + 5)
export const isDiameterRequest = (buf: Uint8Array, at: number): boolean => (u8(buf, at + 4) & FLAG_REQUEST) !== 0

/** What the pairs of one message show; reused, so read it before the next. */
export class DiameterPairs {
  addUp = false
  /** Who sends says so in every message (§6.3). */
  hasOriginHost = false
  /** Inband-Security-Id (§6.10): ready to go on in TLS. */
  offersTls = false

  read(buf: Uint8Array, at: number, end: number): void {
    this.hasOriginHost = false
    this.offersTls = false
    let p = at + DIAMETER_HEADER_BYTES
    while (end - p >= AVP_HEADER_BYTES) {
      const flags = u8(buf, p + 4)
      const size = u24(buf, p + 5)
      const header = AVP_HEADER_BYTES + ((flags & AVP_VENDOR) === 0 ? 0 : VENDOR_BYTES)
      if ((flags & AVP_RESERVED) !== 0 || size < header) break
      const code = (flags & AVP_VENDOR) === 0 ? u32(buf, p) : 0
      if (code === ORIGIN_HOST) this.hasOriginHost = true
      if (code === INBAND_SECURITY_ID && size === 12 && end - p >= 12 && u32(buf, p + 8) === TLS) this.offersTls = true
      p += (size + 3) & ~3
    }
    this.addUp = p === end
  }
}
