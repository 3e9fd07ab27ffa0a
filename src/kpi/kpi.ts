/** What a KPI is: one row of the table in index.ts, and one query. */

/** SEC09's practices: certificates, enforcement, authentication. `added`: what SEC09 does not ask for. */
export const PRACTICES = ['BP01', 'BP02', 'BP03', 'added'] as const
export type Practice = (typeof PRACTICES)[number]

/** A share is 0..1, of things that are counted; a ratio may be more; seconds are a length of time. */
export const KPI_UNITS = ['share', 'seconds', 'ratio', 'count'] as const
export type KpiUnit = (typeof KPI_UNITS)[number]

export interface Kpi {
  /** Its query is queries/kpi-<name>.sql. */
  readonly name: string
  readonly title: string
  readonly practice: Practice
  readonly unit: KpiUnit
  /** Which way is better; null = it tells something, and is neither good nor bad. */
  readonly better: 'more' | 'less' | null
  readonly numerator: string
  readonly denominator: string
  /** What cannot be seen, and is in neither. */
  readonly unobservable: string
  /** Who knows what cannot be seen here. */
  readonly complement: string
  /** It is of things that have no zone, service, sensor, protocol or policy: asked for some of them, it has no figure. */
  readonly isUncut?: true
}

/** What a query answers, in one row. Null: there is no such figure, as nothing to divide by. */
export interface KpiValue {
  readonly numerator: number | null
  readonly denominator: number | null
  readonly unobservable: number | null
  readonly low: number | null
  readonly point: number | null
  readonly high: number | null
  readonly unit: KpiUnit
}

/** Which flows count. An empty list asks for nothing. Times are RFC 3339 in UTC. */
export interface KpiQuestion {
  readonly from: string
  readonly to: string
  /** "a" = at either end, "a>b" = from a to b, "!external" = neither end is. */
  readonly zones: readonly string[]
  /** Names that clients ask for, in small letters. */
  readonly services: readonly string[]
  readonly sensors: readonly string[]
  /** "none" = not recognised. */
  readonly protocols: readonly string[]
  /** Judged by one of these policy packs. */
  readonly packs: readonly string[]
  /** Known so: observed, probed, imported, inferred. */
  readonly provenances?: readonly string[]
}

/** Runs queries/<query>.sql. */
export type Select = <T>(query: string, params: Record<string, unknown>) => Promise<T[]>
