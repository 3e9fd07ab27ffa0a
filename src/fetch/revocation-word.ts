/** Whether a certificate is revoked, asked at the addresses that it names itself, and believed only where its issuer signed it. */
import { setImmediate } from 'node:timers/promises'
import type { Candidate } from '../trust/candidate.ts'
import { answerAbout, isBySomebodyWhoMay, isListOfLater } from '../trust/revocation.ts'
import type { Signatures } from '../trust/signatures.ts'
import { parseRevocationListInSlices, type RevocationList } from '../wire/crl.ts'
import { parseOcspResponse, responseStatus } from '../wire/ocsp.ts'
import { ocspRequest } from '../wire/ocsp-request.ts'
import { type Fetched, type FetchFailure, type FetchLimits, fetchBounded } from './fetch.ts'

/** Why an address gave no word that counts. Closed: stored and counted by these words. */
export type WordFailure =
  | FetchFailure
  | 'unreadable' // what came is no response, or no list
  | 'refused' // a response without an answer (RFC 6960 §4.2.1): tryLater, unauthorized, …
  | 'about-another' // an answer about other certificates
  | 'not-by-issuer' // neither the issuer signed it nor whom it certified for that
  | 'out-of-date' // its nextUpdate has passed, or it is of the future
  | 'unaskable' // a serial number that no authority issues

export type WordKind = 'ocsp' | 'crl'

/** Times in µs. */
export interface Word {
  readonly kind: WordKind
  readonly address: string
  readonly outcome: 'verified' | WordFailure
  /** not-listed: the list does not have it, which says little: it may be one of several (RFC 5280 §5.2.5). */
  readonly status: 'good' | 'revoked' | 'not-listed' | 'unknown'
  readonly revokedAt: number | null
  readonly thisUpdate: number | null
  readonly nextUpdate: number | null
}

const MAX_RESPONSE_BYTES = 64 * 1024
const MAX_LIST_BYTES = 16 * 1024 * 1024
/** Lists kept while one job runs, by the size of their DER. */
const MAX_KEPT_BYTES = 128 * 1024 * 1024
const SKEW_US = 5 * 60 * 1_000_000

/** What makes all of an address fail: it is not asked again by the same asker. */
const OF_THE_ADDRESS: ReadonlySet<string> = new Set([
  'not-http',
  'forbidden-address',
  'not-resolved',
  'no-connection',
  'timeout',
  'too-many-redirects',
])

/** Asks for as long as one job runs: an address that is down is tried once, a list is fetched once. */
export class RevocationAsker {
  /** Questions that went out. */
  asked = 0
  readonly #limits: FetchLimits
  readonly #signatures: Signatures
  readonly #nowUs: () => number
  readonly #down = new Map<string, FetchFailure>()
  readonly #lists = new Map<string, Promise<RevocationList | WordFailure>>()
  readonly #verified = new WeakMap<RevocationList, Map<string, Promise<boolean>>>()
  #keptBytes = 0

  constructor(limits: FetchLimits, signatures: Signatures, nowUs: () => number) {
    this.#limits = limits
    this.#signatures = signatures
    this.#nowUs = nowUs
  }

  async ocsp(certificate: Candidate, issuer: Candidate, address: string): Promise<Word> {
    const failed = (outcome: WordFailure): Word => ({ kind: 'ocsp', address, outcome, ...NOTHING })
    const body = ocspRequest(issuer.facts.der, certificate.facts.serialNumber)
    if (body === null) return failed('unaskable')
    const post = { type: 'application/ocsp-request', body }
    const fetched = await this.#fetch({ address, post, maxBytes: MAX_RESPONSE_BYTES })
    if ('failure' in fetched) return failed(fetched.failure)
    const status = responseStatus(fetched.body)
    if (status !== null && status !== 0) return failed('refused')
    const response = parseOcspResponse(fetched.body)
    if (response === null) return failed('unreadable')
    const answer = answerAbout(response, certificate, issuer)
    if (answer === null) return failed('about-another')
    if (!isBySomebodyWhoMay(response, issuer, this.#signatures)) return failed('not-by-issuer')
    if (!this.#isCurrent(answer)) return failed('out-of-date')
    const { thisUpdate, nextUpdate, revokedAt } = answer
    return { kind: 'ocsp', address, outcome: 'verified', status: answer.status, revokedAt, thisUpdate, nextUpdate }
  }

  async list(certificate: Candidate, issuer: Candidate, address: string): Promise<Word> {
    const failed = (outcome: WordFailure): Word => ({ kind: 'crl', address, outcome, ...NOTHING })
    const { serialNumber } = certificate.facts
    if (serialNumber === null) return failed('unaskable')
    const list = await this.#listAt(address)
    if (typeof list === 'string') return failed(list)
    if (!(await this.#isBy(list, issuer))) return failed('not-by-issuer')
    if (!this.#isCurrent(list)) return failed('out-of-date')
    const { thisUpdate, nextUpdate } = list
    const revokedAt = list.revoked.get(serialNumber) ?? null
    const status = revokedAt === null ? 'not-listed' : 'revoked'
    return { kind: 'crl', address, outcome: 'verified', status, revokedAt, thisUpdate, nextUpdate }
  }

  /** Once for each list and issuer: a list has megabytes to be hashed. */
  #isBy(list: RevocationList, issuer: Candidate): Promise<boolean> {
    const known = this.#verified.get(list) ?? new Map<string, Promise<boolean>>()
    this.#verified.set(list, known)
    const { fingerprint } = issuer.facts
    const answer = known.get(fingerprint) ?? isListOfLater(list, issuer)
    known.set(fingerprint, answer)
    return answer
  }

  #listAt(address: string): Promise<RevocationList | WordFailure> {
    const known = this.#lists.get(address)
    if (known !== undefined) return known
    if (this.#keptBytes > MAX_KEPT_BYTES) {
      this.#lists.clear()
      this.#keptBytes = 0
    }
    const list = this.#fetchList(address)
    this.#lists.set(address, list)
    return list
  }

  async #fetchList(address: string): Promise<RevocationList | WordFailure> {
    const fetched = await this.#fetch({ address, post: null, maxBytes: MAX_LIST_BYTES })
    if ('failure' in fetched) return fetched.failure
    this.#keptBytes += fetched.body.length
    return (await parseRevocationListInSlices(fetched.body, setImmediate)) ?? 'unreadable'
  }

  async #fetch(question: Parameters<typeof fetchBounded>[0]): Promise<Fetched> {
    const down = this.#down.get(question.address)
    if (down !== undefined) return { failure: down }
    this.asked++
    const fetched = await fetchBounded(question, this.#limits)
    if ('failure' in fetched && OF_THE_ADDRESS.has(fetched.failure)) this.#down.set(question.address, fetched.failure)
    return fetched
  }

  #isCurrent({ thisUpdate, nextUpdate }: { thisUpdate: number | null; nextUpdate: number | null }): boolean {
    const nowUs = this.#nowUs()
    if (thisUpdate === null || thisUpdate > nowUs + SKEW_US) return false
    return nextUpdate === null || nextUpdate >= nowUs - SKEW_US
  }
}

const NOTHING = { status: 'unknown', revokedAt: null, thisUpdate: null, nextUpdate: null } as const
