import { isOver } from '../alertmanager-body.ts'
import { post } from '../post.ts'
import type { ReceiverKind } from '../receiver.ts'

const MAX_SHOWN = 10
const COLOURS = { critical: '#8b0000', high: '#d64000', medium: '#d6a000', low: '#4070b0', info: '#808080' } as const

/** An incoming webhook of Slack, Mattermost, Rocket.Chat or Google Chat's Slack mode. Its address is a secret: url_file. */
export const slack: ReceiverKind = {
  kind: 'slack',
  needs: [['url', 'url_file', 'url_env']],
  async send({ events }, options) {
    const attachments = events.slice(0, MAX_SHOWN).map((event) => {
      const { finding, kind } = event
      const title = `[${kind}] ${finding.rule} ${finding.title}: ${finding.subject}`
      return {
        color: isOver(event) ? '#2e7d32' : COLOURS[finding.severity],
        fallback: escapeMarkup(title),
        title: escapeMarkup(title),
        text: escapeMarkup(
          `${finding.what}\nTo fix: ${finding.must_fix}. Seen ${finding.flows} times. ${finding.runbook}`,
        ),
      }
    })
    const more = events.length > MAX_SHOWN ? ` and ${events.length - MAX_SHOWN} more` : ''
    const text = `intransit: ${escapeMarkup(events[0]?.finding.title ?? '')}${more}`
    return await post(options, JSON.stringify({ text, attachments }), {})
  },
}

/** Names come from the wire: they must not become links or mentions. */
const escapeMarkup = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
