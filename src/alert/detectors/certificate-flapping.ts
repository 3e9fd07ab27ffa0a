import { detector } from '../detector.ts'
import { showsChain } from '../facts.ts'
import type { Flow } from '../flow.ts'
import { sqlText } from '../sql-text.ts'

interface Sight {
  /** Fingerprint. */
  leaf: string
  firstUs: number
  lastUs: number
}

interface Memory {
  sights: Sight[]
  /** By fingerprint, in memories of earlier versions. */
  seen?: Record<string, Pick<Sight, 'firstUs' | 'lastUs'>>
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
  fresh: (): Memory => ({ sights: [] }),
  observe(flow, memory, { certificates, rollout_h }, context) {
    const leaf = flow.facts.chain[0]
    if (leaf === undefined || flow.isRepeat || flow.serverName === null) {
      context.settled(Number.POSITIVE_INFINITY)
      return
    }
    if (memory.seen !== undefined) takeUp(memory, memory.seen)
    const windowUs = rollout_h * US_PER_HOUR
    const sight = memory.sights.find((one) => one.leaf === leaf)
    const isNoted = sight !== undefined && flow.lastUs >= sight.lastUs && flow.lastUs - sight.lastUs < PRECISION_US
    if (isNoted && certificates > 1 && memory.sights.length === 1) {
      context.good()
      context.settled(sight.lastUs + PRECISION_US)
      return
    }
    // One certificate after the other is the rule: nothing to weigh while it is the only one.
    if (sight === undefined || memory.sights.length > 1) forget(memory, flow.lastUs - windowUs)
    note(memory, sight, flow, leaf, windowUs)
    const settled = memory.sights.filter(({ firstUs }) => flow.lastUs - firstUs > windowUs)
    if (settled.length < certificates) {
      context.good()
      return
    }
    const what = `${certificates} certificates and more in turn`
    context.raise({ what, mustFix: 'server', sql: `server_name = '${sqlText(flow.serverName)}'` })
  },
})

/** `sight`: of this certificate, as it was before. One that stayed away for long begins anew. */
function note(memory: Memory, sight: Sight | undefined, flow: Flow, leaf: string, windowUs: number): void {
  const { firstUs, lastUs } = flow
  if (sight === undefined) {
    // A list that is pushed to gets room for 17.
    if (memory.sights.length < MAX_SEEN) memory.sights = memory.sights.concat({ leaf, firstUs, lastUs })
    return
  }
  if (lastUs - sight.lastUs > windowUs) sight.firstUs = firstUs
  sight.lastUs = lastUs
  // It may have been forgotten just now.
  if (!memory.sights.includes(sight)) memory.sights.push(sight)
}

function forget(memory: Memory, beforeUs: number): void {
  if (memory.sights.some(({ lastUs }) => lastUs < beforeUs)) {
    memory.sights = memory.sights.filter(({ lastUs }) => lastUs >= beforeUs)
  }
}

function takeUp(memory: Memory, seen: NonNullable<Memory['seen']>): void {
  memory.sights = Object.entries(seen).map(([leaf, { firstUs, lastUs }]) => ({ leaf, firstUs, lastUs }))
  delete memory.seen
}
