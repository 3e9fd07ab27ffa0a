/** Tunnels in UDP: what stands behind which port, and the shorter ones among them. */
import { u8, u16, u24, u32 } from '../core/bytes.ts'
import {
  CAPWAP_CONTROL_PORT,
  CAPWAP_DATA_PORT,
  GENEVE_PORT,
  GTPU_PORT,
  L2TP_PORT,
  LISP_DATA_PORT,
  TEREDO_PORT,
  TUNNEL_PORTS,
  VXLAN_GPE_PORT,
  VXLAN_LINUX_PORT,
  VXLAN_PORT,
} from '../core/ip-numbers.ts'
import { decodeCapwap, stepIntoCapwapDtls } from './capwap.ts'
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_TEB } from './ethertypes.ts'
import { decodeGtpu } from './gtpu.ts'
import { decodeL2tp } from './l2tp.ts'
import { LAYER_DONE, LAYER_ETHERNET, LAYER_IP, LAYER_MPLS, LAYER_NSH } from './layers.ts'
import {
  type PacketMeta,
  TUNNEL_GENEVE,
  TUNNEL_LISP,
  TUNNEL_TEREDO,
  TUNNEL_VXLAN,
  TUNNEL_VXLAN_GPE,
} from './packet-meta.ts'
import { looksLikeFrame, looksLikeIp } from './plausible.ts'
import { stepIn } from './tunnels.ts'

/**
 * Tunnels are told by their registered port *and* a header that fits; else the datagram is the payload. A decoder of one
 * changes nothing in `m` before it is sure.
 */
export function tunnelInUdp(buf: Uint8Array, m: PacketMeta): number {
  // Of most datagrams neither port is between those of tunnels.
  if (!isAmongTunnels(m.dstPort) && !isAmongTunnels(m.srcPort)) return LAYER_DONE
  const { tunnel, vni } = m
  const layer = tunnelTo(buf, m)
  if (layer !== LAYER_DONE) stepIn(m, tunnel, vni)
  return layer
}

const LOWEST_PORT = Math.min(...TUNNEL_PORTS)
const HIGHEST_PORT = Math.max(...TUNNEL_PORTS)
const isAmongTunnels = (port: number): boolean => port >= LOWEST_PORT && port <= HIGHEST_PORT

function tunnelTo(buf: Uint8Array, m: PacketMeta): number {
  switch (m.dstPort) {
    case VXLAN_PORT:
    case VXLAN_LINUX_PORT:
      return decodeVxlan(buf, m)
    case VXLAN_GPE_PORT:
      return decodeVxlanGpe(buf, m)
    case GENEVE_PORT:
      return decodeGeneve(buf, m)
    case LISP_DATA_PORT:
      return decodeLisp(buf, m)
    default:
      return isAnswering(m.dstPort) ? answeringTunnel(buf, m, m.dstPort) : answeringTunnel(buf, m, m.srcPort)
  }
}

const isAnswering = (port: number): boolean =>
  port === GTPU_PORT ||
  port === TEREDO_PORT ||
  port === L2TP_PORT ||
  port === CAPWAP_DATA_PORT ||
  port === CAPWAP_CONTROL_PORT

/** Those whose other end may have any port, and is answered there. */
function answeringTunnel(buf: Uint8Array, m: PacketMeta, port: number): number {
  if (port === GTPU_PORT) return decodeGtpu(buf, m)
  if (port === TEREDO_PORT) return decodeTeredo(buf, m)
  if (port === L2TP_PORT) return decodeL2tp(buf, m)
  if (port === CAPWAP_DATA_PORT) return decodeCapwap(buf, m)
  if (port === CAPWAP_CONTROL_PORT) return stepIntoCapwapDtls(buf, m)
  return LAYER_DONE
}

/** RFC 7348 §5. Returns LAYER_DONE when the bytes are not VXLAN: the datagram is then an ordinary one. */
function decodeVxlan(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 8 + 14) return LAYER_DONE
  // The I flag must be set; reserved bits are not all zero with GBP and VXLAN-GPE, so only the flag is checked.
  if ((u8(buf, m.at) & 0x08) === 0 || u8(buf, m.at + 7) !== 0) return LAYER_DONE
  m.tunnel = TUNNEL_VXLAN
  m.vni = u24(buf, m.at + 4)
  m.at += 8
  return LAYER_ETHERNET
}

