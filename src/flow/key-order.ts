import type { PacketMeta } from '../decode/packet-meta.ts'

/** Is the packet's source above its destination in the key's order (address words, then port)? */
export function isAbove(m: PacketMeta): boolean {
  if (m.src3 !== m.dst3) return m.src3 > m.dst3
  if (m.src0 !== m.dst0) return m.src0 > m.dst0
  if (m.src1 !== m.dst1) return m.src1 > m.dst1
  if (m.src2 !== m.dst2) return m.src2 > m.dst2
  return m.srcPort > m.dstPort
}
