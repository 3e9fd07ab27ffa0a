/** Asks the store for KPIs: of a time as a whole, or of each interval of it. */
import { columnsAt, joinNames, namesIn } from '../store/joined-queries.ts'
import type { Kpi, KpiQuestion, KpiValue, Select } from './kpi.ts'

const HOUR_MS = 3_600_000

export const INTERVALS = { hour: HOUR_MS, day: 24 * HOUR_MS, week: 7 * 24 * HOUR_MS } as const
export type Interval = keyof typeof INTERVALS

/** A query each. */
export const MAX_POINTS = 100

export async function readKpi(select: Select, kpi: Kpi, question: KpiQuestion): Promise<KpiValue> {
  const [row] = isAsked(kpi, question) ? await select<Row>(queryOf(kpi), paramsOf(question)) : []
  return answerOf(kpi, row)
}

/** All of them, in their order. Those of the same rows are one query: most of what a KPI costs is to find and read its rows. */
export async function readKpis(
  select: Select,
  kpis: readonly Kpi[],
  question: KpiQuestion,
): Promise<(readonly [Kpi, KpiValue])[]> {
  const rows = new Map<string, Row>()
  const asked = kpis.filter((kpi) => isAsked(kpi, question))
  for (const joined of joinNames(asked.map(queryOf))) {
    const names = namesIn(joined)
    const [row = {}] = await select<Row>(joined, paramsOf(question))
    names.forEach((name, place) => {
      rows.set(name, names.length === 1 ? row : columnsAt(row, place))
    })
  }
  return kpis.map((kpi) => [kpi, answerOf(kpi, rows.get(queryOf(kpi)))])
}

type Row = Readonly<Record<string, unknown>>

const queryOf = ({ name }: Kpi): string => `kpi-${name}`

const isAsked = ({ isUncut }: Kpi, question: KpiQuestion): boolean =>
  isUncut === true ? !isCut(question) : isOfTraffic(question.provenances ?? [])

const paramsOf = (question: KpiQuestion): Record<string, unknown> => ({
  ...question,
  provenances: question.provenances ?? [],
  ...ANY_ISSUER,
})

function answerOf({ unit }: Kpi, row: Row | undefined): KpiValue {
  // 64-bit numbers come as text where the store is told to.
  const figure = (name: string): number | null => {
    const value = row?.[name]
    return value === null || value === undefined ? null : Number(value)
  }
  return {
    numerator: figure('numerator'),
    denominator: figure('denominator'),
    unobservable: figure('unobservable'),
    low: figure('low'),
    point: figure('point'),
    high: figure('high'),
    unit,
  }
}

/** Authorities are private where an import says so. */
const ANY_ISSUER = { private_issuers: [] }

/** Flows are observed, all of them: what else there is says nothing of them. */
const isOfTraffic = (provenances: readonly string[]): boolean =>
  provenances.length === 0 || provenances.includes('observed')

const isCut = ({ zones, services, sensors, protocols, packs }: KpiQuestion): boolean =>
  [zones, services, sensors, protocols, packs].some((list) => list.length > 0)

export interface KpiPoint extends KpiValue {
  /** The interval, both ends included. */
  readonly from: string
  readonly to: string
}

/** The intervals that [from, to] touches, oldest first; null where they are more than MAX_POINTS. */
export function intervalsOf(from: string, to: string, interval: Interval): { from: string; to: string }[] | null {
  const step = INTERVALS[interval]
  const first = Math.floor(Date.parse(from) / step)
  const last = Math.floor(Date.parse(to) / step)
  if (last - first >= MAX_POINTS) return null
  return Array.from({ length: last - first + 1 }, (_, i) => ({
    from: new Date((first + i) * step).toISOString(),
    to: new Date((first + i + 1) * step - 1).toISOString(),
  }))
}

export async function readSeries(
  select: Select,
  kpi: Kpi,
  question: KpiQuestion,
  intervals: readonly { from: string; to: string }[],
): Promise<KpiPoint[]> {
  const points: KpiPoint[] = []
  for (const range of intervals) points.push({ ...range, ...(await readKpi(select, kpi, { ...question, ...range })) })
  return points
}
