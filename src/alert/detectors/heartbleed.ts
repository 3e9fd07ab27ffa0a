import { factDetector } from '../detector.ts'

/** CVE-2014-0160. No client of good faith asks for more than it brought (RFC 6520 §4): one such record is enough. */
export const heartbleed = factDetector({
  id: 'A32',
  name: 'heartbleed',
  severity: 'critical',
  title: 'A heartbeat asks a server for more than it was sent',
  subject: 'server',
  kinds: ['tls'],
  shows(facts) {
    if (facts.oddities.includes('heartbeat_larger_answer')) {
      const what = 'a heartbeat was answered with more than it brought: memory of the sender has leaked'
      return { what, mustFix: 'server', sql: "has(oddities, 'heartbeat_larger_answer')" }
    }
    if (facts.oddities.includes('heartbeat_overread')) {
      const what = 'a heartbeat asks for more than it brought, and nothing was given'
      return { what, mustFix: 'attack', severity: 'high', sql: "has(oddities, 'heartbeat_overread')" }
    }
    return null
  },
})
