import { createHash } from 'node:crypto'
import { alertOf, isOver } from '../alertmanager-body.ts'
import { post } from '../post.ts'
import { type ReceiverKind, TAKEN } from '../receiver.ts'
import { secretOf } from '../secret.ts'

const SEVERITIES = { critical: 'critical', high: 'error', medium: 'warning', low: 'warning', info: 'info' } as const
const MAX_SUMMARY = 1024

/** Events API v2: one event a finding, joined by its dedup key. The secret is the routing key. */
export const pagerduty: ReceiverKind = {
  kind: 'pagerduty',
  needs: [['secret_file', 'secret_env']],
  async send({ events }, given) {
    const noUrl = given.url === undefined && given.url_file === undefined && given.url_env === undefined
    const options = noUrl ? { ...given, url: 'https://events.pagerduty.com/v2/enqueue' } : given
    const routing_key = secretOf(options)
    for (const event of events) {
      const { finding } = event
      const body = {
        routing_key,
        event_action: isOver(event) ? 'resolve' : event.kind === 'acknowledged' ? 'acknowledge' : 'trigger',
        // At most 255 characters; a subject may be longer.
        dedup_key: createHash('sha256').update(finding.key).digest('hex'),
        payload: {
          summary: `${finding.title}: ${finding.subject}`.slice(0, MAX_SUMMARY),
          source: finding.sensors[0] ?? 'intransit',
          severity: SEVERITIES[finding.severity],
          timestamp: finding.last_seen,
          component: finding.subject,
          group: finding.zone_pair,
          class: finding.name,
          custom_details: alertOf(finding, isOver(event), Date.now()).annotations,
        },
      }
      // Events that were taken before are joined by their key when the message comes again.
      const outcome = await post(options, JSON.stringify(body), {})
      if (outcome.kind !== 'taken') return outcome
    }
    return TAKEN
  },
}
