/**
 * The job that asks whether observed certificates are revoked. Opt-in; only about certificates below a root that is trusted: what
 * anybody can make must not send us anywhere.
 */
import { createHash } from 'node:crypto'
import { asciiJson } from '../core/json.ts'
import type { FetchLimits } from '../fetch/fetch.ts'
import { RevocationAsker, type Word, type WordFailure } from '../fetch/revocation-word.ts'
import type { Store } from '../store/index.ts'
import type { Candidate } from '../trust/candidate.ts'
import type { Roots } from '../trust/roots.ts'
import { Signatures } from '../trust/signatures.ts'
import { basisOf, type Judging } from './judge-certificates.ts'
import { KnownCertificates } from './known-certificates.ts'
import { type AnswerRow, NO_ADDRESS, type StoredAnswer, withWord } from './revocation-answer.ts'

/** Certificates at a time. */
const PAGE = 200
/** Addresses of each kind that are tried for one certificate. */
const MAX_ADDRESSES = 2
/** Certificates asked about at a time; the rate bounds what they do together. */
const AT_ONCE = 8
/** Questions of one run; what is left comes with the next. */
const MAX_ASKED = 2000

/** What came of a run: how many questions went out, how many words changed, and outcomes by name. */
export interface AskedCounts {
  asked: number
  changed: number
  readonly outcomes: Map<'verified' | WordFailure | typeof NO_ADDRESS, number>
}

export async function fetchRevocations(
  store: Store,
  judging: Judging,
  limits: FetchLimits,
  nowMs: () => number = Date.now,
): Promise<AskedCounts> {
  const counts: AskedCounts = { asked: 0, changed: 0, outcomes: new Map() }
  const known = new KnownCertificates(store)
  const asker = new RevocationAsker(limits, new Signatures(), () => nowMs() * 1000)
  let after = ''
  for (;;) {
    const now = new Date(nowMs())
    const asked = { basis: basisOf(judging), now, after, limit: PAGE }
    const rows = await store.select<{ certificate: string; issued_by: string }>('revocations-to-ask', asked)
    const fingerprints = rows.map(({ certificate }) => certificate)
    await known.fetch(rows.flatMap(({ certificate, issued_by }) => [certificate, issued_by]))
    const before = await answersOf(store, fingerprints, now)
    const pairs = rows.flatMap(({ certificate, issued_by }) => {
      const [one, issuer] = [known.of(certificate), known.of(issued_by)]
      const found = issuer ?? (one === undefined ? undefined : rootOf(judging.roots, one, issued_by))
      return one === undefined || found === undefined ? [] : [{ one, issuer: found }]
    })
    const made: AnswerRow[] = []
    await inTurn(pairs, async ({ one, issuer }) => {
      if (asker.asked < MAX_ASKED) made.push(...(await ask(asker, one, issuer, before, nowMs)))
    })
    await insert(store, made)
    for (const { outcome, changed_at, fetched_at } of made) {
      counts.outcomes.set(outcome, (counts.outcomes.get(outcome) ?? 0) + 1)
      if (changed_at === fetched_at) counts.changed++
    }
    counts.asked = asker.asked
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE || asker.asked >= MAX_ASKED) return counts
    after = last.certificate
  }
}

type Before = ReadonlyMap<string, readonly StoredAnswer[]>

async function answersOf(store: Store, fingerprints: readonly string[], now: Date): Promise<Before> {
  const found = new Map<string, StoredAnswer[]>()
  if (fingerprints.length === 0) return found
  for (const row of await store.select<StoredAnswer>('revocation-answers', { fingerprints, now })) {
    const others = found.get(row.fingerprint_sha256)
    if (others === undefined) found.set(row.fingerprint_sha256, [row])
    else others.push(row)
  }
  return found
}

const rootOf = ({ pool }: Roots, { issuerName }: Candidate, fingerprint: string): Candidate | undefined =>
  pool.named(issuerName).find(({ facts }) => facts.fingerprint === fingerprint)

/** Responders before lists, which are large; the first word that is verified is enough. */
async function ask(
  asker: RevocationAsker,
  one: Candidate,
  issuer: Candidate,
  before: Before,
  nowMs: () => number,
): Promise<AnswerRow[]> {
  const { fingerprint } = one.facts
  const { ocspAddresses, crlAddresses } = one.usage
  const known = before.get(fingerprint) ?? []
  const made: AnswerRow[] = []
  const keep = (word: Pick<Word, 'kind' | 'address'> & { outcome: AnswerRow['outcome'] }, said: Word | null): void => {
    const old = known.find(({ kind, address }) => kind === word.kind && address === word.address)
    made.push(withWord({ fingerprint, issuer, ...word, said, old, nowMs: nowMs() }))
  }
  const questions = [
    ...ocspAddresses.slice(0, MAX_ADDRESSES).map((address) => ({ kind: 'ocsp' as const, address })),
    ...crlAddresses.slice(0, MAX_ADDRESSES).map((address) => ({ kind: 'crl' as const, address })),
  ]
  if (questions.length === 0) keep({ kind: 'crl', address: '', outcome: NO_ADDRESS }, null)
  for (const { kind, address } of questions) {
    const isWaiting = known.some((answer) => answer.kind === kind && answer.address === address && answer.is_due === 0)
    if (isWaiting) continue
    const word = await (kind === 'ocsp' ? asker.ocsp(one, issuer, address) : asker.list(one, issuer, address))
    keep(word, word)
    if (word.outcome === 'verified' && word.status !== 'unknown') break
  }
  return made
}

async function inTurn<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = all[Symbol.iterator]()
  const worker = async (): Promise<void> => {
    for (const one of left) await work(one)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

async function insert(store: Store, rows: readonly AnswerRow[]): Promise<void> {
  const text = rows.map((row) => `${asciiJson(row)}\n`).join('')
  await store.insertRevocationAnswers(text, rows.length, createHash('sha256').update(text).digest('hex'))
}
