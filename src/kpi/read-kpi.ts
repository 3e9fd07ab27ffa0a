/** Asks the store for KPIs: of a time as a whole, or of each interval of it. */
import type { Kpi, KpiQuestion, KpiValue, Select } from './kpi.ts'

const HOUR_MS = 3_600_000

export const INTERVALS = { hour: HOUR_MS, day: 24 * HOUR_MS, week: 7 * 24 * HOUR_MS } as const
export type Interval = keyof typeof INTERVALS

/** A query each. */
export const MAX_POINTS = 100

export async function readKpi(select: Select, kpi: Kpi, question: KpiQuestion): Promise<KpiValue> {
  const { name, unit } = kpi
  const { provenances = [] } = question
  const isAsked = kpi.isUncut === true ? !isCut(question) : isOfTraffic(provenances)
  const params = { ...question, provenances, ...ANY_ISSUER }
  const [row] = isAsked ? await select<Record<keyof KpiValue, number | string | null>>(`kpi-${name}`, params) : []
  // 64-bit numbers come as text where the store is told to.
  const figure = (value: unknown): number | null => (value === null || value === undefined ? null : Number(value))
  return {
    numerator: figure(row?.numerator),
    denominator: figure(row?.denominator),
    unobservable: figure(row?.unobservable),
    low: figure(row?.low),
    point: figure(row?.point),
    high: figure(row?.high),
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
