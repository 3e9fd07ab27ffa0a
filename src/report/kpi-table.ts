/** KPIs for people: a line each, or one with its definition and its course. */
import type { Kpi, KpiValue, Practice } from '../kpi/kpi.ts'
import type { JudgedCriterion, Maturity } from '../kpi/maturity.ts'
import type { KpiPoint } from '../kpi/read-kpi.ts'
import { bar, bytes, count, duration, percent, printable, WIDTH } from './format.ts'
import { hanging, inBlackAndWhite, type Sheet, table, title } from './layout.ts'

export interface AnsweredKpi {
  readonly kpi: Kpi
  readonly value: KpiValue
}

/** Beyond, three digits and a prefix. */
const MAX_COUNTED = 1e7

const SHEET: Sheet = { width: WIDTH, paint: inBlackAndWhite }

const PRACTICES: Readonly<Record<Practice, string>> = {
  BP01: 'SEC09-BP01: keys and certificates',
  BP02: 'SEC09-BP02: encryption',
  BP03: 'SEC09-BP03: authentication',
  added: 'Beyond SEC09',
}

/** Ends with a line break. */
export function renderKpis(answers: readonly AnsweredKpi[]): string {
  const parts = (Object.keys(PRACTICES) as Practice[])
    .map((practice) => answers.filter(({ kpi }) => kpi.practice === practice))
    .filter((some) => some.length > 0)
    .map((some) => [PRACTICES[some[0]?.kpi.practice ?? 'added'], ...table([HEADING, ...some.map(lineOf)], SHEET)])
  return parts.map((lines) => `${lines.join('\n')}\n`).join('\n')
}

const HEADING = { cells: ['', 'value', 'low', 'high', 'of', 'unseen'] }

const lineOf = ({ kpi, value }: AnsweredKpi) => ({
  cells: [
    kpi.name,
    figure(value.point, value),
    figure(value.low, value),
    figure(value.high, value),
    amount(value.denominator, kpi),
    amount(value.unobservable, kpi),
  ],
})

function figure(value: number | null, { unit }: KpiValue): string {
  if (value === null) return '–'
  if (unit === 'share') return percent(value)
  if (unit === 'ratio') return value.toPrecision(3)
  if (unit === 'count') return count(value)
  return value < 1 ? `${(value * 1000).toPrecision(3)} ms` : duration(value)
}

/** What is divided by, or cannot be seen: bytes where bytes are counted, seconds of a ratio of times. */
function amount(value: number | null, { name, unit, isUncut }: Kpi): string {
  // Of what a question cannot cut there is no figure; of anything else, it may be all.
  if (value === null) return isUncut === true ? '–' : 'all?'
  if (name.endsWith('-bytes')) return bytes(value)
  if (unit === 'ratio') return value.toPrecision(3)
  return value < MAX_COUNTED ? count(Math.round(value)) : bytes(value).replace(/ ?B$/, '')
}

/** One KPI: what it is, how much, and over time where points are given. */
export function renderKpi({ kpi, value }: AnsweredKpi, points: readonly KpiPoint[]): string {
  const line = (name: string, text: string): string[] => hanging(`${name.padEnd(16)}`, text, SHEET)
  const bounds =
    value.low === null || value.high === null
      ? ''
      : `, from ${figure(value.low, value)} to ${figure(value.high, value)}`
  const lines = [
    title(`${kpi.title} (${kpi.name})`),
    ...line('value', `${figure(value.point, value)}${bounds}`),
    ...line('numerator', `${value.numerator === null ? '' : `${amount(value.numerator, kpi)}: `}${kpi.numerator}`),
    ...line('denominator', `${amount(value.denominator, kpi)}: ${kpi.denominator}`),
    ...line('unobservable', `${amount(value.unobservable, kpi)}: ${kpi.unobservable}`),
    ...line('who else knows', kpi.complement),
  ]
  return `${[...lines, ...(points.length === 0 ? [] : ['', ...course(points)])].join('\n')}\n`
}

const BAR = 32

function course(points: readonly KpiPoint[]): string[] {
  const most = Math.max(...points.map(({ point }) => point ?? 0))
  // A share has its bounds; of other units the bar shows the part of the most.
  const drawn = (point: KpiPoint): string =>
    point.unit === 'share'
      ? bar(point.low, point.high, BAR)
      : '█'.repeat(Math.round(((point.point ?? 0) / (most || 1)) * BAR))
  return points.map((point) =>
    `${point.from.slice(0, 16)}Z  ${figure(point.point, point).padStart(9)}  ${drawn(point)}`.trimEnd(),
  )
}

const STATES: Readonly<Record<JudgedCriterion['state'], string>> = {
  met: 'met',
  not_met: 'not met',
  unknown: 'not seen',
  declared: 'declare',
}

/** The level that the evidence carries, and the criteria of all levels. */
export function renderMaturity({ level, criteria }: Maturity): string {
  const lines = criteria.flatMap((one) => [
    ...hanging(`${one.level}  ${STATES[one.state].padEnd(9)} `, one.text, SHEET),
    ...(one.kpi === null ? [] : hanging(' '.repeat(13), evidence(one), SHEET)),
  ])
  const declared = 'What nobody can see on the wire is marked "declare": only you can say it.'
  return `${[title(`Maturity: level ${level} by evidence`), ...lines, '', ...hanging('', declared, SHEET)].join('\n')}\n`
}

function evidence({ kpi, bound, value, threshold, zones }: JudgedCriterion): string {
  const where = zones.length === 0 ? '' : ` in ${printable(zones.join(', '))}`
  return `${kpi}${where}: ${bound} ${percent(value)}, threshold ${percent(threshold)}`
}
