/** PFCP between the control and the user plane of a mobile core, recognised only: protection is IPsec's business. */
import { u8, u16 } from '../core/bytes.ts'
import { PROTO_UDP } from '../decode/packet-meta.ts'
import type { DatagramDissector } from './dissector.ts'
import { recognisedDatagrams } from './recognised.ts'

// 3GPP TS 29.244 §7.2.2: version and flags, type, length; a session where flagged; sequence; then elements that fill it.
const LENGTH_COUNTS_FROM = 4
const VERSION_BITS = 0xf8
const VERSION = 0x20
const HAS_SESSION = 0x01
const SESSION_BYTES = 8
const SEQUENCE_BYTES = 4
const LAST_TYPE = 57
const ELEMENT_HEADER_BYTES = 4

export const pfcp: DatagramDissector = recognisedDatagrams({
  name: 'pfcp',
  about: { title: 'PFCP', source: '3GPP TS 29.244', reads: null },
  transport: PROTO_UDP,
  ports: [8805],

  probe(buf, at, end, missing) {
    if (end - at < LENGTH_COUNTS_FROM + SEQUENCE_BYTES + SESSION_BYTES) return false
    const type = u8(buf, at + 1)
    if ((u8(buf, at) & VERSION_BITS) !== VERSION || type < 1 || type > LAST_TYPE) return false
    if (u16(buf, at + 2) !== end + missing - at - LENGTH_COUNTS_FROM) return false
    const session = (u8(buf, at) & HAS_SESSION) === 0 ? 0 : SESSION_BYTES
    return hasElements(buf, at + LENGTH_COUNTS_FROM + session + SEQUENCE_BYTES, end, missing)
  },
})

/** At least one, of a type that is not zero; the last ends where the message does. */
function hasElements(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  let p = at
  while (end - p >= ELEMENT_HEADER_BYTES) {
    if (u16(buf, p) === 0) return false
    p += ELEMENT_HEADER_BYTES + u16(buf, p + 2)
  }
  return p > at && (p === end || (missing > 0 && p <= end + missing))
}
