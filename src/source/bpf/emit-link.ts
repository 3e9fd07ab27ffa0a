/** The first step of a kernel filter: from the Ethernet header to the IP header, past up to two VLAN tags. */
import { Label } from './assembler.ts'
import type { Build } from './build.ts'
import { OP, VLAN_TAG, VLAN_TAG_PRESENT } from './instruction.ts'
import { NO_VLAN, SLOT } from './residue.ts'

// IEEE 802 numbers, as registered with IANA.
export const ETHERTYPE_IPV4 = 0x0800
export const ETHERTYPE_IPV6 = 0x86dd
/** 802.1Q, 802.1ad, and what stood for the latter before. */
const VLAN_TYPES = [0x8100, 0x88a8, 0x9100, 0x9200]
/**
 * ARP, slow protocols (LACP), EAPOL, LLDP, PTP: certainly no IP. Every other type may hold some, now or when the decoder
 * learns it.
 */
const NOT_IP_TYPES = [0x0806, 0x8809, 0x888e, 0x88cc, 0x88f7]
/** In the frame; the kernel may have taken out one more. */
const MAX_TAGS = 2
const TAG_BYTES = 4
const VLAN_ID_MASK = 0x0fff
/** Offset of the ethertype in an untagged frame. */
const ETHERTYPE = 12

/** Goes to `network` with X on the IP header, or to `opaque` when something else may carry one. */
export function emitLink(build: Build, network: Label, opaque: Label): void {
  const { asm } = build
  if (build.usesVlan) emitStrippedTag(build)
  for (let tags = 0; tags <= MAX_TAGS; tags++) {
    const at = ETHERTYPE + tags * TAG_BYTES
    const isIp = new Label()
    const isTag = new Label()
    asm.emit(OP.LDH_ABS, at)
    asm.branch(OP.JEQ_K, ETHERTYPE_IPV4, isIp, null)
    asm.branch(OP.JEQ_K, ETHERTYPE_IPV6, isIp, null)
    if (tags < MAX_TAGS) for (const type of VLAN_TYPES) asm.branch(OP.JEQ_K, type, isTag, null)
    for (const type of NOT_IP_TYPES) asm.branch(OP.JEQ_K, type, build.notIp, null)
    asm.go(opaque)
    asm.place(isIp)
    asm.emit(OP.LDX_IMM, at + 2)
    asm.go(network)
    if (tags === MAX_TAGS) return
    asm.place(isTag)
    if (build.usesVlan) emitTagInFrame(build, at + 2)
  }
}

/** A network card or the kernel takes the outermost tag out of the frame, and remembers it. */
function emitStrippedTag({ asm }: Build): void {
  const none = new Label()
  const known = new Label()
  asm.emit(OP.LDB_ABS, VLAN_TAG_PRESENT)
  asm.branch(OP.JEQ_K, 0, none, null)
  asm.emit(OP.LDB_ABS, VLAN_TAG)
  asm.emit(OP.AND_K, VLAN_ID_MASK)
  asm.go(known)
  asm.place(none)
  asm.emit(OP.LD_IMM, NO_VLAN)
  asm.place(known)
  asm.emit(OP.ST, SLOT.vlan)
}

/** The outermost tag names the VLAN. */
function emitTagInFrame({ asm }: Build, at: number): void {
  const inner = new Label()
  asm.emit(OP.LD_MEM, SLOT.vlan)
  asm.branch(OP.JEQ_K, NO_VLAN, null, inner)
  asm.emit(OP.LDH_ABS, at)
  asm.emit(OP.AND_K, VLAN_ID_MASK)
  asm.emit(OP.ST, SLOT.vlan)
  asm.place(inner)
}
