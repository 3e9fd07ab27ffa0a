import { u8, u16 } from '../core/bytes.ts'
import { decodeEthernet, decodeEthertype, decodeLlc, decodeMpls, decodePpp } from './ethernet.ts'
import {
  decodeAuthenticationHeader,
  decodeIpv4,
  decodeIpv6,
  isAuthenticationHeader,
  limit,
  skipExtensionHeaders,
} from './ip.ts'
import { decodeSession } from './l2tp.ts'
import {
  LAYER_DONE,
  LAYER_ETHERNET,
  LAYER_ETHERTYPE,
  LAYER_FRAGMENT,
  LAYER_IP,
  LAYER_IP_PAYLOAD,
  LAYER_LINK_ONLY,
  LAYER_LLC,
  LAYER_MALFORMED,
  LAYER_MPLS,
  LAYER_NOT_IP,
  LAYER_NSH,
  LAYER_PPP,
  LAYER_TRUNCATED,
} from './layers.ts'
import { decodeLink } from './link.ts'
import { decodeNsh } from './nsh.ts'
import {
  DECODED,
  type DecodeStatus,
  FRAGMENT,
  LINK_ONLY,
  MALFORMED,
  NOT_IP,
  type PacketMeta,
  PROTO_GRE,
  PROTO_SCTP,
  PROTO_TCP,
  PROTO_UDP,
  TRUNCATED,
  TUNNEL_IPIP,
  TUNNEL_NONE,
  UNSUPPORTED,
} from './packet-meta.ts'
import { decodeEtherIp, decodeGre, stepIn } from './tunnels.ts'
import { tunnelInUdp } from './udp-tunnels.ts'
import { decodeSubframe } from './wifi.ts'

export type { DecodeStatus } from './packet-meta.ts'

/** A frame nests at most this many layers; a deeper one is malformed by intent. */
const MAX_LAYERS = 24

/**
 * Reads the headers of one frame down to its innermost transport and fills `m`. `end` is the end of the captured
 * bytes; `wireLength` the frame's length on the wire. Reads nothing outside [at, end) and allocates nothing.
 */
export function decodeFrame(
  buf: Uint8Array,
  at: number,
  end: number,
  wireLength: number,
  link: number,
  m: PacketMeta,
): DecodeStatus {
  m.at = at
  m.end = end
  const missing = wireLength - (end - at)
  m.missing = Math.max(missing, 0)
  m.furtherAt = -1
  startPacket(m)
  return run(buf, m, decodeLink(buf, m, link))
}

/** Reads the next packet of a frame that holds several, from `m.furtherAt`, which must not be below zero. */
export function decodeFurther(buf: Uint8Array, m: PacketMeta): DecodeStatus {
  m.at = m.furtherAt
  m.end = m.furtherEnd
  m.missing = m.furtherMissing
  m.furtherAt = -1
  startPacket(m)
  return run(buf, m, decodeSubframe(buf, m))
}

function startPacket(m: PacketMeta): void {
  m.vlan = -1
  m.vni = -1
  m.tunnel = TUNNEL_NONE
  m.tunnels = 0
  m.ipVersion = 0
  m.stoppedAt = 0
}

/** Continues with a datagram whose fragments were joined: `m` still holds the IP header's fields. */
export function decodeIpPayload(buf: Uint8Array, at: number, end: number, m: PacketMeta): DecodeStatus {
  m.at = at
  m.end = end
  m.missing = 0
  // Extension headers may lie behind the fragment header too (RFC 8200 §4.5).
  return run(buf, m, m.ipVersion === 6 ? skipExtensionHeaders(buf, m, m.proto) : LAYER_IP_PAYLOAD)
}

function run(buf: Uint8Array, m: PacketMeta, first: number): DecodeStatus {
  let layer = first
  for (let n = 0; n < MAX_LAYERS; n++) {
    switch (layer) {
      case LAYER_ETHERNET:
        layer = decodeEthernet(m)
        break
      case LAYER_ETHERTYPE:
        layer = decodeEthertype(buf, m)
        break
      case LAYER_IP:
        layer = decodeIp(buf, m)
        break
      case LAYER_IP_PAYLOAD:
        layer = decodeTransport(buf, m)
        break
      case LAYER_PPP:
        layer = decodePpp(buf, m)
        break
      case LAYER_MPLS:
        layer = decodeMpls(buf, m)
        break
      case LAYER_LLC:
        layer = decodeLlc(buf, m)
        break
      case LAYER_NSH:
        layer = decodeNsh(buf, m)
        break
      default:
        return outcome(layer, m)
    }
  }
  return layer < 0 ? outcome(layer, m) : MALFORMED
}

function outcome(layer: number, m: PacketMeta): DecodeStatus {
  switch (layer) {
    case LAYER_DONE:
      return DECODED
    case LAYER_FRAGMENT:
      return FRAGMENT
    // An inner layer that is not IP, or closed, leaves the outer conversation as the innermost one we know.
    case LAYER_NOT_IP:
      return stepOut(m) ? DECODED : NOT_IP
    case LAYER_LINK_ONLY:
      return stepOut(m) ? DECODED : LINK_ONLY
    case LAYER_TRUNCATED:
      return TRUNCATED
    case LAYER_MALFORMED:
      return MALFORMED
    default:
      return UNSUPPORTED
  }
}

