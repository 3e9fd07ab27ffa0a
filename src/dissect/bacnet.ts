import { u8, u16 } from '../core/bytes.ts'
import { PROTO_UDP } from '../decode/packet-meta.ts'
import { recognisedDatagrams } from './recognised.ts'

const BACNET_IP = 0x81
const FORWARDED = 4
/** Functions that carry an NPDU, with the bytes before it. */
const NPDU_AT: Readonly<Record<number, number>> = { [FORWARDED]: 10, 9: 4, 10: 4, 11: 4 }
/** Functions of one size. */
const SIZES: Readonly<Record<number, number>> = { 0: 6, 2: 4, 5: 6, 6: 4, 8: 10 }
const NPDU_VERSION = 1
/** Reserved bits of the NPDU's control octet. */
const NPDU_RESERVED = 0x50

/** BACnet/IP. BACnet/SC goes over TLS and looks like it. */
export const bacnet = recognisedDatagrams({
  name: 'bacnet',
  about: { title: 'BACnet/IP', source: 'ASHRAE 135, annex J', reads: null },
  transport: PROTO_UDP,
  ports: [47808],
  probe(buf, at, end, missing) {
    if (end - at < 4 || buf[at] !== BACNET_IP || u16(buf, at + 2) !== end - at + missing) return false
    const kind = u8(buf, at + 1)
    if (SIZES[kind] === u16(buf, at + 2)) return true
    const npdu = at + (NPDU_AT[kind] ?? 0)
    return npdu > at && end - npdu >= 3 && buf[npdu] === NPDU_VERSION && (u8(buf, npdu + 1) & NPDU_RESERVED) === 0
  },
})
