import { detector } from '../detector.ts'

interface Memory {
  handshakes: number
  firstUs: number
  /** JA4s, and when each was seen last, µs. Not one object by JA4: V8 makes a shape of each for every order in which they come. */
  kinds: string[]
  seenUs: number[]
  /** The same in memories of earlier versions. */
  clients?: Record<string, number>
}

const US_PER_DAY = 86_400_000_000
/** When a client was seen is noted to the minute. */
const PRECISION_US = 60_000_000
/** A server with more kinds of clients than this is for everybody. */
const MAX_CLIENTS = 16

export const rareClient = detector({
  id: 'A24',
  name: 'rare-client',
  severity: 'low',
  title: 'A kind of client that this server has not had for long',
  subject: 'server',
  kinds: ['tls'],
  concerns: ({ isHandshakeDone, ja4 }) => isHandshakeDone && ja4 !== null,
  settles: true,
  defaults: { handshakes: 100, days: 14 },
  fresh: (): Memory => ({ handshakes: 0, firstUs: 0, kinds: [], seenUs: [] }),
  observe(flow, memory, { handshakes, days }, context) {
    const { facts } = flow
    if (flow.isRepeat || facts.ja4 === null) return
    if (memory.clients !== undefined) takeUp(memory, memory.clients)
    if (memory.firstUs === 0) memory.firstUs = flow.lastUs
    const place = memory.kinds.indexOf(facts.ja4)
    const seenUs = memory.seenUs[place]
    const isRare = seenUs === undefined || flow.lastUs - seenUs > days * US_PER_DAY
    const isNoted = seenUs !== undefined && flow.lastUs >= seenUs && flow.lastUs - seenUs < PRECISION_US
    if (isNoted && memory.handshakes >= handshakes) {
      context.good()
      context.settled(seenUs + PRECISION_US)
      return
    }
    const kinds = memory.kinds.length
    if (seenUs !== undefined) memory.seenUs[place] = flow.lastUs
    else if (kinds < MAX_CLIENTS) {
      // A list that is pushed to gets room for 17.
      memory.kinds = memory.kinds.concat(facts.ja4)
      memory.seenUs = memory.seenUs.concat(flow.lastUs)
    }
    const isKnown = memory.handshakes >= handshakes && flow.lastUs - memory.firstUs > days * US_PER_DAY
    memory.handshakes = Math.min(memory.handshakes + 1, handshakes)
    if (!isRare) context.good()
    if (!isRare || !isKnown || kinds >= MAX_CLIENTS) return
    context.raise({ what: `a client of JA4 ${facts.ja4}`, mustFix: 'unknown', sql: `ja4 = '${facts.ja4}'` })
  },
})

function takeUp(memory: Memory, clients: Readonly<Record<string, number>>): void {
  memory.kinds = Object.keys(clients)
  memory.seenUs = Object.values(clients)
  delete memory.clients
}
