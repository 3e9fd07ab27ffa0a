/** Certificates of the store, fetched when a chain needs them and kept within a limit. */
import type { Store } from '../store/index.ts'
import { Candidate } from '../trust/candidate.ts'
import { Pool } from '../trust/pool.ts'
import { type OcspResponse, parseOcspResponse } from '../wire/ocsp.ts'
import { parseCertificate } from '../wire/x509.ts'

/** Certificates kept at a time, with their DER; at the cap all are forgotten and fetched again. */
const MAX_KEPT = 20_000
/** Names or fingerprints in one question: a server takes them in an address of limited length. */
const MAX_ASKED = 500
/** Authorities of one name that are fetched. */
const MAX_OF_NAME = 16
/** Responses of one leaf that are looked at: they are renewed every few days. */
const MAX_STAPLES = 16
/** Authorities above authorities: public chains have two or three. */
const MAX_ROUNDS = 6

interface StoredDer {
  fingerprint_sha256: string
  der: string
}

interface StoredStaple {
  fingerprint_sha256: string
  response: string
}

export class KnownCertificates {
  /** Authorities that were seen anywhere. */
  seen = new Pool()
  readonly #store: Store
  readonly #kept = new Map<string, Candidate>()
  readonly #askedNames = new Set<string>()
  readonly #staples = new Map<string, readonly OcspResponse[]>()

  constructor(store: Store) {
    this.#store = store
  }

  /** Fetches these, and the authorities that may stand above them. */
  async fetch(fingerprints: Iterable<string>): Promise<void> {
    if (this.#kept.size > MAX_KEPT || this.seen.size > MAX_KEPT) this.#forget()
    const wanted = [...new Set(fingerprints)]
    const unknown = wanted.filter((one) => !this.#kept.has(one))
    for (const some of inParts(unknown)) {
      const rows = await this.#store.select<StoredDer>('certificate-ders', { fingerprints: some })
      for (const row of rows) this.#kept.set(row.fingerprint_sha256, candidateOf(row))
    }
    let below = wanted.flatMap((one) => this.#kept.get(one) ?? [])
    for (let round = 0; round < MAX_ROUNDS && below.length > 0; round++) below = await this.#fetchIssuers(below)
  }

  /** Fetches what was stapled to these; what was fetched before is let go. */
  async fetchStaples(leaves: readonly string[]): Promise<void> {
    this.#staples.clear()
    for (const some of inParts([...new Set(leaves)])) {
      const rows = await this.#store.select<StoredStaple>('ocsp-responses', { fingerprints: some, limit: MAX_STAPLES })
      for (const { fingerprint_sha256: leaf, response: base64 } of rows) {
        const response = parseOcspResponse(Buffer.from(base64, 'base64'))
        if (response !== null) this.#staples.set(leaf, [...this.staplesOf(leaf), response])
      }
    }
  }

  staplesOf(leaf: string): readonly OcspResponse[] {
    return this.#staples.get(leaf) ?? []
  }

  of(fingerprint: string): Candidate | undefined {
    return this.#kept.get(fingerprint)
  }

  async #fetchIssuers(below: readonly Candidate[]): Promise<Candidate[]> {
    const names = [...new Set(below.flatMap(({ issuerName }) => issuerName ?? []))].filter(
      (name) => !this.#askedNames.has(name),
    )
    const found: Candidate[] = []
    for (const some of inParts(names)) {
      for (const name of some) this.#askedNames.add(name)
      const rows = await this.#store.select<StoredDer>('authorities-named', { names: some, limit: MAX_OF_NAME })
      for (const row of rows) {
        const authority = this.#kept.get(row.fingerprint_sha256) ?? candidateOf(row)
        this.seen.add(authority)
        found.push(authority)
      }
    }
    return found
  }

  #forget(): void {
    this.seen = new Pool()
    this.#kept.clear()
    this.#askedNames.clear()
  }
}

function candidateOf({ fingerprint_sha256: fingerprint, der: base64 }: StoredDer): Candidate {
  const der = Buffer.from(base64, 'base64')
  return new Candidate({ fingerprint, der, ...parseCertificate(der, 0, der.length) })
}

function* inParts(list: readonly string[]): Generator<string[]> {
  for (let at = 0; at < list.length; at += MAX_ASKED) yield list.slice(at, at + MAX_ASKED)
}
