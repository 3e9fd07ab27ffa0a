/** `intransit certs --lifecycle`: how the certificates of each identity follow one another. */
import { asciiJson } from '../core/json.ts'
import type { Provenance } from '../core/provenance.ts'
import { printable, WIDTH } from '../report/format.ts'
import type { Store } from '../store/index.ts'
import { table } from './text-table.ts'

/** Members as in the JSON lines; `automation` is inferred. */
interface Lifecycle {
  identity: string
  first_seen: string
  last_seen: string
  newest: string
  newest_ends: string | null
  certificates: number
  endpoints: number
  renewals: number
  lead_s: number | null
  near_misses: number
  expired: number
  issuer_changes: number
  flapping: boolean
  automation: 'likely' | 'unlikely' | 'unknown'
}

const MAX_ROWS = 1_000_000
const DAY_S = 86_400

/** What is to be printed. */
export async function lifecycle(store: Store, provenances: readonly Provenance[], isJson: boolean): Promise<string> {
  const stored = await store.select<Lifecycle>('certificate-lifecycle', { provenances, limit: MAX_ROWS })
  // Some servers send 64-bit integers as text, and flags as numbers.
  const rows = stored.map((row) => ({
    ...row,
    certificates: Number(row.certificates),
    endpoints: Number(row.endpoints),
    renewals: Number(row.renewals),
    lead_s: row.lead_s === null ? null : Number(row.lead_s),
    near_misses: Number(row.near_misses),
    expired: Number(row.expired),
    issuer_changes: Number(row.issuer_changes),
    flapping: Boolean(row.flapping),
  }))
  if (isJson) return rows.map((row) => `${asciiJson({ ...row, automation_provenance: 'inferred' })}\n`).join('')
  if (rows.length === 0) return 'No certificates of servers were seen.\n'
  const words = printable(rows).map((row) => [
    row.newest_ends?.slice(0, 10) ?? '?',
    String(row.renewals),
    row.lead_s === null ? '' : (row.lead_s / DAY_S).toFixed(1),
    String(row.endpoints),
    row.automation,
    [row.identity, ...remarks(row)].join(', '),
  ])
  return table([['ends', 'renewals', 'days before end', 'endpoints', 'automatic', 'names and port'], ...words], WIDTH)
}

const remarks = (row: Lifecycle): string[] => [
  ...(row.expired === 0 ? [] : [`${row.expired} shown after the end`]),
  ...(row.near_misses === 0 ? [] : [`${row.near_misses} renewed at the last moment`]),
  ...(row.issuer_changes === 0 ? [] : [`${row.issuer_changes} changes of issuer`]),
  ...(row.flapping ? ['shows several in turn'] : []),
]
