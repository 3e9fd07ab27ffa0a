/** What a capture lost and how it fares: in words when something changed and in sum at the end, in rows for the store. */
import { healthCounters } from '../agent-stats.ts'
import { grouped } from '../core/grouped.ts'
import { DECODED } from '../decode/packet-meta.ts'
import { type HealthCounters, type HealthState, healthLine, NOTHING_COUNTED } from '../record/health-line.ts'
import { FeedWords } from './capture-feed.ts'
import type { CaptureStats } from './capture-job.ts'
import { type CaptureView, viewsOf } from './capture-views.ts'
import type { CaptureWorker } from './capture-worker-thread.ts'

/** Losses are told at most this often for each worker. */
const TELL_MS = 10_000
/** Length of a row's interval. */
const ROW_MS = 10_000
const US_PER_MS = 1000
/** A sensor that saw nothing for so long is an alarm. */
const BLIND_MS = 300_000

interface Told {
  atMs: number
  dropped: number
  frames: number
  state: string
  lastFrames: number
  lastFrameMs: number
  isBlind: boolean
  readonly feed: FeedWords
  notes: string[]
  /** When the last row was made, its interval's end in capture time, and the counters then. */
  rowMs: number
  rowUs: number
  counted: HealthCounters
}

/** The interface's own counter is the same for all its workers, and is told by the first. */
const droppedOf = (worker: number, { source: { drops } }: CaptureStats): number =>
  drops.kernel + drops.reader + (worker === 0 ? drops.interface : 0)

export class CaptureHealth {
  readonly #sensor: string
  readonly #say: (text: string) => void
  readonly #row: (line: string) => void
  readonly #told = new Map<string, Told>()

  /** `row` takes lines of record/health-line.ts. */
  constructor(sensor: string, say: (text: string) => void, row: (line: string) => void) {
    this.#sensor = sensor
    this.#say = say
    this.#row = row
  }

  /** Looks at a worker's new counters. */
  note(worker: CaptureWorker): void {
    for (const view of viewsOf(worker)) this.#noteView(view)
  }

