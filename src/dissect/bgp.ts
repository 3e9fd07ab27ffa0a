/** BGP: routes in the clear. What authenticates it (TCP-MD5, TCP-AO) is TCP's and hides nothing. */
import { u8, u16 } from '../core/bytes.ts'
import type { Dissector, Probe } from './dissector.ts'
import { streamMessages } from './lone-messages.ts'

// RFC 4271 §4.1.
const MARKER_BYTES = 16
const HEADER_BYTES = 19
const MAX_BYTES = 4096
const OPEN = 1
const UPDATE = 2
const NOTIFICATION = 3
const KEEPALIVE = 4
const ROUTE_REFRESH = 5
const MIN_OPEN_BYTES = 29
const MIN_UPDATE_BYTES = 23

export const bgp: Dissector = streamMessages({
  name: 'bgp',
  about: { title: 'BGP', source: 'RFC 4271', reads: 'version' },
  ports: [179],
  probe(buf, at, end): Probe {
    for (let p = at; p < Math.min(end, at + MARKER_BYTES); p++) if (u8(buf, p) !== 0xff) return 'no_match'
    if (end - at < HEADER_BYTES)
      return end - at > MARKER_BYTES && u8(buf, at + MARKER_BYTES) > 0x10 ? 'no_match' : 'unsure'
    return isHeader(buf, at) ? 'match' : 'no_match'
  },
  size: (buf, at, end) => (end - at < HEADER_BYTES ? 0 : isHeader(buf, at) ? u16(buf, at + MARKER_BYTES) : -1),
  read(facts, _direction, buf, at, end) {
    facts.protection = 'cleartext'
    if (u8(buf, at + HEADER_BYTES - 1) !== OPEN || end - at < MIN_OPEN_BYTES) return false
    facts.protocolVersion = String(u8(buf, at + HEADER_BYTES))
    return true
  },
})

/** A length that the type of message allows. */
function isHeader(buf: Uint8Array, at: number): boolean {
  const length = u16(buf, at + MARKER_BYTES)
  if (length > MAX_BYTES) return false
  switch (u8(buf, at + HEADER_BYTES - 1)) {
    case OPEN:
      return length >= MIN_OPEN_BYTES
    case UPDATE:
      return length >= MIN_UPDATE_BYTES
    case NOTIFICATION:
      return length > HEADER_BYTES + 1
    case KEEPALIVE:
      return length === HEADER_BYTES
    case ROUTE_REFRESH:
      return length >= HEADER_BYTES + 4
    default:
      return false
  }
}
