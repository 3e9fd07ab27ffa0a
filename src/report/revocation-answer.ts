/** A row of `revocation_answers`: what an address said now, over what it said before. */
import { rfc3339 } from '../core/clock.ts'
import type { Word, WordFailure, WordKind } from '../fetch/revocation-word.ts'
import type { Candidate } from '../trust/candidate.ts'

/** The certificate does not say where to ask. */
export const NO_ADDRESS = 'no-address'

type Outcome = 'verified' | WordFailure | typeof NO_ADDRESS

/** What the last verified word said. Times: RFC 3339. */
interface Said {
  status: Word['status']
  issuer_spki_sha256: string
  revoked_at: string | null
  this_update: string | null
  next_update: string | null
  changed_at: string
}

export interface StoredAnswer extends Said {
  fingerprint_sha256: string
  kind: WordKind
  address: string
  outcome: Outcome
  /** 0, 1 */
  is_due: number
}

export interface AnswerRow extends Said {
  fingerprint_sha256: string
  kind: WordKind
  address: string
  outcome: Outcome
  fetched_at: string
  due_at: string
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Nobody publishes more often, and who says "in a year" may revoke tomorrow. */
const LEAST_MS = HOUR_MS
const MOST_MS = 7 * DAY_MS
/** What the certificate says, and what we are not allowed, does not change by itself. */
const LASTING: ReadonlySet<Outcome> = new Set(['not-http', 'forbidden-address', 'unaskable'])

/** When the address may be asked again: a word is kept until its nextUpdate. */
function dueMs(outcome: Outcome, nextUpdateUs: number | null, nowMs: number): number {
  if (outcome === NO_ADDRESS) return nowMs + MOST_MS
  if (outcome !== 'verified') return nowMs + (LASTING.has(outcome) ? DAY_MS : HOUR_MS)
  const nextMs = nextUpdateUs === null ? nowMs + DAY_MS : nextUpdateUs / 1000
  return Math.min(Math.max(nextMs, nowMs + LEAST_MS), nowMs + MOST_MS)
}

interface Answered {
  readonly fingerprint: string
  readonly issuer: Candidate
  readonly kind: WordKind
  readonly address: string
  readonly outcome: Outcome
  /** Null = nothing was asked. */
  readonly said: Word | null
  readonly old: StoredAnswer | undefined
  readonly nowMs: number
}

export function withWord({ fingerprint, issuer, kind, address, outcome, said, old, nowMs }: Answered): AnswerRow {
  const fetched_at = timeText(nowMs)
  const isVerified = said !== null && outcome === 'verified'
  const now = isVerified ? saidNow(said, issuer, fetched_at, old) : (old ?? NOTHING)
  const { status, issuer_spki_sha256, revoked_at, this_update, next_update, changed_at } = now
  return {
    ...{ fingerprint_sha256: fingerprint, kind, address, outcome },
    ...{ status, issuer_spki_sha256, revoked_at, this_update, next_update, changed_at },
    fetched_at,
    due_at: timeText(dueMs(outcome, isVerified ? said.nextUpdate : null, nowMs)),
  }
}

function saidNow(word: Word, issuer: Candidate, fetched_at: string, old: Said = NOTHING): Said {
  const revoked_at = secondText(word.revokedAt)
  const isAsBefore = meaningOf(old.status) === meaningOf(word.status) && old.revoked_at === revoked_at
  return {
    status: word.status,
    issuer_spki_sha256: issuer.facts.spkiSha256 ?? '',
    revoked_at,
    this_update: secondText(word.thisUpdate),
    next_update: secondText(word.nextUpdate),
    changed_at: isAsBefore ? old.changed_at : fetched_at,
  }
}

/** What a judgement makes of it: not being in a list says as little as not knowing. */
const meaningOf = (status: Word['status']): string => (status === 'not-listed' ? 'unknown' : status)

const timeText = (ms: number): string => new Date(ms).toISOString()

const secondText = (us: number | null): string | null => (us === null ? null : `${rfc3339(us).slice(0, 19)}Z`)

const NOTHING: Said = {
  status: 'unknown',
  issuer_spki_sha256: '',
  revoked_at: null,
  this_update: null,
  next_update: null,
  changed_at: '1970-01-01T00:00:00.000Z',
}
