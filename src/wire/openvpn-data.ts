/**
 * OpenVPN's data channel without encryption (`cipher none`; doc/doxygen "Data channel" of the reference implementation): an
 * HMAC, a packet number, and then what the tunnel carries as it is.
 */
import { sameBytes, u8, u16 } from '../core/bytes.ts'
import { HMAC_BYTES, OpenVpnOpcode, openVpnOpcode, PACKET_ID_BYTES } from './openvpn.ts'
import { isWholeIpv4, isWholeIpv6 } from './whole-ip.ts'

/** What an idle end sends to be heard, and what two ends compare their options behind (ping.c, occ.c). */
const PING = Uint8Array.from(Buffer.from('2a187bf3641eb4cb07ed2d0a981fc748', 'hex'))
const OCC = Uint8Array.from(Buffer.from('287f346bd4ef7a812d56b8d3afc5459c', 'hex'))
const MAGIC_BYTES = 16
/** `auth none` has no HMAC. */
const HMACS = [0, ...HMAC_BYTES]
/** comp.h: what compression would put in front of a packet that it left alone. */
const NO_COMPRESS = 0xfa
const ETHERNET_HEADER = 14
const ETHERTYPES = [0x0800, 0x86dd]

/** A magic of 128 bits is no chance; headers are, now and then. */
const CERTAIN = 4
const LIKELY = 2

/** How much the whole data packet between `at` and `end` speaks for a channel that encrypts nothing: 0, 2 or 4. */
export function openVpnClearInside(buf: Uint8Array, at: number, end: number): 0 | 2 | 4 {
  // DATA_V2 has a peer's number of three bytes behind its opcode.
  const head = at + (openVpnOpcode(buf, at) === OpenVpnOpcode.DATA_V2 ? 4 : 1) + PACKET_ID_BYTES
  for (const hmac of HMACS) {
    const inner = head + hmac
    if (inner >= end) return 0
    const found = carried(buf, u8(buf, inner) === NO_COMPRESS ? inner + 1 : inner, end)
    if (found > 0) return found
  }
  return 0
}

function carried(buf: Uint8Array, at: number, end: number): 0 | 2 | 4 {
  if (isMagic(buf, at, end, PING) || isMagic(buf, at, end, OCC)) return CERTAIN
  if (isWholeIpv4(buf, at, end) || isWholeIpv6(buf, at, end)) return LIKELY
  return isFrame(buf, at, end) ? LIKELY : 0
}

const isMagic = (buf: Uint8Array, at: number, end: number, magic: Uint8Array): boolean =>
  end - at >= MAGIC_BYTES && sameBytes(magic, 0, buf, at, MAGIC_BYTES)

/** `dev tap` carries Ethernet. */
function isFrame(buf: Uint8Array, at: number, end: number): boolean {
  const inner = at + ETHERNET_HEADER
  if (inner >= end || !ETHERTYPES.includes(u16(buf, inner - 2))) return false
  return isWholeIpv4(buf, inner, end) || isWholeIpv6(buf, inner, end)
}
