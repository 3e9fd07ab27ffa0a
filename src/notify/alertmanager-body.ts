/** A finding as Alertmanager knows alerts: labels are its identity and never change, all else is annotation. */
import { createHash } from 'node:crypto'
import type { Finding, FindingEvent } from '../alert/index.ts'
import type { Message } from './receiver.ts'

export interface Alert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  /** Left out while it lasts. */
  readonly endsAt?: string
  readonly generatorURL: string
}

const GENERATOR = 'https://intransit.invalid/'

/** `nowMs`: no alert begins or ends in the future, whatever the sensor's clock says. */
export function alertOf(finding: Finding, isOver: boolean, nowMs: number): Alert {
  const startsAt = new Date(Math.min(Date.parse(finding.opened_at), nowMs)).toISOString()
  const endMs = Math.min(finding.resolved_at === null ? nowMs : Date.parse(finding.resolved_at), nowMs)
  const end = { endsAt: new Date(Math.max(endMs, Date.parse(startsAt) + 1)).toISOString() }
  return {
    labels: labelsOf(finding),
    annotations: annotationsOf(finding),
    startsAt,
    ...(isOver ? end : {}),
    generatorURL: `${GENERATOR}findings/${encodeURIComponent(finding.key)}`,
  }
}

const labelsOf = (finding: Finding): Record<string, string> => ({
  alertname: finding.name,
  rule_id: finding.rule,
  severity: finding.severity,
  subject: finding.subject,
  subject_kind: finding.subject_kind,
  ...(finding.zone_pair === '' ? {} : { zone_pair: finding.zone_pair }),
})

const annotationsOf = (finding: Finding): Record<string, string> => ({
  summary: `${finding.title}: ${finding.subject}`,
  description: finding.what,
  state: finding.state,
  must_fix: finding.must_fix,
  first_seen: finding.first_seen,
  last_seen: finding.last_seen,
  flows: String(finding.flows),
  clients: finding.clients.join(', '),
  servers: finding.servers.join(', '),
  server_names: finding.server_names.join(', '),
  versions_offered: finding.versions_offered.join(', '),
  versions_chosen: finding.versions_chosen.join(', '),
  cipher_suites: finding.cipher_suites.join(', '),
  sensors: finding.sensors.join(', '),
  sensor_health: finding.health.state,
  flow_ids: finding.flow_ids.join(', '),
  sql: finding.sql,
  runbook_url: finding.runbook,
  ...(finding.proof === null ? {} : { proof: finding.proof }),
})

export const isOver = ({ kind }: FindingEvent): boolean => kind === 'resolved' || kind === 'dormant'

/** What Alertmanager itself posts to webhooks, version 4 of the body. */
export function webhookBody(message: Message, receiver: string, nowMs: number): object {
  const alerts = message.events.map((event) => ({
    status: isOver(event) ? 'resolved' : 'firing',
    // Alertmanager always writes an end; zero = none yet.
    endsAt: '0001-01-01T00:00:00Z',
    ...alertOf(event.finding, isOver(event), nowMs),
    fingerprint: fingerprintOf(event.finding),
  }))
  const rule = message.events[0]?.finding.rule ?? ''
  return {
    version: '4',
    groupKey: `{}:{rule_id="${rule}"}`,
    truncatedAlerts: 0,
    status: message.status,
    receiver,
    groupLabels: { rule_id: rule },
    commonLabels: common(alerts.map(({ labels }) => labels)),
    commonAnnotations: common(alerts.map(({ annotations }) => annotations)),
    externalURL: GENERATOR,
    alerts,
  }
}

const fingerprintOf = ({ key }: Finding): string => createHash('sha256').update(key).digest('hex').slice(0, 16)

function common(all: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first, ...rest] = all
  return Object.fromEntries(
    Object.entries(first ?? {}).filter(([name, value]) => rest.every((one) => one[name] === value)),
  )
}
