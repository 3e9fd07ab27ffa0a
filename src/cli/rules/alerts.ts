/** What the detectors say of a rule test's records. */
import { type FlowRecord as AlertFlow, DETECTORS, replayFindings } from '../../alert/index.ts'
import { OperatorError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import type { CertificateRecord, FlowRecord } from '../../export/record.ts'
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

/** Null where neither detectors nor alerts are named. */
export function alertsOf(
  { detectors, expected }: RuleTest,
  flows: readonly FlowRecord[],
  certificates: readonly CertificateRecord[],
): readonly FoundAlert[] | null {
  if (detectors === null && expected?.alerts === undefined) return null
  const wanted = detectors?.map(idOf)
  return replayFindings({ certificates, flows: flows as unknown as readonly AlertFlow[] })
    .filter(({ rule }) => wanted === undefined || wanted.includes(rule))
    .map(({ rule, subject, severity, must_fix, state, flows: shown }) => ({
      rule,
      subject,
      severity,
      must_fix,
      state,
      flows: shown,
    }))
}

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
