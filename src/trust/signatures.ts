/** Does one certificate's key verify another's signature? Asked once for each pair. */
import { type KeyObject, X509Certificate } from 'node:crypto'
import type { Candidate } from './candidate.ts'

/** unknown = an algorithm that this OpenSSL does not have, or a certificate that it cannot read. */
export type Signature = 'good' | 'bad' | 'unknown'

/** Pairs remembered; at the cap all are forgotten and verified again. */
const MAX_PAIRS = 1 << 17
/** Keys of issuers held ready: each is memory outside of the heap. */
const MAX_KEYS = 4096

export class Signatures {
  /** Verifications that were done, and not remembered. */
  verified = 0
  readonly #pairs = new Map<string, Signature>()
  readonly #keys = new Map<string, KeyObject | null>()

  of(child: Candidate, issuer: Candidate): Signature {
    const pair = `${child.facts.fingerprint}${issuer.facts.spkiSha256 ?? issuer.facts.fingerprint}`
    const known = this.#pairs.get(pair)
    if (known !== undefined) return known
    const found = this.#verify(child, issuer)
    if (this.#pairs.size >= MAX_PAIRS) this.#pairs.clear()
    this.#pairs.set(pair, found)
    return found
  }

  #verify(child: Candidate, issuer: Candidate): Signature {
    const key = this.#keyOf(issuer)
    if (key === null || !VERIFIABLE.has(child.facts.signatureAlgorithm ?? '')) return 'unknown'
    this.verified++
    try {
      if (new X509Certificate(child.facts.der).verify(key)) return 'good'
      return UNSUPPORTED_HASHES.has(child.facts.signatureHash ?? '') ? 'unknown' : 'bad'
    } catch {
      return 'unknown'
    }
  }

  #keyOf({ facts }: Candidate): KeyObject | null {
    const known = this.#keys.get(facts.fingerprint)
    if (known !== undefined) return known
    if (this.#keys.size >= MAX_KEYS) this.#keys.clear()
    const key = publicKeyOf(facts.der)
    this.#keys.set(facts.fingerprint, key)
    return key
  }
}

function publicKeyOf(der: Uint8Array): KeyObject | null {
  try {
    return new X509Certificate(der).publicKey
  } catch {
    return null
  }
}

/** A `false` of OpenSSL is a bad signature for these; for others it may be that it does not know them. */
const VERIFIABLE: ReadonlySet<string> = new Set(['rsa-pkcs1', 'rsa-pss', 'ecdsa', 'ed25519', 'ed448', 'dsa'])
/** Gone from OpenSSL 3's default provider. */
const UNSUPPORTED_HASHES: ReadonlySet<string> = new Set(['md2', 'md4', 'ripemd160'])
