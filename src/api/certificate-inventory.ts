/** Imported certificates beside those that were seen. */
import { PROVENANCES } from '../core/provenance.ts'
import { isHash, readCursor } from './cursor.ts'
import { anyOf, valuesOf } from './flow-filter.ts'
import { PAGE, pageAnswers, rowsToRead, sendPage } from './page.ts'
import { type Route, VIEWERS } from './route.ts'
import { objectOf, TEXT, TEXT_OR_NULL, TEXTS, TIME_OR_NULL } from './schemas.ts'

const STATES = ['in_use', 'unused', 'unknown']
const FLAG_OR_NULL = { type: ['boolean', 'null'] }
const SOURCE = { type: 'string', pattern: '^[a-z0-9-]{1,32}$' }

const PROPERTIES = {
  state: { enum: STATES },
  /** Empty where it is in no inventory. */
  source: TEXT,
  item: TEXT,
  fingerprint_sha256: TEXT,
  serial_number: TEXT,
  subject: TEXT_OR_NULL,
  subject_alt_names: TEXTS,
  not_after: TIME_OR_NULL,
  last_seen: TIME_OR_NULL,
  /** What the inventory says; null where it says nothing of that. */
  automated: FLAG_OR_NULL,
  authority: { enum: ['public', 'private', null] },
  /** Of an authority that it lists; null of a certificate. */
  authority_status: TEXT_OR_NULL,
  ...{ key_algorithm: TEXT_OR_NULL, usage_mode: TEXT_OR_NULL },
  ...{ revokes_by_ocsp: FLAG_OR_NULL, revokes_by_crl: FLAG_OR_NULL },
  provenance: { enum: PROVENANCES },
}

interface InventoryRow {
  [column: string]: unknown
  state: string
  source: string
  row_id: string
}

const CURSOR = [
  (state: string): boolean => STATES.includes(state),
  (source: string): boolean => source.length < 64,
  isHash,
]

export const certificateInventory: Route = {
  path: '/api/v1/certificates/inventory',
  summary: 'Certificates of imported inventories and of traffic: in use, unused, and in no inventory',
  demand: VIEWERS,
  query: {
    state: anyOf({ enum: STATES }, "unknown = shown as somebody's own, and in no inventory"),
    source: anyOf(SOURCE, 'The kind of inventory, as acm'),
    ...PAGE,
  },
  answers: pageAnswers(objectOf(PROPERTIES)),
  answer: async ({ select }, query, call) => {
    const [after_state, after_source, after_id] = readCursor(query, CURSOR) ?? ['', '', '']
    const params = {
      ...{ after_state, after_source, after_id, limit: rowsToRead(query) },
      states: valuesOf(query['state']),
      sources: valuesOf(query['source']),
    }
    const rows = await select<InventoryRow>('certificate-inventory', params)
    const keyOf = ({ state, source, row_id }: InventoryRow) => [state, source, row_id]
    const tell = ({ row_id: _, ...row }: InventoryRow) => row
    return sendPage(call, query, { rows, keyOf, tell, columns: Object.keys(PROPERTIES) })
  },
}
