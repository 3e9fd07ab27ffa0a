/** How much is encrypted: in a sentence, in three figures, and by verdict. */
import type { Verdict } from '../core/verdict.ts'
import { bar, bytes, count, counted, percent, ratio, seconds } from './format.ts'
import { hanging, type Row, type Sheet, table, title } from './layout.ts'
import type { Coverage, Report } from './read-report.ts'
import { MEANINGS } from './words.ts'

export function headline({ time_range: range, coverage }: Report, sheet: Sheet): string[] {
  const flows = coverage.find(({ unit }) => unit === 'flows')
  const period = `${seconds(range.first_seen)} to ${seconds(range.last_seen)}`
  const seen = `${counted(range.flows, 'flow')} from ${counted(range.sources, 'source')}, ${period}`
  return [
    title('Encryption in transit'),
    ...(flows === undefined ? [] : hanging('', sentence(flows), sheet)),
    ...(range.flows === 0 ? [] : hanging('', seen, sheet)),
  ]
}

/** The one thing to remember, of coverage by flows. */
export function sentence(flows: Coverage): string {
  const { plaintext, weak, low, point, high } = flows
  if (point === null) return `Nothing can be judged: ${whyNothing(flows)}.`
  const missing = notSeen(flows)
  const bounds = missing === null ? 'nothing was left unjudged.' : counting(percent(low), percent(high), missing)
  return `${percent(point)} of the flows that can be judged are encrypted; ${bounds} ${toFix(plaintext, weak)}`
}

function whyNothing({ total, unknown, lost }: Coverage): string {
  const rest = lost === null ? 'all may have been lost' : `${about(lost, 'flow')} were lost`
  const seen = unknown === 0 ? 'nothing was seen' : `of ${counted(unknown, 'flow')} not enough was seen`
  if (lost === null || lost > 0) return `${seen}, and ${rest}`
  return unknown > 0 || total === 0 ? seen : 'every flow is exempt'
}

/** Null where nothing is missing. */
function notSeen({ unknown, lost }: Coverage): string | null {
  const missing = [
    ...(unknown === 0 ? [] : [`the ${counted(unknown, 'flow')} that could not be judged`]),
    ...(lost === null ? ['all that may have been lost'] : []),
    ...(lost === null || lost === 0 ? [] : [`${about(lost, 'flow')} lost with dropped frames`]),
  ]
  return missing.length === 0 ? null : missing.join(' and ')
}

const counting = (low: string, high: string, missing: string): string =>
  low === high
    ? `${low} also counting ${missing}.`
    : `between ${low} and ${high} counting ${missing}, as plaintext or as encrypted.`

/** An estimate, of which no digit behind the point means anything. */
const about = (estimate: number, what: string): string => `about ${counted(Math.max(1, Math.round(estimate)), what)}`

function toFix(plaintext: number, weak: number): string {
  if (plaintext === 0 && weak === 0) return 'No judged flow is in the clear or weak.'
  if (plaintext === 0) return `To fix: ${counted(weak, 'flow')} encrypted weakly.`
  return `To fix: ${counted(plaintext, 'flow')} in the clear${weak === 0 ? '' : `, ${count(weak)} encrypted weakly`}.`
}

/** Columns beside the bar. */
const FIGURES_WIDTH = 42

export function coverageFigures({ coverage }: Report, sheet: Sheet): string[] {
  const row = ({ unit, low, point, high }: Coverage): string =>
    `by ${unit.padEnd(7)}${[low, point, high].map((share) => percent(share).padStart(10)).join('')}  ${bar(low, high, sheet.width - FIGURES_WIDTH)}`
  const exempt = coverage.reduce((sum, unit) => sum + unit.exempt, 0)
  return [
    title('Coverage'),
    `${' '.repeat(10)}${['low', 'point', 'high'].map((name) => name.padStart(10)).join('')}`,
    ...coverage.map(row),
    '█ encrypted  ▒ not seen well enough: may be either  ░ in the clear',
    ...lossOf(coverage).flatMap((text) => hanging('', text, sheet)),
    ...hanging('', 'Edges are pairs of a client and a server port, each as bad as its worst flow.', sheet),
    ...(exempt > 0 ? hanging('', 'What is exempt counts in none of these figures.', sheet) : []),
  ]
}

/** What dropped frames took away, of each unit. */
function lossOf(coverage: readonly Coverage[]): string[] {
  const parts = coverage.flatMap(({ unit, lost }) => {
    if (lost === null || lost === 0) return []
    return unit === 'bytes' ? [`about ${bytes(Math.max(1, Math.round(lost)))}`] : [about(lost, unit.slice(0, -1))]
  })
  const all = coverage.filter(({ lost }) => lost === null).map(({ unit }) => unit)
  return [
    ...(parts.length === 0 ? [] : [`Frames were dropped, and with them ${parts.join(', ')}: they may be either.`]),
    ...(all.length === 0 ? [] : [`Nothing is known of ${all.join(', ')}: all may have been lost.`]),
  ]
}

export function verdicts({ verdicts: rows }: Report, sheet: Sheet): string[] {
  const total = rows.reduce((sum, { flows }) => sum + flows, 0)
  const row = ({ verdict, flows, bytes: size, edges }: Report['verdicts'][number]): Row => ({
    cells: [meaning(verdict), count(flows), percent(ratio(flows, total)), bytes(size), count(edges)],
    verdict,
  })
  return [title('Verdicts'), ...table([{ cells: ['', 'flows', 'share', 'bytes', 'edges'] }, ...rows.map(row)], sheet)]
}

const isVerdict = (text: string): text is Verdict => Object.hasOwn(MEANINGS, text)

const meaning = (verdict: string): string =>
  isVerdict(verdict) ? `${verdict.padEnd(10)} ${MEANINGS[verdict]}` : verdict
