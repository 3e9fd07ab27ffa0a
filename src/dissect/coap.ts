/** CoAP over UDP, and whether its messages are protected by OSCORE. */
import { coapKind } from '../wire/coap.ts'
import { CLIENT, type DatagramDissector, type Direction, type DissectorState, SERVER } from './dissector.ts'

interface CoapState extends DissectorState {
  done: boolean
}

export const coap: DatagramDissector<CoapState> = {
  name: 'coap',
  about: { title: 'CoAP', source: 'RFC 7252', reads: 'OSCORE told from messages in the clear' },
  transport: 17,
  ports: [5683],

  probe: (buf, at, end, missing): boolean => coapKind(buf, at, end, missing) !== null,

  opener(buf, at, end): Direction | null {
    const kind = coapKind(buf, at, end, 0)
    if (kind === 'request') return CLIENT
    return kind === 'response' ? SERVER : null
  },

  start(_facts, used = null): CoapState {
    const state = used ?? { done: false }
    state.done = false
    return state
  },

  read(state, facts, _direction, buf, at, end, missing): void {
    const kind = coapKind(buf, at, end, missing)
    if (kind === null) return
    facts.appProtocol ??= 'coap'
    if (kind === 'oscore') {
      facts.protocolSecurity = 'OSCORE'
      facts.protection = 'opaque'
    } else facts.protection = 'cleartext'
    state.done = true
  },

  finish(): void {},
}
