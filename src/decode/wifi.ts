import { u8, u16 } from '../core/bytes.ts'
import { LAYER_LINK_ONLY, LAYER_LLC, LAYER_TRUNCATED } from './layers.ts'
import type { PacketMeta } from './packet-meta.ts'

export const le16 = (buf: Uint8Array, at: number): number => u8(buf, at) | (u8(buf, at + 1) << 8)

// IEEE 802.11-2020 §9.2.4.1, frame control.
const TYPE_DATA = 2
const SUBTYPE_QOS = 0x8
const SUBTYPE_NO_DATA = 0x4
const FLAG_TO_DS = 0x01
const FLAG_FROM_DS = 0x02
const FLAG_PROTECTED = 0x40
const FLAG_ORDER = 0x80

/** An 802.11 frame. Only open data frames carry something to read; protected and management frames end here. */
export function decodeWifi(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 24) return LAYER_LINK_ONLY
  const control = u8(buf, m.at)
  const flags = u8(buf, m.at + 1)
  const subtype = control >> 4
  if (((control >> 2) & 3) !== TYPE_DATA || (subtype & SUBTYPE_NO_DATA) !== 0) return LAYER_LINK_ONLY
  if ((flags & FLAG_PROTECTED) !== 0) return LAYER_LINK_ONLY
  let header = 24
  if ((flags & FLAG_TO_DS) !== 0 && (flags & FLAG_FROM_DS) !== 0) header += 6
  if ((subtype & SUBTYPE_QOS) !== 0) header += (flags & FLAG_ORDER) !== 0 ? 6 : 2
  if (m.end - m.at < header + 8) return LAYER_TRUNCATED
  m.at += header
  // Some drivers pad the header to four bytes (the radiotap flag 0x20): LLC/SNAP tells.
  if (u16(buf, m.at) !== 0xaaaa && u16(buf, m.at + 2) === 0xaaaa) m.at += 2
  return LAYER_LLC
}

// radiotap.org: version 0, pad, length (little-endian), presence bitmaps.
export function decodeRadiotap(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 8) return LAYER_TRUNCATED
  const length = le16(buf, m.at + 2)
  if (length < 8 || m.end - m.at < length) return LAYER_TRUNCATED
  m.at += length
  return decodeWifi(buf, m)
}

/** PPI: version, flags, length, link type (little-endian); returns the inner link type or -1. */
export function skipPpi(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 8) return -1
  const length = le16(buf, m.at + 2)
  if (length < 8 || m.end - m.at < length) return -1
  const link = le16(buf, m.at + 4)
  m.at += length
  return link
}
