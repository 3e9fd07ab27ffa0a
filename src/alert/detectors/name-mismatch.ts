import { detector } from '../detector.ts'
import { showsChain } from '../facts.ts'

interface Memory {
  mismatches: number
}

/** RFC 9525 §6.3. */
export const nameMismatch = detector({
  id: 'A17',
  name: 'name-mismatch',
  severity: 'medium',
  title: 'Clients go on though the certificate does not cover the name they asked for',
  subject: 'identity',
  kinds: ['tls'],
  concerns: showsChain,
  settles: true,
  defaults: { handshakes: 3 },
  fresh: (): Memory => ({ mismatches: 0 }),
  observe(flow, memory, { handshakes }, context) {
    const { serverName } = flow
    const leaf = flow.facts.chain[0]
    if (serverName === null) context.settled(Number.POSITIVE_INFINITY)
    if (serverName === null || leaf === undefined) return
    const certificate = context.certificate(leaf)
    const covers = certificate?.covers(serverName) ?? null
    if (certificate === null || covers === null) return
    if (covers) {
      context.good()
      context.settled(Number.POSITIVE_INFINITY)
      return
    }
    if (flow.isRepeat || memory.mismatches >= handshakes) context.settled(Number.POSITIVE_INFINITY)
    else memory.mismatches = Math.min(memory.mismatches + 1, handshakes)
    if (memory.mismatches < handshakes) return
    const what = `${certificate.label} does not cover ${serverName}`
    context.raise({ what, mustFix: 'both', sql: `has(server_certificates, '${leaf}')` })
  },
})
