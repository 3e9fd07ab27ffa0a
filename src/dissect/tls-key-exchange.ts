/** How to read a ServerKeyExchange: decided by the suite, where one was seen. */
import { allCipherSuites, type CipherSuite } from '../registry/cipher-suites.ts'
import type { KeyExchangeKind } from '../wire/tls-server-key-exchange.ts'

const KINDS: ReadonlyMap<number, KeyExchangeKind> = new Map(
  allCipherSuites().map((suite) => [suite.code, kindOf(suite)]),
)

export const keyExchangeKind = (cipherSuite: number): KeyExchangeKind => KINDS.get(cipherSuite) ?? 'unknown'

function kindOf({ kx, auth, export: isExport }: CipherSuite): KeyExchangeKind {
  if (kx === 'ECDHE') return auth === 'PSK' ? 'ecdhe_psk' : 'ecdhe'
  if (kx === 'DHE') return auth === 'PSK' ? 'dhe_psk' : 'dhe'
  if (kx === 'RSA' && isExport) return 'rsa_export'
  // The others send nothing, or nothing that is a group or a prime: a hint (RFC 4279 §2), a salt.
  return kx === 'PSK' ? 'psk' : 'other'
}
