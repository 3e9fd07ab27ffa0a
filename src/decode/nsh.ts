import { u8, u16 } from '../core/bytes.ts'
import { ETHERTYPE_NSH } from './ethertypes.ts'
import { LAYER_ETHERNET, LAYER_IP, LAYER_MPLS, LAYER_NOT_IP, LAYER_NSH, LAYER_TRUNCATED } from './layers.ts'
import { type PacketMeta, TUNNEL_NSH } from './packet-meta.ts'

// RFC 8300 §2.2. Byte offsets from the start of the header.
const LENGTH = 1
const MD_TYPE = 2
const NEXT_PROTOCOL = 3
const MIN_HEADER = 8
/** RFC 8300 §2.4: metadata of type 1 has four words, behind the two that every header has. */
const MD_TYPE_1 = 1
const MD_TYPE_1_WORDS = 6
/** RFC 8300 §9.1.6, the next protocols, as layers. */
const LAYERS = [0, LAYER_IP, LAYER_IP, LAYER_ETHERNET, LAYER_NSH, LAYER_MPLS] as const

/** The Network Service Header of service chains: a path and metadata before a packet. */
export function decodeNsh(buf: Uint8Array, m: PacketMeta): number {
  m.stoppedAt = ETHERTYPE_NSH
  if (m.end - m.at < MIN_HEADER) return LAYER_TRUNCATED
  const words = u8(buf, m.at + LENGTH) & 0x3f
  const mdType = u8(buf, m.at + MD_TYPE) & 0x0f
  const layer = LAYERS[u8(buf, m.at + NEXT_PROTOCOL)] ?? 0
  // Version 0, and no OAM packet: of those the payload is not traffic.
  if ((u16(buf, m.at) & 0xe000) !== 0 || layer === 0 || words < MIN_HEADER >> 2) return LAYER_NOT_IP
  if (mdType === MD_TYPE_1 && words !== MD_TYPE_1_WORDS) return LAYER_NOT_IP
  const next = m.at + (words << 2)
  if (next > m.end) return LAYER_TRUNCATED
  m.tunnel = TUNNEL_NSH
  m.at = next
  return layer
}
