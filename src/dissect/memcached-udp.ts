/** memcached over UDP, recognised only: a frame of eight bytes in front of what TCP carries (doc/protocol.txt, "UDP protocol"). */
import { u8, u16 } from '../core/bytes.ts'
import { PROTO_UDP } from '../decode/packet-meta.ts'
import { binaryKind, textKind } from '../wire/memcached.ts'
import type { DatagramDissector } from './dissector.ts'
import { recognisedDatagrams } from './recognised.ts'

/** Request id, number of the datagram, datagrams of the message, reserved. */
const FRAME_BYTES = 8
const MAX_DATAGRAMS = 1024
const LF = 0x0a

export const memcachedUdp: DatagramDissector = recognisedDatagrams({
  name: 'memcached',
  about: { title: 'memcached over UDP', source: 'memcached doc/protocol.txt', reads: null },
  transport: PROTO_UDP,
  ports: [11211],

  probe(buf, at, end): boolean {
    const body = at + FRAME_BYTES
    if (end - body < 5 || u16(buf, at + 2) !== 0) return false
    const datagrams = u16(buf, at + 4)
    if (datagrams < 1 || datagrams > MAX_DATAGRAMS) return false
    if (binaryKind(buf, body, end) === 'message') return true
    const text = textKind(buf, body, end)
    // A command that other protocols have as well is one here, if the line and the reserved bytes fit it.
    return text === 'message' || (text === 'incomplete' && u16(buf, at + 6) === 0 && u8(buf, end - 1) === LF)
  },
})
