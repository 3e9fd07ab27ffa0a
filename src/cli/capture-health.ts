/** What a capture lost and how it fares, in words: said when something changed, and in sum at the end. */
import { DECODED } from '../decode/packet-meta.ts'
import type { CaptureStats } from './capture-job.ts'
import type { CaptureWorker } from './capture-worker-thread.ts'

/** Losses are told at most this often for each worker. */
const TELL_MS = 10_000
/** A sensor that saw nothing for so long is an alarm. */
const BLIND_MS = 300_000

interface Told {
  atMs: number
  dropped: number
  frames: number
  state: string
  lastFrameMs: number
  isBlind: boolean
}

const droppedOf = ({ source: { drops } }: CaptureStats): number => drops.kernel + drops.interface

export class CaptureHealth {
  readonly #say: (text: string) => void
  readonly #told = new Map<string, Told>()

  constructor(say: (text: string) => void) {
    this.#say = say
  }

  /** Looks at a worker's new counters. */
  note(worker: CaptureWorker): void {
    const { stats } = worker
    if (stats === null) return
    const nowMs = performance.now()
    const told = this.#told.get(worker.name) ?? first(nowMs)
    this.#told.set(worker.name, told)
    if (stats.state !== told.state) {
      this.#say(`${worker.name}: ${STATES[stats.state] ?? stats.state}`)
      told.state = stats.state
    }
    this.#noteSilence(worker.name, stats, told, nowMs)
    const dropped = droppedOf(stats)
    if (dropped <= told.dropped || nowMs - told.atMs < TELL_MS) return
    const lost = dropped - told.dropped
    const share = (100 * lost) / (lost + stats.source.frames - told.frames)
    this.#say(`${worker.name}: lost ${count(lost)} frames, ${share.toFixed(2)} % of what came`)
    Object.assign(told, { atMs: nowMs, dropped, frames: stats.source.frames })
  }

  #noteSilence(name: string, stats: CaptureStats, told: Told, nowMs: number): void {
    if (stats.source.frames > told.frames || stats.source.frames < told.frames) {
      if (told.isBlind) this.#say(`${name}: sees frames again`)
      told.isBlind = false
      told.lastFrameMs = nowMs
      told.frames = stats.source.frames
    } else if (!told.isBlind && nowMs - told.lastFrameMs > BLIND_MS) {
      told.isBlind = true
      this.#say(`ALARM: ${name} has seen no frame for ${BLIND_MS / 60_000} minutes: is the mirror still on?`)
    }
  }

  /** One line a worker and one in sum. */
  summary(workers: readonly CaptureWorker[]): string[] {
    return workers.map((worker) => {
      const { stats, restarts } = worker
      if (stats === null) return `${worker.name}: nothing was seen`
      const { agent, source } = stats
      const parts = [
        `${count(source.frames)} frames`,
        `${count(agent.statuses[DECODED] ?? 0)} decoded`,
        `${count(agent.flowsStarted)} flows`,
        `${count(agent.records)} records`,
        `${count(source.drops.kernel)} dropped by the kernel`,
        `${count(source.drops.interface)} by the interface`,
      ]
      if (agent.flowsEvicted > 0) parts.push(`${count(agent.flowsEvicted)} flows evicted`)
      if (agent.sessionsEvicted > 0) parts.push(`${count(agent.sessionsEvicted)} openings read in part`)
      if (restarts > 0) parts.push(`started again ${restarts} times`)
      return `${worker.name}: ${parts.join(', ')}`
    })
  }
}

const STATES: Readonly<Record<string, string>> = {
  up: 'the interface is up',
  down: 'the interface is down: nothing can be seen',
  gone: 'the interface is gone: waiting for it to come back',
}

const first = (nowMs: number): Told => ({
  atMs: Number.NEGATIVE_INFINITY,
  dropped: 0,
  frames: 0,
  state: 'up',
  lastFrameMs: nowMs,
  isBlind: false,
})

const count = (value: number): string => value.toLocaleString('en-US')
