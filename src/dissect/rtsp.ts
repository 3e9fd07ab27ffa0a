/** RTSP: Basic and Digest as HTTP has them; the streams it sets up are RTP. RTSPS is TLS. */

import { u8, u16 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { fieldValue, headEnd, headText, startLine } from '../wire/text-message.ts'
import { CLIENT, type Dissector, type Probe, SERVER } from './dissector.ts'
import { streamMessages } from './lone-messages.ts'

const VERSION = 'RTSP/1.0'
/** RFC 2326 §10. */
const METHODS = 'DESCRIBE ANNOUNCE GET_PARAMETER OPTIONS PAUSE PLAY RECORD REDIRECT SETUP SET_PARAMETER TEARDOWN'.split(
  ' ',
)
const MAX_MESSAGES = 24
const MAX_BODY_BYTES = 64 * 1024
/** RFC 2326 §10.12: "$", a channel, a length, and a packet of RTP. */
const INTERLEAVED = 0x24
const CR = 0x0d
const LF = 0x0a

export const rtsp: Dissector = streamMessages({
  name: 'rtsp',
  about: { title: 'RTSP', source: 'RFC 2326', reads: 'Basic and Digest, outcome, media profile' },
  ports: [554, 8554],
  probe(buf, at, end): Probe {
    const kind = startLine(buf, at, end, VERSION, METHODS)
    return kind === 'incomplete' ? 'unsure' : kind === 'malformed' ? 'no_match' : 'match'
  },
  opener(buf, at, end) {
    const kind = startLine(buf, at, end, VERSION, METHODS)
    return kind === 'request' ? CLIENT : kind === 'response' ? SERVER : null
  },
  size(buf, at, end) {
    if (u8(buf, at) === INTERLEAVED) return end - at < 4 ? 0 : 4 + u16(buf, at + 2)
    if (u8(buf, at) === CR || u8(buf, at) === LF) return 1
    const kind = startLine(buf, at, end, VERSION, METHODS)
    if (kind === 'incomplete') return 0
    const body = kind === 'malformed' ? -1 : headEnd(buf, at, end)
    if (body <= 0) return body
    const length = Number(fieldValue(headText(buf, at, body), 'content-length') || 0)
    return length >= 0 && length <= MAX_BODY_BYTES ? body - at + length : -1
  },
  read(facts, _direction, buf, at, end, state) {
    if (u8(buf, at) === INTERLEAVED || end - at === 1) return state.messages >= MAX_MESSAGES
    facts.protection = 'cleartext'
    facts.protocolVersion = '1.0'
    readHead(facts, headText(buf, at, end))
    return state.messages >= MAX_MESSAGES
  },
})

function readHead(facts: FlowFacts, head: string): void {
  const scheme = /^authorization[ \t]*:[ \t]*([a-z]+)/im.exec(head)?.[1]?.toLowerCase()
  if (scheme === 'basic') facts.expose('rtsp-basic')
  if (scheme === 'basic' || scheme === 'digest') facts.authenticatedBy(`rtsp-${scheme}`)
  const profile = /^transport[ \t]*:[ \t]*([A-Z0-9/]{1,24})/im.exec(head)?.[1]
  if (profile !== undefined) facts.protocolSecurity ??= profile
  const status = /^RTSP\/1\.0 (\d{3})/.exec(head)?.[1]
  if (status === undefined || facts.authMechanisms.length === 0) return
  facts.authOutcome = status === '401' ? 'failure' : 'success'
}
