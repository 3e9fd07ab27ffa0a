/** Variables of dashboards, and the conditions that go with them. */
export interface Variable {
  readonly name: string
  readonly model: Readonly<Record<string, unknown>>
  /** What is asked for the choices. */
  readonly sql: string | null
}

export const CLICKHOUSE = { type: 'grafana-clickhouse-datasource', uid: '${datasource}' } as const
export const PROMETHEUS = { type: 'prometheus', uid: '${prometheus}' } as const

const dataSource = (name: string, label: string, type: string): Variable => ({
  name,
  sql: null,
  model: { name, label, type: 'datasource', query: type, refresh: 1, regex: '', hide: 0, multi: false, options: [] },
})

export const clickhouse = dataSource('datasource', 'ClickHouse', CLICKHOUSE.type)
export const prometheus = dataSource('prometheus', 'Prometheus', PROMETHEUS.type)

/** Some values of a column, or all. */
export function choice(name: string, label: string, column = name): Variable {
  const sql = `SELECT DISTINCT ifNull(toString(${column}), '') AS value FROM flows WHERE $__timeFilter(first_seen) ORDER BY value LIMIT 500`
  return {
    name,
    sql,
    model: {
      ...{ name, label, type: 'query', datasource: CLICKHOUSE, query: sql, definition: sql },
      ...{ refresh: 2, sort: 1, regex: '', hide: 0, includeAll: true, multi: true },
      current: { text: ['All'], value: ['$__all'] },
      options: [],
    },
  }
}

/** What is typed; empty = all. */
export const typed = (name: string, label: string): Variable => ({
  ...{ name, sql: null },
  model: { name, label, type: 'textbox', query: '', hide: 0, current: { text: '', value: '' }, options: [] },
})

export const chosen = (name: string, column = name): string =>
  `$__conditionalAll(ifNull(toString(${column}), '') IN (\${${name}:sqlstring}), $${name})`

/**
 * `expression` is a text of the row. What is typed travels percent-encoded: Grafana's formats with quotes leave a backslash as it
 * is, and ClickHouse takes it for the beginning of an escape.
 */
export const isTyped = (name: string, expression: string): string =>
  `(${typedText(name)} = '' OR ${expression} = ${typedText(name)})`

export const typedText = (name: string): string => `decodeURLComponent('\${${name}:percentencode}')`
