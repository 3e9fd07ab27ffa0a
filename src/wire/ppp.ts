/** PPP's control packets (RFC 1661 §5, RFC 1334, RFC 1994), and what they agree on of MPPE (RFC 3078). */
import { u8, u16, u32 } from '../core/bytes.ts'

/** Numbers of PPP's protocol field (IANA, PPP DLL Protocol Numbers). */
export const PppProtocol = {
  LCP: 0xc021,
  PAP: 0xc023,
  CHAP: 0xc223,
  EAP: 0xc227,
  IPCP: 0x8021,
  IPV6CP: 0x8057,
  CCP: 0x80fd,
  /** What CCP agreed on: compressed, or encrypted by MPPE. */
  COMPRESSED: 0x00fd,
} as const

export const PppCode = { CONFIGURE_REQUEST: 1, CONFIGURE_ACK: 2, CONFIGURE_NAK: 3, CONFIGURE_REJECT: 4 } as const
export const PapCode = { REQUEST: 1, ACK: 2, NAK: 3 } as const
export const ChapCode = { CHALLENGE: 1, RESPONSE: 2, SUCCESS: 3, FAILURE: 4 } as const

/** Address and control of HDLC, which most tunnels leave out or keep as it is. */
const ADDRESS_AND_CONTROL = 0xff03
const HEADER_BYTES = 4
/** Codes of LCP and of what it opens go up to Identification and Time-Remaining (RFC 1570). */
const LAST_CODE = 13

/** Offset of the protocol field of the frame at `at`. */
export const pppProtocolAt = (buf: Uint8Array, at: number, end: number): number =>
  end - at >= 2 && u16(buf, at) === ADDRESS_AND_CONTROL ? at + 2 : at

/** The protocol whose field is at `at`, compressed to one byte or not (RFC 1661 §6.5); -1 = cut off. */
export function pppProtocol(buf: Uint8Array, at: number, end: number): number {
  if (end <= at) return -1
  if ((u8(buf, at) & 1) === 1) return u8(buf, at)
  return end - at < 2 ? -1 : u16(buf, at)
}

/** Is a whole control packet of `protocol` at `at`, its parts adding up to its length? Padding may follow. */
export function isPppControl(protocol: number, buf: Uint8Array, at: number, end: number): boolean {
  if (end - at < HEADER_BYTES) return false
  const code = u8(buf, at)
  const last = at + u16(buf, at + 2)
  if (last > end || last < at + HEADER_BYTES) return false
  switch (protocol) {
    case PppProtocol.LCP:
    case PppProtocol.IPCP:
    case PppProtocol.IPV6CP:
    case PppProtocol.CCP:
      return code >= 1 && code <= LAST_CODE && (code > PppCode.CONFIGURE_REJECT || hasOptions(buf, at + 4, last))
    case PppProtocol.PAP:
      return code === PapCode.REQUEST ? hasTwoTexts(buf, at + 4, last) : code === PapCode.ACK || code === PapCode.NAK
    case PppProtocol.CHAP:
      return code === ChapCode.CHALLENGE || code === ChapCode.RESPONSE
        ? last > at + 5 && u8(buf, at + 4) > 0 && at + 5 + u8(buf, at + 4) <= last
        : code === ChapCode.SUCCESS || code === ChapCode.FAILURE
    default:
      return false
  }
}

/** RFC 1661 §6: type, length (of both and the value), value. */
function hasOptions(buf: Uint8Array, at: number, end: number): boolean {
  let p = at
  while (p < end) {
    const length = end - p < 2 ? 0 : u8(buf, p + 1)
    if (length < 2) return false
    p += length
  }
  return p === end
}

/** RFC 1334 §2.2.1: identifier and password, each behind its length. */
function hasTwoTexts(buf: Uint8Array, at: number, end: number): boolean {
  const second = at < end ? at + 1 + u8(buf, at) : end
  return second < end && second + 1 + u8(buf, second) === end
}

/** Offset of the option `type` of the configure packet at `at`, which `isPppControl` has seen; -1 = it has none. */
function optionAt(buf: Uint8Array, at: number, type: number): number {
  const end = at + u16(buf, at + 2)
  for (let p = at + HEADER_BYTES; p < end; p += u8(buf, p + 1)) if (u8(buf, p) === type) return p
  return -1
}

const AUTHENTICATION_OPTION = 3
/** RFC 1994 §3 and IANA's registry: MD5; RFC 2433 and RFC 2759. */
const CHAP_ALGORITHMS: Readonly<Record<number, string>> = { 5: 'chap', 128: 'mschap', 129: 'mschapv2' }

/** What LCP's configure packet at `at` says of CHAP's algorithm, in the words of RADIUS and TACACS+; null = nothing. */
export function chapAlgorithm(buf: Uint8Array, at: number): string | null {
  const option = optionAt(buf, at, AUTHENTICATION_OPTION)
  if (option < 0 || u8(buf, option + 1) !== 5 || u16(buf, option + 2) !== PppProtocol.CHAP) return null
  return CHAP_ALGORITHMS[u8(buf, option + 4)] ?? null
}

const MPPE_OPTION = 18
// RFC 3078 §2.1 and RFC 2118: the bits of the option.
const STATELESS = 0x01000000
const BITS_56 = 0x80
const BITS_128 = 0x40
const BITS_40 = 0x20

/**
 * What the acknowledged CCP packet at `at` agrees on, in one word: "mppe-128-stateless"; "compression" where it agrees on
 * compression alone, null where on nothing.
 */
export function mppeAgreement(buf: Uint8Array, at: number): string | null {
  const option = optionAt(buf, at, MPPE_OPTION)
  if (option < 0 || u8(buf, option + 1) !== 6) return u16(buf, at + 2) > HEADER_BYTES ? 'compression' : null
  const flags = u32(buf, option + 2)
  // One of them is set in what is acknowledged; were there more, the weakest is what can be relied on.
  const bits = (flags & BITS_40) !== 0 ? 40 : (flags & BITS_56) !== 0 ? 56 : (flags & BITS_128) !== 0 ? 128 : 0
  if (bits === 0) return 'compression'
  return `mppe-${bits}-${(flags & STATELESS) !== 0 ? 'stateless' : 'stateful'}`
}
