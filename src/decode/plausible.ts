/** What is asked of bytes before a tunnel is believed on the word of a port: do the inner header's lengths add up? */
import { u8, u16, u24 } from '../core/bytes.ts'
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_VLAN } from './ethertypes.ts'
import type { PacketMeta } from './packet-meta.ts'

// RFC 791 §3.1 and RFC 8200 §3. Byte offsets from the start of the IP header.
const V4_TOTAL_LENGTH = 2
const V4_MIN_HEADER = 20
const V6_PAYLOAD_LENGTH = 4
const V6_HEADER = 40

/** Is there an IP header at `at` whose lengths fit into what `m` has left, captured or not? */
export function looksLikeIp(buf: Uint8Array, at: number, m: PacketMeta): boolean {
  if (m.end - at < V4_MIN_HEADER) return false
  const room = m.end + m.missing - at
  const version = u8(buf, at) >> 4
  if (version === 6) return m.end - at >= V6_HEADER && V6_HEADER + u16(buf, at + V6_PAYLOAD_LENGTH) <= room
  if (version !== 4) return false
  const header = (u8(buf, at) & 0x0f) << 2
  const total = u16(buf, at + V4_TOTAL_LENGTH)
  return header >= V4_MIN_HEADER && header <= total && total <= room
}

/** An ethertype of IP at `type`, which must be there, and that version of IP at `at`? */
export function looksLikeIpType(buf: Uint8Array, type: number, at: number, m: PacketMeta): boolean {
  if (!looksLikeIp(buf, at, m)) return false
  return u16(buf, type) === (u8(buf, at) >> 4 === 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6)
}

const ETHERTYPE_AT = 12

/** An Ethernet frame with IP in it, tagged once at the most? Other frames are not worth telling from chance. */
export function looksLikeFrame(buf: Uint8Array, at: number, m: PacketMeta): boolean {
  if (m.end - at < ETHERTYPE_AT + 2) return false
  const type = at + (u16(buf, at + ETHERTYPE_AT) === ETHERTYPE_VLAN ? ETHERTYPE_AT + 4 : ETHERTYPE_AT)
  return looksLikeIpType(buf, type, type + 2, m)
}

/** SNAP (RFC 1042) with IP in it? */
export const looksLikeSnap = (buf: Uint8Array, at: number, m: PacketMeta): boolean =>
  m.end - at >= 8 && u16(buf, at) === 0xaaaa && u24(buf, at + 2) === 0x030000 && looksLikeIpType(buf, at + 6, at + 8, m)
