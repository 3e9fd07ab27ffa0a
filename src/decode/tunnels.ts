import { u8, u16, u24, u32 } from '../core/bytes.ts'
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_TEB } from './ethernet.ts'
import { LAYER_DONE, LAYER_ETHERNET, LAYER_IP, LAYER_MPLS, LAYER_PPP, LAYER_TRUNCATED } from './layers.ts'
import { type PacketMeta, TUNNEL_ERSPAN, TUNNEL_GENEVE, TUNNEL_GRE, TUNNEL_GTPU, TUNNEL_VXLAN } from './packet-meta.ts'

const ETHERTYPE_ERSPAN = 0x88be
const ETHERTYPE_MPLS = 0x8847
const ETHERTYPE_ERSPAN_III = 0x22eb
const ETHERTYPE_ENHANCED_GRE_PPP = 0x880b

const GRE_CHECKSUM_OR_ROUTING = 0xc000
const GRE_KEY = 0x2000
const GRE_SEQUENCE = 0x1000

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
    default:
      m.stoppedAt = type
      return LAYER_DONE
  }
}

/** RFC 2637 §4.1. The key holds a payload length and a call id that differs by direction: it names no network. */
function decodePptp(buf: Uint8Array, m: PacketMeta, flags: number): number {
  const next = m.at + 8 + ((flags & GRE_SEQUENCE) !== 0 ? 4 : 0) + ((flags & 0x0080) !== 0 ? 4 : 0)
  // Without a sequence number it is an acknowledgement and carries nothing.
  if ((flags & GRE_SEQUENCE) === 0 || u16(buf, m.at + 2) !== ETHERTYPE_ENHANCED_GRE_PPP) return LAYER_DONE
  if (next > m.end) return LAYER_TRUNCATED
  m.tunnel = TUNNEL_GRE
  m.at = next
  return LAYER_PPP
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

/** RFC 7348 §5. Returns LAYER_DONE when the bytes are not VXLAN: the datagram is then an ordinary one. */
export function decodeVxlan(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 8 + 14) return LAYER_DONE
  // The I flag must be set; reserved bits are not all zero with GBP and VXLAN-GPE, so only the flag is checked.
  if ((u8(buf, m.at) & 0x08) === 0 || u8(buf, m.at + 7) !== 0) return LAYER_DONE
  m.tunnel = TUNNEL_VXLAN
  m.vni = u24(buf, m.at + 4)
  m.at += 8
  return LAYER_ETHERNET
}

/** RFC 8926 §3.4. */
export function decodeGeneve(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 8 || u8(buf, m.at) >> 6 !== 0) return LAYER_DONE
  const header = 8 + ((u8(buf, m.at) & 0x3f) << 2)
  const type = u16(buf, m.at + 2)
  if (m.end - m.at < header) return LAYER_DONE
  if (type !== ETHERTYPE_TEB && type !== ETHERTYPE_IPV4 && type !== ETHERTYPE_IPV6) return LAYER_DONE
  m.tunnel = TUNNEL_GENEVE
  m.vni = u24(buf, m.at + 4)
  m.at += header
  return type === ETHERTYPE_TEB ? LAYER_ETHERNET : LAYER_IP
}

/** 3GPP TS 29.281 §5.1: version 1, protocol type GTP, message type 255 (G-PDU). */
export function decodeGtpu(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 8 || u8(buf, m.at) >> 4 !== 3 || u8(buf, m.at + 1) !== 0xff) return LAYER_DONE
  const at = skipGtpExtensions(buf, m.at + 8, m.end, u8(buf, m.at))
  const nibble = at > 0 && m.end > at ? u8(buf, at) >> 4 : 0
  if (nibble !== 4 && nibble !== 6) return LAYER_DONE
  m.tunnel = TUNNEL_GTPU
  // The TEID differs by direction, so it names no network.
  m.at = at
  return LAYER_IP
}

const MAX_GTP_EXTENSIONS = 8

/** Offset behind the optional fields and the chained extension headers, -1 when they do not fit. */
function skipGtpExtensions(buf: Uint8Array, start: number, end: number, flags: number): number {
  if ((flags & 7) === 0) return start
  if (end - start < 4) return -1
  let next = (flags & 4) !== 0 ? u8(buf, start + 3) : 0
  let at = start + 4
  for (let n = 0; next !== 0; n++) {
    if (n === MAX_GTP_EXTENSIONS || end - at < 4) return -1
    const length = u8(buf, at) << 2
    if (length === 0 || end - at < length) return -1
    next = u8(buf, at + length - 1)
    at += length
  }
  return at
}
