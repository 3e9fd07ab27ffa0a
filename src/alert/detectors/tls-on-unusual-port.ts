import { detector } from '../detector.ts'
import { TLS_PORTS } from '../tls-ports.ts'

interface Memory {
  flows: number
  /** Found before the sensor had learnt what is here. */
  isOld: boolean
}

const US_PER_HOUR = 3_600_000_000

export const tlsOnUnusualPort = detector({
  id: 'A30',
  name: 'tls-on-unusual-port',
  severity: 'info',
  title: 'TLS on a port where nobody expects it, and new',
  subject: 'server',
  kinds: ['tls'],
  concerns: ({ isHandshakeDone }) => isHandshakeDone,
  settles: true,
  defaults: { flows: 3, learn_h: 24 },
  fresh: (): Memory => ({ flows: 0, isOld: false }),
  observe(flow, memory, { flows, learn_h }, context) {
    const { facts } = flow
    if (flow.isRepeat || facts.upgrade !== null || TLS_PORTS.has(flow.serverPort)) {
      context.settled(Number.POSITIVE_INFINITY)
      return
    }
    if (memory.isOld && memory.flows >= flows) context.settled(Number.POSITIVE_INFINITY)
    if (flow.lastUs - context.sinceUs < learn_h * US_PER_HOUR) memory.isOld = true
    memory.flows = Math.min(memory.flows + 1, flows)
    if (memory.isOld || memory.flows < flows) return
    context.raise({ what: `TLS on port ${flow.serverPort}`, mustFix: 'unknown', sql: 'tls_version IS NOT NULL' })
  },
})