/** Nothing is in the tunnel that it could be around. False = there was no conversation outside of it. */
function stepOut(m: PacketMeta): boolean {
  if (m.ipVersion === 0 || m.tunnels === 0) return false
  m.tunnel = m.outerTunnel
  m.vni = m.outerVni
  return true
}

function decodeIp(buf: Uint8Array, m: PacketMeta): number {
  if (m.end <= m.at) return LAYER_TRUNCATED
  const version = u8(buf, m.at) >> 4
  if (version === 4) return decodeIpv4(buf, m)
  if (version === 6) return decodeIpv6(buf, m)
  return LAYER_MALFORMED
}

// Protocol numbers that carry a further packet (IANA: IP-in-IP, IPv6, EtherIP, L2TP version 3; GRE beside them).
const PROTO_IPIP = 4
const PROTO_IPV6 = 41
const PROTO_ETHERIP = 97
const PROTO_L2TP = 115

function decodeTransport(buf: Uint8Array, m: PacketMeta): number {
  const proto = m.proto
  m.transportAt = m.at
  if (proto === PROTO_TCP) return decodeTcp(buf, m)
  if (proto === PROTO_UDP) return decodeUdp(buf, m)
  m.srcPort = 0
  m.dstPort = 0
  m.tcpFlags = 0
  if (proto === PROTO_IPIP || proto === PROTO_IPV6) {
    stepIn(m)
    m.tunnel = TUNNEL_IPIP
    return LAYER_IP
  }
  if (proto === PROTO_GRE) {
    stepIn(m)
    return decodeGre(buf, m)
  }
  if (isAuthenticationHeader(proto)) return decodeAuthenticationHeader(buf, m)
  if (proto === PROTO_SCTP) return decodeSctp(buf, m)
  if (proto === PROTO_ETHERIP) return decodeEtherIp(buf, m)
  if (proto === PROTO_L2TP) return decodeL2tpInIp(buf, m)
  return LAYER_DONE
}

// RFC 9293 §3.1. Byte offsets from the start of the TCP header.
const TCP_SEQ = 4
const TCP_DATA_OFFSET = 12
const TCP_FLAGS = 13
const TCP_MIN_HEADER = 20

function decodeTcp(buf: Uint8Array, m: PacketMeta): number {
  const at = m.at
  if (m.end - at < TCP_MIN_HEADER) return LAYER_TRUNCATED
  const header = (u8(buf, at + TCP_DATA_OFFSET) >> 4) << 2
  if (header < TCP_MIN_HEADER) return LAYER_MALFORMED
  const view = m.view.of(buf)
  m.srcPort = view.getUint16(at)
  m.dstPort = view.getUint16(at + 2)
  m.seq = view.getInt32(at + TCP_SEQ)
  m.tcpFlags = u8(buf, at + TCP_FLAGS)
  m.at = at + header
  if (m.at > m.end) {
    // The options were cut off: what is missing of the payload is what lies behind them.
    if (m.at > m.end + m.missing) return LAYER_MALFORMED
    m.missing -= m.at - m.end
    m.end = m.at
  }
  return LAYER_DONE
}

// RFC 768.
const UDP_HEADER = 8

function decodeUdp(buf: Uint8Array, m: PacketMeta): number {
  const at = m.at
  if (m.end - at < UDP_HEADER) return LAYER_TRUNCATED
  m.srcPort = u16(buf, at)
  m.dstPort = u16(buf, at + 2)
  m.tcpFlags = 0
  const length = u16(buf, at + 4)
  if (length !== 0 && length < UDP_HEADER) return LAYER_MALFORMED
  if (length !== 0) limit(m, at + length)
  m.at = at + UDP_HEADER
  return tunnelInUdp(buf, m)
}

// RFC 9260 §3.1: ports, verification tag, checksum; then chunks.
const SCTP_HEADER = 12

function decodeSctp(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < SCTP_HEADER) return LAYER_TRUNCATED
  m.srcPort = u16(buf, m.at)
  m.dstPort = u16(buf, m.at + 2)
  m.at += SCTP_HEADER
  if (isWithoutData(buf, m)) {
    m.at = m.end
    m.missing = 0
  }
  return LAYER_DONE
}

const CHUNK_HEADER = 4
/** INIT to SHUTDOWN COMPLETE, ECN and AUTH (RFC 9260 §3.2, RFC 4895); addresses, streams, padding, what is skipped. */
const LAST_CONTROL_CHUNK = 15
const CONTROL_CHUNKS = [0x80, 0x81, 0x82, 0x84, 0xc0, 0xc1, 0xc2]

/** Chunks that fill the packet and set up, acknowledge or end an association are no payload. What is cut off may be. */
function isWithoutData(buf: Uint8Array, m: PacketMeta): boolean {
  let p = m.at
  while (m.end - p >= CHUNK_HEADER) {
    const type = u8(buf, p)
    const size = u16(buf, p + 2)
    const isControl = (type > 0 && type <= LAST_CONTROL_CHUNK) || CONTROL_CHUNKS.includes(type)
    if (!isControl || size < CHUNK_HEADER) return false
    p += (size + 3) & ~3
  }
  return p >= m.end + m.missing
}

/** RFC 3931 §4.1.1: the session identifier is all the header there is. */
function decodeL2tpInIp(buf: Uint8Array, m: PacketMeta): number {
  const { tunnel, vni } = m
  const layer = decodeSession(buf, m, m.at)
  if (layer !== LAYER_DONE) stepIn(m, tunnel, vni)
  return layer
}
