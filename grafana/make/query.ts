/** What a panel asks: SQL for ClickHouse's data source with its macros, PromQL for Prometheus. */
import { readQuery } from '../../src/store/sql-files.ts'

export interface SqlTarget {
  readonly kind: 'sql'
  readonly sql: string
  readonly as: 'table' | 'timeseries'
}

export interface PromTarget {
  readonly kind: 'promql'
  readonly expr: string
  readonly legend: string
  /** Only the latest value. */
  readonly isInstant: boolean
}

export type Target = SqlTarget | PromTarget

export const table = (sql: string): SqlTarget => ({ kind: 'sql', as: 'table', sql: trimmed(sql) })
/** Rows have a column `time`, then words that name the series, then numbers. */
export const series = (sql: string): SqlTarget => ({ kind: 'sql', as: 'timeseries', sql: trimmed(sql) })
export const prom = (expr: string, legend = '__auto'): PromTarget => ({
  ...{ kind: 'promql', expr, legend },
  isInstant: false,
})
export const promNow = (expr: string, legend = '__auto'): PromTarget => ({ ...prom(expr, legend), isInstant: true })

/** A query of the store's own, as the API asks it, over the time of the dashboard. */
export function ofStore(name: string, limit = 0): string {
  const text = readQuery(name)
    .replace(/^\s*--.*\n/gm, '')
    .replaceAll("{from:DateTime64(6, 'UTC')}", '$__fromTime')
    .replaceAll("{to:DateTime64(6, 'UTC')}", '$__toTime')
    .replaceAll('{limit:UInt32}', String(limit))
    // Cut by nothing.
    .replace(/\{\w+:Array\(String\)\}/g, '[]')
  const left = /\{\w+:[^}]+\}/.exec(text)
  if (left !== null) throw new Error(`${name}.sql has ${left[0]}, which a dashboard does not know`)
  return text.trim()
}

/** Lines without the indentation that all of them have. */
function trimmed(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const least = Math.min(...lines.map((line) => line.search(/\S/)))
  return lines.map((line) => line.slice(least).trimEnd()).join('\n')
}

/** Flows that overlap the time of the dashboard, as the store's own queries choose them. */
export const SEEN = 'first_seen <= $__toTime AND last_seen >= $__fromTime'
/** Flows that began in it: each is in one interval of a graph. */
export const BEGUN = '$__timeFilter(first_seen)'
export const INTERVAL = '$__timeInterval(first_seen) AS time'
/** Sums over the flows that began in it, as KPIs read them: what a year costs is what a day costs (docs/store.md). */
export const ROLLED_UP =
  'kpi_rows(from = $__fromTime, to = $__toTime, zones = [], services = [], sensors = [], protocols = [], packs = [])'
/**
 * Sums over the time of the dashboard, `told` and `counted`: of rollups, or of the flows themselves where something is typed that no
 * rollup knows. What the condition rules out is not read.
 */
export const either = ({ rollups, flows, where, isTyped, typedWhere }: Either): string => `(
    SELECT ${rollups[0]} AS told, ${rollups[1]} AS counted
    FROM ${ROLLED_UP} AS r
    WHERE ${where} AND NOT (${isTyped})
    UNION ALL
    SELECT ${flows[0]}, ${flows[1]}
    FROM flows FINAL
    WHERE ${SEEN} AND ${where} AND (${isTyped}) AND ${typedWhere}
)`

interface Either {
  readonly rollups: readonly [told: string, counted: string]
  readonly flows: readonly [told: string, counted: string]
  /** Of columns that both have. */
  readonly where: string
  readonly isTyped: string
  readonly typedWhere: string
}

const LENGTH = "dateDiff('second', $__fromTime, $__toTime)"
/**
 * For graphs, which need more points than that: `began`, `verdict`, `flows`. Flows themselves up to two days, hours up to 62, then
 * days. A reading that the time rules out reads nothing.
 */
export const VERDICTS_BY_TIME = `(
    SELECT first_seen AS began, verdict, 1 AS flows
    FROM flows FINAL
    WHERE ${BEGUN} AND ${LENGTH} <= 172800
    UNION ALL
    SELECT r.bucket, r.verdict, r.flows
    FROM rollups AS r
    WHERE ${LENGTH} > 172800 AND NOT r.by_service
        AND r.resolution = if(${LENGTH} > 5356800, 'day', 'hour')
        AND r.bucket >= $__fromTime AND r.bucket <= $__toTime
        AND (r.period, r.generation) IN (
            SELECT period, max(generation)
            FROM rollup_generations
            WHERE resolution = if(${LENGTH} > 5356800, 'day', 'hour') AND period <= $__toTime
            GROUP BY period
        )
)`
export const INTERVAL_BEGAN = '$__timeInterval(began) AS time'
export const SERVER = "replaceRegexpOne(toString(flows.server_ip), '^::ffff:([0-9.]+)$', '\\\\1')"
export const CLIENT = "replaceRegexpOne(toString(flows.client_ip), '^::ffff:([0-9.]+)$', '\\\\1')"
/** Key exchange that a quantum computer cannot open afterwards: ML-KEM and its draft, alone or beside a curve. */
export const POST_QUANTUM = "match(ifNull(named_group_name, ''), '(?i)mlkem|kyber')"
