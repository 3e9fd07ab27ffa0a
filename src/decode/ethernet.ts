import { u8, u16, u32 } from '../core/bytes.ts'
import {
  ETHERTYPE_CMD,
  ETHERTYPE_E_TAG,
  ETHERTYPE_I_TAG,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_MACSEC,
  ETHERTYPE_MPLS,
  ETHERTYPE_MPLS_MULTICAST,
  ETHERTYPE_NSH,
  ETHERTYPE_PPP,
  ETHERTYPE_PPPOE_SESSION,
  ETHERTYPE_QINQ,
  ETHERTYPE_QINQ_OLD,
  ETHERTYPE_QINQ_OLDER,
  ETHERTYPE_TEB,
  ETHERTYPE_VLAN,
  MIN_ETHERTYPE,
} from './ethertypes.ts'
import {
  LAYER_ETHERNET,
  LAYER_ETHERTYPE,
  LAYER_IP,
  LAYER_LLC,
  LAYER_MPLS,
  LAYER_NOT_IP,
  LAYER_NSH,
  LAYER_PPP,
  LAYER_TRUNCATED,
} from './layers.ts'
import { decodeMacsec } from './macsec.ts'
import { type PacketMeta, TUNNEL_MPLS, TUNNEL_PPPOE } from './packet-meta.ts'
import { looksLikeFrame } from './plausible.ts'

export function decodeEthernet(m: PacketMeta): number {
  if (m.end - m.at < 14) return LAYER_TRUNCATED
  m.at += 12
  return LAYER_ETHERTYPE
}

/** `at` is on the ethertype's two bytes. */
export function decodeEthertype(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 2) return LAYER_TRUNCATED
  m.at += 2
  return layerOf(buf, m, u16(buf, m.at - 2))
}

/** `at` is behind an ethertype, wherever that stood. */
export function layerOf(buf: Uint8Array, m: PacketMeta, type: number): number {
  switch (type) {
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6:
      return LAYER_IP
    case ETHERTYPE_VLAN:
    case ETHERTYPE_QINQ:
    case ETHERTYPE_QINQ_OLD:
    case ETHERTYPE_QINQ_OLDER:
      return decodeVlan(buf, m)
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
      return LAYER_MPLS
    case ETHERTYPE_PPPOE_SESSION:
      return decodePppoe(buf, m)
    case ETHERTYPE_PPP:
      return LAYER_PPP
    case ETHERTYPE_TEB:
      return LAYER_ETHERNET
    case ETHERTYPE_CMD:
      // Cisco MetaData: version, length, then an option block of 2 + 2 + 2 bytes before the real ethertype.
      m.at += 6
      return LAYER_ETHERTYPE
    case ETHERTYPE_E_TAG:
      // IEEE 802.1BR §7.5: six bytes of tag control information.
      m.at += 6
      return LAYER_ETHERTYPE
    case ETHERTYPE_I_TAG:
      // IEEE 802.1Q §9.7 (provider backbone bridges): flags and service identifier, then the customer's whole frame.
      m.at += 4
      return LAYER_ETHERNET
    case ETHERTYPE_NSH:
      return LAYER_NSH
    case ETHERTYPE_MACSEC:
      return decodeMacsec(buf, m)
    default:
      m.stoppedAt = type
      return type < MIN_ETHERTYPE ? LAYER_LLC : LAYER_NOT_IP
  }
}

// IEEE 802.1Q §9.6: the outermost tag is the one an operator's switch configuration names.
function decodeVlan(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 4) return LAYER_TRUNCATED
  if (m.vlan < 0) m.vlan = u16(buf, m.at) & 0x0fff
  m.at += 2
  return LAYER_ETHERTYPE
}

// RFC 2516 §4: version/type, code, session id, length.
function decodePppoe(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 8) return LAYER_TRUNCATED
  if (u8(buf, m.at) !== 0x11 || u8(buf, m.at + 1) !== 0) return LAYER_NOT_IP
  m.tunnel = TUNNEL_PPPOE
  m.at += 6
  return LAYER_PPP
}

// IEEE 802.2 with SNAP (RFC 1042): AA AA 03, three bytes of organisation, then an ethertype.
export function decodeLlc(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 8) return LAYER_NOT_IP
  if (u16(buf, m.at) === 0xaaaa && u8(buf, m.at + 2) === 3) {
    m.at += 6
    return LAYER_ETHERTYPE
  }
  // DSAP/SSAP 0x06 is IP itself (RFC 1010).
  if (u16(buf, m.at) === 0x0606 && u8(buf, m.at + 2) === 3) {
    m.at += 3
    return LAYER_IP
  }
  return LAYER_NOT_IP
}

/** RFC 3032 §2.1. What lies under the last label is told by its first nibble (RFC 4928 §3). */
export function decodeMpls(buf: Uint8Array, m: PacketMeta): number {
  m.tunnel = TUNNEL_MPLS
  let last = 0
  while (last === 0) {
    if (m.end - m.at < 4) return LAYER_TRUNCATED
    last = (u32(buf, m.at) >>> 8) & 1
    m.at += 4
  }
  if (m.end - m.at < 4) return LAYER_TRUNCATED
  const nibble = u8(buf, m.at) >> 4
  // The address of a bare Ethernet frame may begin with these nibbles too.
  if ((nibble === 4 || nibble === 6) && !looksLikeFrame(buf, m.at, m)) return LAYER_IP
  // RFC 4385 §3: a control word of nibble 0 stands before Ethernet; without it, Ethernet follows directly.
  if (nibble === 0 && m.end - m.at >= 18) m.at += 4
  return LAYER_ETHERNET
}

// RFC 1661 §2 and RFC 1662 §3.1; protocol numbers of IANA's PPP registry.
const PPP_IPV4 = 0x0021
const PPP_IPV6 = 0x0057
const PPP_MPLS = 0x0281
export function decodePpp(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 2) return LAYER_TRUNCATED
  if (u16(buf, m.at) === 0xff03) m.at += 2
  if (m.end - m.at < 2) return LAYER_TRUNCATED
  // Protocol field compression: an odd first byte is the whole field (RFC 1661 §6.5).
  const short = (u8(buf, m.at) & 1) === 1
  const protocol = short ? u8(buf, m.at) : u16(buf, m.at)
  if (protocol !== PPP_IPV4 && protocol !== PPP_IPV6 && protocol !== PPP_MPLS) {
    // Of the conversation around it the frame is the payload, which a dissector reads.
    m.stoppedAt = protocol
    return LAYER_NOT_IP
  }
  m.at += short ? 1 : 2
  return protocol === PPP_MPLS ? LAYER_MPLS : LAYER_IP
}

/** Cisco HDLC and Linux cooked captures carry an ethertype behind a fixed header. */
export function skipToEthertype(m: PacketMeta, header: number): number {
  if (m.end - m.at < header + 2) return LAYER_TRUNCATED
  m.at += header
  return LAYER_ETHERTYPE
}
