/** GTP's control plane: version 1 (3GPP TS 29.060 §6) and version 2 (TS 29.274 §5), and the path messages of its user plane. */
import { u8, u16 } from '../core/bytes.ts'

const V1_HEADER_BYTES = 8
const V2_HEADER_BYTES = 8
const MAX_ELEMENTS = 256

/** Lengths of version 1's elements without a length of their own (TS 29.060 §7.7). */
export const V1_FIXED_ELEMENTS: Readonly<Record<number, number>> = {
  1: 1,
  2: 8,
  3: 6,
  4: 4,
  5: 4,
  8: 1,
  9: 3,
  11: 1,
  12: 3,
  13: 1,
  14: 1,
  15: 1,
  16: 4,
  17: 4,
  18: 5,
  19: 1,
  20: 1,
  21: 1,
  22: 1,
  23: 1,
  24: 1,
  25: 2,
  26: 2,
  27: 2,
  28: 2,
  29: 1,
  127: 4,
}

/** Version of a GTP message; 0 = it is none. */
export function gtpVersion(buf: Uint8Array, at: number, end: number, missing: number): 0 | 1 | 2 {
  if (end - at < V1_HEADER_BYTES) return 0
  const first = u8(buf, at)
  if (first >>> 5 === 1) return (first & 0x10) !== 0 && isV1(buf, at, end, missing) ? 1 : 0
  return first >>> 5 === 2 && (first & 0x07) === 0 && isV2(buf, at, end, missing) ? 2 : 0
}

function isV1(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  const type = u8(buf, at + 1)
  const flags = u8(buf, at)
  // Bit 4 is spare; 255 is a user's packet.
  if ((flags & 0x08) !== 0 || type === 0 || type > 129) return false
  if (u16(buf, at + 2) !== end + missing - at - V1_HEADER_BYTES) return false
  const elements = at + V1_HEADER_BYTES + ((flags & 0x07) === 0 ? 0 : 4)
  // An echo request needs no element at all; it has a sequence number and no tunnel.
  if (elements === end + missing) return type === 1 && (flags & 0x02) !== 0 && u16(buf, at + 4) + u16(buf, at + 6) === 0
  return elements < end && v1ElementsAddUp(buf, elements, end, missing)
}

function v1ElementsAddUp(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  let p = at
  let last = 0
  for (let n = 0; n < MAX_ELEMENTS && p < end; n++) {
    const type = u8(buf, p)
    // In ascending order (§7.7).
    if (type < last) return false
    last = type
    if (type < 128) {
      const size = V1_FIXED_ELEMENTS[type]
      if (size === undefined) return false
      p += 1 + size
    } else {
      if (end - p < 3) return missing > 0
      p += 3 + u16(buf, p + 1)
    }
  }
  return p === end + missing || (missing > 0 && p >= end)
}

function isV2(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  const type = u8(buf, at + 1)
  const length = u16(buf, at + 2)
  const hasTunnel = (u8(buf, at) & 0x08) !== 0
  if (type === 0 || (!hasTunnel && type > 3) || (u8(buf, at) & 0x10) !== 0) return false
  if (length + 4 !== end + missing - at) return false
  const elements = at + V2_HEADER_BYTES + (hasTunnel ? 4 : 0)
  // The octet behind the sequence number holds a priority or nothing.
  if (elements >= end || u8(buf, elements - 1) > 0xf0) return false
  let p = elements
  for (let n = 0; n < MAX_ELEMENTS && p < end; n++) {
    if (end - p < 4) return missing > 0 && n > 0
    // Type, length, spare and instance.
    if (u8(buf, p) === 0 || (u8(buf, p + 3) & 0xf0) !== 0) return false
    p += 4 + u16(buf, p + 1)
  }
  return p === end + missing || (missing > 0 && p >= end && p <= end + missing)
}
