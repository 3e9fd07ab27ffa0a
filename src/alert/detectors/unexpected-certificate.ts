import { detector } from '../detector.ts'
import { showsChain } from '../facts.ts'

interface Memory {
  spki: string
  issuer: string
  /** µs. */
  notAfter: number
  lifetimeUs: number
}

export const unexpectedCertificate = detector({
  id: 'A14',
  name: 'unexpected-certificate',
  severity: 'high',
  title: 'A service shows another key from another issuer, long before its certificate ends',
  subject: 'identity',
  kinds: ['tls'],
  concerns: showsChain,
  settles: true,
  defaults: { left_ratio: 1 / 3 },
  // A change that stays is a migration; until it has stayed for a day it is one that nobody announced.
  proof: { flows: 20, quiet_h: 24 },
  fresh: (): Memory => ({ spki: '', issuer: '', notAfter: 0, lifetimeUs: 0 }),
  observe(flow, memory, { left_ratio }, context) {
    const leaf = flow.facts.chain[0]
    if (leaf === undefined) return
    const certificate = context.certificate(leaf)
    if (certificate === null || certificate.spki === null || certificate.issuer === null) return
    const { spki, issuer, notAfter, lifetimeUs, label } = certificate
    const { spki: knownSpki, issuer: knownIssuer } = memory
    const left = (memory.notAfter - flow.firstUs) / memory.lifetimeUs
    if (spki === knownSpki) {
      context.good()
      context.settled(Number.POSITIVE_INFINITY)
      return
    }
    memory.spki = spki
    memory.issuer = issuer
    memory.notAfter = notAfter
    memory.lifetimeUs = lifetimeUs
    if (knownSpki === '' || issuer === knownIssuer || !(left > left_ratio)) return
    const what = `${label} of ${issuer} in place of one of ${knownIssuer}`
    context.raise({ what, mustFix: 'unknown', sql: `has(server_certificates, '${leaf}')` })
  },
})
