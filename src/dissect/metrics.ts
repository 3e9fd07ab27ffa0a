/** Metrics on their way to a collector. */
import { collectdSecurity, graphiteLine, isStatsd } from '../wire/metrics.ts'
import { CLIENT, type DatagramDissector, type Dissector } from './dissector.ts'
import { datagramMessages } from './lone-messages.ts'
import { recognisedDatagrams, recognisedStream } from './recognised.ts'

export const statsd: DatagramDissector = recognisedDatagrams({
  name: 'statsd',
  about: { title: 'StatsD', source: 'StatsD metric types', reads: null },
  transport: 17,
  ports: [8125],
  probe: isStatsd,
  opener: () => CLIENT,
})

export const collectd: DatagramDissector = datagramMessages({
  name: 'collectd',
  about: { title: 'collectd', source: 'collectd binary protocol', reads: 'security level' },
  transport: 17,
  ports: [25826],
  probe: (buf, at, end, missing) => collectdSecurity(buf, at, end, missing) !== null,
  opener: () => CLIENT,
  read(facts, _direction, buf, at, end, _state, missing) {
    const level = collectdSecurity(buf, at, end, missing)
    facts.protocolSecurity = level
    facts.protection = level === 'encrypt' ? 'opaque' : 'cleartext'
    if (level === 'sign') facts.authenticatedBy('hmac-sha-256')
    return true
  },
})

export const graphite: Dissector = recognisedStream({
  name: 'graphite',
  about: { title: 'Graphite plaintext', source: 'Graphite documentation, "Feeding in your data"', reads: null },
  ports: [2003],
  probe(buf, at, end) {
    const answer = graphiteLine(buf, at, end)
    return answer === 1 ? 'match' : answer === 0 ? 'unsure' : 'no_match'
  },
  opener: () => CLIENT,
})
