/**
 * Kerberos: names cross in the clear, keys do not. What a reply protects its session key with is named in it, and that is the
 * protection of the exchange.
 */

import { u8, u32 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { AS_REP, AS_REQ, KerberosMessage, KRB_ERROR, kerberosEtype, TGS_REP } from '../wire/kerberos.ts'
import { CLIENT, type DatagramDissector, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { datagramMessages, streamMessages } from './lone-messages.ts'

const LENGTH_BYTES = 4
const MAX_MESSAGE_BYTES = 64 * 1024
const READS = 'pre-authentication, encryption type, outcome'

/** KDC_ERR_PREAUTH_REQUIRED and KRB_ERR_RESPONSE_TOO_BIG ask the client to come again. */
const NO_FAILURES = [25, 52]

const MESSAGE = new KerberosMessage()

const senderOf = (): Direction | null => {
  if (MESSAGE.isRequest()) return CLIENT
  return [AS_REP, TGS_REP, KRB_ERROR].includes(MESSAGE.type) ? SERVER : null
}

function readMessage(facts: FlowFacts, buf: Uint8Array, at: number, end: number, missing: number): boolean {
  if (!MESSAGE.read(buf, at, end, missing)) {
    facts.malformed += 1
    return false
  }
  facts.protocolVersion = '5'
  if (MESSAGE.type === AS_REQ) MESSAGE.eachPreauthentication((mechanism) => facts.authenticatedBy(mechanism))
  if (MESSAGE.type === KRB_ERROR && !NO_FAILURES.includes(MESSAGE.errorCode())) facts.authOutcome = 'failure'
  if (MESSAGE.type !== AS_REP && MESSAGE.type !== TGS_REP) return false
  const etype = MESSAGE.replyEtype()
  if (etype < 0) return false
  facts.protocolSecurity = kerberosEtype(etype)
  facts.protection = 'encrypted'
  facts.authOutcome = 'success'
  return true
}

export const kerberos: DatagramDissector = datagramMessages({
  name: 'kerberos',
  about: { title: 'Kerberos 5', source: 'RFC 4120', reads: READS },
  transport: 17,
  ports: [88, 464],
  probe: (buf, at, end, missing) => MESSAGE.read(buf, at, end, missing),
  opener: (buf, at, end) => (MESSAGE.read(buf, at, end, 0) ? senderOf() : null),
  read: (facts, _direction, buf, at, end, _state, missing) => readMessage(facts, buf, at, end, missing),
})

export const kerberosOverTcp: Dissector = streamMessages({
  name: 'kerberos',
  about: { title: 'Kerberos 5 over TCP', source: 'RFC 4120 §7.2.2', reads: READS },
  ports: [88, 464],
  probe(buf, at, end): Probe {
    const from = at + LENGTH_BYTES
    // A message is 64 KB at the most, and begins with an APPLICATION tag.
    if (end > at && u8(buf, at) !== 0) return 'no_match'
    if (end > at + 1 && u8(buf, at + 1) !== 0) return 'no_match'
    if (end - from < 1) return 'unsure'
    if ((u8(buf, from) & 0xe0) !== 0x60) return 'no_match'
    if (end - from < 24) return 'unsure'
    const last = from + u32(buf, at)
    return MESSAGE.read(buf, from, Math.min(end, last), Math.max(last - end, 0)) ? 'match' : 'no_match'
  },
  opener(buf, at, end) {
    const from = at + LENGTH_BYTES
    if (end - from < 24) return null
    const last = from + u32(buf, at)
    return MESSAGE.read(buf, from, Math.min(end, last), Math.max(last - end, 0)) ? senderOf() : null
  },
  size(buf, at, end) {
    if (end - at < LENGTH_BYTES) return 0
    const size = u32(buf, at)
    return size > MAX_MESSAGE_BYTES ? -1 : LENGTH_BYTES + size
  },
  read: (facts, _direction, buf, at, end) => readMessage(facts, buf, at + LENGTH_BYTES, end, 0),
})
