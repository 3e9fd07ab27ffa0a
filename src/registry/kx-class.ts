/** The kind of a TLS key exchange, in the words of the rollups' column kx. */
import { cipherSuite } from './cipher-suites.ts'
import { namedGroup } from './named-groups.ts'

/** static: parameters of a certificate, (EC)DH without E; other: SRP, Kerberos, what no registry has. */
export const KX_CLASSES = ['pq', 'ecdhe', 'dhe', 'rsa', 'static', 'psk', 'anon', 'other'] as const
export type KxClass = (typeof KX_CLASSES)[number]

const BY_KX: Readonly<Record<string, KxClass>> = {
  ECDHE: 'ecdhe',
  DHE: 'dhe',
  RSA: 'rsa',
  ECDH: 'static',
  DH: 'static',
  PSK: 'psk',
}

/** Code points as negotiated; a group of 0 = none was seen. */
export function kxClass(suite: number, group: number): KxClass {
  const known = namedGroup(group)
  if (known?.postQuantum === true) return 'pq'
  if (known?.kind === 'ff') return 'dhe'
  const { auth = '', kx = '' } = cipherSuite(suite) ?? {}
  if (auth === 'anon') return 'anon'
  return BY_KX[kx] ?? (group === 0 ? 'other' : 'ecdhe')
}
