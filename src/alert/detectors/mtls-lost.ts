import { detector } from '../detector.ts'
import { knowsRegression, noRegression, noteRegression } from '../regression.ts'

/** Client certificates are in the clear up to TLS 1.2 only; what is not visible counts as nothing. */
export const mtlsLost = detector({
  id: 'A21',
  name: 'mtls-lost',
  severity: 'critical',
  title: 'A server that authenticated its clients by certificate does so no more',
  subject: 'server',
  kinds: ['tls'],
  concerns: ({ isHandshakeDone }) => isHandshakeDone,
  settles: true,
  defaults: { handshakes: 200, without: 20, empty: 3 },
  fresh: () => ({ asked: noRegression(), presented: noRegression() }),
  observe(flow, memory, { handshakes, without, empty }, context) {
    const { facts } = flow
    const how = facts.clientCertificate
    const isPassed = flow.isRepeat || facts.resumed || how === null || how === 'unobservable'
    const isAsked = how !== 'none'
    const isPresented = how === 'presented'
    const knowsAsked = isPassed || knowsRegression(memory.asked, isAsked, handshakes)
    const knowsPresented = isPassed || !isAsked || knowsRegression(memory.presented, isPresented, handshakes / 10)
    if (knowsAsked && knowsPresented) context.settled(Number.POSITIVE_INFINITY)
    if (isPassed) return
    const isLost = noteRegression(memory.asked, isAsked, handshakes, without)
    // A client without a certificate is let in where all others had one.
    const isEmpty = isAsked && noteRegression(memory.presented, isPresented, handshakes / 10, empty)
    if (isPresented) context.good()
    if (!isLost && !isEmpty) return
    const what = isLost ? 'it no longer asks for a certificate' : 'it goes on with clients that show an empty one'
    context.raise({ what, mustFix: 'server', sql: "client_certificate IN ('none', 'empty')" })
  },
})
