/**
 * The maturity levels of SEC09.txt, by evidence. A level is reached when all its criteria that can be seen on the wire are met,
 * and those of the levels below. What only an organisation can say of itself is told beside it, as declared by nobody yet.
 */
import { kpiNamed } from './index.ts'
import type { Kpi, KpiQuestion, Select } from './kpi.ts'
import { readKpi } from './read-kpi.ts'

interface Evidence {
  readonly kpi: string
  readonly bound: 'low' | 'point'
  /** Met from here on; for what is better less, down to here. */
  readonly threshold: number
  readonly zones?: readonly string[]
  /** Met as well where there is nothing of that kind. */
  readonly orNothing?: true
}

interface Criterion {
  readonly level: 1 | 2 | 3 | 4
  /** In the words of SEC09. */
  readonly text: string
  /** Null: it cannot be seen on the wire. */
  readonly evidence: Evidence | null
}

const EXTERNAL = ['external']
const INTERNAL = ['!external']

export const CRITERIA: readonly Criterion[] = [
  {
    level: 1,
    text: 'HTTPS enabled for public-facing applications',
    evidence: { kpi: 'coverage-edges', bound: 'point', threshold: 0.8, zones: EXTERNAL },
  },
  {
    level: 1,
    text: 'Basic SSL/TLS configuration',
    evidence: { kpi: 'tls-version-compliance', bound: 'point', threshold: 0.8 },
  },
  { level: 1, text: 'Manual certificate management and renewal', evidence: null },
  {
    level: 1,
    text: 'Limited monitoring of encryption status',
    evidence: { kpi: 'coverage-flows', bound: 'point', threshold: 0 },
  },
  {
    level: 2,
    text: 'Encryption enforced for all external communications',
    evidence: { kpi: 'coverage-edges', bound: 'point', threshold: 0.99, zones: EXTERNAL },
  },
  { level: 2, text: 'Automated certificate management using ACM', evidence: null },
  {
    level: 2,
    text: 'Service-to-service encryption implementation',
    evidence: { kpi: 'coverage-edges', bound: 'point', threshold: 0.8, zones: INTERNAL },
  },
  { level: 2, text: 'Regular monitoring and compliance checking', evidence: null },
  {
    level: 3,
    text: 'End-to-end encryption across all communication paths',
    evidence: { kpi: 'coverage-edges', bound: 'low', threshold: 0.99 },
  },
  {
    level: 3,
    text: 'Mutual TLS authentication for service communications',
    evidence: { kpi: 'mtls-adoption', bound: 'point', threshold: 0.8, zones: INTERNAL },
  },
  { level: 3, text: 'Advanced threat detection and monitoring', evidence: null },
  { level: 3, text: 'Automated response to encryption violations', evidence: null },
  { level: 4, text: 'AI/ML-powered threat detection and response', evidence: null },
  { level: 4, text: 'Dynamic encryption optimization based on risk', evidence: null },
  { level: 4, text: 'Automated security orchestration and remediation', evidence: null },
  {
    level: 4,
    text: 'Continuous compliance and security posture optimization: strong encryption',
    evidence: { kpi: 'strong-encryption', bound: 'low', threshold: 0.99 },
  },
  {
    level: 4,
    text: 'Continuous compliance and security posture optimization: plaintext is mended',
    evidence: { kpi: 'plaintext-unresolved', bound: 'point', threshold: 0.01, orNothing: true },
  },
]

export const CRITERION_STATES = ['met', 'not_met', 'unknown', 'declared'] as const

export interface JudgedCriterion {
  readonly level: number
  readonly text: string
  /** unknown: nothing of that kind was seen. declared: it cannot be seen, and only an organisation can say it. */
  readonly state: (typeof CRITERION_STATES)[number]
  readonly kpi: string | null
  readonly bound: 'low' | 'point' | null
  readonly threshold: number | null
  readonly value: number | null
  readonly zones: readonly string[]
}

export interface Maturity {
  /** 0: not even the first. */
  readonly level: number
  readonly criteria: readonly JudgedCriterion[]
}

export async function readMaturity(select: Select, question: KpiQuestion): Promise<Maturity> {
  const criteria: JudgedCriterion[] = []
  for (const criterion of CRITERIA) criteria.push(await judge(select, question, criterion))
  const isReached = (level: number): boolean =>
    criteria.every((one) => one.level > level || one.state === 'met' || one.state === 'declared')
  const reached = [1, 2, 3, 4].filter(isReached)
  return { level: reached.at(-1) ?? 0, criteria }
}

async function judge(
  select: Select,
  question: KpiQuestion,
  { level, text, evidence }: Criterion,
): Promise<JudgedCriterion> {
  if (evidence === null) {
    return { level, text, state: 'declared', kpi: null, bound: null, threshold: null, value: null, zones: [] }
  }
  const { kpi: name, bound, threshold, zones = [] } = evidence
  const kpi = kpiNamed(name) as Kpi
  const answer = await readKpi(select, kpi, { ...question, ...(zones.length > 0 ? { zones } : {}) })
  const value = answer[bound]
  const isNothing = answer.denominator === 0 && answer.unobservable === 0
  const state = value === null ? (isNothing && evidence.orNothing ? 'met' : 'unknown') : stateOf(kpi, value, threshold)
  return { level, text, state, kpi: name, bound, threshold, value, zones }
}

const stateOf = ({ better }: Kpi, value: number, threshold: number): 'met' | 'not_met' =>
  (better === 'less' ? value <= threshold : value >= threshold) ? 'met' : 'not_met'
