/** What Grafana and its ClickHouse data source make of a panel's SQL before they send it. */

export interface View {
  /** Seconds since the epoch. */
  from: number
  to: number
  /** Of one point of a graph. */
  intervalSeconds: number
  /** By variable: what was chosen, or typed. Left out, or null: all. */
  variables: Readonly<Record<string, string | readonly string[] | null>>
}

export function expand(sql: string, view: View): string {
  const macros: Readonly<Record<string, (...args: string[]) => string>> = {
    fromTime: () => `toDateTime(${view.from})`,
    toTime: () => `toDateTime(${view.to})`,
    timeFilter: (column) => `${column} >= toDateTime(${view.from}) AND ${column} <= toDateTime(${view.to})`,
    timeInterval: (column) => `toStartOfInterval(toDateTime(${column}), INTERVAL ${view.intervalSeconds} second)`,
    interval_s: () => String(view.intervalSeconds),
    conditionalAll: (condition = '', variable = '') => (view.variables[variable.slice(1)] == null ? '1=1' : condition),
  }
  const text = withMacros(sql, macros)
    .replace(/\$\{(\w+):sqlstring\}/g, (_, name) => asSqlStrings(view.variables[name]))
    .replace(/\$\{(\w+):percentencode\}/g, (_, name) => percentEncoded(String(view.variables[name] ?? '')))
  const left = /\$__\w+|\$\{|\$[a-z]\w*/.exec(text)
  if (left !== null) throw new Error(`${left[0]} is no macro and no variable with a format`)
  return text
}

/** Grafana's format sqlstring: in quotes, quotes doubled, several with commas. */
function asSqlStrings(value: string | readonly string[] | null | undefined): string {
  const values = typeof value === 'string' ? [value] : (value ?? [''])
  return values.map((one) => `'${one.replaceAll("'", "''")}'`).join(',')
}

/** Grafana's format percentencode: what encodeURIComponent leaves as it is, too. */
const percentEncoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

function withMacros(sql: string, macros: Readonly<Record<string, (...args: string[]) => string>>): string {
  let text = ''
  for (let at = 0; at < sql.length; ) {
    const [found, name = ''] = /^\$__(\w+)/.exec(sql.slice(at)) ?? []
    const macro = macros[name]
    if (found === undefined || macro === undefined) {
      text += sql[at++]
      continue
    }
    at += found.length
    const args = sql[at] === '(' ? argumentsAt(sql, at + 1) : { list: [], end: at }
    at = args.end
    text += macro(...args.list)
  }
  return text
}

/** Commas inside of brackets separate no arguments. */
function argumentsAt(sql: string, from: number): { list: string[]; end: number } {
  const list: string[] = []
  let [depth, start] = [0, from]
  for (let at = from; at < sql.length; at++) {
    const c = sql[at]
    if (c === '(' || c === '[' || c === '{') depth++
    else if (depth === 0 && (c === ',' || c === ')')) {
      list.push(sql.slice(start, at).trim())
      start = at + 1
      if (c === ')') return { list, end: at + 1 }
    } else if (c === ')' || c === ']' || c === '}') depth--
  }
  throw new Error(`brackets are left open: ${sql.slice(from, from + 60)}`)
}
