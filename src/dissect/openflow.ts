/** OpenFlow between switch and controller, recognised only: with TLS, TLS comes first. */
import { u8, u16 } from '../core/bytes.ts'
import type { Dissector, Probe } from './dissector.ts'
import { recognisedStream } from './recognised.ts'

// OpenFlow Switch Specification 1.5.1 §7.1.1 and §7.5.1: version, type, length, transaction; a hello may have elements.
const HEADER_BYTES = 8
const MAX_VERSION = 6
const HELLO = 0
const LAST_TYPE = 35
const VERSION_BITMAP = 1
const MAX_HELLO_BYTES = 64

export const openflow: Dissector = recognisedStream({
  name: 'openflow',
  about: { title: 'OpenFlow', source: 'OpenFlow Switch Specification 1.5.1', reads: null },
  ports: [6653, 6633],

  probe(buf, at, end): Probe {
    const have = end - at
    if (have > 0 && (u8(buf, at) === 0 || u8(buf, at) > MAX_VERSION)) return 'no_match'
    if (have > 1 && u8(buf, at + 1) !== HELLO) return 'no_match'
    if (have > 2 && u8(buf, at + 2) !== 0) return 'no_match'
    if (have < 4) return 'unsure'
    const length = u16(buf, at + 2)
    if (length < HEADER_BYTES || length > MAX_HELLO_BYTES || length % 8 !== 0) return 'no_match'
    if (length > HEADER_BYTES) return hasBitmap(buf, at + HEADER_BYTES, end, length - HEADER_BYTES)
    // A bare hello is little evidence; the message behind it must be one too.
    return isMessage(buf, at + length, end)
  },
})

/** Elements fill the hello; the first lists versions, 32 of them in each word, and none that there is not. */
function hasBitmap(buf: Uint8Array, at: number, end: number, room: number): Probe {
  if (end - at < 8) return 'unsure'
  const size = u16(buf, at + 2)
  const fits = u16(buf, at) === VERSION_BITMAP && size === 8 && size <= room
  const known = u16(buf, at + 4) === 0 && u8(buf, at + 6) === 0 && u8(buf, at + 7) !== 0
  return fits && known && (u8(buf, at + 7) & 0x81) === 0 ? 'match' : 'no_match'
}

function isMessage(buf: Uint8Array, at: number, end: number): Probe {
  const have = end - at
  if (have > 0 && (u8(buf, at) === 0 || u8(buf, at) > MAX_VERSION)) return 'no_match'
  // Nobody says hello twice, and others count with zeros there.
  if (have > 1 && (u8(buf, at + 1) === HELLO || u8(buf, at + 1) > LAST_TYPE)) return 'no_match'
  if (have < HEADER_BYTES) return 'unsure'
  return u16(buf, at + 2) >= HEADER_BYTES ? 'match' : 'no_match'
}
