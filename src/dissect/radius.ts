/** RADIUS over UDP: attributes in the clear, passwords under MD5 and a shared secret. Over TLS (RFC 6614) it is TLS. */

import { u8 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import {
  ACCESS_ACCEPT,
  ACCESS_REJECT,
  ACCESS_REQUEST,
  ACCOUNTING_RESPONSE,
  isFromRadiusClient,
  isRadius,
  type RadiusVisitor,
  visitRadius,
} from '../wire/radius.ts'
import { CLIENT, type DatagramDissector, SERVER } from './dissector.ts'
import { datagramMessages } from './lone-messages.ts'

/** Long conversations of EAP take a few dozen. */
const MAX_MESSAGES = 64

/** Writes into the facts of the flow at hand. */
class Noting implements RadiusVisitor {
  facts: FlowFacts | null = null
  signed = false

  password(): void {
    this.facts?.expose('radius-pap')
    this.facts?.authenticatedBy('pap')
  }
  mechanism(name: string): void {
    this.facts?.authenticatedBy(name)
  }
  messageAuthenticator(): void {
    this.signed = true
  }
}

const NOTING = new Noting()

export const radius: DatagramDissector = datagramMessages({
  name: 'radius',
  about: { title: 'RADIUS', source: 'RFC 2865', reads: 'PAP, CHAP, MS-CHAP and EAP methods, outcome' },
  transport: 17,
  ports: [1812, 1813, 1645, 1646, 3799],
  probe: isRadius,
  opener: (buf, at) => (isFromRadiusClient(u8(buf, at)) ? CLIENT : SERVER),
  read(facts, _direction, buf, at, end, state) {
    facts.protection = 'cleartext'
    NOTING.facts = facts
    NOTING.signed = false
    visitRadius(buf, at, end, NOTING)
    NOTING.facts = null
    const code = u8(buf, at)
    // A request without it can be answered by whoever is on the path (RFC 3579 §3.2; CVE-2024-3596).
    if (code === ACCESS_REQUEST && NOTING.signed) facts.protocolSecurity ??= 'message-authenticator'
    if (code === ACCESS_ACCEPT) facts.authOutcome = 'success'
    if (code === ACCESS_REJECT) facts.authOutcome = 'failure'
    return facts.authOutcome !== null || code === ACCOUNTING_RESPONSE || state.messages >= MAX_MESSAGES
  },
})
