/** Certificates of the store, fetched when a chain needs them and kept within a limit. */
import type { CertificateFacts } from '../core/facts.ts'
import type { Store } from '../store/index.ts'
import { Candidate } from '../trust/candidate.ts'
import { Pool } from '../trust/pool.ts'
import type { FetchedWord } from '../trust/revocation.ts'
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
/** Words of responders and lists in one question; those that revoke come first. */
const MAX_WORDS = 100_000
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

/** When a leaf was last shown with a stapled response, there. */
interface StoredStapling extends Place {
  leaf: string
  last_stapled: string
}

interface Place {
  server_ip: string
  server_port: number
  asked_for: string
}

interface StoredWord extends Pick<FetchedWord, 'kind' | 'status'> {
  fingerprint_sha256: string
  issuer_spki_sha256: string
  revoked_at: string | null
  next_update: string | null
}

export class KnownCertificates {
  /** Authorities that were seen anywhere. */
  seen = new Pool()
  readonly #store: Store
  readonly #kept = new Map<string, Candidate>()
  readonly #askedNames = new Set<string>()
  readonly #staples = new Map<string, readonly OcspResponse[]>()
  readonly #stapled = new Map<string, number>()
  readonly #words = new Map<string, readonly FetchedWord[]>()

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
    this.#stapled.clear()
    for (const some of inParts([...new Set(leaves)])) {
      const rows = await this.#store.select<StoredStaple>('ocsp-responses', { fingerprints: some, limit: MAX_STAPLES })
      for (const { fingerprint_sha256: leaf, response: base64 } of rows) {
        const response = parseOcspResponse(Buffer.from(base64, 'base64'))
        if (response !== null) this.#staples.set(leaf, [...this.staplesOf(leaf), response])
      }
    }
    for (const some of inParts([...this.#staples.keys()])) {
      for (const row of await this.#store.select<StoredStapling>('last-stapled', { fingerprints: some })) {
        this.#stapled.set(keyOf(row.leaf, row), Date.parse(row.last_stapled) * 1000)
      }
    }
  }

  /** The last time that a response was stapled to it there, and until when the latest says that it counts; µs. */
  lastStapled(
    { fingerprint, serialNumber }: CertificateFacts,
    { server_ip, server_port, server_name }: Omit<Place, 'asked_for'> & { server_name: string },
  ): { timeUs: number; nextUpdate: number } | null {
    const timeUs = this.#stapled.get(keyOf(fingerprint, { server_ip, server_port, asked_for: server_name }))
    const ends = this.staplesOf(fingerprint)
      .flatMap(({ answers }) => answers)
      .flatMap((answer) => (answer.serialNumber === serialNumber ? (answer.nextUpdate ?? []) : []))
    return timeUs === undefined || ends.length === 0 ? null : { timeUs, nextUpdate: Math.max(...ends) }
  }

  staplesOf(leaf: string): readonly OcspResponse[] {
    return this.#staples.get(leaf) ?? []
  }

  /** Fetches what responders and lists said of these; what was fetched before is let go. */
  async fetchWords(fingerprints: readonly string[]): Promise<void> {
    this.#words.clear()
    for (const some of inParts([...new Set(fingerprints)])) {
      const rows = await this.#store.select<StoredWord>('revocation-words', { fingerprints: some, limit: MAX_WORDS })
      for (const row of rows) {
        const { fingerprint_sha256: one } = row
        this.#words.set(one, [...this.wordsOn(one), wordOf(row)])
      }
    }
  }

  wordsOn(fingerprint: string): readonly FetchedWord[] {
    return this.#words.get(fingerprint) ?? []
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

const wordOf = (row: StoredWord): FetchedWord => ({
  kind: row.kind,
  status: row.status,
  issuerSpkiSha256: row.issuer_spki_sha256,
  revokedAt: row.revoked_at === null ? null : Date.parse(row.revoked_at) * 1000,
  nextUpdate: row.next_update === null ? null : Date.parse(row.next_update) * 1000,
})

const keyOf = (leaf: string, { server_ip, server_port, asked_for }: Place): string =>
  `${leaf} ${server_ip} ${server_port} ${asked_for}`

function* inParts(list: readonly string[]): Generator<string[]> {
  for (let at = 0; at < list.length; at += MAX_ASKED) yield list.slice(at, at + MAX_ASKED)
}
