import { tlsVersionName } from '../../registry/versions.ts'
import { detector } from '../detector.ts'
import { TLS_1_3 } from '../facts.ts'
import { whoFixesVersion } from '../must-fix.ts'
import { knowsRegression, noRegression, noteRegression } from '../regression.ts'

export const versionRegression = detector({
  id: 'A7',
  name: 'version-regression',
  severity: 'high',
  title: 'A server that chose TLS 1.3 now chooses less, of clients that offer it',
  subject: 'server',
  kinds: ['tls'],
  concerns: ({ isHandshakeDone, offeredRank }) => isHandshakeDone && offeredRank >= TLS_1_3,
  settles: true,
  defaults: { handshakes: 20, lower: 3 },
  fresh: noRegression,
  observe(flow, memory, { handshakes, lower }, context) {
    const { facts } = flow
    const isGood = facts.versionRank >= TLS_1_3
    if (flow.isRepeat || knowsRegression(memory, isGood, handshakes)) context.settled(Number.POSITIVE_INFINITY)
    if (flow.isRepeat) return
    if (isGood) context.good()
    if (!noteRegression(memory, isGood, handshakes, lower)) return
    context.raise({
      what: `${tlsVersionName(facts.version)} though the client offered TLS 1.3, which this server used to choose`,
      mustFix: whoFixesVersion(facts),
      sql: `tls_version = ${facts.version}`,
    })
  },
})
