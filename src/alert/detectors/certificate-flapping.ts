import { detector } from '../detector.ts'
import { showsChain } from '../facts.ts'
import { sqlText } from '../sql-text.ts'

interface Sight {
  firstUs: number
  lastUs: number
}

interface Memory {
  /** By fingerprint. */
  seen: Record<string, Sight>
}

const US_PER_HOUR = 3_600_000_000
const MAX_SEEN = 8
/** When the only certificate was seen is noted to the minute. */
const PRECISION_US = 60_000_000

export const certificateFlapping = detector({
  id: 'A15',
  name: 'certificate-flapping',
  severity: 'medium',
  title: 'One name is served with several certificates in turn, after any rollout',
  subject: 'identity',
  kinds: ['tls'],
  concerns: showsChain,
  settles: true,
  // Two are a pair of RSA and ECDSA, or a rollout.
  defaults: { certificates: 3, rollout_h: 24 },
  fresh: (): Memory => ({ seen: {} }),
  observe(flow, memory, { certificates, rollout_h }, context) {
    const leaf = flow.facts.chain[0]
    if (leaf === undefined || flow.isRepeat || flow.serverName === null) {
      context.settled(Number.POSITIVE_INFINITY)
      return
    }
    const windowUs = rollout_h * US_PER_HOUR
    const sight = memory.seen[leaf]
    const isNoted = sight !== undefined && flow.lastUs >= sight.lastUs && flow.lastUs - sight.lastUs < PRECISION_US
    if (isNoted && certificates > 1 && Object.keys(memory.seen).length === 1) {
      context.good()
      context.settled(sight.lastUs + PRECISION_US)
      return
    }
    // One certificate after the other is the rule: nothing to weigh while it is the only one.
    if (sight === undefined || Object.keys(memory.seen).length > 1) forget(memory, flow.lastUs - windowUs)
    if (sight !== undefined && flow.lastUs - sight.lastUs <= windowUs) sight.lastUs = flow.lastUs
    else if (sight !== undefined || Object.keys(memory.seen).length < MAX_SEEN) {
      memory.seen[leaf] = { firstUs: flow.firstUs, lastUs: flow.lastUs }
    }
    const settled = Object.values(memory.seen).filter(({ firstUs }) => flow.lastUs - firstUs > windowUs)
    if (settled.length < certificates) {
      context.good()
      return
    }
    const what = `${certificates} certificates and more in turn`
    context.raise({ what, mustFix: 'server', sql: `server_name = '${sqlText(flow.serverName)}'` })
  },
})

function forget(memory: Memory, beforeUs: number): void {
  for (const [leaf, { lastUs }] of Object.entries(memory.seen)) if (lastUs < beforeUs) delete memory.seen[leaf]
}
