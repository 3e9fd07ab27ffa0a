import { isExpired, isNotYetValid } from '../../classify/chain.ts'
import { dateText } from '../../core/clock.ts'
import { detector, nothing } from '../detector.ts'
import { showsChain } from '../facts.ts'

const GRACE_US = 10 * 60_000_000
const US_PER_DAY = 86_400_000_000

/** Judged by the time of the packets, with five minutes of grace for clocks. */
export const invalidCertificate = detector({
  id: 'A12',
  name: 'invalid-certificate',
  severity: 'critical',
  title: 'An expired certificate, or one that is not yet valid, is in use',
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
    const { notBefore, notAfter, label } = certificate
    const sql = `has(server_certificates, '${leaf}')`
    if (isExpired(notAfter, flow.firstUs)) {
      const what = `${label} ended on ${dayOf(notAfter)} and is shown all the same`
      context.raise({ what, mustFix: 'server', sql })
      context.settled(Number.POSITIVE_INFINITY)
    } else if (isNotYetValid(notBefore, flow.firstUs)) {
      const what = `${label} begins on ${dayOf(notBefore)} only`
      context.raise({ what, mustFix: 'server', severity: 'high', sql })
      // Some minutes early: whether it has begun by then is asked of each flow.
      context.settled(notBefore - GRACE_US)
    } else {
      context.good()
      // The grace for clocks comes on top.
      context.settled(notAfter)
    }
  },
})

const dayOf = (timeUs: number): string => dateText(Math.floor(timeUs / US_PER_DAY))
