/** A login among the protocol configuration options of GTP-C: PPP's PAP or CHAP (3GPP TS 24.008 §10.5.6.3). */
import { u8, u16 } from '../core/bytes.ts'
import { V1_FIXED_ELEMENTS } from './gtp.ts'
import { isPppControl, PppProtocol } from './ppp.ts'

/** Protocol Configuration Options: TS 29.060 §7.7.31 and TS 29.274 §8.13. */
const V1_OPTIONS = 132
const V2_OPTIONS = 78
const MAX_ELEMENTS = 256
const MAX_OPTIONS = 32

/** A PPP control packet. Reused. */
export class GtpLogin {
  protocol = 0
  at = 0
}

/** Finds the first packet of PAP or CHAP in the whole message between `at` and `end`. */
export function findGtpLogin(buf: Uint8Array, at: number, end: number, out: GtpLogin): boolean {
  const flags = u8(buf, at)
  const isV1 = flags >>> 5 === 1
  let p = at + 8 + ((flags & (isV1 ? 0x07 : 0x08)) !== 0 ? 4 : 0)
  for (let n = 0; n < MAX_ELEMENTS && end - p >= 3; n++) {
    const type = u8(buf, p)
    if (isV1 && type < 128) {
      p += 1 + (V1_FIXED_ELEMENTS[type] ?? end)
      continue
    }
    // Version 2 has an instance behind type and length.
    const body = p + (isV1 ? 3 : 4)
    const next = body + u16(buf, p + 1)
    if (next > end) return false
    if (type === (isV1 ? V1_OPTIONS : V2_OPTIONS)) return loginAmong(buf, body, next, out)
    p = next
  }
  return false
}

/** Behind an octet for the kind of configuration: an identifier, a length and the contents of each option. */
function loginAmong(buf: Uint8Array, at: number, end: number, out: GtpLogin): boolean {
  let p = at + 1
  for (let n = 0; n < MAX_OPTIONS && end - p >= 3; n++) {
    const protocol = u16(buf, p)
    const body = p + 3
    const next = body + u8(buf, p + 2)
    if (next > end) return false
    if ((protocol === PppProtocol.PAP || protocol === PppProtocol.CHAP) && isPppControl(protocol, buf, body, next)) {
      out.protocol = protocol
      out.at = body
      return true
    }
    p = next
  }
  return false
}
