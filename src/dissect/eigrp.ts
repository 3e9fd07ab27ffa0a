/** EIGRP, in the clear: whether its packets are authenticated. */
import { u8, u16 } from '../core/bytes.ts'
import { onesSum } from '../wire/checksum.ts'
import type { DatagramDissector } from './dissector.ts'
import { datagramMessages } from './lone-messages.ts'

// RFC 7868 §6.1 to §6.3: version, opcode, checksum, flags, two sequence numbers, router and system; then TLVs.
const HEADER_BYTES = 20
const VERSION = 2
/** Update, request, query, reply, hello, and two about routes that are stuck. */
const OPCODES = [1, 2, 3, 4, 5, 10, 11]
const TLV_HEADER_BYTES = 4
const AUTHENTICATION_TLV = 0x0002

export const eigrp: DatagramDissector = datagramMessages({
  name: 'eigrp',
  about: { title: 'EIGRP', source: 'RFC 7868', reads: 'authentication' },
  transport: 88,
  ports: [],
  probe(buf, at, end, missing) {
    if (end - at < HEADER_BYTES || u8(buf, at) !== VERSION || !OPCODES.includes(u8(buf, at + 1))) return false
    return missing > 0 || onesSum(buf, at, end) === 0xffff
  },
  read(facts, _direction, buf, at, end) {
    const isAuthenticated =
      u16(buf, at + HEADER_BYTES) === AUTHENTICATION_TLV && end - at >= HEADER_BYTES + TLV_HEADER_BYTES
    if (isAuthenticated) facts.authenticatedBy('keyed-digest')
    facts.protocolSecurity = isAuthenticated ? 'keyed-digest' : 'none'
    facts.protection = 'cleartext'
    return true
  },
})
