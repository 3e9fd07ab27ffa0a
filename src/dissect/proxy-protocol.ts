/** What a proxy says before it hands a connection on. The conversation proper begins behind it. */
import { proxyHeaderBytes, UNSURE } from '../wire/proxy-header.ts'
import { CLIENT, type Direction, type Dissector, type DissectorState, type Probe } from './dissector.ts'

interface ProxyState extends DissectorState {
  done: boolean
  tunnel: boolean
}

export const proxyProtocol: Dissector<ProxyState> = {
  name: 'proxy-protocol',
  about: {
    title: 'PROXY protocol 1 and 2',
    source: 'haproxy.org, proxy-protocol.txt',
    reads: 'stepped over: what follows is recognised on its own',
  },
  transport: 'tcp',
  ports: [80, 443, 25],

  probe(buf, at, end): Probe {
    const bytes = proxyHeaderBytes(buf, at, end)
    if (bytes === UNSURE) return 'unsure'
    return bytes > 0 ? 'match' : 'no_match'
  },

  opener: (buf, at, end): Direction | null => (proxyHeaderBytes(buf, at, end) > 0 ? CLIENT : null),

  start(_facts, used = null): ProxyState {
    const state = used ?? { done: false, tunnel: false }
    state.done = false
    state.tunnel = false
    return state
  },

  feed(state, facts, direction, buf, at, end): number {
    // The server's first words are the inner protocol's.
    if (direction !== CLIENT || state.done) return 0
    const bytes = proxyHeaderBytes(buf, at, end)
    if (bytes === UNSURE) return 0
    state.done = true
    state.tunnel = true
    facts.upgrade = 'proxy_protocol'
    return Math.max(bytes, 0)
  },

  gap(state, facts): void {
    facts.sawGap = true
    state.done = true
    state.tunnel = true
  },

  finish(): void {},
}
