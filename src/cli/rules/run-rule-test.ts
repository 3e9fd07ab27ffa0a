/** What a rule test's captures show: the same agent, packs and findings as a replay of them. */
import { listPolicies, loadPolicy } from '../../classify/index.ts'
import { OperatorError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import type { Verdict } from '../../core/verdict.ts'
import { compileFilter } from '../../decode/filter.ts'
import { addressOf } from '../../export/fail-on.ts'
import { type Finding, FindingBook } from '../../export/findings.ts'
import { LatestRecords } from '../../export/latest-records.ts'
import { type CertificateRecord, type FlowRecord, recordsOf } from '../../export/record.ts'
import { VerdictTally } from '../../export/tally.ts'
import { nameFiles } from '../named-files.ts'
import { replayFiles } from '../replay-files.ts'
import { describeProblem } from '../replay-summary.ts'
import { alertsOf, checkDetectors, type FoundAlert, type TestRecords } from './alerts.ts'
import { readRecordFile } from './record-file.ts'
import type { RuleTest } from './rule-test.ts'
import { recordsOfSequence } from './sequence-records.ts'

/** One rule at one endpoint in one capture. */
export interface FoundFinding {
  readonly rule: string
  readonly server: string
  readonly protocol: string
  readonly flows: number
  /** Its file. */
  readonly capture: string
}

export interface Found {
  readonly findings: readonly FoundFinding[]
  /** Null where nobody asks the detectors. */
  readonly alerts: readonly FoundAlert[] | null
  readonly verdicts: Readonly<Record<Verdict, number>>
}

/** A test's captures are few and small: it needs no room for a network's flows. */
const LIMITS = { maxFlows: 1 << 16, maxSessions: 1 << 12 }

/** @throws OperatorError where a pack, a rule, the filter, a capture or a record is wrong */
export async function runRuleTest(test: RuleTest): Promise<Found> {
  checkRules(test)
  checkDetectors(test)
  const records = await recordsOfTest(test)
  const books = new Map<string, FindingBook>()
  const tally = new VerdictTally()
  const latest = new LatestRecords((record) => {
    const book = books.get(record.source) ?? new FindingBook(() => null)
    books.set(record.source, book)
    book.add(record)
    tally.add(record)
  })
  for (const record of records.flows) latest.take(record)
  latest.end()
  const found = [...books].flatMap(([capture, book]) => book.list().map((finding) => foundIn(capture, finding)))
  const { rules } = test
  return {
    findings: rules === null ? found : found.filter(({ rule }) => rules.includes(rule)),
    alerts: alertsOf(test, records),
    verdicts: tally.flows,
  }
}

async function recordsOfTest(test: RuleTest): Promise<TestRecords> {
  if (test.filter !== null) compileFilter(test.filter)
  const { flows, certificates, health } = recordsOfSequence(test.sequence)
  const records: TestRecords = { flows: [], certificates: [...certificates], health }
  const job = {
    files: await nameFiles(test.captures),
    policies: test.policy,
    policyDate: test.policyDate,
    filter: test.filter,
    sensor: 'rules-test',
    shard: null,
    limits: LIMITS,
  }
  const { problems } = await replayFiles(job, {
    flows: async (lines) => void records.flows.push(...recordsOf<FlowRecord>(lines)),
    certificates: async (lines) => void records.certificates.push(...recordsOf<CertificateRecord>(lines)),
    progress: () => undefined,
  })
  // A capture may be cut off on purpose; one that cannot be read shows nothing.
  const unread = problems.find(({ error }) => error !== undefined)
  if (unread !== undefined) throw new OperatorError('ERR_SOURCE_FORMAT', describeProblem(unread), 'mend the capture')
  return { ...records, flows: [...records.flows, ...test.records.flatMap(readRecordFile), ...flows] }
}

const foundIn = (capture: string, { violation, subject, flows }: Finding): FoundFinding => ({
  rule: violation,
  server: addressOf(subject),
  protocol: subject.app_protocol ?? subject.transport,
  flows,
  capture,
})

/** A rule that no pack has is never found: a test that expects none of it would pass for ever. */
function checkRules({ policy, rules, expected, name }: RuleTest): void {
  const known = policy.map(loadPolicy).flatMap(({ id, rules: all }) => all.map((rule) => `${id}/${rule.id}`))
  const strange = [...(rules ?? []), ...(expected?.findings ?? []).map(({ rule }) => rule)].find(
    (rule) => !known.includes(rule),
  )
  if (strange === undefined) return
  const meant = nearest(strange, known)
  const packs = listPolicies().map(({ id }) => id)
  const fix = meant === null ? `use pack/rule, of ${packs.join(', ')} or your own` : `did you mean ${meant}?`
  throw new OperatorError('ERR_USAGE', `${name}: the packs of the test have no rule ${strange}`, fix)
}
