import { standsAt } from '../wire/inner-text.ts'
import { CLIENT, type Probe, SERVER } from './dissector.ts'
import { recognisedStream } from './recognised.ts'

const OPENINGS = ['OPTIONS icap://', 'REQMOD icap://', 'RESPMOD icap://', 'ICAP/1.0 ']

/** Internet Content Adaptation Protocol: what a proxy hands to a scanner, whole and in the clear. */
export const icap = recognisedStream({
  name: 'icap',
  about: { title: 'ICAP', source: 'RFC 3507', reads: null },
  ports: [1344],
  probe(buf, at, end): Probe {
    const opening = OPENINGS.find((one) => standsAt(buf, at, end, one.slice(0, end - at)))
    if (opening === undefined) return 'no_match'
    return end - at < opening.length ? 'unsure' : 'match'
  },
  opener: (buf, at, end) => (end > at && buf[at] === 0x49 ? SERVER : CLIENT),
})
