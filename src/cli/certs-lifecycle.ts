/** `intransit certs --lifecycle`: how the certificates of each identity follow one another. */
import { asciiJson } from '../core/json.ts'
import type { Provenance } from '../core/provenance.ts'
import { type Lifecycle, type LifecycleRow, lifecycleOf } from '../report/certificate-lifecycle.ts'
import { printable, WIDTH } from '../report/format.ts'
import type { Store } from '../store/index.ts'
import { table } from './text-table.ts'

const MAX_ROWS = 1_000_000
const DAY_S = 86_400

/** All of them: what has been seen of any time. */
const EVERYTHING = {
  ...{ from: '1970-01-01T00:00:00.000000Z', to: '2262-01-01T00:00:00.000000Z' },
  ...{ after_end_s: -99_999_999_999, after_id: '', automations: [], server_ips: [], limit: MAX_ROWS },
}

/** What is to be printed. `name`: of identities with that in them. */
export async function lifecycle(
  store: Store,
  { provenances, name }: { provenances: readonly Provenance[]; name: string },
  isJson: boolean,
): Promise<string> {
  const stored = await store.select<LifecycleRow>('certificate-lifecycle', { ...EVERYTHING, provenances, name })
  const rows = stored.map(lifecycleOf)
  if (isJson) return rows.map((row) => `${asciiJson(row)}\n`).join('')
  if (rows.length === 0) return 'No certificates of servers were seen.\n'
  const words = printable(rows).map((row) => [
    row.newest_ends?.slice(0, 10) ?? '?',
    String(row.renewals),
    row.lead_s === null ? '' : (row.lead_s / DAY_S).toFixed(1),
    row.t95_s === null ? '' : (row.t95_s / DAY_S).toFixed(1),
    String(row.endpoints),
    row.automation_provenance === 'imported' ? `${row.automation}, imported` : row.automation,
    [row.identity, ...remarks(row)].join(', '),
  ])
  const heading = ['ends', 'renewals', 'days before end', 'days to 95 %', 'endpoints', 'automatic', 'names and port']
  return table([heading, ...words], WIDTH)
}

const remarks = (row: Lifecycle): string[] => [
  ...(row.expired === 0 ? [] : [`${row.expired} shown after the end`]),
  ...(row.revoked === 0 ? [] : [`${row.revoked} shown after revocation`]),
  ...(row.near_misses === 0 ? [] : [`${row.near_misses} renewed at the last moment`]),
  ...(row.open === 0 ? [] : [`${row.open} with the old one still`]),
  ...(row.issuer_changes === 0 ? [] : [`${row.issuer_changes} changes of issuer`]),
  ...(row.flapping ? ['shows several in turn'] : []),
]
