import { detector } from '../detector.ts'
import { showsChain } from '../facts.ts'

interface Memory {
  /** Handshakes with a certificate that somebody issued, counted up to the need. */
  issued: number
}

export const selfSignedReplacesIssued = detector({
  id: 'A16',
  name: 'self-signed-replaces-issued',
  severity: 'high',
  title: 'A service that had an issued certificate shows one that only vouches for itself',
  subject: 'identity',
  kinds: ['tls'],
  concerns: showsChain,
  settles: true,
  acceptsKeys: true,
  defaults: { issued_handshakes: 3 },
  fresh: (): Memory => ({ issued: 0 }),
  observe(flow, memory, { issued_handshakes }, context) {
    const leaf = flow.facts.chain[0]
    if (leaf === undefined) return
    const certificate = context.certificate(leaf)
    if (certificate === null) return
    if (!certificate.isSelfIssued) {
      if (flow.isRepeat || memory.issued >= issued_handshakes) context.settled(Number.POSITIVE_INFINITY)
      else memory.issued = Math.min(memory.issued + 1, issued_handshakes)
      context.good()
      return
    }
    const isAccepted = context.acceptsKey(certificate.spki)
    if (isAccepted) context.good()
    if (isAccepted || memory.issued < issued_handshakes) {
      context.settled(Number.POSITIVE_INFINITY)
      return
    }
    const what = `${certificate.label} vouches for itself`
    context.raise({ what, mustFix: 'server', sql: `has(server_certificates, '${leaf}')` })
  },
})
