import { factDetector } from '../detector.ts'

export const cleartextCredentials = factDetector({
  id: 'A3',
  name: 'cleartext-credentials',
  severity: 'critical',
  title: 'Credentials cross in the clear',
  subject: 'server',
  shows(facts) {
    if (facts.credentials.length === 0) return facts.isEncrypted ? 'good' : null
    return {
      what: `${facts.credentials.join(', ')} in ${facts.protocol || 'the clear'}: change them, whoever listened has them`,
      mustFix: facts.upgradeState === 'skipped' ? 'client' : 'both',
      sql: 'notEmpty(credentials_exposed)',
    }
  },
})
