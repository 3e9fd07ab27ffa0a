import { detector, nothing } from '../detector.ts'
import { showsChain } from '../facts.ts'

const US_PER_DAY = 86_400_000_000

/** CA/Browser Forum Baseline Requirements §6.3.2: by the day of issue, the latest first. */
const LIMITS = [
  { from: '2029-03-15', days: 47 },
  { from: '2027-03-15', days: 100 },
  { from: '2026-03-15', days: 200 },
  { from: '2020-09-01', days: 398 },
  { from: '2018-03-01', days: 825 },
].map(({ from, days }) => ({ fromUs: Date.parse(from) * 1000, days }))

export const validityTooLong = detector({
  id: 'A19',
  name: 'validity-too-long',
  severity: 'medium',
  title: 'A public certificate is valid for longer than authorities may issue',
  subject: 'identity',
  kinds: ['tls'],
  concerns: showsChain,
  settles: true,
  defaults: {},
  fresh: nothing,
  observe(flow, _memory, _settings, context) {
    const leaf = flow.facts.chain[0]
    if (leaf === undefined) return
    const certificate = context.certificate(leaf)
    if (certificate === null) return
    const { isPublic, notBefore, lifetimeUs, label } = certificate
    const limit = LIMITS.find(({ fromUs }) => notBefore >= fromUs)
    // Both ends belong to the period (RFC 5280 §4.1.2.5).
    if (!isPublic || limit === undefined || lifetimeUs + 1_000_000 <= limit.days * US_PER_DAY) {
      context.good()
      context.settled(Number.POSITIVE_INFINITY)
      return
    }
    context.settled(Number.POSITIVE_INFINITY)
    const what = `${label} is valid for ${Math.round(lifetimeUs / US_PER_DAY)} days, ${limit.days} are allowed`
    context.raise({ what, mustFix: 'server', sql: `has(server_certificates, '${leaf}')` })
  },
})
