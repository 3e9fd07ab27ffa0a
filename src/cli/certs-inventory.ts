/** `intransit certs --inventory`: imported certificates beside those that were seen. */
import { asciiJson } from '../core/json.ts'
import { printable, WIDTH } from '../report/format.ts'
import type { Store } from '../store/index.ts'
import { table } from './text-table.ts'

interface InventoryRow {
  state: 'in_use' | 'unused' | 'unknown'
  source: string
  item: string
  fingerprint_sha256: string
  serial_number: string
  subject: string | null
  subject_alt_names: string[]
  not_after: string | null
  last_seen: string | null
}

const MAX_ROWS = 1_000_000

/** What is to be printed. */
export async function inventory(store: Store, isJson: boolean): Promise<string> {
  const rows = await store.select<InventoryRow>('certificate-inventory', { limit: MAX_ROWS })
  if (isJson) return rows.map((row) => `${asciiJson(row)}\n`).join('')
  if (rows.length === 0) return 'No certificates were imported or seen.\n'
  const words = printable(rows).map((row) => [
    row.state.replace('_', ' '),
    row.source,
    row.not_after?.slice(0, 10) ?? '?',
    row.last_seen?.slice(0, 10) ?? '',
    [row.subject_alt_names.join(' ') || row.subject || row.fingerprint_sha256, row.item]
      .filter((one) => one)
      .join(', '),
  ])
  return table([['state', 'source', 'ends', 'last seen', 'what'], ...words], WIDTH)
}
