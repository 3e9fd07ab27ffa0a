import { factDetector } from '../detector.ts'
import type { Facts } from '../facts.ts'

export const riskyFeatures = factDetector({
  id: 'A29',
  name: 'risky-features',
  severity: 'low',
  title: 'Compression, renegotiation or early data is used, or keys are not bound to their handshake',
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
  if (facts.extendedMasterSecret === false)
    return { what: 'keys not bound to the handshake (RFC 7627 §1)', sql: 'extended_master_secret = false' }
  return facts.earlyData ? { what: 'early data, which can be replayed (RFC 8446 §8)', sql: 'early_data' } : null
}
