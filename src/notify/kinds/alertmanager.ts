import { alertOf, isOver } from '../alertmanager-body.ts'
import { post } from '../post.ts'
import type { ReceiverKind, ReceiverOptions } from '../receiver.ts'
import { secretOf } from '../secret.ts'

/** `POST /api/v2/alerts`. It forgets alerts that nobody repeats, so the open ones are posted every minute. */
export const alertmanager: ReceiverKind = {
  kind: 'alertmanager',
  needs: [['url', 'url_file', 'url_env']],
  async send({ events }, options) {
    const nowMs = Date.now()
    const alerts = events.map((event) => alertOf(event.finding, isOver(event), nowMs))
    return await post(options, JSON.stringify(alerts), headersOf(options))
  },
  async remind(active, options) {
    const nowMs = Date.now()
    return await post(options, JSON.stringify(active.map((one) => alertOf(one, false, nowMs))), headersOf(options))
  },
}

function headersOf(options: ReceiverOptions): Record<string, string> {
  const secret = secretOf(options)
  return secret === null ? {} : { authorization: `Bearer ${secret}` }
}
