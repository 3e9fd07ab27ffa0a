import type { Certificate } from '../certificates.ts'
import { detector, nothing } from '../detector.ts'
import { showsChain } from '../facts.ts'

export const weakCertificate = detector({
  id: 'A11',
  name: 'weak-certificate',
  severity: 'high',
  title: 'A certificate in use has a weak key or a forgeable signature',
  subject: 'identity',
  kinds: ['tls'],
  concerns: showsChain,
  settles: true,
  defaults: {},
  fresh: nothing,
  observe(flow, _memory, _settings, context) {
    const { chain } = flow.facts
    for (let at = 0; at < chain.length; at++) {
      const certificate = context.certificate(chain[at] as string)
      const why = certificate === null ? null : weaknessOf(certificate, at)
      if (certificate === null || why === null) continue
      const isFirst = chain.slice(0, at).every((one) => context.certificate(one) !== null)
      if (isFirst) context.settled(Number.POSITIVE_INFINITY)
      const what = `${at === 0 ? 'its certificate' : 'an issuer'} ${certificate.label}: ${why}`
      context.raise({ what, mustFix: 'server', sql: `has(server_certificates, '${certificate.fingerprint}')` })
      return
    }
    if (context.certificate(chain[0] as string) === null) return
    context.good()
    if (chain.every((one) => context.certificate(one) !== null)) context.settled(Number.POSITIVE_INFINITY)
  },
})

/** A root vouches for itself: nobody checks how it signed itself. */
function weaknessOf({ weakKey, brokenHash, isSelfIssued }: Certificate, at: number): string | null {
  if (weakKey !== null) return `its key is ${weakKey}`
  if (brokenHash === null || (at > 0 && isSelfIssued)) return null
  return `it is signed with ${brokenHash.toUpperCase()}`
}
