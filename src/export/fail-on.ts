/** What makes a replay fail: conditions in the operator's words, and why one holds. docs/ci.md has the language. */
import { describeRule } from '../classify/index.ts'
import { type PolicyPack, SEVERITIES, type Severity } from '../classify/policy.ts'
import { OperatorError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { VERDICTS, type Verdict } from '../core/verdict.ts'
import type { Finding } from './findings.ts'
import { textOf } from './record.ts'
import { COVERAGE_BOUNDS, COVERAGE_UNITS, type CoverageBound, type CoverageUnit, type VerdictTally } from './tally.ts'

export type Condition = { readonly text: string } & (
  | { readonly kind: 'rule'; readonly violation: string }
  | { readonly kind: 'verdict'; readonly verdict: Verdict }
  /** This severity, and every worse one. */
  | { readonly kind: 'severity'; readonly least: Severity }
  /** `below` in percent. */
  | { readonly kind: 'coverage'; readonly unit: CoverageUnit; readonly bound: CoverageBound; readonly below: number }
)

/** @throws OperatorError ERR_USAGE where a condition could never hold, or means nothing */
export function parseCondition(text: string, packs: readonly PolicyPack[]): Condition {
  if (/^coverage\b/.test(text)) return coverageCondition(text)
  if ((VERDICTS as readonly string[]).includes(text)) return { text, kind: 'verdict', verdict: text as Verdict }
  if ((SEVERITIES as readonly string[]).includes(text)) return { text, kind: 'severity', least: text as Severity }
  if (text.includes('/')) return ruleCondition(text, packs)
  throw notOne(text, nearest(text, [...VERDICTS, ...SEVERITIES, 'coverage<99']))
}

function ruleCondition(text: string, packs: readonly PolicyPack[]): Condition {
  const rule = describeRule(text, packs)
  if (rule === null) {
    throw notOne(
      text,
      nearest(
        text,
        packs.flatMap(({ id, rules }) => rules.map((one) => `${id}/${one.id}`)),
      ),
    )
  }
  if (rule.outcome === 'fail') return { text, kind: 'rule', violation: text }
  const what = `--fail-on ${text} would never hold: the pack has it as a warning`
  throw new OperatorError('ERR_USAGE', what, 'name a rule that fails, or use a pack of your own with --policy')
}

function coverageCondition(text: string): Condition {
  const [, words = '', number = ''] = /^coverage((?:\.[a-z]+)*)<(\d{1,3}(?:\.\d+)?)%?$/.exec(text) ?? []
  const named = words.split('.').filter((word) => word !== '')
  const unit = COVERAGE_UNITS.find((one) => named.includes(one)) ?? 'flows'
  const bound = COVERAGE_BOUNDS.find((one) => named.includes(one)) ?? 'point'
  const isKnown = named.every((word) => word === unit || word === bound) && new Set(named).size === named.length
  if (number === '' || Number(number) > 100 || !isKnown) throw notOne(text, 'coverage<99')
  return { text, kind: 'coverage', unit, bound, below: Number(number) }
}

function notOne(text: string, meant: string | null): OperatorError {
  const guess = meant === null ? '' : `, as ${meant}`
  const fix = `use a rule as pack/rule, a verdict, a severity, or coverage<99 (docs/ci.md)${guess}`
  return new OperatorError('ERR_USAGE', `--fail-on ${text} is no condition`, fix)
}

/** Is this finding among those that the condition is about? */
export function concerns(condition: Condition, { violation, rule }: Finding): boolean {
  if (condition.kind === 'rule') return condition.violation === violation
  if (condition.kind !== 'severity') return false
  // A rule whose pack is not at hand may be as bad as any.
  return rule === null || SEVERITIES.indexOf(rule.severity) <= SEVERITIES.indexOf(condition.least)
}

/** Why the condition holds, in words; null where it does not. */
export function whyFailed(condition: Condition, tally: VerdictTally, findings: readonly Finding[]): string | null {
  if (condition.kind === 'verdict') return whyVerdict(condition.verdict, tally)
  if (condition.kind === 'coverage') return whyCoverage(condition, tally)
  const found = findings.filter((finding) => concerns(condition, finding))
  const [first] = found
  if (first === undefined) return null
  const rules = new Set(found.map(({ violation }) => violation)).size
  const flows = found.reduce((sum, one) => sum + one.flows, 0)
  const of = rules > 1 ? `${rules} rules fail` : `${first.violation} fails`
  return `${of}: ${counted(flows, 'flow')}, ${counted(found.length, 'endpoint')}, the first ${where(first)}`
}

function whyVerdict(verdict: Verdict, { flows, first }: VerdictTally): string | null {
  const one = first[verdict]
  if (one === undefined) return null
  const { transport, server_ip, server_port, source } = one
  const subject = { transport, server_ip, server_port, app_protocol: textOf(one, 'app_protocol') ?? null }
  const are = flows[verdict] === 1 ? 'is' : 'are'
  return `${counted(flows[verdict], 'flow')} ${are} ${verdict}, the first to ${endpointOf(subject)} in ${source}`
}

function whyCoverage(
  { unit, bound, below }: Extract<Condition, { kind: 'coverage' }>,
  tally: VerdictTally,
): string | null {
  const share = tally.coverage(unit, bound)
  // An empty capture proves nothing: it must not pass for a good one.
  if (share === null) return 'no flow could be judged'
  if (share * 100 >= below) return null
  const { plaintext, unknown } = tally[unit]
  const rest = `${amount(plaintext, unit)} in the clear, ${amount(unknown, unit)} not judged`
  return `coverage by ${unit} (${bound}) is ${(Math.floor(share * 10_000) / 100).toFixed(2)} %: ${rest}`
}

const amount = (count: number, unit: CoverageUnit): string =>
  unit === 'flows' ? counted(count, 'flow') : counted(count, 'byte')

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** "10.0.0.2:80 http in a.pcap". */
export function where({ subject, sources }: Finding): string {
  const [source] = sources
  return `${endpointOf(subject)}${source === undefined ? '' : ` in ${source}`}`
}

/** With the protocol that is spoken there. */
export const endpointOf = (subject: Finding['subject']): string =>
  `${addressOf(subject)} ${subject.app_protocol ?? subject.transport}`

/** An address and port as one word: IPv6 in brackets (RFC 3986 §3.2.2). */
export const addressOf = ({ server_ip: ip, server_port: port }: Omit<Finding['subject'], 'app_protocol'>): string =>
  ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
