import type { Severity } from '../../classify/policy.ts'
import { sshCipher, sshHostKey, sshKex, sshMac } from '../../registry/ssh-algorithms.ts'
import { factDetector } from '../detector.ts'
import type { Facts } from '../facts.ts'

const BROKEN = new Set(['md5', 'sha1'])

export const weakSsh = factDetector({
  id: 'A31',
  name: 'weak-ssh',
  severity: 'medium',
  title: 'SSH with an old protocol or algorithm',
  subject: 'server',
  kinds: ['ssh'],
  shows(facts) {
    if (!facts.isEncrypted) return null
    const weakness = weaknessOf(facts)
    if (weakness !== null) return { mustFix: 'both', ...weakness, sql: "app_protocol = 'ssh'" }
    return facts.sshKex === null ? null : 'good'
  },
})

/** A name that no list has is neither good nor bad. */
function weaknessOf(facts: Facts): { what: string; severity?: Severity } | null {
  if (facts.sshVersion === 1) return { what: 'version 1 of the protocol', severity: 'critical' }
  const kex = facts.sshKex === null ? null : sshKex(facts.sshKex)
  if (kex !== null && BROKEN.has(kex.hash)) return { what: `key exchange ${kex.name}` }
  const key = facts.sshHostKey === null ? null : sshHostKey(facts.sshHostKey)
  if (key !== null && (key.keyType === 'dsa' || (key.hash !== null && BROKEN.has(key.hash)))) {
    return { what: `host key ${key.name}` }
  }
  const cipher = facts.sshCiphers.map(sshCipher).find((one) => one !== null && isOldMode(one.kind))
  if (cipher !== undefined && cipher !== null) return { what: `cipher ${cipher.name}` }
  const mac = facts.sshMacs.map(sshMac).find((one) => one?.hash === 'md5')
  return mac === undefined || mac === null ? null : { what: `MAC ${mac.name}` }
}

const isOldMode = (kind: string): boolean => kind === 'cbc' || kind === 'stream' || kind === 'none'
