import { tlsVersionName } from '../../registry/versions.ts'
import { detector, nothing } from '../detector.ts'
import { whoFixesVersion } from '../must-fix.ts'

const SSL_3 = 0x0300
const TLS_1_2 = 0x0303

/** RFC 8996, RFC 7568, RFC 6176: MUST NOT be used. */
export const obsoleteVersion = detector({
  id: 'A6',
  name: 'obsolete-version',
  severity: 'high',
  title: 'SSL, TLS 1.0 or TLS 1.1 is negotiated',
  subject: 'server',
  kinds: ['tls'],
  defaults: {},
  fresh: nothing,
  observe(flow, _memory, _settings, context) {
    const { facts } = flow
    if (!facts.isHandshakeDone) return
    if (facts.versionRank >= TLS_1_2) {
      context.good()
      return
    }
    context.raise({
      what: `${tlsVersionName(facts.version)} was negotiated`,
      mustFix: whoFixesVersion(facts),
      severity: facts.versionRank <= SSL_3 ? 'critical' : 'high',
      sql: `tls_version = ${facts.version}`,
    })
  },
})
