/** What the detectors say of a rule test's records. */

import { DEFAULT_ALERT_CONFIG } from '../../alert/config.ts'
import type { AlertEngine } from '../../alert/engine.ts'
import {
  type FlowRecord as AlertFlow,
  createAlertEngine,
  DETECTORS,
  type Finding,
  type HealthRecord,
} from '../../alert/index.ts'
import { OperatorError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import type { CertificateRecord, FlowRecord } from '../../export/record.ts'
import { isPostQuantumAskedBy, readAlertsFile } from '../alert-config.ts'
import type { RuleTest } from './rule-test.ts'

/** One detector's finding about one subject. */
export interface FoundAlert {
  /** "A9". */
  readonly rule: string
  readonly subject: string
  readonly severity: string
  readonly must_fix: string
  readonly state: string
  readonly flows: number
}

/** What a test's captures, record files and sequence show. */
export interface TestRecords {
  flows: FlowRecord[]
  certificates: CertificateRecord[]
  readonly health: readonly HealthRecord[]
}

/** Null where neither detectors nor alerts are named. @throws OperatorError ERR_USAGE where the test's file of alerts is wrong */
export function alertsOf(
  { detectors, alerts, expected, policy }: RuleTest,
  records: TestRecords,
): readonly FoundAlert[] | null {
  const config = alerts === null ? DEFAULT_ALERT_CONFIG : readAlertsFile(alerts).config
  if (detectors === null && expected?.alerts === undefined) return null
  const wanted = detectors?.map(idOf)
  return findingsOf(createAlertEngine({ ...config, isPostQuantumAsked: isPostQuantumAskedBy(policy) }), records)
    .filter(({ rule }) => wanted === undefined || wanted.includes(rule))
    .map(({ rule, subject, severity, must_fix, state, flows }) => ({ rule, subject, severity, must_fix, state, flows }))
}

/** Certificates are known before they are shown; an interval of a sensor comes at its end, between flows as in a capture. */
function findingsOf(engine: AlertEngine, { flows, certificates, health }: TestRecords): Finding[] {
  for (const certificate of certificates) engine.certificate(certificate)
  let next = 0
  for (const flow of flows) {
    for (; next < health.length && isOver(health[next] as HealthRecord, flow); next += 1)
      engine.healthInterval(health[next] as HealthRecord)
    engine.flow(flow as unknown as AlertFlow)
  }
  for (const interval of health.slice(next)) engine.healthInterval(interval)
  return engine.findings()
}

const isOver = ({ window_end }: HealthRecord, { last_seen }: FlowRecord): boolean =>
  Date.parse(window_end) <= Date.parse(last_seen)

const idOf = (word: string): string | undefined => DETECTORS.find(({ id, name }) => word === id || word === name)?.id

/** A detector that is not there never says anything. @throws OperatorError ERR_USAGE */
export function checkDetectors({ name, detectors, expected }: RuleTest): void {
  // What is found is told by id.
  const asked = [...(detectors ?? []), ...(expected?.alerts ?? []).map(({ rule }) => rule)]
  const strange = asked.find((word) => idOf(word) === undefined)
  const named = expected?.alerts?.find(({ rule }) => idOf(rule) !== rule)
  if (strange === undefined && named === undefined) return
  const known = DETECTORS.flatMap((one) => [one.id, one.name])
  const meant = strange === undefined ? idOf(named?.rule ?? '') : nearest(strange, known)
  const what =
    strange === undefined ? `alerts are expected by id, not as ${named?.rule}` : `there is no detector ${strange}`
  const fix = meant === null || meant === undefined ? 'use an id, as A9' : `did you mean ${meant}?`
  throw new OperatorError('ERR_USAGE', `${name}: ${what}`, fix)
}
