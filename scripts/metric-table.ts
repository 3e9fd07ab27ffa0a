/**
 * The tables of docs/metrics.md, from the table of metrics and the rules for alerts:
 *   npm run metrics
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { METRICS } from '../src/api/metric-table.ts'

const DOCUMENT = new URL('../docs/metrics.md', import.meta.url)
const ALERTS = new URL('../prometheus/rules/intransit-alerts.yml', import.meta.url)

/** The document with its tables made anew. */
export function withMetricTable(document: string): string {
  return between(between(document, 'metrics', metricTable()), 'alerts', alertTable())
}

function between(document: string, name: string, table: string): string {
  const begin = `<!-- ${name}: npm run metrics -->\n`
  const from = document.indexOf(begin)
  const to = document.indexOf(`<!-- end of ${name} -->`)
  if (from < 0 || to < from) throw new Error(`docs/metrics.md has no ${begin.trim()} … and its end`)
  return document.slice(0, from + begin.length) + table + document.slice(to)
}

function metricTable(): string {
  const rows = METRICS.map(({ name, type, of, help, labels, most }) => {
    const said = Object.entries(labels).map(([label, what]) => `\`${label}\`: ${what}`)
    return `| \`${name}\` | ${type} | ${of} | ${help} | ${said.join('; ')} | ${most} |\n`
  })
  return `| metric | type | of | | labels | at most |\n| --- | --- | --- | --- | --- | --- |\n${rows.join('')}`
}

interface Alert {
  alert: string
  expr: string
  for?: string
  labels: { severity: string }
  annotations: { summary: string }
}

function alertTable(): string {
  const { groups } = parse(readFileSync(ALERTS, 'utf8')) as { groups: { rules: Alert[] }[] }
  const rows = groups.flatMap(({ rules }) =>
    rules.map(({ alert, expr, for: after = '', labels, annotations }) => {
      const condition = expr.replace(/\s+/g, ' ').replaceAll('|', '\\|')
      return `| \`${alert}\` | ${labels.severity} | ${annotations.summary} | \`${condition}\` | ${after} |\n`
    }),
  )
  return `| alert | severity | | where | for |\n| --- | --- | --- | --- | --- |\n${rows.join('')}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(DOCUMENT, withMetricTable(readFileSync(DOCUMENT, 'utf8')))
}
