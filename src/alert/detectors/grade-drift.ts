import { detector } from '../detector.ts'
import { whoFixesSuite, whoFixesVersion } from '../must-fix.ts'
import { knowsRegression, noRegression, noteRegression } from '../regression.ts'

export const gradeDrift = detector({
  id: 'A25',
  name: 'grade-drift',
  severity: 'medium',
  title: 'A server that chose strong parameters now chooses weak ones',
  subject: 'server',
  kinds: ['tls'],
  concerns: ({ isHandshakeDone }) => isHandshakeDone,
  settles: true,
  defaults: { handshakes: 20, weak: 10 },
  fresh: noRegression,
  observe(flow, memory, { handshakes, weak }, context) {
    const { facts } = flow
    const isGood = facts.verdict === 'strong'
    // Of a client that offers nothing better the choice says nothing.
    const isMute = !isGood && whoFixesSuite(facts) !== 'server' && whoFixesVersion(facts) !== 'server'
    const isPassed = flow.isRepeat || facts.verdict === 'opaque' || isMute
    if (isPassed || knowsRegression(memory, isGood, handshakes)) context.settled(Number.POSITIVE_INFINITY)
    if (isPassed) return
    if (isGood) context.good()
    if (!noteRegression(memory, isGood, handshakes, weak)) return
    context.raise({ what: `now ${facts.suiteName}`, mustFix: 'server', sql: "verdict = 'weak'" })
  },
})
