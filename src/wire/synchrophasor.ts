/** Frames of synchrophasors (IEEE C37.118.2-2011 §6.2): sync word, size, and a CRC over all of it. */
import { u8, u16 } from '../core/bytes.ts'

const SYNC = 0xaa
const HEADER_BYTES = 14
const CRC_BYTES = 2
/** Data, header, three kinds of configuration, command; of the years 2005 and 2011. */
const LAST_TYPE = 5
const COMMAND = 4
const MAX_VERSION = 2
/** The configuration of a whole substation is larger; then the command that asked for it tells. */
const MAX_BYTES = 8 * 1024

export const isSynchrophasorCommand = (buf: Uint8Array, at: number): boolean => u8(buf, at + 1) >>> 4 === COMMAND

/** Size of the frame at `at`; 0 = more bytes must tell, -1 = there is none. */
export function synchrophasorSize(buf: Uint8Array, at: number, end: number): number {
  const have = end - at
  if (have > 0 && u8(buf, at) !== SYNC) return -1
  if (have > 1 && !isType(u8(buf, at + 1))) return -1
  if (have < 4) return 0
  const size = u16(buf, at + 2)
  if (size < HEADER_BYTES + CRC_BYTES || size > MAX_BYTES) return -1
  if (have < size) return 0
  return crcCcitt(buf, at, at + size - CRC_BYTES) === u16(buf, at + size - CRC_BYTES) ? size : -1
}

function isType(byte: number): boolean {
  const version = byte & 0x0f
  return byte >>> 4 <= LAST_TYPE && version >= 1 && version <= MAX_VERSION
}

/** x^16 + x^12 + x^5 + 1, all ones at first (§6.2 and annex B). */
function crcCcitt(buf: Uint8Array, at: number, end: number): number {
  let crc = 0xffff
  for (let p = at; p < end; p++) {
    const step = ((crc >>> 8) ^ u8(buf, p)) & 0xff
    const quick = step ^ (step >>> 4)
    crc = ((crc << 8) ^ (quick << 12) ^ (quick << 5) ^ quick) & 0xffff
  }
  return crc
}
