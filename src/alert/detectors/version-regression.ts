import { tlsVersionName } from '../../registry/versions.ts'
import { detector } from '../detector.ts'
import { TLS_1_3 } from '../facts.ts'
import { whoFixesVersion } from '../must-fix.ts'
import { forgetBefore, knowsRegression, noRegression, noteRegression, type Regression } from '../regression.ts'

const US_PER_DAY = 86_400_000_000
/** A history as young as this need not be written anew with each handshake. */
const YOUNG_US = US_PER_DAY

export const versionRegression = detector({
  id: 'A7',
  name: 'version-regression',
  severity: 'high',
  title: 'A server that chose TLS 1.3 now chooses less, of clients that offer it',
  subject: 'server',
  kinds: ['tls'],
  concerns: ({ isHandshakeDone, offeredRank }) => isHandshakeDone && offeredRank >= TLS_1_3,
  settles: true,
  defaults: { handshakes: 20, window_days: 7, lower: 3 },
  fresh: (): Regression => ({ ...noRegression(), seenUs: [] }),
  observe(flow, memory, { handshakes, window_days, lower }, context) {
    const { facts, lastUs } = flow
    if (flow.isRepeat) {
      context.settled(Number.POSITIVE_INFINITY)
      return
    }
    const isGood = facts.versionRank >= TLS_1_3
    if (isGood) context.good()
    // Memories of earlier versions know no times.
    memory.seenUs ??= memory.history.map(() => lastUs)
    forgetBefore(memory, lastUs - window_days * US_PER_DAY)
    const youngUntilUs = (memory.seenUs[0] ?? 0) + YOUNG_US
    if (lastUs < youngUntilUs && knowsRegression(memory, isGood, handshakes)) {
      context.settled(youngUntilUs)
      return
    }
    if (!noteRegression(memory, isGood, handshakes, lower, lastUs)) return
    context.raise({
      what: `${tlsVersionName(facts.version)} though the client offered TLS 1.3, which this server used to choose`,
      mustFix: whoFixesVersion(facts),
      sql: `tls_version = ${facts.version}`,
    })
  },
})
