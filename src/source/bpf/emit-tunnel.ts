/** What a kernel filter does with VXLAN and GENEVE: finds the identifier, and the packet inside. */
import { GENEVE_PORT, VXLAN_LINUX_PORT, VXLAN_PORT } from '../../core/ip-numbers.ts'
import { Label } from './assembler.ts'
import type { Build } from './build.ts'
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from './emit-link.ts'
import type { ByVersion } from './emit-network.ts'
import { OP } from './instruction.ts'
import { SLOT } from './residue.ts'

// RFC 791 §3.1, RFC 8200 §3, RFC 768. Byte offsets from the start of each header.
const V4_TOTAL_LENGTH = 2
const V6_PAYLOAD_LENGTH = 4
const UDP_DST_PORT = 2
const UDP_LENGTH = 4
const UDP_HEADER_BYTES = 8
const ETHERNET_HEADER_BYTES = 14
const ETHERTYPE = 12
const ETHERTYPE_TEB = 0x6558

// RFC 7348 §5. Byte offsets from the start of the UDP header; the decoder wants room for an Ethernet header behind.
const VXLAN_FLAGS = UDP_HEADER_BYTES
const VXLAN_VNI = UDP_HEADER_BYTES + 4
const VXLAN_RESERVED = UDP_HEADER_BYTES + 7
const VXLAN_HAS_VNI = 0x08
const VXLAN_BYTES = UDP_HEADER_BYTES + 8

// RFC 8926 §3.4. Byte offsets from the start of the UDP header.
const GENEVE_VERSION = UDP_HEADER_BYTES
const GENEVE_TYPE = UDP_HEADER_BYTES + 2
const GENEVE_VNI = UDP_HEADER_BYTES + 4
const GENEVE_BYTES = UDP_HEADER_BYTES + 8
const GENEVE_VERSION_MASK = 0xc0
const GENEVE_OPTIONS_MASK = 0x3f

export interface TunnelExits {
  /** X is on the inner IP header. */
  readonly inner: Label
  /** What is not plainly a tunnel with plain IP inside: the decoder will see. */
  readonly opaque: Label
}

/**
 * Begins at one of two labels with the IP and UDP offsets in their slots. The decoder takes bytes for a tunnel only when
 * they fit the lengths that the headers give, so nothing is concluded unless all lengths agree and the frame has them.
 */
export function emitTunnel(build: Build, from: ByVersion, exits: TunnelExits): void {
  const { asm } = build
  const { opaque } = exits
  const length = SLOT.first
  const sized = new Label()

  asm.place(from[4])
  asm.emit(OP.LDX_MEM, SLOT.network)
  asm.emit(OP.LDH_IND, V4_TOTAL_LENGTH)
  asm.emit(OP.ADD_X)
  asm.emit(OP.LDX_MEM, SLOT.transport)
  asm.emit(OP.SUB_X)
  asm.emit(OP.ST, length)
  asm.go(sized)

  asm.place(from[6])
  asm.emit(OP.LDX_MEM, SLOT.network)
  asm.emit(OP.LDH_IND, V6_PAYLOAD_LENGTH)
  asm.emit(OP.ST, length)

  asm.place(sized)
  asm.emit(OP.LDX_MEM, SLOT.transport)
  asm.emit(OP.LDH_IND, UDP_LENGTH)
  asm.emit(OP.LDX_MEM, length)
  asm.branch(OP.JEQ_X, 0, null, opaque)
  asm.emit(OP.LDX_MEM, SLOT.transport)
  asm.emit(OP.ADD_X)
  asm.emit(OP.TAX)
  asm.emit(OP.LD_LEN)
  asm.branch(OP.JGE_X, 0, null, opaque)

  const isVxlan = new Label()
  const isGeneve = new Label()
  const ethernet = new Label()
  asm.emit(OP.LDX_MEM, SLOT.transport)
  asm.emit(OP.LDH_IND, UDP_DST_PORT)
  asm.branch(OP.JEQ_K, VXLAN_PORT, isVxlan, null)
  asm.branch(OP.JEQ_K, VXLAN_LINUX_PORT, isVxlan, null)
  asm.branch(OP.JEQ_K, GENEVE_PORT, isGeneve, opaque)
  asm.place(isVxlan)
  emitVxlan(build, opaque)
  asm.go(ethernet)
  asm.place(isGeneve)
  emitGeneve(build, ethernet, exits)
  asm.place(ethernet)
  asm.emit(OP.LDH_IND, ETHERTYPE)
  const isIp = new Label()
  asm.branch(OP.JEQ_K, ETHERTYPE_IPV4, isIp, null)
  asm.branch(OP.JEQ_K, ETHERTYPE_IPV6, isIp, opaque)
  asm.place(isIp)
  asm.emit(OP.TXA)
  asm.emit(OP.ADD_K, ETHERNET_HEADER_BYTES)
  asm.emit(OP.TAX)
  asm.go(exits.inner)
}

