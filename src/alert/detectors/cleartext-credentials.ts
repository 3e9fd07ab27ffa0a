import { detector, nothing } from '../detector.ts'

export const cleartextCredentials = detector({
  id: 'A3',
  name: 'cleartext-credentials',
  severity: 'critical',
  title: 'Credentials cross in the clear',
  subject: 'server',
  defaults: {},
  fresh: nothing,
  observe(flow, _memory, _settings, context) {
    const { facts } = flow
    if (facts.credentials.length === 0) {
      if (facts.isEncrypted) context.good()
      return
    }
    context.raise({
      what: `${facts.credentials.join(', ')} in ${facts.protocol || 'the clear'}: change them, whoever listened has them`,
      mustFix: facts.upgradeState === 'skipped' ? 'client' : 'both',
      sql: 'notEmpty(credentials_exposed)',
    })
  },
})
