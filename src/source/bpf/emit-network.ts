/** The middle step of a kernel filter: from the IP header to the shape of the packet, and what is to be tested of it. */
import {
  ANSWERING_TUNNEL_PORTS,
  PROTO_ICMP,
  PROTO_ICMPV6,
  PROTO_SCTP,
  PROTO_TCP,
  PROTO_UDP,
  TUNNEL_PORTS,
} from '../../core/ip-numbers.ts'
import { Label } from './assembler.ts'
import type { Build } from './build.ts'
import { emitResidue } from './emit-residue.ts'
import { OP } from './instruction.ts'
import { MAPPED_IN_V6, type Shape, SLOT } from './residue.ts'

// RFC 791 §3.1 and RFC 8200 §3. Byte offsets from the start of the IP header.
const V4_FRAGMENT = 6
const V4_PROTOCOL = 9
const V6_NEXT_HEADER = 6
const V6_HEADER_BYTES = 40
/** More fragments, or an offset. */
const V4_IS_FRAGMENT = 0x3fff
/**
 * IGMP, ESP, EIGRP, OSPF, PIM, VRRP: protocols without a name in the language that certainly carry no further IP, or none
 * that is looked into. Every other may, now or when the decoder learns it; so may IPv6's extension headers.
 */
const PLAIN_PROTOCOLS = [2, 50, 88, 89, 103, 112]

/** Two labels, by the version of IP. */
export interface ByVersion {
  readonly 4: Label
  readonly 6: Label
}

export interface NetworkExits {
  /** TCP that may match. */
  readonly tcp: ByVersion
  /** A UDP datagram to a tunnel's port. */
  readonly tunnel: ByVersion
  /** Packets that may carry packets. */
  readonly opaque: Label
}

/** Begins with X on an IP header, which every exit finds in its slot as well. */
export function emitNetwork(build: Build, vni: Shape['vni'], exits: NetworkExits): void {
  const { asm } = build
  const notV4 = new Label()
  asm.emit(OP.STX, SLOT.network)
  asm.emit(OP.LDB_IND, 0)
  asm.emit(OP.RSH_K, 4)
  asm.branch(OP.JEQ_K, 4, null, notV4)
  // A fragment is judged once it is joined, so all of them are needed; they are taken to be in one VLAN.
  asm.emit(OP.LDH_IND, V4_FRAGMENT)
  asm.branch(OP.JSET_K, V4_IS_FRAGMENT, exits.opaque, null)
  asm.emit(OP.LDB_IND, 0)
  asm.emit(OP.AND_K, 0x0f)
  asm.emit(OP.LSH_K, 2)
  asm.emit(OP.ADD_X)
  asm.emit(OP.ST, SLOT.transport)
  asm.emit(OP.LDB_IND, V4_PROTOCOL)
  emitProtocols(build, { version: 4, vni }, exits)
  asm.place(notV4)
  asm.branch(OP.JEQ_K, 6, null, build.notIp)
  if (build.usesMapped) emitMappedCheck(build)
  asm.emit(OP.TXA)
  asm.emit(OP.ADD_K, V6_HEADER_BYTES)
  asm.emit(OP.ST, SLOT.transport)
  asm.emit(OP.LDB_IND, V6_NEXT_HEADER)
  emitProtocols(build, { version: 6, vni }, exits)
}

/** To the decoder, an IPv4-mapped address in an IPv6 header is an IPv4 address; nobody should send one. */
function emitMappedCheck(build: Build): void {
  const isNone = new Label()
  emitResidue(build.asm, MAPPED_IN_V6, build.pass, isNone)
  build.asm.place(isNone)
}

/** A holds the protocol. */
function emitProtocols(build: Build, ip: { version: 4 | 6; vni: Shape['vni'] }, exits: NetworkExits): void {
  const { asm } = build
  const tcp = exits.tcp[ip.version]
  if (build.expression === null) {
    asm.branch(OP.JEQ_K, PROTO_TCP, tcp, build.pass)
    return
  }
  const shape = (protocol: number, ports: Shape['ports']): Shape => ({ ...ip, protocol, ports, vlan: 'loaded' })
  const isTcp = new Label()
  const isUdp = new Label()
  asm.branch(OP.JEQ_K, PROTO_TCP, isTcp, null)
  asm.branch(OP.JEQ_K, PROTO_UDP, isUdp, null)
  for (const protocol of [PROTO_ICMP, PROTO_ICMPV6]) {
    asm.branch(OP.JEQ_K, protocol, build.verdict(shape(protocol, 'none'), build.pass), null)
  }
  // SCTP is rare enough that its ports are left to the decoder.
  asm.branch(OP.JEQ_K, PROTO_SCTP, build.verdict(shape(PROTO_SCTP, 'unknown'), build.pass), null)
  for (const protocol of PLAIN_PROTOCOLS) {
    asm.branch(OP.JEQ_K, protocol, build.verdict(shape(-1, 'none'), build.pass), null)
  }
  asm.go(exits.opaque)

  asm.place(isTcp)
  if (build.usesPorts) {
    asm.emit(OP.LDX_MEM, SLOT.transport)
    emitPorts(build)
    asm.emit(OP.LDX_MEM, SLOT.network)
  }
  asm.go(build.verdict(shape(PROTO_TCP, 'loaded'), tcp))

  asm.place(isUdp)
  asm.emit(OP.LDX_MEM, SLOT.transport)
  emitPorts(build)
  for (const port of TUNNEL_PORTS) asm.branch(OP.JEQ_K, port, exits.tunnel[ip.version], null)
  asm.emit(OP.LDH_IND, 0)
  for (const port of ANSWERING_TUNNEL_PORTS) asm.branch(OP.JEQ_K, port, exits.opaque, null)
  asm.emit(OP.LDX_MEM, SLOT.network)
  asm.go(build.verdict(shape(PROTO_UDP, 'loaded'), build.pass))
}

/** X is on a TCP or UDP header; leaves the destination port in A. */
function emitPorts({ asm, usesPorts }: Build): void {
  if (usesPorts) {
    asm.emit(OP.LDH_IND, 0)
    asm.emit(OP.ST, SLOT.sourcePort)
  }
  asm.emit(OP.LDH_IND, 2)
  if (usesPorts) asm.emit(OP.ST, SLOT.destinationPort)
}
