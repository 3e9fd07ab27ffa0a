import { factDetector } from '../detector.ts'
import type { Facts } from '../facts.ts'

export const riskyFeatures = factDetector({
  id: 'A29',
  name: 'risky-features',
  severity: 'low',
  title: 'Compression, renegotiation or early data is used',
  subject: 'server',
  kinds: ['tls'],
  shows(facts) {
    if (!facts.isHandshakeDone) return null
    const feature = featureOf(facts)
    return feature === null ? 'good' : { mustFix: 'both', ...feature }
  },
})

function featureOf(facts: Facts): { what: string; sql: string } | null {
  if (facts.compression !== 0) return { what: 'TLS compression (CRIME)', sql: 'compression_method > 0' }
  if (facts.renegotiation) return { what: 'renegotiation in an open connection', sql: 'renegotiation' }
  return facts.earlyData ? { what: 'early data, which can be replayed (RFC 8446 §8)', sql: 'early_data' } : null
}
