/** Answers that are rows: as JSON, or the same rows as CSV. */
import { CSV, csvOf } from '../export/csv.ts'
import type { Call, Schema } from './route.ts'
import { listOf } from './schemas.ts'

export type Row = Readonly<Record<string, unknown>>

export const FORMAT = {
  enum: ['json', 'csv'],
  description: 'Where it is left out Accept decides, and else it is json',
}

/** `json`: the schema of the answer in JSON. */
export const rowAnswers = (json: Schema): Readonly<Record<string, Schema>> => ({
  'application/json': json,
  'text/csv': { type: 'string' },
})

export const listAnswers = (item: Schema): Readonly<Record<string, Schema>> => rowAnswers(listOf(item))

/** `json`: the whole answer, where that is more than the list. */
export function sendRows(
  { reply, mediaType }: Call,
  columns: readonly string[],
  items: readonly Row[],
  json: unknown = { items },
): unknown {
  return mediaType === 'text/csv' ? reply.type(CSV).send(csvOf(columns, items)) : json
}
