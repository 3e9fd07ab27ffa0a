/** Probing as a job of `serve` and `run`: off until somebody says how often, and of nothing that is not allowed. */
import { hostname } from 'node:os'
import { rfc3339 } from '../core/clock.ts'
import { ProbeCounts } from '../probe/probe-counts.ts'
import type { Store } from '../store/index.ts'
import { checkAllowed, probePlan, probeRound, readTargets } from './probe-round.ts'
import { RepeatedJob } from './repeated-job.ts'
import { MAX_PROBE_HOURS, type ProbeJobOptions } from './serve-options.ts'
import { wholeNumber } from './whole-number.ts'

/** How often it looks for endpoints that are due: a new one is asked soon, and each once in the time that was said. */
const LOOK_MS = 10 * 60_000
const US_PER_HOUR = 3_600_000_000
/** A connection under way ends before a supervisor loses its patience. */
const MAX_TIMEOUT_S = 15

export interface ProbeJob {
  readonly counts: ProbeCounts
  /** Null where nobody asked for it. */
  start(store: Store, say: (line: string) => void): { stop(): Promise<void> } | null
}

/** Mistakes in what is asked for are told now. @throws OperatorError ERR_USAGE */
export function preparedProbes(options: ProbeJobOptions, lookMs = LOOK_MS): ProbeJob {
  const counts = new ProbeCounts()
  const { probeEvery = '0' } = options
  const hours = wholeNumber('--probe-every', probeEvery, MAX_PROBE_HOURS, 0)
  if (hours === 0) return { counts, start: () => null }
  const wishes = {
    allow: options.probeAllow,
    deny: options.probeDeny,
    rate: options.probeRate ?? '5',
    handshakes: options.probeHandshakes ?? '40',
    timeout: options.probeTimeout ?? '5',
    days: options.probeDays ?? '30',
    sensor: options.sensor ?? hostname(),
  }
  const plan = probePlan(wishes, '--probe-', MAX_TIMEOUT_S)
  checkAllowed(plan, '--probe-')
  return {
    counts,
    start(store, say) {
      const stopping = new AbortController()
      const round = async (): Promise<void> => {
        // What is in the store counts, so that neither a restart nor a second server asks again.
        const due = rfc3339(Date.now() * 1000 - hours * US_PER_HOUR)
        const targets = await readTargets(store, plan, due)
        await probeRound(store, plan, targets, (probed) => counts.add(probed), stopping.signal)
      }
      const job = new RepeatedJob(round, lookMs, say)
      say(`probes what was seen and is allowed, each endpoint every ${hours} h`)
      return {
        async stop() {
          stopping.abort()
          await job.stop()
        },
      }
    },
  }
}
