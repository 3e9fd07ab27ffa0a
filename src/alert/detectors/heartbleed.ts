import { detector, nothing } from '../detector.ts'

/** CVE-2014-0160. No client of good faith asks for more than it brought (RFC 6520 §4): one such record is enough. */
export const heartbleed = detector({
  id: 'A32',
  name: 'heartbleed',
  severity: 'critical',
  title: 'A heartbeat asks a server for more than it was sent',
  subject: 'server',
  kinds: ['tls'],
  defaults: {},
  fresh: nothing,
  subjectOf: ({ facts, server }) => (facts.oddities.length === 0 ? null : server),
  observe({ facts }, _memory, _settings, context) {
    if (facts.oddities.includes('heartbeat_larger_answer')) {
      const what = 'a heartbeat was answered with more than it brought: memory of the sender has leaked'
      context.raise({ what, mustFix: 'server', sql: "has(oddities, 'heartbeat_larger_answer')" })
    } else if (facts.oddities.includes('heartbeat_overread')) {
      const what = 'a heartbeat asks for more than it brought, and nothing was given'
      context.raise({ what, mustFix: 'attack', severity: 'high', sql: "has(oddities, 'heartbeat_overread')" })
    }
  },
})
