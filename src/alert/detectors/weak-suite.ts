import type { Severity } from '../../classify/policy.ts'
import { factDetector } from '../detector.ts'
import type { Facts } from '../facts.ts'
import { whoFixesSuite } from '../must-fix.ts'

const TLS_1_3 = 0x0304
const MIN_BITS = 112

export const weakSuite = factDetector({
  id: 'A9',
  name: 'weak-suite',
  severity: 'medium',
  title: 'A weak or broken cipher suite is negotiated',
  subject: 'server',
  kinds: ['tls'],
  shows(facts) {
    if (!facts.isHandshakeDone || facts.cipherSuite < 0) return null
    const weakness = weaknessOf(facts)
    if (weakness === null) return 'good'
    return {
      what: `${facts.suiteName}: ${weakness.why}`,
      mustFix: whoFixesSuite(facts),
      severity: weakness.severity,
      sql: `cipher_suite = ${facts.cipherSuite}`,
    }
  },
})

/** Null = none, or nothing is known of the suite. */
function weaknessOf(facts: Facts): { severity: Severity; why: string } | null {
  const { suite } = facts
  if (suite === null || facts.versionRank >= TLS_1_3) return null
  if (suite.enc === 'NULL') return { severity: 'critical', why: 'nothing is encrypted' }
  if (suite.auth === 'anon') return { severity: 'critical', why: 'nobody is authenticated' }
  if (suite.export) return { severity: 'critical', why: 'of export strength' }
  if (suite.bits < MIN_BITS) return { severity: 'critical', why: `a key of ${suite.bits} bits` }
  if (suite.enc.startsWith('RC4')) return { severity: 'high', why: 'RC4 is forbidden (RFC 7465)' }
  if (suite.enc.startsWith('3DES')) return { severity: 'medium', why: 'blocks of 64 bits (SWEET32)' }
  if (!suite.forwardSecrecy) return { severity: 'medium', why: 'no forward secrecy' }
  return suite.aead ? null : { severity: 'medium', why: 'CBC, not authenticated encryption' }
}
