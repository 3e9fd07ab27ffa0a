/** GTP-C and GTP's path messages: subscribers, keys and tunnels in the clear, unless the network runs it inside IPsec. */
import { u8 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { gtpVersion } from '../wire/gtp.ts'
import { findGtpLogin, GtpLogin } from '../wire/gtp-login.ts'
import { ChapCode, PapCode, PppProtocol } from '../wire/ppp.ts'
import type { DatagramDissector } from './dissector.ts'
import { datagramMessages } from './lone-messages.ts'

/** Messages among which a login is looked for. */
const MAX_MESSAGES = 16
const LOGIN = new GtpLogin()

export const gtp: DatagramDissector = datagramMessages({
  name: 'gtp',
  about: { title: 'GTP-C 1 and 2', source: '3GPP TS 29.060, TS 29.274', reads: 'version; logins by PAP and CHAP' },
  transport: 17,
  ports: [2123],
  probe: (buf, at, end, missing) => gtpVersion(buf, at, end, missing) > 0,
  read(facts, _direction, buf, at, end, state, missing) {
    facts.protection = 'cleartext'
    facts.protocolVersion ??= String(gtpVersion(buf, at, end, missing))
    if (missing === 0 && findGtpLogin(buf, at, end, LOGIN)) noteLogin(facts, buf, LOGIN)
    return facts.credentialsExposed.length > 0 || state.messages >= MAX_MESSAGES
  },
})

/** A subscriber's login to the network behind an access point, as the base station's side hands it on. */
function noteLogin(facts: FlowFacts, buf: Uint8Array, { protocol, at }: GtpLogin): void {
  const code = u8(buf, at)
  if (protocol === PppProtocol.CHAP) {
    if (code === ChapCode.RESPONSE) facts.authenticatedBy('chap')
    return
  }
  if (code !== PapCode.REQUEST) return
  facts.authenticatedBy('pap')
  const name = u8(buf, at + 4)
  if (u8(buf, at + 5 + name) > 0) facts.expose('gtp-pap')
}
