/**
 * How much of the mirrored frame its sender cut off. The datagram is whole, so the kernel cannot say; the length in the
 * mirrored IP header does. AWS cuts to the target's MTU, and to the session's own packet length.
 */
import { u8, u16 } from '../core/bytes.ts'

const ETHERTYPE_IPV4 = 0x0800
const ETHERTYPE_IPV6 = 0x86dd
const ETHERTYPE_TEB = 0x6558
const ETHERTYPE_VLAN = 0x8100
const ETHERTYPE_QINQ = 0x88a8

export type CutBytes = (buf: Uint8Array, at: number, end: number) => number

/** RFC 7348 §5: eight bytes, then an Ethernet frame. */
export const vxlanCut: CutBytes = (buf, at, end) => ethernetCut(buf, at + 8, end)

/** RFC 8926 §3.4: the length of the options in words of four bytes, then the kind of the payload as an ethertype. */
export const geneveCut: CutBytes = (buf, at, end) => {
  if (end - at < 8) return 0
  const inner = at + 8 + ((u8(buf, at) & 0x3f) << 2)
  const type = u16(buf, at + 2)
  return type === ETHERTYPE_TEB ? ethernetCut(buf, inner, end) : ipCut(buf, inner, end, type)
}

function ethernetCut(buf: Uint8Array, frame: number, end: number): number {
  let at = frame + 12
  for (let tags = 0; tags < 2 && end - at >= 6; tags++, at += 4) {
    const type = u16(buf, at)
    if (type !== ETHERTYPE_VLAN && type !== ETHERTYPE_QINQ) break
  }
  return end - at < 2 ? 0 : ipCut(buf, at + 2, end, u16(buf, at))
}

function ipCut(buf: Uint8Array, at: number, end: number, type: number): number {
  if (end - at < 6) return 0
  // A length of 0 is segmentation offload's: it tells nothing.
  const length = type === ETHERTYPE_IPV4 ? u16(buf, at + 2) : type === ETHERTYPE_IPV6 ? u16(buf, at + 4) : 0
  if (length === 0) return 0
  return Math.max(0, at + length + (type === ETHERTYPE_IPV6 ? 40 : 0) - end)
}
