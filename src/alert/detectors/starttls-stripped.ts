import { detector } from '../detector.ts'

interface Memory {
  /** Sessions in which the server offered TLS, counted up to the need. */
  offered: number
}

const OFFERS = new Set(['advertised', 'accepted', 'skipped'])

export const starttlsStripped = detector({
  id: 'A4',
  name: 'starttls-stripped',
  severity: 'critical',
  title: 'The offer of TLS is taken away in transit, or the server offers it no more',
  subject: 'server',
  concerns: ({ upgradeState }) => upgradeState !== null,
  settles: true,
  defaults: { offers: 5 },
  proof: { flows: 5, quiet_h: 1 },
  fresh: (): Memory => ({ offered: 0 }),
  observe(flow, memory, { offers }, context) {
    const { upgradeState, protocol, isPlaintext } = flow.facts
    if (upgradeState === null) return
    if (OFFERS.has(upgradeState)) {
      if (flow.isRepeat || memory.offered >= offers) context.settled(Number.POSITIVE_INFINITY)
      else memory.offered = Math.min(memory.offered + 1, offers)
      if (upgradeState === 'accepted') context.good()
      return
    }
    // Asked for, not answered, and gone on without: the question or the answer was taken away.
    const isAsked = upgradeState === 'requested' && isPlaintext
    // Nothing is remembered of these, and all else that counts is shared by flows like this one.
    if (!isAsked) context.settled(Number.POSITIVE_INFINITY)
    const isIgnored = isAsked && flow.visibility === 'both'
    const isGone = memory.offered >= offers && (upgradeState === 'not_offered' || upgradeState === 'refused')
    if (upgradeState !== 'stripped' && !isGone && !isIgnored) return
    const whose = isIgnored ? 'of a client that asked for TLS' : 'to a server that offers TLS'
    context.raise({
      what: `${protocol} ${whose} went on without it: ${upgradeState}`,
      mustFix: upgradeState === 'refused' ? 'server' : 'attack',
      sql: "verdict = 'plaintext'",
    })
  },
})
