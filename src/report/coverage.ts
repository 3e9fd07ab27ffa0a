/** How much is encrypted: in a sentence, in three figures, and by verdict. */
import type { Verdict } from '../core/verdict.ts'
import { bar, bytes, count, counted, percent, ratio } from './format.ts'
import { hanging, type Row, type Sheet, table, title } from './layout.ts'
import type { Coverage, Report } from './read-report.ts'
import { MEANINGS } from './words.ts'

export function headline({ time_range: range, coverage }: Report, sheet: Sheet): string[] {
  const flows = coverage.find(({ unit }) => unit === 'flows')
  const period = `${seconds(range.first_seen)} to ${seconds(range.last_seen)}`
  return [
    title('Encryption in transit'),
    ...(flows === undefined ? [] : hanging('', sentence(flows), sheet)),
    ...hanging('', `${counted(range.flows, 'flow')} from ${counted(range.sources, 'source')}, ${period}`, sheet),
  ]
}

/** RFC 3339 to the second. */
const seconds = (time: string | null): string => (time === null ? '?' : `${time.slice(0, 19)}Z`)

/** The one thing to remember, of coverage by flows. */
export function sentence({ plaintext, weak, unknown, low, point, high }: Coverage): string {
  if (point === null) {
    return unknown === 0
      ? 'Nothing can be judged: every flow is exempt.'
      : `Nothing can be judged: of ${counted(unknown, 'flow')} not enough was seen.`
  }
  const bounds = unknown === 0 ? 'nothing was left unjudged.' : withUnknown(percent(low), percent(high), unknown)
  return `${percent(point)} of the flows that can be judged are encrypted; ${bounds} ${toFix(plaintext, weak)}`
}

function withUnknown(low: string, high: string, unknown: number): string {
  const counting = `counting the ${counted(unknown, 'flow')} that could not be judged`
  return low === high
    ? `${low} also ${counting}.`
    : `between ${low} and ${high} ${counting}, as plaintext or as encrypted.`
}

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
    ...hanging('', 'Edges are pairs of a client and a server port, each as bad as its worst flow.', sheet),
    ...(exempt > 0 ? hanging('', 'What is exempt counts in none of these figures.', sheet) : []),
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
