import { detector } from '../detector.ts'
import { showsChain } from '../facts.ts'

interface Memory {
  handshakes: number
}

/** Other servers may show its issuer meanwhile. */
const LEARNT_US = 60_000_000

export const incompleteChain = detector({
  id: 'A18',
  name: 'incomplete-chain',
  severity: 'low',
  title: 'A server with a public certificate leaves out the intermediate one, and nobody else shows it',
  subject: 'identity',
  kinds: ['tls'],
  concerns: showsChain,
  settles: true,
  defaults: { handshakes: 3 },
  fresh: (): Memory => ({ handshakes: 0 }),
  observe(flow, memory, { handshakes }, context) {
    const [leaf, next] = flow.facts.chain
    if (leaf === undefined) return
    const certificate = context.certificate(leaf)
    // Public authorities never issue from their root (Baseline Requirements §6.1.7); private ones do.
    if (certificate === null) return
    const isJudged = !certificate.isSelfIssued && certificate.isPublic
    const isComplete = next !== undefined || context.knowsAuthority(certificate.issuer ?? '')
    if (!isJudged || isComplete) context.settled(Number.POSITIVE_INFINITY)
    if (isJudged && isComplete) context.good()
    if (!isJudged || isComplete) return
    if (flow.isRepeat || memory.handshakes >= handshakes) context.settled(flow.lastUs + LEARNT_US)
    else memory.handshakes = Math.min(memory.handshakes + 1, handshakes)
    if (memory.handshakes < handshakes) return
    const what = `${certificate.label} comes alone: clients must have ${certificate.issuer} already`
    context.raise({ what, mustFix: 'server', sql: `has(server_certificates, '${leaf}')` })
  },
})
