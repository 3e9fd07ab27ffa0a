import { detector } from '../detector.ts'

interface Memory {
  handshakes: number
  firstUs: number
  /** JA4, and when it was seen last, µs. */
  clients: Record<string, number>
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
  fresh: (): Memory => ({ handshakes: 0, firstUs: 0, clients: {} }),
  observe(flow, memory, { handshakes, days }, context) {
    const { facts } = flow
    if (flow.isRepeat || facts.ja4 === null) return
    if (memory.firstUs === 0) memory.firstUs = flow.lastUs
    const seenUs = memory.clients[facts.ja4]
    const isRare = seenUs === undefined || flow.lastUs - seenUs > days * US_PER_DAY
    const isNoted = seenUs !== undefined && flow.lastUs >= seenUs && flow.lastUs - seenUs < PRECISION_US
    if (isNoted && memory.handshakes >= handshakes) {
      context.good()
      context.settled(seenUs + PRECISION_US)
      return
    }
    const kinds = isRare ? Object.keys(memory.clients).length : 0
    if (seenUs !== undefined || kinds < MAX_CLIENTS) memory.clients[facts.ja4] = flow.lastUs
    const isKnown = memory.handshakes >= handshakes && flow.lastUs - memory.firstUs > days * US_PER_DAY
    memory.handshakes = Math.min(memory.handshakes + 1, handshakes)
    if (!isRare) context.good()
    if (!isRare || !isKnown || kinds >= MAX_CLIENTS) return
    context.raise({ what: `a client of JA4 ${facts.ja4}`, mustFix: 'unknown', sql: `ja4 = '${facts.ja4}'` })
  },
})
