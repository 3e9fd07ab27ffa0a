import { Worker } from 'node:worker_threads'
import { JudgedFlows } from '../agent-judged.ts'
import { AgentStats } from '../agent-stats.ts'
import { type ErrorCode, OperatorError } from '../core/errors.ts'
import { mergeIntervals } from './file-health.ts'
import type { ReplayJob, ReplayOutput, ReplayResult } from './replay-files.ts'
import type { FromWorker } from './replay-worker.ts'
import { giveBack } from './worker-outbox.ts'

/**
 * Shares the flows of every file between `count` worker threads. Each reads all files and keeps its part of the
 * flows, so the files may be few and large. The order of the records is the order in which workers finish them.
 */
export async function replayInWorkers(job: ReplayJob, count: number, output: ReplayOutput): Promise<ReplayResult> {
  const progress = Array.from({ length: count }, () => ({ bytesRead: 0, frames: 0, flows: 0 }))
  const results = await Promise.all(
    progress.map((mine, part) =>
      runWorker({ ...job, shard: { part, of: count } }, output, (seen) => {
        Object.assign(mine, seen)
        const flows = progress.reduce((sum, one) => sum + one.flows, 0)
        const slowest = progress.reduce((a, b) => (a.bytesRead < b.bytesRead ? a : b))
        output.progress(slowest.bytesRead, slowest.frames, flows)
      }),
    ),
  )
  return merge(results)
}

/** Compiled, the worker lies beside this file; under a TypeScript runner it has this file's own extension. */
const WORKER = new URL(`./replay-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

function runWorker(
  job: ReplayJob,
  output: ReplayOutput,
  onProgress: (seen: { bytesRead: number; frames: number; flows: number }) => void,
): Promise<ReplayResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(WORKER, { workerData: job })
    worker.on('error', reject)
    worker.on('exit', (code) => reject(new Error(`a replay worker stopped with status ${code}`)))
    worker.on('message', (message: FromWorker) => {
      switch (message.kind) {
        case 'progress':
          onProgress(message)
          return
        case 'done':
          resolve(message.result)
          return
        case 'failed':
          reject(new OperatorError(message.code as ErrorCode, message.message, message.fix))
          return
        default: {
          const taken = output[message.kind](message.lines, message.rows, message.marks)
          taken.then(() => giveBack(worker, message.lines), reject)
        }
      }
    })
  })
}

/** Flow counters add up; what every worker counted for itself (frames, damage) is taken once. */
function merge(results: readonly ReplayResult[]): ReplayResult {
  const first = results[0] as ReplayResult
  const judged = new JudgedFlows()
  judged.add(first.stats.judged)
  const stats = Object.assign(new AgentStats(), first.stats, { judged })
  for (const { stats: other } of results.slice(1)) {
    stats.flowsStarted += other.flowsStarted
    stats.flowsEnded += other.flowsEnded
    stats.flowsEvicted += other.flowsEvicted
    stats.sessionsEvicted += other.sessionsEvicted
    stats.increments += other.increments
    stats.records += other.records
    stats.malformed += other.malformed
    stats.duplicates += other.duplicates
    stats.judged.add(other.judged)
  }
  return { ...first, stats, health: mergeIntervals(results.map(({ health }) => health)) }
}
