import type { Certificate } from '../certificates.ts'
import { detector } from '../detector.ts'
import { showsChain } from '../facts.ts'

interface Memory {
  /** Addresses, without ports: one more than are allowed, as of the others. */
  hosts: string[]
  zones: string[]
  /** Whom the key was certified for. */
  subjects: string[]
  /** When the first and the last of its certificates begin, µs; left out = none has a date, or of an earlier version. */
  firstBeginsUs?: number
  lastBeginsUs?: number
}

const US_PER_DAY = 86_400_000_000

/** One key that leaks gives away all who use it. */
export const sharedKey = detector({
  id: 'A20',
  name: 'shared-key',
  severity: 'medium',
  title: 'One private key serves too many or too long: a wildcard on many servers, several identities, renewals',
  subject: 'certificate',
  kinds: ['tls'],
  concerns: showsChain,
  settles: true,
  defaults: { servers: 5, zones: 1, identities: 1, key_days: 398 },
  subjectOf(flow, context) {
    const leaf = flow.facts.chain[0]
    const spki = leaf === undefined ? null : (context.certificate(leaf)?.spki ?? null)
    return spki
  },
  fresh: (): Memory => ({ hosts: [], zones: [], subjects: [] }),
  observe(flow, memory, settings, context) {
    const leaf = flow.facts.chain[0]
    const certificate = leaf === undefined ? null : context.certificate(leaf)
    if (certificate === null || certificate.isSelfIssued) return
    // Memories of earlier versions know ports as well.
    memory.hosts ??= []
    const before = sizeOf(memory)
    note(memory.hosts, flow.server.slice(0, flow.server.lastIndexOf(':')), settings.servers)
    note(memory.zones, context.zonePair(flow).split(' -> ')[1] ?? '', settings.zones)
    note(memory.subjects, certificate.subject ?? '', settings.identities)
    const isNews = noteBegin(memory, certificate.notBefore) || sizeOf(memory) !== before
    const oldUs = oldFrom(memory, settings.key_days)
    const kept = `its certificates are renewed, and its key is the same for more than ${settings.key_days} days`
    const fault = faultOf(memory, certificate, settings)
    const what = fault ?? (flow.firstUs > oldUs ? kept : null)
    if (what !== null) {
      context.raise({ what, mustFix: 'server', sql: `has(server_certificates, '${certificate.fingerprint}')` })
    }
    if (isNews) return
    if (fault !== null) context.settled(Number.POSITIVE_INFINITY)
    else if (what === null) context.settled(oldUs)
  },
})

interface Limits {
  servers: number
  zones: number
  identities: number
}

function faultOf({ hosts, zones, subjects }: Memory, { wildcards, label }: Certificate, most: Limits): string | null {
  const isSpread = wildcards.size > 0 && (hosts.length > most.servers || zones.length > most.zones)
  if (isSpread)
    return `the wildcard ${label} is on more than ${most.servers} servers or in more than ${most.zones} zones`
  return subjects.length > most.identities ? `one key is certified for ${subjects.join(' and ')}` : null
}

/** True when it is one that was not known. */
function noteBegin(memory: Memory, beginsUs: number): boolean {
  const { firstBeginsUs, lastBeginsUs } = memory
  if (Number.isNaN(beginsUs)) return false
  memory.firstBeginsUs = Math.min(firstBeginsUs ?? beginsUs, beginsUs)
  memory.lastBeginsUs = Math.max(lastBeginsUs ?? beginsUs, beginsUs)
  return memory.firstBeginsUs !== firstBeginsUs || memory.lastBeginsUs !== lastBeginsUs
}

/** µs; a key that was never renewed has its certificate's own end. */
const oldFrom = ({ firstBeginsUs = 0, lastBeginsUs = 0 }: Memory, days: number): number =>
  firstBeginsUs === lastBeginsUs ? Number.POSITIVE_INFINITY : firstBeginsUs + days * US_PER_DAY

const sizeOf = ({ hosts, zones, subjects }: Memory): number => hosts.length + zones.length + subjects.length

function note(list: string[], value: string, allowed: number): void {
  if (list.length <= allowed && !list.includes(value)) list.push(value)
}
