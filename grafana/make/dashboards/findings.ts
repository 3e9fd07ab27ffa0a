import type { Dashboard } from '../dashboard.ts'
import { graph, NONE_STEPS, rows, stat, unitOf } from '../panel.ts'
import { series, table } from '../query.ts'
import { clickhouse } from '../variable.ts'

const IN_TIME = 'last_seen >= $__fromTime AND first_seen <= $__toTime'
const ACCEPTED =
  'exception_owner IS NOT NULL AND ifNull(parseDateTimeBestEffortOrNull(exception_expires) > now(), false)'
const ACTIVE = "state IN ('open', 'acknowledged')"
const OPEN = `${ACTIVE} AND NOT (${ACCEPTED})`
const open = (title: string, condition: string) =>
  stat({
    ...{
      title,
      description: 'Findings that are not over and that nobody has accepted',
      width: 6,
      thresholds: NONE_STEPS,
    },
    targets: [table(`SELECT count() AS findings FROM findings FINAL WHERE ${IN_TIME} AND ${OPEN} AND ${condition}`)],
  })

export const findings: Dashboard = {
  uid: 'intransit-findings',
  title: 'Findings',
  description: 'What is worth an alert, what became of it, and how soon (docs/alerts.md).',
  variables: [clickhouse],
  panels: [
    open('Critical', "severity = 'critical'"),
    open('High', "severity = 'high'"),
    open('Medium and low', "severity IN ('medium', 'low')"),
    stat({
      ...{ title: 'Accepted', description: 'Findings under a suppression or a silence', width: 6 },
      thresholds: [[null, 'blue']],
      targets: [table(`SELECT count() AS findings FROM findings FINAL WHERE ${IN_TIME} AND ${ACTIVE} AND ${ACCEPTED}`)],
    }),
    graph({
      ...{ title: 'What happens', description: 'Events of findings, by kind', width: 24, unit: 'short' },
      targets: [
        series(`
        SELECT $__timeInterval(at) AS time, kind, count() AS events
        FROM finding_events FINAL
        WHERE $__timeFilter(at)
        GROUP BY time, kind
        ORDER BY time, kind`),
      ],
    }),
    rows({
      ...{ title: 'Findings that are not over', description: 'The worst first; the query of each shows its flows' },
      ...{ width: 24, height: 12 },
      targets: [
        table(`
        SELECT severity, rule, title, subject, state, must_fix, what, flows, first_seen, last_seen, query, runbook
        FROM findings FINAL
        WHERE ${IN_TIME} AND state IN ('open', 'acknowledged')
        ORDER BY indexOf(['critical', 'high', 'medium', 'low', 'info'], severity), opened_at
        LIMIT 500`),
      ],
    }),
    rows({
      ...{
        title: 'Response',
        description: 'From the opening of a finding until it was acknowledged or over, on average',
      },
      ...{ width: 24, height: 6, mayBeEmpty: 'nothing was acknowledged, and nothing is over' },
      overrides: [unitOf('average_s', 's'), unitOf('longest_s', 's')],
      targets: [
        table(`
        SELECT severity, kind, count() AS findings, avg(seconds) AS average_s, max(seconds) AS longest_s
        FROM
        (
            SELECT
                f.severity AS severity,
                e.kind AS kind,
                dateDiff('second', f.opened_at, e.at) AS seconds
            FROM (SELECT key, kind, at FROM finding_events FINAL WHERE kind IN ('acknowledged', 'resolved') AND $__timeFilter(at)) AS e
            INNER JOIN (SELECT key, severity, opened_at FROM findings FINAL WHERE reopened = 0) AS f ON f.key = e.key
        )
        GROUP BY severity, kind
        ORDER BY indexOf(['critical', 'high', 'medium', 'low', 'info'], severity), kind`),
      ],
    }),
  ],
}
