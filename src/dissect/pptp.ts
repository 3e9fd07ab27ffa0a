/** PPTP's control connection. The PPP it sets up goes through GRE; what is not encrypted there is read as what it is. */
import { mayBecomePptp, PPTP_HEADER_BYTES, PptpMessage, pptpMessage } from '../wire/ppp-tunnels.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { recognisedStream } from './recognised.ts'

export const pptp: Dissector = recognisedStream({
  name: 'pptp',
  about: { title: 'PPTP', source: 'RFC 2637', reads: null },
  ports: [1723],

  probe(buf, at, end): Probe {
    if (!mayBecomePptp(buf, at, end)) return 'no_match'
    if (end - at < PPTP_HEADER_BYTES) return 'unsure'
    return pptpMessage(buf, at) > 0 ? 'match' : 'no_match'
  },

  opener(buf, at, end): Direction | null {
    const type = end - at < PPTP_HEADER_BYTES ? 0 : pptpMessage(buf, at)
    if (type === PptpMessage.START_REQUEST) return CLIENT
    return type === PptpMessage.START_REPLY ? SERVER : null
  },
})
