import type { Severity } from '../../classify/policy.ts'
import { dateText } from '../../core/clock.ts'
import type { Certificate } from '../certificates.ts'
import { detector, nothing, type Settings } from '../detector.ts'
import { showsChain } from '../facts.ts'

const US_PER_HOUR = 3_600_000_000
const US_PER_DAY = 24 * US_PER_HOUR

/** By what is left of its life, as lives are from an hour to years. */
export const certificateEndsSoon = detector({
  id: 'A13',
  name: 'certificate-ends-soon',
  severity: 'medium',
  title: 'A certificate in use nears its end and has not been renewed',
  subject: 'identity',
  kinds: ['tls'],
  concerns: showsChain,
  settles: true,
  // The last hours count only for lives of some days: a mesh renews certificates of one day every few hours.
  defaults: { info_ratio: 1 / 3, warn_ratio: 0.15, critical_ratio: 0.05, critical_h: 24, critical_from_days: 10 },
  fresh: nothing,
  observe(flow, _memory, settings, context) {
    const leaf = flow.facts.chain[0]
    if (leaf === undefined) return
    const certificate = context.certificate(leaf)
    if (certificate === null) return
    const { notAfter, lifetimeUs, label } = certificate
    const leftUs = notAfter - flow.firstUs
    // One that has ended is another finding (A12).
    if (!(lifetimeUs > 0) || leftUs <= 0) return
    const severity = severityOf(leftUs, lifetimeUs, settings)
    if (severity === null) {
      context.good()
      context.settled(quietUntil(certificate, settings))
      return
    }
    context.raise({
      what: `${label} ends on ${dateText(Math.floor(notAfter / US_PER_DAY))}`,
      mustFix: 'server',
      severity,
      sql: `has(server_certificates, '${leaf}')`,
    })
  },
})

/** When the first of its thresholds comes. */
function quietUntil({ notAfter, lifetimeUs }: Certificate, settings: Settings): number {
  const { info_ratio = 0, warn_ratio = 0, critical_ratio = 0, critical_h = 0 } = settings
  const ratio = Math.max(info_ratio, warn_ratio, critical_ratio)
  return notAfter - Math.max(ratio * lifetimeUs, critical_h * US_PER_HOUR)
}

function severityOf(leftUs: number, lifetimeUs: number, settings: Settings): Severity | null {
  const { info_ratio = 0, warn_ratio = 0, critical_ratio = 0, critical_h = 0, critical_from_days = 0 } = settings
  const ratio = leftUs / lifetimeUs
  const isLast = leftUs <= critical_h * US_PER_HOUR && lifetimeUs >= critical_from_days * US_PER_DAY
  if (ratio <= critical_ratio || isLast) return 'critical'
  if (ratio <= warn_ratio) return 'medium'
  return ratio <= info_ratio ? 'info' : null
}
