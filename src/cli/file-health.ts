/** What a replay counts of each file for the store: its time, whether it was whole, and what was not read of it. */
import { type AgentStats, healthCounters } from '../agent-stats.ts'
import {
  countedBetween,
  type HealthCounters,
  type HealthState,
  healthLine,
  NOTHING_COUNTED,
} from '../record/health-line.ts'
import type { FrameBatch, Source } from '../source/source.ts'

export interface FileInterval {
  source: string
  /** Times of the first and last frame. */
  startUs: number
  endUs: number
  state: HealthState
  counters: HealthCounters
}

/** Follows one file through the agent. */
export class FileHealth {
  readonly #name: string
  readonly #agent: AgentStats
  readonly #source: Source
  readonly #before: HealthCounters
  #startUs = Number.POSITIVE_INFINITY
  #endUs = Number.NEGATIVE_INFINITY

  constructor(name: string, agent: AgentStats, source: Source) {
    this.#name = name
    this.#agent = agent
    this.#source = source
    this.#before = healthCounters(agent, source.stats)
  }

  /** Frames need not be in the order of their times. */
  saw({ time, count }: FrameBatch): void {
    let [start, end] = [this.#startUs, this.#endUs]
    for (let i = 0; i < count; i++) {
      const at = time[i] as number
      if (at < start) start = at
      if (at > end) end = at
    }
    this.#startUs = start
    this.#endUs = end
  }

  /** Once the file's flows are ended; null when there was no frame. */
  interval(): FileInterval | null {
    if (this.#startUs > this.#endUs) return null
    return {
      source: this.#name,
      startUs: this.#startUs,
      endUs: this.#endUs,
      state: this.#source.damage === null ? 'ended' : 'gone',
      counters: countedBetween(this.#before, healthCounters(this.#agent, this.#source.stats)),
    }
  }
}

/** What each worker counts of its own flows. Frames are read by all of them, and are counted once. */
const COUNTED_BY_SHARE = [
  'flows_started',
  'flows_ended',
  'flows_evicted',
  'sessions_evicted',
  'malformed',
  'records',
  'duplicates',
] as const satisfies readonly (keyof HealthCounters)[]

/** The files as read by one, of what several workers counted of their shares of the flows. */
export function mergeIntervals([first = [], ...others]: readonly FileInterval[][]): FileInterval[] {
  return first.map((file, i) => {
    const counters = { ...file.counters }
    for (const other of others) {
      for (const name of COUNTED_BY_SHARE) counters[name] += other[i]?.counters[name] ?? 0
    }
    return { ...file, counters }
  })
}

export const fileHealthLine = (sensor: string, { counters, ...interval }: FileInterval): string =>
  healthLine({ sensor, worker: 0, ...interval }, NOTHING_COUNTED, counters)
