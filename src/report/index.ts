/** The coverage report: for people in 80 columns, for machines as JSON. */
import type { PolicyPack } from '../classify/policy.ts'
import type { Store } from '../store/index.ts'
import { coverageFigures, headline, verdicts } from './coverage.ts'
import { plaintextServices, remedies, weakEndpoints } from './findings.ts'
import { printable, WIDTH } from './format.ts'
import { inBlackAndWhite, inColour, type Sheet } from './layout.ts'
import { sawLess } from './losses.ts'
import { negotiated } from './negotiated.ts'
import { type Report, readReport } from './read-report.ts'
import { unseen } from './unseen.ts'
import { type RuleBook, ruleBook } from './words.ts'

/** Below this the figures of a table do not fit; above it lines are tiring to read. */
const MIN_WIDTH = 72
const MAX_WIDTH = 120

export interface ReportOptions {
  /** ANSI colours, beside words that say the same. */
  colour: boolean
  /** Columns of the terminal, 80 where none are given; the report uses 72 to 120. */
  width?: number
  /** Packs besides those shipped, for the words of their rules. */
  packs?: readonly PolicyPack[]
}

/** Everything the store holds, for people. Ends with a line break. */
export async function printReport(store: Store, options: ReportOptions): Promise<string> {
  const rules = ruleBook(options.packs ?? [])
  return renderReport(await readReport(store, rules), rules, options)
}

/** The same for machines: shares 0..1, bytes and flows as they are. */
export const reportJson = (store: Store, packs: readonly PolicyPack[] = []): Promise<Report> =>
  readReport(store, ruleBook(packs))

export function renderReport(read: Report, rules: RuleBook, { colour, width = WIDTH }: ReportOptions): string {
  const empty = read.time_range.flows === 0
  if (empty && !read.sensor_health.some(sawLess)) {
    return 'No flows: the store is empty, and there is nothing to report.\n'
  }
  const report = printable(read)
  const sheet: Sheet = {
    width: Math.min(Math.max(width, MIN_WIDTH), MAX_WIDTH),
    paint: colour ? inColour : inBlackAndWhite,
  }
  const sections = [
    headline(report, sheet),
    coverageFigures(report, sheet),
    ...(empty ? [] : [verdicts(report, sheet)]),
    ...negotiated(report, sheet),
    plaintextServices(report, rules, sheet),
    weakEndpoints(report, rules, sheet),
    remedies(report, rules, sheet),
    unseen(report, sheet),
  ]
  const written = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'))
  return `${written.join('\n\n')}\n`
}
