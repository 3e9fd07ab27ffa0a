/** What a policy pack is, and the check that a file is one. */
import { compileWhen } from './when.ts'
import { aDay, aList, aText, invalid, oneOf, onlyKeys } from './words.ts'

/** Worst first: the order in which a verdict lists its rules. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

/** `fail` makes encrypted traffic weak; `warn` is worth knowing and tolerated: never listed as a violation. */
export const OUTCOMES = ['fail', 'warn'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** One rule, as it stands in the file. docs/policies.md has the language of `when`. */
export interface PolicyRule {
  readonly id: string
  /** What is wrong, in words for people. */
  readonly title: string
  /** Where in the source it is demanded. */
  readonly clause: string
  readonly source: string
  readonly severity: Severity
  readonly outcome: Outcome
  /** First and last day the rule holds; null = from the beginning, without end. */
  readonly effective_from: string | null
  readonly effective_to: string | null
  /** What of it can be seen on the wire, and what cannot. */
  readonly observable: string
  /** Who must change what. */
  readonly fix: string
  /** The technical reason. */
  readonly cite: string
  readonly when: unknown
}

export interface PolicyPack {
  readonly id: string
  readonly title: string
  readonly source: string
  readonly version: string
  /** The day on which the pack was held against its source. */
  readonly asOf: string
  readonly rules: readonly PolicyRule[]
}

const PACK_KEYS = ['id', 'title', 'source', 'version', 'asOf', 'rules'] as const
const RULE_KEYS = [
  'id',
  'title',
  'clause',
  'source',
  'severity',
  'outcome',
  'effective_from',
  'effective_to',
  'observable',
  'fix',
  'cite',
  'when',
] as const

/** Checks parsed JSON. Throws `ERR_POLICY_INVALID` naming the path of the mistake below `where` and how to mend it. */
export function checkPolicy(json: unknown, where: string): PolicyPack {
  const pack = onlyKeys(json, where, PACK_KEYS)
  const rules = aList(pack.rules, `${where}: rules`).map((rule, i) => checkRule(rule, `${where}: rules[${i}]`))
  const seen = new Set<string>()
  for (const [i, { id }] of rules.entries()) {
    if (seen.has(id)) throw invalid(`${where}: rules[${i}].id`, `"${id}" is used twice`, 'give each rule its own id')
    seen.add(id)
  }
  return {
    id: anId(pack.id, `${where}: id`),
    title: aText(pack.title, `${where}: title`),
    source: aText(pack.source, `${where}: source`),
    version: aText(pack.version, `${where}: version`),
    asOf: aDay(pack.asOf, `${where}: asOf`),
    rules,
  }
}

function checkRule(json: unknown, where: string): PolicyRule {
  const rule = onlyKeys(json, where, RULE_KEYS)
  const from = dayOrNull(rule.effective_from, `${where}.effective_from`)
  const to = dayOrNull(rule.effective_to, `${where}.effective_to`)
  if (from !== null && to !== null && to < from) {
    throw invalid(`${where}.effective_to`, `${to} is before effective_from`, `use ${from} or later, or null`)
  }
  compileWhen(rule.when, `${where}.when`)
  return {
    id: anId(rule.id, `${where}.id`),
    title: aText(rule.title, `${where}.title`),
    clause: aText(rule.clause, `${where}.clause`),
    source: aText(rule.source, `${where}.source`),
    severity: oneOf(rule.severity, `${where}.severity`, SEVERITIES),
    outcome: oneOf(rule.outcome, `${where}.outcome`, OUTCOMES),
    effective_from: from,
    effective_to: to,
    observable: aText(rule.observable, `${where}.observable`),
    fix: aText(rule.fix, `${where}.fix`),
    cite: aText(rule.cite, `${where}.cite`),
    when: rule.when,
  }
}

/** Is the rule in force on this day ("2026-11-24")? Both ends belong to it. */
export const inForce = (rule: PolicyRule, day: string): boolean =>
  (rule.effective_from === null || rule.effective_from <= day) &&
  (rule.effective_to === null || day <= rule.effective_to)

function anId(value: unknown, where: string): string {
  if (typeof value === 'string' && /^[a-z0-9][a-z0-9.-]*$/.test(value)) return value
  throw invalid(where, `${JSON.stringify(value)} is not an id`, 'use small letters, digits, dots and dashes')
}

function dayOrNull(value: unknown, where: string): string | null {
  if (value === undefined) throw invalid(where, 'missing', 'write a day as "2026-03-15", or null for no limit')
  return value === null ? null : aDay(value, where)
}
