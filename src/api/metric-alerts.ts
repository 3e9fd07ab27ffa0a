/** Metrics of findings and of those who are told of them: rows of the table in metric-table.ts. */
import { SEVERITIES } from '../classify/policy.ts'
import { counter, gauge, type Metric, type Series } from './metric.ts'
import type { AlertFigures, Figures } from './metric-figures.ts'
import { MAX_FINDING_COUNTS } from './metric-figures.ts'

/** A file of alerts that names more has its reasons, and other eyes. */
const MAX_RECEIVERS = 64
const RECEIVER = { receiver: 'as the file of alerts names it' }
const KINDS = ['server', 'edge', 'identity', 'certificate', 'zone_pair', 'sensor'] as const

export const ALERT_METRICS: readonly Metric[] = [
  {
    ...gauge,
    name: 'intransit_findings',
    help: 'Findings that are not over; excepted = a suppression or a silence covers them',
    labels: {
      rule: 'id (alerts.md)',
      severity: SEVERITIES.join(', '),
      state: 'open, acknowledged, excepted',
    },
    most: MAX_FINDING_COUNTS,
    series: ({ findings }) =>
      findings.map(({ rule, severity, told_as: state, findings: count }) => [{ rule, severity, state }, count]),
  },
  {
    ...gauge,
    name: 'intransit_alerts_active',
    help: 'Findings of which receivers are told: open or acknowledged, and not excepted',
    labels: { rule: 'id (alerts.md)', severity: SEVERITIES.join(', ') },
    most: MAX_FINDING_COUNTS,
    series: active,
  },
  {
    ...counter,
    of: 'run',
    name: 'intransit_notifications_total',
    help: 'Messages: taken by a receiver, tried in vain (they are tried again), given up (dead letters), dropped for want of room',
    labels: { ...RECEIVER, outcome: 'taken, failed, given_up, dropped' },
    most: 4 * MAX_RECEIVERS,
    *series(figures) {
      for (const { name, taken, failed, givenUp, dropped } of receiversOf(figures)) {
        yield [{ receiver: name, outcome: 'taken' }, taken]
        yield [{ receiver: name, outcome: 'failed' }, failed]
        yield [{ receiver: name, outcome: 'given_up' }, givenUp]
        yield [{ receiver: name, outcome: 'dropped' }, dropped]
      }
    },
  },
  {
    ...gauge,
    of: 'run',
    name: 'intransit_notification_queue',
    help: 'Messages that wait on disk for their receiver',
    labels: RECEIVER,
    most: MAX_RECEIVERS,
    series: (figures) => receiversOf(figures).map(({ name, waiting }) => [{ receiver: name }, waiting]),
  },
  {
    ...gauge,
    of: 'run',
    name: 'intransit_dead_letters',
    help: 'Messages that were given up and are kept: intransit alert list --dead',
    labels: RECEIVER,
    most: MAX_RECEIVERS,
    series: (figures) => receiversOf(figures).map(({ name, dead }) => [{ receiver: name }, dead]),
  },
  {
    ...gauge,
    of: 'run',
    name: 'intransit_detector_subjects',
    help: 'Subjects of which detectors remember something',
    labels: { kind: KINDS.join(', ') },
    most: KINDS.length,
    series: ({ capture }): Series[] =>
      Object.entries(capture?.alerts?.subjects ?? {}).map(([kind, subjects]) => [{ kind }, subjects]),
  },
  {
    ...counter,
    of: 'run',
    name: 'intransit_detector_evicted_total',
    help: 'What a cap pushed out of the memory of alerts, or kept out of it: new findings, and events that nobody was told of',
    labels: { what: 'subject, finding, new_finding, event' },
    most: 4,
    series: ({ capture }): Series[] => {
      const evicted = capture?.alerts?.evicted
      return evicted === undefined ? [] : Object.entries(evicted).map(([what, count]) => [{ what }, count])
    },
  },
]

const receiversOf = ({ capture }: Figures): AlertFigures['receivers'] =>
  (capture?.alerts?.receivers ?? []).slice(0, MAX_RECEIVERS)

function active({ findings }: Figures): Series[] {
  const sums = new Map<string, { rule: string; severity: string; count: number }>()
  for (const { rule, severity, told_as, findings: count } of findings) {
    const sum = sums.get(`${rule} ${severity}`) ?? { rule, severity, count: 0 }
    if (told_as !== 'excepted') sum.count += count
    sums.set(`${rule} ${severity}`, sum)
  }
  return Array.from(sums.values(), ({ rule, severity, count }) => [{ rule, severity }, count])
}
