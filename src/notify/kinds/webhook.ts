import { createHmac } from 'node:crypto'
import { webhookBody } from '../alertmanager-body.ts'
import { post } from '../post.ts'
import type { ReceiverKind } from '../receiver.ts'
import { secretOf } from '../secret.ts'

/**
 * Alertmanager's body to any address. With a secret it is signed: HMAC-SHA256 over "time.body", the time of the attempt
 * beside it, so that a receiver can refuse what is forged or old.
 */
export const webhook: ReceiverKind = {
  kind: 'webhook',
  needs: [['url', 'url_file', 'url_env']],
  async send(message, options) {
    const nowMs = Date.now()
    const body = JSON.stringify(webhookBody(message, options.name, nowMs))
    const secret = secretOf(options)
    const time = Math.floor(nowMs / 1000)
    const signature = secret === null ? null : createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')
    return await post(options, body, {
      'idempotency-key': message.id,
      ...(signature === null ? {} : { 'x-intransit-signature': `t=${time},v1=${signature}` }),
    })
  },
}