/** RFC 8926 §3.4. */
function decodeGeneve(buf: Uint8Array, m: PacketMeta): number {
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

// draft-ietf-nvo3-vxlan-gpe-13 §3.1: version 0 and no OAM; the identifier is present, and the next protocol should be.
const GPE_FLAGS_MASK = 0x39
const GPE_HAS_VNI = 0x08
const GPE_HAS_NEXT = 0x04
/** draft-ietf-nvo3-vxlan-gpe-13 §3.2, the next protocols, as layers; 5 is MPLS of earlier drafts. */
const GPE_LAYERS = [0, LAYER_IP, LAYER_IP, LAYER_ETHERNET, LAYER_NSH, LAYER_MPLS] as const

/** draft-ietf-nvo3-vxlan-gpe-13 §3: VXLAN that says what it carries. */
function decodeVxlanGpe(buf: Uint8Array, m: PacketMeta): number {
  const at = m.at
  if (m.end - at < 8) return LAYER_DONE
  // Two reserved bytes behind the flags and the last one are zero.
  const flags = u8(buf, at)
  if ((flags & GPE_FLAGS_MASK) !== GPE_HAS_VNI || u16(buf, at + 1) !== 0 || u8(buf, at + 7) !== 0) return LAYER_DONE
  const layer = GPE_LAYERS[u8(buf, at + 3)] ?? 0
  if (layer === 0 || !carries(buf, at + 8, m, layer, (flags & GPE_HAS_NEXT) !== 0)) return LAYER_DONE
  m.tunnel = TUNNEL_VXLAN_GPE
  m.vni = u24(buf, at + 4)
  m.at = at + 8
  return layer
}

/** What can be looked at is; NSH and MPLS are believed when the header promises a next protocol. */
function carries(buf: Uint8Array, at: number, m: PacketMeta, layer: number, isPromised: boolean): boolean {
  if (layer === LAYER_IP) return looksLikeIp(buf, at, m)
  if (layer === LAYER_ETHERNET) return looksLikeFrame(buf, at, m)
  return isPromised
}

// RFC 9300 §5.3: nonce, map version and instance are announced by N, V and I; E echoes nonces; R is reserved, KK is a key
// identifier (RFC 8061).
const LISP_NONCE = 0x80
const LISP_ECHO_NONCE = 0x20
const LISP_MAP_VERSION = 0x10
const LISP_INSTANCE = 0x08
const LISP_RESERVED_OR_KEY = 0x07

/** RFC 9300 §5.3. With a key identifier the packet inside is encrypted, and the datagram all there is. */
function decodeLisp(buf: Uint8Array, m: PacketMeta): number {
  const at = m.at
  if (m.end - at < 8 || !looksLikeIp(buf, at + 8, m)) return LAYER_DONE
  const flags = u8(buf, at)
  if ((flags & LISP_RESERVED_OR_KEY) !== 0) return LAYER_DONE
  // A nonce and a map version have the same place; an echo is asked for with a nonce.
  const hasNonce = (flags & LISP_NONCE) !== 0
  if (hasNonce ? (flags & LISP_MAP_VERSION) !== 0 : (flags & LISP_ECHO_NONCE) !== 0) return LAYER_DONE
  m.tunnel = TUNNEL_LISP
  if ((flags & LISP_INSTANCE) !== 0) m.vni = u24(buf, at + 4)
  m.at = at + 8
  return LAYER_IP
}

// RFC 4380 §5.1.1: two indicators may stand before the IPv6 packet, told by their first two bytes.
const TEREDO_AUTHENTICATION = 0x0001
const TEREDO_ORIGIN = 0x0000
const TEREDO_ORIGIN_BYTES = 8
/** Type, two lengths, nonce and confirmation byte; client identifier and authentication value are between them. */
const TEREDO_AUTHENTICATION_BYTES = 13
/** RFC 4380 §2.6. */
const TEREDO_PREFIX = 0x20010000
const V6_SRC = 8
const V6_DST = 24

/** RFC 4380 §5.1.1. One end of the IPv6 packet has a Teredo address; router solicitations do not, and stay outside. */
function decodeTeredo(buf: Uint8Array, m: PacketMeta): number {
  let at = m.at
  if (m.end - at >= 4 && u16(buf, at) === TEREDO_AUTHENTICATION) {
    at += TEREDO_AUTHENTICATION_BYTES + u8(buf, at + 2) + u8(buf, at + 3)
  }
  if (m.end - at >= 2 && u16(buf, at) === TEREDO_ORIGIN) at += TEREDO_ORIGIN_BYTES
  if (!looksLikeIp(buf, at, m) || u8(buf, at) >> 4 !== 6) return LAYER_DONE
  if (u32(buf, at + V6_SRC) !== TEREDO_PREFIX && u32(buf, at + V6_DST) !== TEREDO_PREFIX) return LAYER_DONE
  m.tunnel = TUNNEL_TEREDO
  m.at = at
  return LAYER_IP
}
