/**
 * SIP over UDP and TCP: who calls whom is in the clear, and so is the key of the call when SDP carries it (SDES, RFC 4568).
 * SIPS is TLS.
 */

import { u8 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { fieldValue, headEnd, headText, startLine } from '../wire/text-message.ts'
import { CLIENT, type DatagramDissector, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { datagramMessages, type Reader, streamMessages } from './lone-messages.ts'

const VERSION = 'SIP/2.0'
/** IANA's SIP methods. */
const METHODS = 'ACK BYE CANCEL INFO INVITE MESSAGE NOTIFY OPTIONS PRACK PUBLISH REFER REGISTER SUBSCRIBE UPDATE'.split(
  ' ',
)
/** A trunk's signalling goes on for days; what a conversation shows, it shows in its first messages. */
const MAX_MESSAGES = 48
const MAX_BODY_BYTES = 64 * 1024
const CR = 0x0d
const LF = 0x0a

const READS = 'Digest and Basic, outcome, media profile, keys in SDP'

const isMessage = (buf: Uint8Array, at: number, end: number): boolean => {
  const kind = startLine(buf, at, end, VERSION, METHODS)
  return kind === 'request' || kind === 'response'
}

const senderOf = (buf: Uint8Array, at: number, end: number): Direction | null => {
  const kind = startLine(buf, at, end, VERSION, METHODS)
  return kind === 'request' ? CLIENT : kind === 'response' ? SERVER : null
}

function readMessage(facts: FlowFacts, buf: Uint8Array, at: number, end: number, state: Reader): boolean {
  facts.protection = 'cleartext'
  const head = headText(buf, at, end)
  facts.protocolVersion = '2.0'
  readCredentials(facts, head)
  readMedia(facts, head)
  return state.messages >= MAX_MESSAGES
}

function readCredentials(facts: FlowFacts, head: string): void {
  const scheme = /^(?:proxy-)?authorization[ \t]*:[ \t]*([a-z]+)/im.exec(head)?.[1]?.toLowerCase()
  if (scheme === 'basic') facts.expose('sip-basic')
  if (scheme !== undefined) facts.authenticatedBy(scheme === 'digest' ? 'sip-digest' : `sip-${scheme}`.slice(0, 32))
  const status = /^SIP\/2\.0 (\d{3})/.exec(head)?.[1]
  if (status === undefined || facts.authMechanisms.length === 0) return
  if (status === '200' && /register/i.test(fieldValue(head, 'cseq'))) facts.authOutcome = 'success'
  if (status === '403') facts.authOutcome = 'failure'
}

/** SDP (RFC 8866): the profile of the first stream, and a key of SDES. */
function readMedia(facts: FlowFacts, text: string): void {
  if (/^a=crypto:\d+ /m.test(text)) facts.expose('sdes-key')
  const profile = /^m=[a-z]+ \d+(?:\/\d+)? ([A-Z0-9/]{1,24})/m.exec(text)?.[1]
  if (profile !== undefined) facts.protocolSecurity ??= profile
}

export const sip: DatagramDissector = datagramMessages({
  name: 'sip',
  about: { title: 'SIP', source: 'RFC 3261', reads: READS },
  transport: 17,
  ports: [5060],
  probe: isMessage,
  opener: senderOf,
  read: (facts, _direction, buf, at, end, state) => readMessage(facts, buf, at, end, state),
})

export const sipOverTcp: Dissector = streamMessages({
  name: 'sip',
  about: { title: 'SIP over TCP', source: 'RFC 3261 §18', reads: READS },
  ports: [5060],
  probe(buf, at, end): Probe {
    const kind = startLine(buf, at, end, VERSION, METHODS)
    return kind === 'incomplete' ? 'unsure' : kind === 'malformed' ? 'no_match' : 'match'
  },
  opener: senderOf,
  size(buf, at, end) {
    // Keep-alives are empty lines (RFC 5626 §3.5.1).
    if (u8(buf, at) === CR || u8(buf, at) === LF) return 1
    const kind = startLine(buf, at, end, VERSION, METHODS)
    if (kind === 'incomplete') return 0
    const body = kind === 'malformed' ? -1 : headEnd(buf, at, end)
    if (body <= 0) return body
    const length = Number(fieldValue(headText(buf, at, body), 'content-length|l') || 0)
    return length >= 0 && length <= MAX_BODY_BYTES ? body - at + length : -1
  },
  read(facts, _direction, buf, at, end, state) {
    return end - at > 1 && readMessage(facts, buf, at, end, state)
  },
})
