/** RADIUS over UDP and TCP: attributes in the clear, passwords under MD5 and a shared secret. Over TLS (RFC 6614) it is TLS. */

import { u8 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import {
  ACCESS_ACCEPT,
  ACCESS_REJECT,
  ACCESS_REQUEST,
  ACCOUNTING_RESPONSE,
  isFromRadiusClient,
  isRadius,
  RADIUS_HEADER_BYTES,
  type RadiusVisitor,
  radiusLength,
  visitRadius,
} from '../wire/radius.ts'
import { CLIENT, type DatagramDissector, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { datagramMessages, type Reader, streamMessages } from './lone-messages.ts'

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

const READS = 'PAP, CHAP, MS-CHAP and EAP methods, outcome'
const PORTS = [1812, 1813, 1645, 1646, 3799]

function read(
  facts: FlowFacts,
  _direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  state: Reader,
): boolean {
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
}

function opener(buf: Uint8Array, at: number, end: number): Direction | null {
  if (end === at) return null
  return isFromRadiusClient(u8(buf, at)) ? CLIENT : SERVER
}

export const radius: DatagramDissector = datagramMessages({
  name: 'radius',
  about: { title: 'RADIUS', source: 'RFC 2865', reads: READS },
  transport: 17,
  ports: PORTS,
  probe: isRadius,
  opener,
  read,
})

/** Code, identifier and length, which is all that tells where the next message begins. */
const LENGTH_END = 4

export const radiusOverTcp: Dissector = streamMessages({
  name: 'radius',
  about: { title: 'RADIUS over TCP', source: 'RFC 6613', reads: READS },
  ports: PORTS,
  probe(buf, at, end): Probe {
    // It is the client that begins. An answer would look like TPKT, which begins with 3 and a length as well.
    if (end > at && !isFromRadiusClient(u8(buf, at))) return 'no_match'
    if (end - at < LENGTH_END) return 'unsure'
    const size = radiusLength(buf, at)
    // Without an attribute there is too little to know it by.
    if (size <= RADIUS_HEADER_BYTES) return 'no_match'
    const has = Math.min(end, at + size)
    if (!isRadius(buf, at, has, at + size - has) && has - at >= RADIUS_HEADER_BYTES) return 'no_match'
    return has - at < size ? 'unsure' : 'match'
  },
  opener,
  size: (buf, at, end) => (end - at < LENGTH_END ? 0 : radiusLength(buf, at)),
  read,
})
