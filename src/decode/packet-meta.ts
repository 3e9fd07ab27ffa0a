import { LastView } from '../core/last-view.ts'

export { PROTO_GRE, PROTO_ICMP, PROTO_ICMPV6, PROTO_SCTP, PROTO_TCP, PROTO_UDP } from '../core/ip-numbers.ts'

/** Transport outcome of decoding one frame: what the flow stage does next. Numbers, so that V8 keeps them unboxed. */
export const DECODED = 0
/** An IP fragment: the payload range is the fragment's, to be joined before the transport header can be read. */
export const FRAGMENT = 1
/** A frame that carries no IP (ARP, LLDP, …): counted, not an error. */
export const NOT_IP = 2
/** Fewer bytes were captured than the headers need. */
export const TRUNCATED = 3
/** A header contradicts itself. */
export const MALFORMED = 4
/** A link type or an encapsulation we do not read. */
export const UNSUPPORTED = 5
/** 802.11 and MACsec frames whose payload is protected by the link itself, and management frames. */
export const LINK_ONLY = 6
export type DecodeStatus = 0 | 1 | 2 | 3 | 4 | 5 | 6
export const DECODE_STATUS_NAMES = [
  'decoded',
  'fragment',
  'not_ip',
  'truncated',
  'malformed',
  'unsupported',
  'link_only',
] as const

// RFC 9293 §3.1 control bits.
export const FIN = 0x01
export const SYN = 0x02
export const RST = 0x04
export const ACK = 0x10

// Outer encapsulations, innermost wins; names in TUNNEL_NAMES at the same index. MACsec is one that encrypts nothing, as is
// the Authentication Header: what they carry is authentic, and no more.
export const TUNNEL_NONE = 0
export const TUNNEL_GRE = 1
export const TUNNEL_ERSPAN = 2
export const TUNNEL_VXLAN = 3
export const TUNNEL_GENEVE = 4
export const TUNNEL_IPIP = 5
export const TUNNEL_GTPU = 6
export const TUNNEL_MPLS = 7
export const TUNNEL_PPPOE = 8
export const TUNNEL_VXLAN_GPE = 9
export const TUNNEL_NSH = 10
export const TUNNEL_LISP = 11
export const TUNNEL_TEREDO = 12
export const TUNNEL_L2TP = 13
export const TUNNEL_CAPWAP = 14
export const TUNNEL_ETHERIP = 15
export const TUNNEL_MACSEC = 16
export const TUNNEL_AH = 17
export const TUNNEL_NAMES = [
  null,
  'gre',
  'erspan',
  'vxlan',
  'geneve',
  'ipip',
  'gtpu',
  'mpls',
  'pppoe',
  'vxlan_gpe',
  'nsh',
  'lisp',
  'teredo',
  'l2tp',
  'capwap',
  'etherip',
  'macsec',
  'ah',
] as const
/** Index into TUNNEL_NAMES. */
export type TunnelKind = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17

/**
 * What the headers of one frame said. One object is reused for all frames: one hidden class.
 * Addresses are four 32-bit words, an IPv4 address as its IPv4-mapped form (RFC 4291 §2.5.5.2).
 */
export class PacketMeta {
  /** Capture time, µs; set by whoever has the frame. A field, because a number with a fraction costs 16 bytes a call. */
  time = 0
  /** Cursor of the layer being decoded; after decoding, the range of the transport payload that was captured. */
  at = 0
  end = 0
  /** Bytes that were on the wire behind `end` but were not captured. */
  missing = 0

  ipVersion = 0
  /** Identification field of IPv4 (RFC 791 §3.1); 0 = the sender gave none, or it is IPv6. */
  ipId = 0
  proto = 0
  src0 = 0
  src1 = 0
  src2 = 0
  src3 = 0
  dst0 = 0
  dst1 = 0
  dst2 = 0
  dst3 = 0
  /** Where the transport header begins. */
  transportAt = 0
  srcPort = 0
  dstPort = 0
  /** Sequence number, as 32 bits with a sign. */
  seq = 0
  tcpFlags = 0

  /** Outermost 802.1Q VLAN identifier, -1 = untagged. */
  vlan = -1
  /** VXLAN/GENEVE network identifier, ERSPAN session, GRE key or LISP instance of the innermost tunnel, -1 = none. */
  vni = -1
  tunnel: number = TUNNEL_NONE
  tunnels = 0
  /** Both as they were outside of the innermost tunnel, where there is one. */
  outerVni = -1
  outerTunnel: number = TUNNEL_NONE

  fragmentId = 0
  /** Bytes. */
  fragmentOffset = 0
  moreFragments = 0
  /** Ethertype or link type that ended decoding when the status is NOT_IP, UNSUPPORTED or LINK_ONLY. */
  stoppedAt = 0

  /** Where the frame goes on with another packet (802.11 aggregates some), -1 = it does not; see `decodeFurther`. */
  furtherAt = -1
  furtherEnd = 0
  furtherMissing = 0

  // What the flow stage asks of it before its turn (flow/frames-ahead.ts).
  /** How decoding ended. */
  status: DecodeStatus = DECODED
  /** It is not asked for, or another worker's: then nothing else is found out. */
  isUnwanted = false
  isOthers = false
  /** Hash of the flow's key, its low end's port and its high end's, and which of the ends sent the packet (flow/flow-flags.ts). */
  flowHash = 0
  flowPorts = 0
  flowSide: 0 | 1 = 0
  /** Where its copy would be, what that has as well, one value and a hash of others, and how far away it may be, µs. */
  copyAt = 0
  copyExact = 0
  copyHash = 0
  copyWithinUs = 0

  /** Of the buffer that holds the frame. */
  readonly view = new LastView()
}