/** X goes from the UDP header to the inner Ethernet header. */
function emitVxlan(build: Build, opaque: Label): void {
  const { asm } = build
  asm.emit(OP.LD_MEM, SLOT.first)
  asm.branch(OP.JGE_K, VXLAN_BYTES + ETHERNET_HEADER_BYTES, null, opaque)
  asm.emit(OP.LDB_IND, VXLAN_FLAGS)
  asm.branch(OP.JSET_K, VXLAN_HAS_VNI, null, opaque)
  asm.emit(OP.LDB_IND, VXLAN_RESERVED)
  asm.branch(OP.JEQ_K, 0, null, opaque)
  emitVni(build, VXLAN_VNI)
  asm.emit(OP.TXA)
  asm.emit(OP.ADD_K, VXLAN_BYTES)
  asm.emit(OP.TAX)
}

/** X goes from the UDP header past the options: to Ethernet by `ethernet`, or to IP. */
function emitGeneve(build: Build, ethernet: Label, { inner, opaque }: TunnelExits): void {
  const { asm } = build
  const header = SLOT.second
  asm.emit(OP.LD_MEM, SLOT.first)
  asm.branch(OP.JGE_K, GENEVE_BYTES, null, opaque)
  asm.emit(OP.LDB_IND, GENEVE_VERSION)
  asm.branch(OP.JSET_K, GENEVE_VERSION_MASK, opaque, null)
  asm.emit(OP.AND_K, GENEVE_OPTIONS_MASK)
  asm.emit(OP.LSH_K, 2)
  asm.emit(OP.ADD_K, GENEVE_BYTES)
  asm.emit(OP.ST, header)
  asm.emit(OP.LDX_MEM, SLOT.first)
  asm.branch(OP.JGT_X, 0, opaque, null)
  asm.emit(OP.LDX_MEM, SLOT.transport)
  emitVni(build, GENEVE_VNI)
  asm.emit(OP.LDH_IND, GENEVE_TYPE)
  asm.emit(OP.ST, SLOT.first)
  asm.emit(OP.LD_MEM, header)
  asm.emit(OP.ADD_X)
  asm.emit(OP.TAX)
  asm.emit(OP.LD_MEM, SLOT.first)
  asm.branch(OP.JEQ_K, ETHERTYPE_TEB, ethernet, null)
  asm.branch(OP.JEQ_K, ETHERTYPE_IPV4, inner, null)
  asm.branch(OP.JEQ_K, ETHERTYPE_IPV6, inner, opaque)
}

/** Twenty-four bits. */
function emitVni({ asm, usesVni }: Build, at: number): void {
  if (!usesVni) return
  asm.emit(OP.LD_IND, at)
  asm.emit(OP.RSH_K, 8)
  asm.emit(OP.ST, SLOT.vni)
}
