import { u8, u16 } from '../core/bytes.ts'
import { limit } from './ip.ts'
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
const QOS_AMSDU_PRESENT = 0x80

/** An 802.11 frame. Only open data frames carry something to read; protected and management frames end here. */
export function decodeWifi(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 24) return LAYER_LINK_ONLY
  const control = u8(buf, m.at)
  const flags = u8(buf, m.at + 1)
  const header = openHeaderBytes(control, flags)
  if (header < 0) return LAYER_LINK_ONLY
  if (m.end - m.at < header + 8) return LAYER_TRUNCATED
  const isQos = ((control >> 4) & SUBTYPE_QOS) !== 0
  const isAggregate = isQos && (u8(buf, m.at + qosAt(flags)) & QOS_AMSDU_PRESENT) !== 0
  m.at += header
  // Some drivers take an A-MSDU apart and leave its flag.
  if (isAggregate && u16(buf, m.at) !== 0xaaaa) return decodeSubframe(buf, m)
  // Some drivers pad the header to four bytes (the radiotap flag 0x20): LLC/SNAP tells.
  if (u16(buf, m.at) !== 0xaaaa && u16(buf, m.at + 2) === 0xaaaa) m.at += 2
  return LAYER_LLC
}

const hasFourAddresses = (flags: number): boolean => (flags & FLAG_TO_DS) !== 0 && (flags & FLAG_FROM_DS) !== 0

// IEEE 802.11-2020 §9.2.4.5: the QoS field stands behind the addresses.
const qosAt = (flags: number): number => (hasFourAddresses(flags) ? 30 : 24)

/** Bytes of the header of a data frame that is not protected; -1 for every other frame. */
export function openHeaderBytes(control: number, flags: number): number {
  const subtype = control >> 4
  if (((control >> 2) & 3) !== TYPE_DATA || (subtype & SUBTYPE_NO_DATA) !== 0) return -1
  if ((flags & FLAG_PROTECTED) !== 0) return -1
  if ((subtype & SUBTYPE_QOS) === 0) return qosAt(flags)
  return qosAt(flags) + ((flags & FLAG_ORDER) !== 0 ? 6 : 2)
}

/** IEEE 802.11-2020 §9.3.2.2.2: two addresses and a length, then LLC; all but the last are padded to four bytes. */
const SUBFRAME_HEADER = 14
const SUBFRAME_LENGTH = 12
const MIN_SUBFRAME = SUBFRAME_HEADER + 8

/** One packet of an A-MSDU. Where another follows, `furtherAt` remembers it. */
export function decodeSubframe(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < MIN_SUBFRAME) return LAYER_TRUNCATED
  const length = u16(buf, m.at + SUBFRAME_LENGTH)
  const end = m.at + SUBFRAME_HEADER + length
  const next = m.at + ((SUBFRAME_HEADER + length + 3) & ~3)
  if (m.end - next >= MIN_SUBFRAME) {
    m.furtherAt = next
    m.furtherEnd = m.end
    m.furtherMissing = m.missing
  }
  limit(m, end)
  m.at += SUBFRAME_HEADER
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
