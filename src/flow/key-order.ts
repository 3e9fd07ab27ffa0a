import type { PacketMeta } from '../decode/packet-meta.ts'
import { HIGH, type Side } from './flow-flags.ts'

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

/** The ports of the two ends, as they are where the other one comes first. */
export const swapPorts = (ports: number): number => (ports << 16) | (ports >>> 16)

/** Hash of the addresses, ports and protocol, the same for both directions. `side` is the sender's, `ports` are the low end's and the high end's. */
export function hashOf(m: PacketMeta, side: Side, ports: number, seed: number): number {
  const isHigh = side === HIGH
  const h = isHigh ? hashLast(m.dst3, m.src3, ports, seed) : hashLast(m.src3, m.dst3, ports, seed)
  if (m.ipVersion !== 6) return finish(h, m.proto)
  const whole = isHigh
    ? hashPrefixes(h, m.dst0, m.src0, m.dst1, m.src1, m.dst2, m.src2)
    : hashPrefixes(h, m.src0, m.dst0, m.src1, m.dst1, m.src2, m.dst2)
  return finish(whole, m.proto)
}

/** The same of two IPv4 addresses, the low one first. */
export const hashIpv4 = (low: number, high: number, ports: number, proto: number, seed: number): number =>
  finish(hashLast(low, high, ports, seed), proto)

function hashLast(low: number, high: number, ports: number, seed: number): number {
  const h = Math.imul(low ^ seed, 0x9e3779b1)
  // Of what is not known to be an integer the sum would be one of doubles.
  const both = Math.imul(((h ^ (h >>> 15)) + (high | 0)) | 0, 0x85ebca6b)
  return Math.imul(((both ^ (both >>> 13)) + (ports | 0)) | 0, 0xc2b2ae35)
}

function finish(h: number, proto: number): number {
  const whole = Math.imul(((h ^ (h >>> 16)) + (proto | 0)) | 0, 0x165667b1)
  return whole ^ (whole >>> 16)
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
  let h = Math.imul(((h0 ^ (h0 >>> 15)) + (lo0 | 0) + Math.imul(hi0, 31)) | 0, 0x9e3779b1)
  h = Math.imul(((h ^ (h >>> 13)) + (lo1 | 0) + Math.imul(hi1, 31)) | 0, 0x85ebca6b)
  return Math.imul(((h ^ (h >>> 15)) + (lo2 | 0) + Math.imul(hi2, 31)) | 0, 0xc2b2ae35)
}
