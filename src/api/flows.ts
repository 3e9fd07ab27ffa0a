/** Flow records, as docs/flow-record.md has them: all columns of the store but those that only the store needs. */
import type { Store } from '../store/index.ts'
import { isId, NO_ID, readCursor } from './cursor.ts'
import { FLOW_FILTER, flowFilter } from './flow-filter.ts'
import { PAGE, pageAnswers, rowsToRead, sendPage } from './page.ts'
import { type Route, type Schema, VIEWERS } from './route.ts'
import { objectOf, PORT, TEXT, TIME, VERDICT } from './schemas.ts'
import { BEGINNING, isInstant, TIME_RANGE, timeRange } from './time-range.ts'

/** What the type of a column does not say. */
const KNOWN: Readonly<Record<string, Schema>> = {
  flow_id: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  first_seen: TIME,
  last_seen: TIME,
  client_ip: TEXT,
  server_ip: TEXT,
  client_port: PORT,
  server_port: PORT,
  verdict: VERDICT,
}
/** Names of the store's own. */
const UNTOLD = ['client_hello_hash', 'stored_at']

/** The columns are those of the store, so that what a dissector adds needs nothing here. */
export async function flowSchema(store: Store): Promise<Schema> {
  const columns = await store.select<{ name: string; type: string }>('flow-columns')
  const told = columns.filter(({ name }) => !UNTOLD.includes(name))
  return objectOf(Object.fromEntries(told.map(({ name, type }) => [name, KNOWN[name] ?? schemaOf(type)])))
}

/** Of a column of ClickHouse's type. */
export function schemaOf(type: string): Schema {
  const [, outer, inner = ''] = /^(LowCardinality|Nullable|Array)\((.*)\)$/.exec(type) ?? []
  if (outer === 'LowCardinality') return schemaOf(inner)
  if (outer === 'Nullable') return { ...schemaOf(inner), type: [schemaOf(inner)['type'], 'null'] }
  if (outer === 'Array') return { type: 'array', items: schemaOf(inner) }
  if (/^UInt\d+$/.test(type)) return { type: 'integer', minimum: 0 }
  return { type: type === 'Bool' ? 'boolean' : 'string' }
}

const CURSOR = [isInstant, isId]
const FIRST = [BEGINNING, NO_ID]

export const flows = (flow: Schema): Route => ({
  path: '/api/v1/flows',
  summary: 'Flow records, oldest first',
  demand: VIEWERS,
  query: { ...TIME_RANGE, ...FLOW_FILTER, ...PAGE },
  answers: pageAnswers(flow),
  answer: async ({ select }, query, call) => {
    const [after_first_seen, after_flow_id] = readCursor(query, CURSOR) ?? FIRST
    const after = { after_first_seen, after_flow_id, limit: rowsToRead(query) }
    const params = { ...timeRange(query), ...flowFilter(query), ...after }
    const rows = await select<{ first_seen: string; flow_id: string }>('flows', params)
    const columns = Object.keys(flow['properties'] as object)
    return sendPage(call, query, { rows, keyOf: (row) => [row.first_seen, row.flow_id], columns })
  },
})
