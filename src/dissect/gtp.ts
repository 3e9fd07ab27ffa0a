/** GTP-C and GTP's path messages: subscribers, keys and tunnels in the clear, unless the network runs it inside IPsec. */

import { gtpVersion } from '../wire/gtp.ts'
import type { DatagramDissector } from './dissector.ts'
import { datagramMessages } from './lone-messages.ts'

export const gtp: DatagramDissector = datagramMessages({
  name: 'gtp',
  about: { title: 'GTP-C 1 and 2', source: '3GPP TS 29.060, TS 29.274', reads: 'version' },
  transport: 17,
  ports: [2123],
  probe: (buf, at, end, missing) => gtpVersion(buf, at, end, missing) > 0,
  read(facts, _direction, buf, at, end, _state, missing) {
    facts.protection = 'cleartext'
    facts.protocolVersion = String(gtpVersion(buf, at, end, missing))
    return true
  },
})
