import type { Oddity } from '../../core/facts.ts'
import { factDetector } from '../detector.ts'

const WHAT: Partial<Record<Oddity, string>> = {
  client_hello_in_records: 'a short ClientHello comes in several records',
  client_hello_in_segments: 'a ClientHello begins in a segment shorter than TCP would make it',
  conflicting_bytes: 'bytes of a ClientHello are sent twice, and differ: sensor and server may read different names',
}

/** Post-quantum hellos need two segments; these are the ones that need only one. QUIC's are scattered by design. */
export const evasiveHello = factDetector({
  id: 'A27',
  name: 'evasive-hello',
  severity: 'medium',
  title: 'A ClientHello is sent so that whoever reads along may miss its name',
  subject: 'edge',
  kinds: ['tls'],
  shows(facts) {
    const oddity = facts.oddities.find(isOf)
    if (oddity === undefined) return null
    return { what: WHAT[oddity] as string, mustFix: 'client', sql: `has(oddities, '${oddity}')` }
  },
})

const isOf = (oddity: Oddity): boolean => oddity in WHAT
