import { detector } from '../detector.ts'

interface Memory {
  /** Number of the current stretch of time. */
  bin: number
  handshakes: number
  failed: number
  /** Of the failure ratio of earlier stretches (Welford). */
  bins: number
  mean: number
  squares: number
}

const US_PER_MINUTE = 60_000_000
/** Earlier stretches count no more than this: the mean keeps moving. */
const MAX_BINS = 2016

export const handshakeFailures = detector({
  id: 'A22',
  name: 'handshake-failures',
  severity: 'high',
  title: 'Handshakes with a server fail far more often than usual',
  subject: 'server',
  kinds: ['tls'],
  defaults: { handshakes: 30, window_min: 5, ratio: 0.05, sigmas: 4 },
  fresh: (): Memory => ({ bin: 0, handshakes: 0, failed: 0, bins: 0, mean: 0, squares: 0 }),
  observe(flow, memory, settings, context) {
    const { facts } = flow
    // Who never got an answer did not fail by TLS.
    if (flow.isRepeat || facts.offeredVersions.length === 0 || flow.bytesServer === 0) return
    const bin = Math.floor(flow.lastUs / (settings.window_min * US_PER_MINUTE))
    if (bin > memory.bin) close(memory, bin, settings)
    memory.handshakes += 1
    if (facts.hasFatalAlert) memory.failed += 1
    const ratio = memory.failed / memory.handshakes
    const limit = limitOf(memory, settings)
    const isHigh = memory.handshakes >= settings.handshakes && ratio > limit
    if (!isHigh) {
      if (!facts.hasFatalAlert) context.good()
      return
    }
    // What was lost of a handshake may look like its failure.
    if (!facts.hasFatalAlert || context.isHealthBad) return
    context.raise({
      what: `more than ${(limit * 100).toFixed(1)} % of handshakes end in a fatal alert: ${facts.alerts.join(', ')}`,
      mustFix: facts.alerts.some((alert) => alert.startsWith('server')) ? 'client' : 'server',
      sql: "arrayExists(alert -> alert LIKE '%:fatal:%', alerts)",
    })
  },
})

interface Limits {
  handshakes: number
  ratio: number
  sigmas: number
}

const limitOf = ({ mean, squares, bins }: Memory, { ratio, sigmas }: Limits): number =>
  Math.max(ratio, mean + sigmas * Math.sqrt(squares / Math.max(bins, 1)))

function close(memory: Memory, bin: number, settings: Limits): void {
  const ratio = memory.failed / Math.max(memory.handshakes, 1)
  // A stretch that is a finding is not what is usual.
  if (memory.handshakes >= settings.handshakes && ratio <= limitOf(memory, settings)) {
    memory.bins = Math.min(memory.bins + 1, MAX_BINS)
    const delta = ratio - memory.mean
    memory.mean += delta / memory.bins
    memory.squares += delta * (ratio - memory.mean)
    if (memory.bins === MAX_BINS) memory.squares *= 1 - 1 / MAX_BINS
  }
  memory.bin = bin
  memory.handshakes = 0
  memory.failed = 0
}
