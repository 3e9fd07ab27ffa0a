import { u8, u16, u32 } from '../core/bytes.ts'
import { LAYER_DONE, LAYER_ETHERNET, LAYER_PPP } from './layers.ts'
import { type PacketMeta, TUNNEL_L2TP } from './packet-meta.ts'
import { looksLikeFrame, looksLikeIp } from './plausible.ts'

// RFC 2661 §3.1: type (control), length present, sequence present, offset present, priority, version.
const CONTROL = 0x8000
const HAS_LENGTH = 0x4000
const HAS_SEQUENCE = 0x0800
const HAS_OFFSET = 0x0200
const RESERVED = 0x34f0
const VERSION = 0x000f
const VERSION_2 = 2
/** RFC 3931 §4.1.2.1: version 3 has no flags in data messages, and zero behind them. */
const VERSION_3 = 3

// RFC 1661 §2, as IANA's PPP registry has them: alone, and as compressed fields (RFC 1661 §6.5).
const PPP_IPV4 = 0x0021
const PPP_IPV6 = 0x0057
const PPP_ADDRESS_AND_CONTROL = 0xff03

/** L2TP in UDP. A message of control, and PPP of anything but plain IP (negotiation, MPPE, CCP), stay outside. */
export function decodeL2tp(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 8) return LAYER_DONE
  const flags = u16(buf, m.at)
  if ((flags & CONTROL) !== 0) return LAYER_DONE
  if (flags === VERSION_3) return u16(buf, m.at + 2) === 0 ? decodeSession(buf, m, m.at + 4) : LAYER_DONE
  return (flags & (RESERVED | VERSION)) === VERSION_2 ? decodeVersion2(buf, m, flags) : LAYER_DONE
}

/** RFC 2661 §3.1. Tunnel and session identifiers differ by direction, so they name no network. */
function decodeVersion2(buf: Uint8Array, m: PacketMeta, flags: number): number {
  let at = m.at + 2
  if ((flags & HAS_LENGTH) !== 0) {
    if (u16(buf, at) !== m.end + m.missing - m.at) return LAYER_DONE
    at += 2
  }
  at += 4 + ((flags & HAS_SEQUENCE) !== 0 ? 4 : 0)
  if ((flags & HAS_OFFSET) !== 0) {
    if (m.end - at < 2) return LAYER_DONE
    at += 2 + u16(buf, at)
  }
  if (!looksLikePppIp(buf, at, m)) return LAYER_DONE
  m.tunnel = TUNNEL_L2TP
  m.at = at
  return LAYER_PPP
}

function looksLikePppIp(buf: Uint8Array, start: number, m: PacketMeta): boolean {
  if (m.end - start < 4) return false
  const at = u16(buf, start) === PPP_ADDRESS_AND_CONTROL ? start + 2 : start
  const isShort = (u8(buf, at) & 1) === 1
  const protocol = isShort ? u8(buf, at) : u16(buf, at)
  const ip = at + (isShort ? 1 : 2)
  if (!looksLikeIp(buf, ip, m)) return false
  return protocol === (u8(buf, ip) >> 4 === 4 ? PPP_IPV4 : PPP_IPV6)
}

/** Bytes of a cookie (RFC 3931 §4.1: none, four or eight) and a sublayer (none or four) before the frame. */
const SESSION_PADDINGS = [0, 4, 8, 12]

/**
 * RFC 3931 §4.1.1.1 and §4.1.2.1, at the session identifier; zero is control. What stands before the frame was agreed on
 * when the session began: the place is where Ethernet with IP fits. Other pseudowires stay outside.
 */
export function decodeSession(buf: Uint8Array, m: PacketMeta, at: number): number {
  if (m.end - at < 4 || u32(buf, at) === 0) return LAYER_DONE
  for (const padding of SESSION_PADDINGS) {
    if (!looksLikeFrame(buf, at + 4 + padding, m)) continue
    m.tunnel = TUNNEL_L2TP
    m.at = at + 4 + padding
    return LAYER_ETHERNET
  }
  return LAYER_DONE
}
