/** Syslog over UDP (RFC 5426) and over TCP (RFC 6587). Over TLS (RFC 5425) it is TLS. */
import { u8 } from '../core/bytes.ts'
import { countEnd, priorityEnd, syslogHeader } from '../wire/syslog.ts'
import { CLIENT, type DatagramDissector, type Dissector, type Probe } from './dissector.ts'
import { datagramMessages } from './lone-messages.ts'
import { recognisedStream } from './recognised.ts'

const LF = 0x0a
/** Enough behind the priority to know a timestamp, or to see that it is text. */
const HEADER_BYTES = 16

export const syslog: DatagramDissector = datagramMessages({
  name: 'syslog',
  about: { title: 'Syslog', source: 'RFC 5424', reads: 'version' },
  transport: 17,
  ports: [514],
  probe(buf, at, end) {
    const text = priorityEnd(buf, at, end)
    return text > 0 && syslogHeader(buf, text, end) !== null
  },
  opener: () => CLIENT,
  read(facts, _direction, buf, at, end) {
    facts.protection = 'cleartext'
    if (syslogHeader(buf, priorityEnd(buf, at, end), end) === 'rfc5424') facts.protocolVersion = '1'
    return true
  },
})

export const syslogOverTcp: Dissector = recognisedStream({
  name: 'syslog',
  about: { title: 'Syslog over TCP', source: 'RFC 6587', reads: null },
  ports: [514, 601],
  probe(buf, at, end): Probe {
    const message = countEnd(buf, at, end)
    if (message === -2) return 'unsure'
    const text = message < 0 ? -1 : priorityEnd(buf, message, end)
    if (text === 0) return 'unsure'
    if (text < 0) return 'no_match'
    const line = lineEnd(buf, text, Math.min(end, text + HEADER_BYTES))
    if (line - text < HEADER_BYTES && line === end) return 'unsure'
    return syslogHeader(buf, text, line) === null ? 'no_match' : 'match'
  },
  opener: () => CLIENT,
})

function lineEnd(buf: Uint8Array, at: number, end: number): number {
  let p = at
  while (p < end && u8(buf, p) !== LF) p++
  return p
}
