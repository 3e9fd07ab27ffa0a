import { u8, u16, u24, u32 } from '../core/bytes.ts'
import {
  ETHERTYPE_ERSPAN,
  ETHERTYPE_ERSPAN_III,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_MPLS,
  ETHERTYPE_NSH,
  ETHERTYPE_PPP,
  ETHERTYPE_TEB,
  ETHERTYPE_WCCP,
} from './ethertypes.ts'
import {
  LAYER_DONE,
  LAYER_ETHERNET,
  LAYER_IP,
  LAYER_MPLS,
  LAYER_NOT_IP,
  LAYER_NSH,
  LAYER_PPP,
  LAYER_TRUNCATED,
} from './layers.ts'
import { type PacketMeta, TUNNEL_ERSPAN, TUNNEL_ETHERIP, TUNNEL_GRE } from './packet-meta.ts'

const GRE_CHECKSUM_OR_ROUTING = 0xc000
const GRE_KEY = 0x2000
const GRE_SEQUENCE = 0x1000

/** Remembers what was around the tunnel that begins, or began within these. */
export function stepIn(m: PacketMeta, tunnel = m.tunnel, vni = m.vni): void {
  m.outerTunnel = tunnel
  m.outerVni = vni
  m.tunnels += 1
}

/** RFC 2784 §2, RFC 2890 §2 (key and sequence); version 1 is PPTP's. */
export function decodeGre(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 4) return LAYER_TRUNCATED
  const flags = u16(buf, m.at)
  if ((flags & 7) === 1) return decodePptp(buf, m, flags)
  const type = u16(buf, m.at + 2)
  const keyAt = m.at + ((flags & GRE_CHECKSUM_OR_ROUTING) !== 0 ? 8 : 4)
  const hasKey = (flags & GRE_KEY) !== 0
  const hasSequence = (flags & GRE_SEQUENCE) !== 0
  const next = keyAt + (hasKey ? 4 : 0) + (hasSequence ? 4 : 0)
  if (next > m.end) return LAYER_TRUNCATED
  m.tunnel = TUNNEL_GRE
  // NVGRE (RFC 7637 §3.2) has 24 bits of network and a per-flow value in the last byte. Of another key the top bit is
  // given up: the table keeps identifiers in signed words.
  if (hasKey) m.vni = type === ETHERTYPE_TEB ? u24(buf, keyAt) : u32(buf, keyAt) & 0x7fffffff
  m.at = next
  return greLayer(buf, m, type, hasSequence)
}

function greLayer(buf: Uint8Array, m: PacketMeta, type: number, hasSequence: boolean): number {
  switch (type) {
    case ETHERTYPE_ERSPAN:
      return decodeErspan(buf, m, hasSequence)
    case ETHERTYPE_ERSPAN_III:
      return decodeErspanIii(buf, m)
    case ETHERTYPE_TEB:
      return LAYER_ETHERNET
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6:
      return LAYER_IP
    case ETHERTYPE_MPLS:
      return LAYER_MPLS
    case ETHERTYPE_NSH:
      return LAYER_NSH
    case ETHERTYPE_WCCP:
      return decodeWccp(buf, m)
    default:
      m.stoppedAt = type
      return LAYER_NOT_IP
  }
}

/** draft-mclaggan-wccp-v2rev1 §4.12: a redirect header of four bytes, which version 1 has not, before IPv4. */
function decodeWccp(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 5) return LAYER_TRUNCATED
  if (u8(buf, m.at) >> 4 !== 4) m.at += 4
  return LAYER_IP
}

/** RFC 2637 §4.1. The key holds a payload length and a call id that differs by direction: it names no network. */
function decodePptp(buf: Uint8Array, m: PacketMeta, flags: number): number {
  const next = m.at + 8 + ((flags & GRE_SEQUENCE) !== 0 ? 4 : 0) + ((flags & 0x0080) !== 0 ? 4 : 0)
  // Without a sequence number it is an acknowledgement and carries nothing.
  if ((flags & GRE_SEQUENCE) === 0) return LAYER_DONE
  // Mobile networks put IP there without PPP.
  const type = u16(buf, m.at + 2)
  const isIp = type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6
  if (!isIp && type !== ETHERTYPE_PPP) return LAYER_DONE
  if (next > m.end) return LAYER_TRUNCATED
  m.tunnel = TUNNEL_GRE
  m.at = next
  return isIp ? LAYER_IP : LAYER_PPP
}

// draft-foschiano-erspan-03 §4.1: type I has no header of its own (and no GRE sequence), type II has eight bytes.
function decodeErspan(buf: Uint8Array, m: PacketMeta, hasSequence: boolean): number {
  m.tunnel = TUNNEL_ERSPAN
  if (!hasSequence) return LAYER_ETHERNET
  if (m.end - m.at < 8) return LAYER_TRUNCATED
  m.vni = u16(buf, m.at + 2) & 0x03ff
  m.at += 8
  return LAYER_ETHERNET
}

// draft-foschiano-erspan-03 §4.2: twelve bytes and, with the O bit, a platform header of eight.
function decodeErspanIii(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 12) return LAYER_TRUNCATED
  m.tunnel = TUNNEL_ERSPAN
  m.vni = u16(buf, m.at + 2) & 0x03ff
  const frameType = (u8(buf, m.at + 10) >> 2) & 0x1f
  m.at += (u8(buf, m.at + 11) & 1) === 1 ? 20 : 12
  if (m.at > m.end) return LAYER_TRUNCATED
  return frameType === 2 ? LAYER_IP : LAYER_ETHERNET
}

const ETHERIP_VERSION = 0x0300

/** RFC 3378 §2: version 3 and twelve zero bits, then a frame. */
export function decodeEtherIp(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 2) return LAYER_TRUNCATED
  if (u16(buf, m.at) !== ETHERIP_VERSION) return LAYER_DONE
  stepIn(m)
  m.tunnel = TUNNEL_ETHERIP
  m.at += 2
  return LAYER_ETHERNET
}
