import { u8, u16, u32 } from '../core/bytes.ts'
import { LAYER_FRAGMENT, LAYER_IP_PAYLOAD, LAYER_MALFORMED, LAYER_TRUNCATED } from './layers.ts'
import { type PacketMeta, TUNNEL_AH } from './packet-meta.ts'

// RFC 791 §3.1. Byte offsets from the start of the IPv4 header.
const V4_TOTAL_LENGTH = 2
const V4_ID = 4
const V4_FLAGS = 6
const V4_PROTOCOL = 9
const V4_SRC = 12
const V4_DST = 16
const V4_MIN_HEADER = 20
const MAPPED_PREFIX = 0x0000ffff

export function decodeIpv4(buf: Uint8Array, m: PacketMeta): number {
  const at = m.at
  if (m.end - at < V4_MIN_HEADER) return LAYER_TRUNCATED
  const headerLength = (u8(buf, at) & 0x0f) << 2
  if (headerLength < V4_MIN_HEADER) return LAYER_MALFORMED
  if (m.end - at < headerLength) return LAYER_TRUNCATED
  const view = m.view.of(buf)
  let total = view.getUint16(at + V4_TOTAL_LENGTH)
  // Segmentation offload leaves a total length of zero in frames captured on the sending host.
  if (total === 0) total = m.end + m.missing - at
  if (total < headerLength) return LAYER_MALFORMED
  limit(m, at + total)
  m.ipVersion = 4
  m.ipId = view.getUint16(at + V4_ID)
  m.proto = u8(buf, at + V4_PROTOCOL)
  m.src0 = m.src1 = m.dst0 = m.dst1 = 0
  m.src2 = m.dst2 = MAPPED_PREFIX
  m.src3 = view.getInt32(at + V4_SRC)
  m.dst3 = view.getInt32(at + V4_DST)
  m.at = at + headerLength
  const fragment = view.getUint16(at + V4_FLAGS)
  if ((fragment & 0x3fff) === 0) return LAYER_IP_PAYLOAD
  m.fragmentId = m.ipId
  m.fragmentOffset = (fragment & 0x1fff) << 3
  m.moreFragments = (fragment >> 13) & 1
  return LAYER_FRAGMENT
}

// RFC 8200 §3.
const V6_PAYLOAD_LENGTH = 4
const V6_NEXT_HEADER = 6
const V6_SRC = 8
const V6_DST = 24
const V6_HEADER = 40
// RFC 8200 §4 extension headers, RFC 6275 §6.1 (mobility), RFC 5201 (HIP), RFC 5533 (shim6).
const HOP_BY_HOP = 0
const ROUTING = 43
const FRAGMENT_HEADER = 44
const AUTHENTICATION = 51
const DESTINATION = 60
const MOBILITY = 135
const HIP = 139
const SHIM6 = 140
const NO_NEXT_HEADER = 59
const MAX_EXTENSION_HEADERS = 16

export function decodeIpv6(buf: Uint8Array, m: PacketMeta): number {
  const at = m.at
  if (m.end - at < V6_HEADER) return LAYER_TRUNCATED
  const view = m.view.of(buf)
  const payload = view.getUint16(at + V6_PAYLOAD_LENGTH)
  // Zero means a jumbogram or segmentation offload: the frame's own length is all there is.
  if (payload !== 0) limit(m, at + V6_HEADER + payload)
  m.ipVersion = 6
  m.ipId = 0
  m.src0 = view.getInt32(at + V6_SRC)
  m.src1 = view.getInt32(at + V6_SRC + 4)
  m.src2 = view.getInt32(at + V6_SRC + 8)
  m.src3 = view.getInt32(at + V6_SRC + 12)
  m.dst0 = view.getInt32(at + V6_DST)
  m.dst1 = view.getInt32(at + V6_DST + 4)
  m.dst2 = view.getInt32(at + V6_DST + 8)
  m.dst3 = view.getInt32(at + V6_DST + 12)
  m.at = at + V6_HEADER
  return skipExtensionHeaders(buf, m, u8(buf, at + V6_NEXT_HEADER))
}

const isExtensionHeader = (proto: number): boolean =>
  proto === HOP_BY_HOP ||
  proto === ROUTING ||
  proto === FRAGMENT_HEADER ||
  proto === DESTINATION ||
  proto === MOBILITY ||
  proto === HIP ||
  proto === SHIM6

const isMessage = (proto: number): boolean => proto === MOBILITY || proto === HIP || proto === SHIM6

/** Moves to the first header that is no extension header, from one of the kind `first`. */
export function skipExtensionHeaders(buf: Uint8Array, m: PacketMeta, first: number): number {
  let next = first
  for (let n = 0; n < MAX_EXTENSION_HEADERS; n++) {
    if (!isExtensionHeader(next)) {
      m.proto = next
      return LAYER_IP_PAYLOAD
    }
    const header = m.at
    if (m.end - header < 8) return LAYER_TRUNCATED
    m.proto = u8(buf, header)
    if (next === FRAGMENT_HEADER) {
      m.at = header + 8
      if (isRealFragment(buf, header, m)) return LAYER_FRAGMENT
    } else {
      m.at = header + ((u8(buf, header + 1) + 1) << 3)
      if (m.at > m.end) return LAYER_TRUNCATED
    }
    // Mobility, HIP and shim6 messages end the chain: then they are what the packet is.
    if (m.proto === NO_NEXT_HEADER && isMessage(next)) {
      m.proto = next
      m.at = header
      return LAYER_IP_PAYLOAD
    }
    next = m.proto
  }
  return LAYER_MALFORMED
}

/** An atomic fragment (RFC 6946 §2) is a whole datagram. */
function isRealFragment(buf: Uint8Array, header: number, m: PacketMeta): boolean {
  const field = u16(buf, header + 2)
  if ((field & 0xfff9) === 0) return false
  m.fragmentId = u32(buf, header + 4)
  m.fragmentOffset = field & 0xfff8
  m.moreFragments = field & 1
  return true
}

/** RFC 4302 §2: the Authentication Header protects integrity only; what it carries is readable. */
export function decodeAuthenticationHeader(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 12) return LAYER_TRUNCATED
  const length = (u8(buf, m.at + 1) + 2) << 2
  if (length < 12) return LAYER_MALFORMED
  if (m.end - m.at < length) return LAYER_TRUNCATED
  m.tunnel = TUNNEL_AH
  m.proto = u8(buf, m.at)
  m.at += length
  return m.ipVersion === 6 ? skipExtensionHeaders(buf, m, m.proto) : LAYER_IP_PAYLOAD
}

export const isAuthenticationHeader = (proto: number): boolean => proto === AUTHENTICATION

/** Bounds the layer to `wireEnd`, the end its own length field gives; keeps count of bytes not captured. */
export function limit(m: PacketMeta, wireEnd: number): void {
  // A length past the frame's own end happens with offload and with broken senders: those bytes are missing too.
  if (wireEnd >= m.end) {
    m.missing = wireEnd - m.end
    return
  }
  m.end = wireEnd
  m.missing = 0
}
