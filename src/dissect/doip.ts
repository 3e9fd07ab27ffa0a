/** Diagnostics of vehicles, recognised only: with TLS, TLS comes first. */
import { u8, u16, u32 } from '../core/bytes.ts'
import { PROTO_UDP } from '../decode/packet-meta.ts'
import type { DatagramDissector, Dissector, Probe } from './dissector.ts'
import { recognisedDatagrams, recognisedStream } from './recognised.ts'

// ISO 13400-2 table 16: version, its complement, payload type, length.
const HEADER_BYTES = 8
const MAX_VERSION = 4
const ANY_VERSION = 0xff
/** Table 17: types, each with the least and the most bytes that it has. */
const SIZES = new Map([
  [0x0000, [1, 1]],
  [0x0001, [0, 0]],
  [0x0002, [6, 6]],
  [0x0003, [17, 17]],
  [0x0004, [32, 33]],
  [0x0005, [7, 11]],
  [0x0006, [9, 13]],
  [0x0007, [0, 0]],
  [0x0008, [2, 2]],
  [0x4001, [0, 0]],
  [0x4002, [3, 7]],
  [0x4003, [0, 0]],
  [0x4004, [1, 1]],
  [0x8001, [5, 2 ** 20]],
  [0x8002, [5, 2 ** 20]],
  [0x8003, [5, 2 ** 20]],
])
const ABOUT = { title: 'DoIP', source: 'ISO 13400-2', reads: null }
const PORTS = [13400]

export const doip: DatagramDissector = recognisedDatagrams({
  name: 'doip',
  about: ABOUT,
  transport: PROTO_UDP,
  ports: PORTS,
  probe: (buf, at, end, missing) =>
    end - at >= HEADER_BYTES && isHeader(buf, at) && u32(buf, at + 4) === end + missing - at - HEADER_BYTES,
})

export const doipOverTcp: Dissector = recognisedStream({
  name: 'doip',
  about: ABOUT,
  ports: PORTS,
  probe(buf, at, end): Probe {
    if (end > at && !isVersion(u8(buf, at))) return 'no_match'
    if (end - at > 1 && (u8(buf, at) ^ u8(buf, at + 1)) !== 0xff) return 'no_match'
    if (end - at < HEADER_BYTES) return 'unsure'
    return isHeader(buf, at) ? 'match' : 'no_match'
  },
})

const isVersion = (byte: number): boolean => (byte >= 1 && byte <= MAX_VERSION) || byte === ANY_VERSION

function isHeader(buf: Uint8Array, at: number): boolean {
  if (!isVersion(u8(buf, at)) || (u8(buf, at) ^ u8(buf, at + 1)) !== 0xff) return false
  const [least = 1, most = 0] = SIZES.get(u16(buf, at + 2)) ?? []
  const length = u32(buf, at + 4)
  return length >= least && length <= most
}
