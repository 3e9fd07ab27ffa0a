/** SNMP: a community is a password in the clear; version 3 says in every message whether it is authenticated and encrypted. */

import { u8 } from '../core/bytes.ts'
import { SnmpMessage } from '../wire/snmp.ts'
import type { DatagramDissector } from './dissector.ts'
import { datagramMessages } from './lone-messages.ts'

const MESSAGE = new SnmpMessage()
const BER_SEQUENCE = 0x30

export const snmp: DatagramDissector = datagramMessages({
  name: 'snmp',
  about: { title: 'SNMP 1, 2c and 3', source: 'RFC 3411–3418', reads: 'version, security level, communities' },
  transport: 17,
  ports: [161, 162],
  probe: (buf, at, end, missing) => end > at && u8(buf, at) === BER_SEQUENCE && MESSAGE.read(buf, at, end, missing),
  read(facts, _direction, buf, at, end, _state, missing) {
    if (!MESSAGE.read(buf, at, end, missing)) return false
    facts.protocolVersion = MESSAGE.version
    if (MESSAGE.isOverlong) facts.malformed += 1
    if (MESSAGE.version !== '3') {
      facts.expose('snmp-community')
      facts.protection = 'cleartext'
      return true
    }
    if (MESSAGE.isDiscovery) return false
    facts.protocolSecurity = MESSAGE.level
    if (MESSAGE.level !== 'noAuthNoPriv') facts.authenticatedBy('usm')
    // Which cipher protects it is configured at both ends, and no message names it.
    facts.protection = MESSAGE.level === 'authPriv' ? 'opaque' : 'cleartext'
    return true
  },
})
