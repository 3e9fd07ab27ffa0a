import type { Severity } from '../../classify/policy.ts'
import { namedGroup } from '../../registry/named-groups.ts'
import { sshKex } from '../../registry/ssh-algorithms.ts'
import { factDetector } from '../detector.ts'
import type { Facts } from '../facts.ts'

const MIN_DH_BITS = 2048
const BROKEN_DH_BITS = 1024
const MIN_EC_BITS = 224

export const weakGroup = factDetector({
  id: 'A10',
  name: 'weak-group',
  severity: 'high',
  title: 'Keys are exchanged over a group that is too small',
  subject: 'server',
  kinds: ['tls', 'ssh'],
  shows(facts) {
    if (!facts.isEncrypted) return null
    const weakness = weaknessOf(facts)
    return weakness === null ? 'good' : { mustFix: 'server', ...weakness }
  },
})

interface Weakness {
  what: string
  severity: Severity
  sql: string
}

function weaknessOf(facts: Facts): Weakness | null {
  if (facts.kind === 'ssh') {
    const kex = facts.sshKex === null ? null : sshKex(facts.sshKex)
    const bits = facts.sshDhBits > 0 ? facts.sshDhBits : kex?.kind === 'dh' ? kex.bits : 0
    return smallPrime(bits, "app_protocol = 'ssh'")
  }
  const prime = smallPrime(facts.dhBits, `dh_bits < ${MIN_DH_BITS}`)
  if (prime !== null || facts.namedGroup === 0) return prime
  const group = namedGroup(facts.namedGroup)
  if (group === null || !group.kind.startsWith('ec') || group.bits >= MIN_EC_BITS) return null
  return { what: `the curve ${group.name}`, severity: 'high', sql: `named_group = ${facts.namedGroup}` }
}

const smallPrime = (bits: number, sql: string): Weakness | null =>
  bits === 0 || bits >= MIN_DH_BITS
    ? null
    : { what: `a Diffie-Hellman prime of ${bits} bits`, severity: bits < BROKEN_DH_BITS ? 'critical' : 'high', sql }
