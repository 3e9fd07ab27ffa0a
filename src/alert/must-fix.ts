/** Who must fix a weak handshake, by what was offered, what was chosen and what the server said it could do. */
import { cipherSuite } from '../registry/cipher-suites.ts'
import { type Facts, TLS_1_3 } from './facts.ts'
import type { MustFix } from './finding.ts'

/**
 * RFC 8446 §4.1.3: a server that could do better and was not asked to says so in the last bytes of its random. A client
 * that had asked must then abort: where it did not, somebody between them changed the hello, or the client is broken.
 */
export function whoFixesVersion(facts: Facts): MustFix {
  if (facts.versionRank === 0) return 'unknown'
  if (facts.sentinel !== null) return facts.offeredRank >= rankOfSentinel(facts.sentinel) ? 'attack' : 'client'
  if (facts.offeredRank > facts.versionRank) return 'server'
  return facts.offeredRank === 0 ? 'unknown' : 'both'
}

/** "tls12": the server could do 1.3; "tls11": it could do 1.2 at least. */
const rankOfSentinel = (sentinel: string): number => (sentinel === 'tls12' ? TLS_1_3 : TLS_1_3 - 1)

/** A server that was offered good suites and took a bad one is to blame; else the client offered nothing better. */
export function whoFixesSuite(facts: Facts): MustFix {
  if (facts.offeredSuites.length === 0) return 'unknown'
  return facts.offeredSuites.some(isGood) ? 'server' : 'both'
}

const isGood = (code: number): boolean => {
  const suite = cipherSuite(code)
  return suite?.aead === true && suite.forwardSecrecy && suite.bits >= 128 && suite.auth !== 'anon'
}
