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
  automated: boolean | null
  authority: 'private' | 'public' | null
  authority_status: string | null
  key_algorithm: string | null
  usage_mode: string | null
  revokes_by_ocsp: boolean | null
  revokes_by_crl: boolean | null
  provenance: 'imported' | 'observed' | 'probed'
}

const EVERYTHING = { states: [], sources: [], after_state: '', after_source: '', after_id: '', limit: 1_000_000 }

const keyOf = ({ state, source, item }: InventoryRow): string => [state, source, item].join('\n')
const byItem = (a: InventoryRow, b: InventoryRow): number => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0)

/** What is to be printed. */
export async function inventory(store: Store, isJson: boolean): Promise<string> {
  const stored = await store.select<InventoryRow & { row_id: string }>('certificate-inventory', EVERYTHING)
  const rows = stored.map(({ row_id: _, ...row }): InventoryRow => row).sort(byItem)
  if (isJson) return rows.map((row) => `${asciiJson(row)}\n`).join('')
  if (rows.length === 0) return 'No certificates were imported or seen.\n'
  const words = printable(rows).map((row) => [
    row.state.replace('_', ' '),
    row.source,
    row.not_after?.slice(0, 10) ?? '?',
    row.last_seen?.slice(0, 10) ?? '',
    [row.subject_alt_names.join(' ') || row.subject || row.fingerprint_sha256, ...authority(row), row.item]
      .filter((one) => one)
      .join(', '),
  ])
  return table([['state', 'source', 'ends', 'last seen', 'what'], ...words], WIDTH)
}

/** Of an authority, how it stands and how what it revokes is told. */
function authority({ authority_status, revokes_by_ocsp, revokes_by_crl }: InventoryRow): string[] {
  if (authority_status === null) return []
  const told = [...(revokes_by_ocsp === true ? ['OCSP'] : []), ...(revokes_by_crl === true ? ['a list'] : [])]
  const revocation = revokes_by_ocsp === null ? 'unknown' : told.join(' and ') || 'nothing'
  return [`authority ${authority_status.toLowerCase()}, revokes by ${revocation}`]
}
