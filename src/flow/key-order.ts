import type { PacketMeta } from '../decode/packet-meta.ts'

/** One of several workers that each see all packets, and share the flows. */
export interface Shard {
  readonly part: number
  readonly of: number
}

/** Is the packet's source above its destination in the key's order (address words, then port)? */
export function isAbove(m: PacketMeta): boolean {
  if (m.src3 !== m.dst3) return m.src3 > m.dst3
  if (m.src0 !== m.dst0) return m.src0 > m.dst0
  if (m.src1 !== m.dst1) return m.src1 > m.dst1
  if (m.src2 !== m.dst2) return m.src2 > m.dst2
  return m.srcPort > m.dstPort
}

/** Is the packet of this share of the flows? Both directions are of the same one, and all fragments of a datagram. */
export function isInShard(m: PacketMeta, { part, of }: Shard): boolean {
  const high = isAbove(m)
  const last = high ? m.dst3 ^ Math.imul(m.src3, 0x9e3779b1) : m.src3 ^ Math.imul(m.dst3, 0x9e3779b1)
  const first = high ? m.dst0 ^ m.src1 : m.src0 ^ m.dst1
  const h = Math.imul(Math.imul(last, 0x85ebca6b) ^ first ^ Math.imul(m.src2 ^ m.dst2, 31), 0xc2b2ae35)
  return ((h ^ (h >>> 15)) >>> 0) % of === part
}

/** Hash of the addresses, ports and protocol, the same for both directions. `high` is what `isAbove` says. */
export function hashOf(m: PacketMeta, high: boolean, seed: number): number {
  const ports = high ? (m.dstPort << 16) | m.srcPort : (m.srcPort << 16) | m.dstPort
  let h = Math.imul((high ? m.dst3 : m.src3) ^ seed, 0x9e3779b1)
  h = Math.imul((h ^ (h >>> 15)) + (high ? m.src3 : m.dst3), 0x85ebca6b)
  h = Math.imul((h ^ (h >>> 13)) + ports, 0xc2b2ae35)
  if (m.ipVersion === 6) {
    h = high
      ? hashPrefixes(h, m.dst0, m.src0, m.dst1, m.src1, m.dst2, m.src2)
      : hashPrefixes(h, m.src0, m.dst0, m.src1, m.dst1, m.src2, m.dst2)
  }
  h = Math.imul((h ^ (h >>> 16)) + m.proto, 0x165667b1)
  return h ^ (h >>> 16)
}

function hashPrefixes(
  h0: number,
  lo0: number,
  hi0: number,
  lo1: number,
  hi1: number,
  lo2: number,
  hi2: number,
): number {
  let h = Math.imul((h0 ^ (h0 >>> 15)) + lo0 + Math.imul(hi0, 31), 0x9e3779b1)
  h = Math.imul((h ^ (h >>> 13)) + lo1 + Math.imul(hi1, 31), 0x85ebca6b)
  return Math.imul((h ^ (h >>> 15)) + lo2 + Math.imul(hi2, 31), 0xc2b2ae35)
}
