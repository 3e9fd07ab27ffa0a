/** KPIs: all of them, and one with its definition and its course over time. What they mean is in docs/kpis.md. */
import { KPIS, kpiNamed } from '../kpi/index.ts'
import { KPI_UNITS, type Kpi, type KpiQuestion, PRACTICES } from '../kpi/kpi.ts'
import { INTERVALS, type Interval, intervalsOf, MAX_POINTS, readKpi, readKpis, readSeries } from '../kpi/read-kpi.ts'
import { FIGURE_FILTER, kpiQuestion } from './kpi-filter.ts'
import { Problem } from './problem.ts'
import { type Query, type Route, VIEWERS } from './route.ts'
import { FORMAT, listAnswers, rowAnswers, sendRows } from './rows.ts'
import { objectOf, TEXT, TIME } from './schemas.ts'

const FIGURE = { type: ['number', 'null'] }
const FIGURES = {
  ...{ numerator: FIGURE, denominator: FIGURE, unobservable: FIGURE, low: FIGURE, point: FIGURE, high: FIGURE },
  unit: { enum: KPI_UNITS },
}
const NAMED = { name: TEXT, title: TEXT, practice: { enum: PRACTICES }, ...FIGURES }

export const kpis: Route = {
  path: '/api/v1/kpis',
  summary: 'KPIs of SEC09 and some more: low, point and high of each, and what cannot be seen',
  demand: VIEWERS,
  query: { ...FIGURE_FILTER, format: FORMAT },
  answers: listAnswers(objectOf(NAMED)),
  answer: async ({ select, rollups }, query, call) => {
    const question = kpiQuestion(query)
    await rollups.bring()
    const answers = await readKpis(select, KPIS, question)
    const items = answers.map(([kpi, value]) => ({ ...named(kpi), ...value }))
    return sendRows(call, Object.keys(NAMED), items)
  },
}

const named = ({ name, title, practice }: Kpi) => ({ name, title, practice })

const POINT = objectOf({ from: TIME, to: TIME, ...FIGURES })
const POINT_COLUMNS = ['from', 'to', ...Object.keys(FIGURES)]

export const oneKpi: Route = {
  path: '/api/v1/kpis/{name}',
  summary: 'A KPI, what it divides by what, and its course over time',
  demand: VIEWERS,
  params: { name: { enum: KPIS.map(({ name }) => name), description: 'The KPI' } },
  query: {
    ...FIGURE_FILTER,
    interval: {
      enum: Object.keys(INTERVALS),
      description: `The course in steps of this; it needs from, and has ${MAX_POINTS} steps at the most`,
    },
    format: { ...FORMAT, description: `${FORMAT.description}; csv has a row for each step, or one` },
  },
  answers: rowAnswers(
    objectOf({
      ...NAMED,
      definition: objectOf({ numerator: TEXT, denominator: TEXT, unobservable: TEXT, complement: TEXT }),
      series: { type: 'array', items: POINT },
    }),
  ),
  answer: async ({ select, rollups }, query, call) => {
    const kpi = kpiNamed(String(query['name'])) as Kpi
    const question = kpiQuestion(query)
    const intervals = intervalsAsked(query, question)
    await rollups.bring()
    const value = await readKpi(select, kpi, question)
    const series = await readSeries(select, kpi, question, intervals)
    const { from, to } = question
    const points = series.length > 0 ? series : [{ from, to, ...value }]
    const { numerator, denominator, unobservable, complement } = kpi
    const definition = { numerator, denominator, unobservable, complement }
    const rows = points.map((point) => ({ ...point }))
    return sendRows(call, POINT_COLUMNS, rows, { ...named(kpi), ...value, definition, series })
  },
}

function intervalsAsked({ interval, from, to }: Query, question: KpiQuestion): { from: string; to: string }[] {
  if (interval === undefined) return []
  if (from === undefined) throw new Problem(400, 'an interval needs from')
  const end = to === undefined ? new Date().toISOString() : question.to
  const intervals = intervalsOf(question.from, end, interval as Interval)
  if (intervals !== null) return intervals
  throw new Problem(400, `that is more than ${MAX_POINTS} steps: ask for less time or longer intervals`)
}
