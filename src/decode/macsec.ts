import { u8 } from '../core/bytes.ts'
import { ETHERTYPE_MACSEC } from './ethertypes.ts'
import { limit } from './ip.ts'
import { LAYER_ETHERTYPE, LAYER_LINK_ONLY, LAYER_NOT_IP, LAYER_TRUNCATED } from './layers.ts'
import { type PacketMeta, TUNNEL_MACSEC } from './packet-meta.ts'

// IEEE 802.1AE-2018 §9.5, tag control information: version, SCI present, end station or single copy broadcast (both
// instead of an SCI), encrypted or changed text.
const TCI_VERSION = 0x80
const TCI_HAS_SCI = 0x20
const TCI_IMPLIES_SCI = 0x50
const TCI_ENCRYPTED_OR_CHANGED = 0x0c
/** IEEE 802.1AE-2018 §9.7: longer data has a short length of zero. */
const MAX_SHORT_LENGTH = 47
const TAG_BYTES = 6
const SCI_BYTES = 8

/** IEEE 802.1AE-2018 §9.3, behind the ethertype. Integrity alone leaves the frame readable; its check value trails it. */
export function decodeMacsec(buf: Uint8Array, m: PacketMeta): number {
  m.stoppedAt = ETHERTYPE_MACSEC
  if (m.end - m.at < TAG_BYTES) return LAYER_TRUNCATED
  const tci = u8(buf, m.at)
  const shortLength = u8(buf, m.at + 1)
  const hasSci = (tci & TCI_HAS_SCI) !== 0
  if ((tci & TCI_VERSION) !== 0 || shortLength > MAX_SHORT_LENGTH) return LAYER_NOT_IP
  if (hasSci && (tci & TCI_IMPLIES_SCI) !== 0) return LAYER_NOT_IP
  if ((tci & TCI_ENCRYPTED_OR_CHANGED) !== 0) return LAYER_LINK_ONLY
  const next = m.at + TAG_BYTES + (hasSci ? SCI_BYTES : 0)
  if (next > m.end) return LAYER_TRUNCATED
  if (shortLength !== 0) limit(m, next + shortLength)
  m.tunnel = TUNNEL_MACSEC
  m.at = next
  return LAYER_ETHERTYPE
}
