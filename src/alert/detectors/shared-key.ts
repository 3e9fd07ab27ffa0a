import { detector } from '../detector.ts'
import { showsChain } from '../facts.ts'

interface Memory {
  servers: string[]
  zones: string[]
  /** Whom the key was certified for. */
  subjects: string[]
}

const MAX_LISTED = 16

/** One key that leaks gives away all who use it. */
export const sharedKey = detector({
  id: 'A20',
  name: 'shared-key',
  severity: 'medium',
  title: 'One private key serves too many: a wildcard on many servers, or several identities',
  subject: 'certificate',
  kinds: ['tls'],
  concerns: showsChain,
  settles: true,
  defaults: { servers: 5, zones: 1, identities: 1 },
  subjectOf(flow, context) {
    const leaf = flow.facts.chain[0]
    const spki = leaf === undefined ? null : (context.certificate(leaf)?.spki ?? null)
    return spki
  },
  fresh: (): Memory => ({ servers: [], zones: [], subjects: [] }),
  observe(flow, memory, { servers, zones, identities }, context) {
    const leaf = flow.facts.chain[0]
    const certificate = leaf === undefined ? null : context.certificate(leaf)
    if (certificate === null || certificate.isSelfIssued) return
    const before = sizeOf(memory)
    note(memory.servers, flow.server)
    note(memory.zones, context.zonePair(flow).split(' -> ')[1] ?? '')
    note(memory.subjects, certificate.subject ?? '')
    const isWildcard = certificate.wildcards.size > 0
    const isSpread = isWildcard && (memory.servers.length > servers || memory.zones.length > zones)
    if (!isSpread && memory.subjects.length <= identities) {
      if (sizeOf(memory) === before) context.settled(Number.POSITIVE_INFINITY)
      return
    }
    const what = isSpread
      ? `the wildcard ${certificate.label} is on more than ${servers} servers or in more than ${zones} zones`
      : `one key is certified for ${memory.subjects.slice(0, 3).join(' and ')}`
    context.raise({ what, mustFix: 'server', sql: `has(server_certificates, '${certificate.fingerprint}')` })
  },
})

const sizeOf = ({ servers, zones, subjects }: Memory): number => servers.length + zones.length + subjects.length

function note(list: string[], value: string): void {
  if (list.length < MAX_LISTED && !list.includes(value)) list.push(value)
}
