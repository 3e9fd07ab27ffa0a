import { detector, nothing } from '../detector.ts'
import { showsChain } from '../facts.ts'

const HOW = {
  staple: 'the response that its server staples says so',
  list: 'a revocation list or a response says so',
  import: 'an imported inventory says so',
} as const

/** What is known of revocations grows beside the flows. */
const LEARNT_US = 1_000_000

export const revokedCertificate = detector({
  id: 'A33',
  name: 'revoked-certificate',
  severity: 'critical',
  title: 'A certificate in use was revoked',
  subject: 'identity',
  kinds: ['tls'],
  concerns: showsChain,
  settles: true,
  defaults: {},
  fresh: nothing,
  observe(flow, _memory, _settings, context) {
    const leaf = flow.facts.chain[0]
    if (leaf === undefined) return
    const revocation = context.revocation(leaf, flow.firstUs)
    if (revocation === null) {
      context.good()
      context.settled(flow.lastUs + LEARNT_US)
      return
    }
    const what = `${context.certificate(leaf)?.label ?? leaf} was revoked: ${HOW[revocation]}`
    context.raise({ what, mustFix: 'server', sql: `has(server_certificates, '${leaf}')` })
  },
})
