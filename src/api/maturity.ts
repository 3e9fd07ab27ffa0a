/** The maturity level of SEC09 that the evidence carries. */
import { CRITERION_STATES, readMaturity } from '../kpi/maturity.ts'
import { FIGURE_FILTER, kpiQuestion } from './kpi-filter.ts'
import { type Route, VIEWERS } from './route.ts'
import { FORMAT, rowAnswers, sendRows } from './rows.ts'
import { objectOf, TEXT, TEXT_OR_NULL, TEXTS } from './schemas.ts'

const NUMBER_OR_NULL = { type: ['number', 'null'] }
const LEVEL = { type: 'integer', minimum: 1, maximum: 4 }

const CRITERION = {
  level: LEVEL,
  text: TEXT,
  state: { enum: CRITERION_STATES },
  kpi: TEXT_OR_NULL,
  bound: { enum: ['low', 'point', null] },
  ...{ threshold: NUMBER_OR_NULL, value: NUMBER_OR_NULL },
  zones: TEXTS,
}

export const maturity: Route = {
  path: '/api/v1/maturity',
  summary: 'The maturity level of SEC09 by evidence, with each criterion and what can only be declared',
  demand: VIEWERS,
  query: {
    ...FIGURE_FILTER,
    format: { ...FORMAT, description: `${FORMAT.description}; csv has a row for each criterion` },
  },
  answers: rowAnswers(
    objectOf({ level: { ...LEVEL, minimum: 0 }, criteria: { type: 'array', items: objectOf(CRITERION) } }),
  ),
  answer: async ({ select, rollups }, query, call) => {
    const question = kpiQuestion(query)
    await rollups.bring()
    const maturity = await readMaturity(select, question)
    const rows = maturity.criteria.map((criterion) => ({ ...criterion }))
    return sendRows(call, Object.keys(CRITERION), rows, maturity)
  },
}
