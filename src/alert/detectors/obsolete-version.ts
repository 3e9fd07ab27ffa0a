import { tlsVersionName } from '../../registry/versions.ts'
import { factDetector } from '../detector.ts'
import { whoFixesVersion } from '../must-fix.ts'

const SSL_3 = 0x0300
const TLS_1_2 = 0x0303

/** RFC 8996, RFC 7568, RFC 6176: MUST NOT be used. */
export const obsoleteVersion = factDetector({
  id: 'A6',
  name: 'obsolete-version',
  severity: 'high',
  title: 'SSL, TLS 1.0 or TLS 1.1 is negotiated',
  subject: 'server',
  kinds: ['tls'],
  shows(facts) {
    if (!facts.isHandshakeDone) return null
    if (facts.versionRank >= TLS_1_2) return 'good'
    return {
      what: `${tlsVersionName(facts.version)} was negotiated`,
      mustFix: whoFixesVersion(facts),
      severity: facts.versionRank <= SSL_3 ? 'critical' : 'high',
      sql: `tls_version = ${facts.version}`,
    }
  },
})
