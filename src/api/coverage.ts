/** How much is encrypted, between which bounds. What the figures mean is in docs/store.md. */
import { type Route, VIEWERS } from './route.ts'
import { FORMAT, listAnswers, type Row, sendRows } from './rows.ts'
import { COUNT, objectOf, SHARE_OR_NULL, VERDICT_COUNTS } from './schemas.ts'
import { TIME_RANGE, timeRange } from './time-range.ts'

const UNIT = {
  unit: { enum: ['flows', 'bytes', 'edges'] },
  total: COUNT,
  ...VERDICT_COUNTS,
  lost: { type: ['number', 'null'], minimum: 0 },
  ...{ low: SHARE_OR_NULL, point: SHARE_OR_NULL, high: SHARE_OR_NULL },
}

export const coverage: Route = {
  path: '/api/v1/kpis/coverage',
  summary: 'Encryption coverage by flows, bytes and edges: low, point and high',
  demand: VIEWERS,
  query: { ...TIME_RANGE, format: FORMAT },
  answers: listAnswers(objectOf(UNIT)),
  answer: async ({ select }, query, call) =>
    sendRows(call, Object.keys(UNIT), await select<Row>('coverage', timeRange(query))),
}
