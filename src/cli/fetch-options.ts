/** What may be asked about revocation, and how it went, for the commands that ask. Off unless somebody says so. */
import { addressRange } from '../core/address.ts'
import { OperatorError } from '../core/errors.ts'
import type { FetchLimits } from '../fetch/fetch.ts'
import { pace } from '../probe/pace.ts'
import { type AskedCounts, fetchRevocations } from '../report/fetch-revocations.ts'
import { counted } from '../report/format.ts'
import { type Judging, judgeCertificates } from '../report/judge-certificates.ts'
import type { Store } from '../store/index.ts'
import { MAX_FETCH_RATE } from './serve-options.ts'
import { wholeNumber } from './whole-number.ts'

export interface FetchOptions {
  fetchRevocation?: boolean
  fetchAllow?: string[]
  fetchRate?: string
}

const TIMEOUT_MS = 10_000

/** Null = nothing is asked. @throws OperatorError ERR_USAGE */
export function fetchLimits({
  fetchRevocation = false,
  fetchAllow = [],
  fetchRate = '5',
}: FetchOptions): FetchLimits | null {
  for (const range of fetchAllow) {
    if (addressRange(range) !== null) continue
    throw new OperatorError('ERR_USAGE', `--fetch-allow ${range} is no range of addresses`, 'write it as 10.0.0.0/8')
  }
  const turn = pace(wholeNumber('--fetch-rate', fetchRate, MAX_FETCH_RATE))
  return fetchRevocation ? { allow: fetchAllow, timeoutMs: TIMEOUT_MS, turn } : null
}

/** Judges what is new; with `limits` asks about it, and judges again what the answers change. */
export async function judgeAndAsk(
  store: Store,
  judging: Judging,
  limits: FetchLimits | null,
  say: (line: string) => void,
): Promise<void> {
  await judgeCertificates(store, judging)
  if (limits === null) return
  const counts = await fetchRevocations(store, judging, limits)
  if (counts.changed > 0) await judgeCertificates(store, judging)
  if (counts.outcomes.size > 0) say(`revocation: ${inWords(counts)}`)
}

function inWords({ asked, outcomes }: AskedCounts): string {
  const named = [...outcomes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([outcome, n]) => `${n} ${outcome}`)
  return `asked ${counted(asked, 'question')}: ${named.join(', ')}`
}
