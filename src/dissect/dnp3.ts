import { u8, u16le } from '../core/bytes.ts'
import { PROTO_UDP } from '../decode/packet-meta.ts'
import type { Probe } from './dissector.ts'
import { recognisedDatagrams, recognisedStream } from './recognised.ts'

const START = [0x05, 0x64]
const HEADER_BYTES = 10
const MIN_LENGTH = 5
/** x^16+x^13+x^12+x^11+x^10+x^8+x^6+x^5+x^2+1, low bit first (IEEE 1815 §9.2.4). */
const POLYNOMIAL = 0xa6bc

const row = {
  name: 'dnp3',
  about: { title: 'DNP3', source: 'IEEE 1815', reads: null },
  ports: [20000],
}

/** DNP3 over TCP: a link header with a checksum of its own. */
export const dnp3 = recognisedStream({ ...row, probe: linkHeader })

export const dnp3Datagrams = recognisedDatagrams({
  ...row,
  about: { ...row.about, title: 'DNP3 over UDP' },
  transport: PROTO_UDP,
  probe: (buf, at, end) => linkHeader(buf, at, end) === 'match',
})

function linkHeader(buf: Uint8Array, at: number, end: number): Probe {
  const seen = end - at
  if ((seen > 0 && buf[at] !== START[0]) || (seen > 1 && buf[at + 1] !== START[1])) return 'no_match'
  if (seen > 2 && u8(buf, at + 2) < MIN_LENGTH) return 'no_match'
  if (seen < HEADER_BYTES) return 'unsure'
  return checksum(buf, at, at + 8) === u16le(buf, at + 8) ? 'match' : 'no_match'
}

function checksum(buf: Uint8Array, at: number, end: number): number {
  let crc = 0
  for (let i = at; i < end; i++) {
    crc ^= u8(buf, i)
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ POLYNOMIAL
  }
  return ~crc & 0xffff
}
