/** Lists in pages. */
import { type Key, writeCursor } from './cursor.ts'
import type { Call, Query, Schema } from './route.ts'
import { FORMAT, type Row, rowAnswers, sendRows } from './rows.ts'
import { objectOf, TEXT_OR_NULL } from './schemas.ts'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1000

export const PAGE = {
  limit: { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT, description: 'Rows of a page' },
  cursor: { type: 'string', maxLength: 512, description: 'next_cursor of the page before, with the same filters' },
  format: { ...FORMAT, description: `${FORMAT.description}; csv has no cursor but the one in the Link header` },
}

export const pageAnswers = (item: Schema): Readonly<Record<string, Schema>> =>
  rowAnswers(objectOf({ items: { type: 'array', items: item }, next_cursor: TEXT_OR_NULL }))

export interface Paging<T> {
  /** One more than a page has, to see whether there is another. */
  readonly rows: readonly T[]
  readonly keyOf: (row: T) => Key
  /** What is told of a row, where that is not the row. */
  readonly tell?: (row: T) => Row
  readonly columns: readonly string[]
}

export const rowsToRead = ({ limit }: Query): number => Number(limit) + 1

/** The page as it was asked for. Where there is another, a Link header says where (RFC 8288), also of CSV. */
export function sendPage<T extends Row>(call: Call, query: Query, paging: Paging<T>): unknown {
  const { rows, keyOf, tell = (row) => row, columns } = paging
  const page = rows.slice(0, Number(query['limit']))
  const last = rows.length > page.length ? page.at(-1) : undefined
  const next = last === undefined ? null : writeCursor(keyOf(last))
  if (next !== null) call.reply.header('link', `<${withCursor(call.reply.request.url, next)}>; rel="next"`)
  const items = page.map(tell)
  return sendRows(call, columns, items, { items, next_cursor: next })
}

function withCursor(target: string, cursor: string): string {
  const url = new URL(target, 'http://localhost')
  url.searchParams.set('cursor', cursor)
  return `${url.pathname}${url.search}`
}
