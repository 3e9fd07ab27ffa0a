import { u8, u16 } from '../core/bytes.ts'
import { tpktLength, x224Opens } from '../wire/rdp.ts'
import type { Probe } from './dissector.ts'
import { recognisedStream } from './recognised.ts'

const TPKT_BYTES = 4
/** TPKT, a data TPDU with its end mark, and what is looked at of S7. */
const DATA_BYTES = 11
const CUT_BYTES = 8
const DATA = [0x02, 0xf0]
const S7 = 0x32
const S7_PLUS = 0x72
const ROSCTR: readonly number[] = [1, 2, 3, 7]
const S7_PLUS_VERSIONS: readonly number[] = [1, 2, 3, 0xfe]

/** Siemens S7: behind the connection of ISO transport (RFC 1006), by the protocol's number and the kind of message. */
export const s7comm = recognisedStream({
  name: 's7comm',
  about: { title: 'S7comm and S7comm-plus', source: 'RFC 1006; Wireshark packet-s7comm.c', reads: null },
  ports: [102],
  probe(buf, at, end): Probe {
    const connect = x224Opens(buf, at, end)
    if (connect === 0) return 'unsure'
    return s7(buf, connect === 1 ? at + u16(buf, at + 2) : at, end)
  },
})

function s7(buf: Uint8Array, at: number, end: number, isFirst = true): Probe {
  const seen = end - at
  if (seen <= 0) return 'unsure'
  if (buf[at] !== 3 || (seen > 1 && buf[at + 1] !== 0)) return 'no_match'
  for (let i = 0; i < 2; i++) if (seen > TPKT_BYTES + i && buf[at + TPKT_BYTES + i] !== DATA[i]) return 'no_match'
  if (seen < DATA_BYTES) return 'unsure'
  const length = tpktLength(buf, at)
  // A message that was given up behind its first byte: the next one tells.
  if (length === CUT_BYTES && isFirst && buf[at + 7] === S7) return s7(buf, at + CUT_BYTES, end, false)
  return length >= DATA_BYTES && isS7(buf, at, length) ? 'match' : 'no_match'
}

function isS7(buf: Uint8Array, at: number, length: number): boolean {
  const kind = u8(buf, at + 8)
  if (buf[at + 7] === S7) return ROSCTR.includes(kind) && u16(buf, at + 9) === 0
  const isPlus = buf[at + 7] === S7_PLUS && S7_PLUS_VERSIONS.includes(kind)
  return isPlus && u16(buf, at + 9) + DATA_BYTES <= length + TPKT_BYTES
}
