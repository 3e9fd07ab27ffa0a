/** A finding that is marked as a test, and its end, to try receivers with. */
import { rfc3339 } from '../core/clock.ts'
import type { Finding, FindingEvent } from './finding.ts'

export function testEvents(nowUs: number): FindingEvent[] {
  const at = rfc3339(nowUs)
  const finding: Finding = {
    key: 'test|intransit alert test',
    rule: 'test',
    name: 'intransit-test',
    severity: 'critical',
    title: 'This is a test of intransit alert test: nothing is wrong',
    subject_kind: 'server',
    subject: 'intransit alert test',
    zone_pair: '',
    state: 'open',
    flapping: false,
    what: 'somebody tries whether alerts arrive',
    must_fix: 'unknown',
    opened_at: at,
    first_seen: at,
    last_seen: at,
    resolved_at: null,
    proof: null,
    acknowledged_by: null,
    acknowledged_at: null,
    acknowledged_reason: null,
    exception: null,
    flows: 1,
    reopened: 0,
    server_names: [],
    servers: [],
    clients: [],
    sensors: [],
    versions_offered: [],
    versions_chosen: [],
    cipher_suites: [],
    flow_ids: [],
    health: { state: 'unknown', lost_ratio: 0 },
    sql: '',
    runbook: 'docs/alerts.md',
  }
  const over: Finding = { ...finding, state: 'resolved', resolved_at: at, proof: 'the test is over' }
  return [
    { kind: 'opened', at, finding },
    { kind: 'resolved', at, finding: over },
  ]
}
