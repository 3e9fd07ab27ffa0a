/**
 * The tables of docs/kpis.md, from the table of KPIs and the criteria of maturity:
 *   npm run kpis
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { KPIS } from '../src/kpi/index.ts'
import { type Kpi, PRACTICES, type Practice } from '../src/kpi/kpi.ts'
import { CRITERIA } from '../src/kpi/maturity.ts'

const DOCUMENT = new URL('../docs/kpis.md', import.meta.url)
const BEGIN = '<!-- kpis: npm run kpis -->\n'
const END = '<!-- end of kpis -->'

const TITLES: Readonly<Record<Practice, string>> = {
  BP01: 'SEC09-BP01: keys and certificates',
  BP02: 'SEC09-BP02: encryption',
  BP03: 'SEC09-BP03: authentication',
  added: 'Beyond SEC09',
}

/** The document with its tables made anew. */
export function withKpis(document: string): string {
  const from = document.indexOf(BEGIN)
  const to = document.indexOf(END)
  if (from < 0 || to < from) throw new Error(`docs/kpis.md has no ${BEGIN.trim()} … ${END}`)
  return `${document.slice(0, from + BEGIN.length)}\n${kpiTables()}${maturityTable()}\n${document.slice(to)}`
}

function kpiTables(): string {
  const heading =
    '| | KPI | unit | numerator / denominator | cannot be seen | who else knows |\n| --- | --- | --- | --- | --- | --- |\n'
  const practices = PRACTICES.map((practice) => ({ practice, kpis: KPIS.filter((kpi) => kpi.practice === practice) }))
  return practices
    .filter(({ kpis }) => kpis.length > 0)
    .map(({ practice, kpis }) => `## ${TITLES[practice]}\n\n${heading}${kpis.map(kpiRow).join('')}\n`)
    .join('')
}

const BETTER = { more: '↑', less: '↓', none: '' } as const

const kpiRow = ({
  name,
  title,
  unit,
  better,
  numerator,
  denominator,
  unobservable,
  complement,
  isUncut,
}: Kpi): string =>
  row([
    `\`${name}\``,
    title,
    `${unit} ${BETTER[better ?? 'none']}`.trim(),
    `${numerator} / ${denominator}`,
    isUncut === true ? `${unobservable}; it is cut by time only` : unobservable,
    complement === 'none' ? '' : complement,
  ])

function maturityTable(): string {
  const rows = CRITERIA.map(({ level, text, evidence }) => {
    if (evidence === null) return row([String(level), text, 'declared'])
    const { kpi, bound, threshold, zones = [] } = evidence
    const less = KPIS.find(({ name }) => name === kpi)?.better === 'less'
    const where = zones.length === 0 ? '' : ` in \`${zones.join(', ')}\``
    return row([String(level), text, `\`${kpi}\`${where}: ${bound} ${less ? '≤' : '≥'} ${threshold}`])
  })
  return `## Maturity\n\n| level | criterion of SEC09 | evidence |\n| --- | --- | --- |\n${rows.join('')}`
}

const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(DOCUMENT, withKpis(readFileSync(DOCUMENT, 'utf8')))
}
