/** Findings and what happened to them as JSON lines for the store, without the newline, in ASCII. */
import { asciiJson } from '../core/json.ts'
import type { Finding, FindingEvent } from './finding.ts'

/** `version`: grows with every line of the same finding. */
export function findingLine({ exception, health, sql, ...finding }: Finding, version: number): string {
  return asciiJson({
    ...finding,
    exception_owner: exception?.owner ?? null,
    exception_reason: exception?.reason ?? null,
    exception_expires: exception?.expires ?? null,
    sensor_health: health.state,
    lost_ratio: health.lost_ratio,
    query: sql,
    version,
  })
}

export function findingEventLine({ kind, at, finding }: FindingEvent): string {
  const { key, rule, severity, state, what, flows, exception } = finding
  return asciiJson({ at, kind, key, rule, severity, state, what, flows, excepted: exception !== null })
}