  #noteView(view: CaptureView): void {
    const { name, stats } = view
    const nowMs = performance.now()
    const told = this.#told.get(name) ?? first(nowMs)
    this.#told.set(name, told)
    if (stats.state !== told.state) {
      this.#say(`${name}: ${(/^(tcp|tls):/.test(name) ? CONNECTIONS : STATES)[stats.state] ?? stats.state}`)
      told.state = stats.state
    }
    for (const note of stats.notes) if (!told.notes.includes(note)) this.#say(`${name}: ${note}`)
    told.notes = stats.notes
    this.#noteSilence(name, stats, told, nowMs)
    const { drops } = stats.source
    for (const words of told.feed.note(stats.agent.judged, drops.kernel + drops.interface + drops.reader, nowMs))
      this.#say(`${name}: ${words}`)
    if (nowMs - told.rowMs >= ROW_MS) this.#writeRow(view, told, stats.state as HealthState)
    const dropped = droppedOf(view.worker, stats)
    // A source that was opened again counts from 0.
    if (dropped < told.dropped) Object.assign(told, { dropped: 0, frames: 0 })
    if (dropped <= told.dropped || nowMs - told.atMs < TELL_MS) return
    const lost = dropped - told.dropped
    const share = (100 * lost) / (lost + stats.source.frames - told.frames)
    this.#say(`${name}: lost ${grouped(lost)} frames, ${share.toFixed(2)} % of what came`)
    Object.assign(told, { atMs: nowMs, dropped, frames: stats.source.frames })
  }

  /** The row of what a worker counted until it died, and of what died with it. The next one counts from 0. */
  died(worker: CaptureWorker): void {
    for (const view of viewsOf(worker)) {
      const told = this.#told.get(view.name)
      if (told === undefined) continue
      this.#writeRow(view, told, 'gone')
      const { flows_lost: flowsLost } = told.counted
      Object.assign(told, { dropped: 0, frames: 0, counted: { ...NOTHING_COUNTED, flows_lost: flowsLost } })
    }
  }

  /** The last row of each worker. */
  end(workers: readonly CaptureWorker[]): void {
    for (const view of workers.flatMap(viewsOf)) {
      const told = this.#told.get(view.name)
      if (told !== undefined) this.#writeRow(view, told, 'ended')
    }
  }

  #writeRow({ source, worker, flowsLost, stats }: CaptureView, told: Told, state: HealthState): void {
    // Capture time where frames gave it; of a sensor that is blind from the start nobody knows better than this host.
    const endUs = Math.max(stats.nowUs === 0 ? Date.now() * US_PER_MS : stats.nowUs, told.rowUs)
    const startUs = told.rowUs === 0 ? endUs - (performance.now() - told.rowMs) * US_PER_MS : told.rowUs
    const counters = { ...healthCounters(stats.agent, stats.source), flows_lost: flowsLost }
    // All workers of an interface read the same counter of it.
    if (worker > 0) counters.interface_drops = 0
    const interval = { sensor: this.#sensor, source, worker, startUs, endUs, state }
    this.#row(healthLine(interval, told.counted, counters))
    Object.assign(told, { rowMs: performance.now(), rowUs: endUs, counted: counters })
  }

  #noteSilence(name: string, stats: CaptureStats, told: Told, nowMs: number): void {
    if (stats.source.frames !== told.lastFrames) {
      if (told.isBlind) this.#say(`${name}: sees frames again`)
      told.isBlind = false
      told.lastFrameMs = nowMs
      told.lastFrames = stats.source.frames
    } else if (!told.isBlind && nowMs - told.lastFrameMs > BLIND_MS) {
      told.isBlind = true
      this.#say(`ALARM: ${name} has seen no frame for ${BLIND_MS / 60_000} minutes: is the mirror still on?`)
    }
  }

  /** One line a worker and one in sum. */
  summary(workers: readonly CaptureWorker[]): string[] {
    return workers.map((worker) => {
      const { stats, restarts, flowsLost } = worker
      const died =
        restarts === 0 ? [] : [`started again ${restarts} times`, `${grouped(flowsLost)} open flows lost by it`]
      if (stats === null) return `${worker.name}: ${['nothing was seen', ...died].join(', ')}`
      const { agent, source } = stats
      const parts = [
        `${grouped(source.frames)} frames`,
        `${grouped(agent.statuses[DECODED] ?? 0)} decoded`,
        `${grouped(agent.flowsStarted)} flows`,
        `${grouped(agent.records)} records`,
        `${grouped(source.drops.kernel)} dropped by the kernel`,
        `${grouped(source.drops.interface)} by the interface`,
      ]
      return `${worker.name}: ${[...parts, ...besides(stats), ...died].join(', ')}`
    })
  }
}

/** What most captures have nothing of. */
function besides({ agent, source, members }: CaptureStats): string[] {
  const parts: string[] = []
  if (source.drops.reader > 0) parts.push(`${grouped(source.drops.reader)} came faster than they were read`)
  if ((source.stamps?.hardware ?? 0) > 0) parts.push(`${grouped(source.stamps?.hardware ?? 0)} stamped by the card`)
  if (members.length > 0) parts.push(members.map(({ name, frames }) => `${grouped(frames)} from ${name}`).join(' and '))
  if (agent.duplicates > 0) parts.push(`${grouped(agent.duplicates)} mirrored twice`)
  if (agent.flowsEvicted > 0) parts.push(`${grouped(agent.flowsEvicted)} flows evicted`)
  if (agent.sessionsEvicted > 0) parts.push(`${grouped(agent.sessionsEvicted)} openings read in part`)
  return parts
}

const STATES: Readonly<Record<string, string>> = {
  up: 'the interface is up',
  down: 'the interface is down: nothing can be seen',
  gone: 'the interface is gone: waiting for it to come back',
}

/** Of what is read from a server. */
const CONNECTIONS: Readonly<Record<string, string>> = {
  up: 'is connected',
  down: 'is not connected: nothing can be seen',
  gone: 'is not connected: trying again',
}

const first = (nowMs: number): Told => ({
  atMs: Number.NEGATIVE_INFINITY,
  dropped: 0,
  frames: 0,
  state: 'up',
  lastFrames: 0,
  lastFrameMs: nowMs,
  isBlind: false,
  feed: new FeedWords(),
  notes: [],
  rowMs: nowMs,
  rowUs: 0,
  counted: NOTHING_COUNTED,
})
