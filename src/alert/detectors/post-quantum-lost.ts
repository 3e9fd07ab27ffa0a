import { namedGroupName } from '../../registry/named-groups.ts'
import { detector } from '../detector.ts'
import { knowsRegression, noRegression, noteRegression } from '../regression.ts'

export const postQuantumLost = detector({
  id: 'A26',
  name: 'post-quantum-lost',
  severity: 'medium',
  title: 'A server that exchanged keys by a post-quantum group does so no more',
  subject: 'server',
  kinds: ['tls'],
  concerns: ({ isHandshakeDone, resumed, offersPostQuantum }) => isHandshakeDone && !resumed && offersPostQuantum,
  settles: true,
  defaults: { handshakes: 20, classical: 3 },
  fresh: noRegression,
  observe(flow, memory, { handshakes, classical }, context) {
    const { facts } = flow
    const isKnown = flow.isRepeat || knowsRegression(memory, facts.isPostQuantum, handshakes)
    if (isKnown) context.settled(Number.POSITIVE_INFINITY)
    if (flow.isRepeat) return
    if (facts.isPostQuantum) context.good()
    if (!noteRegression(memory, facts.isPostQuantum, handshakes, classical)) return
    context.raise({
      what: `${facts.namedGroup === 0 ? 'no group' : namedGroupName(facts.namedGroup)} though the client offered better`,
      mustFix: 'server',
      // Where nobody asks for it, it is worth knowing and no fault.
      ...(context.isPostQuantumAsked ? {} : { severity: 'info' as const }),
      sql: `named_group = ${facts.namedGroup}`,
    })
  },
})
