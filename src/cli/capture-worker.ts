/** One worker thread of a capture: opens its share of a source, reads it until told to stop, and sends rows and counters. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { Agent } from '../agent.ts'
import { OperatorError } from '../core/errors.ts'
import { openLive } from '../source/live.ts'
import type { Source } from '../source/source.ts'
import type { CaptureJob, CaptureStats, FromCaptureWorker, Judging, ToCaptureWorker } from './capture-job.ts'
import { useHugePages } from './huge-pages.ts'
import { CHUNK_BYTES, compileJudge, createPipeline, type Pipeline } from './pipeline.ts'
import { Outbox, type Taken } from './worker-outbox.ts'

/** Rows wait no longer than this for more to come with them; frames that come in blocks have waited before. */
const FLUSH_MS = 100
const STATS_MS = 1000
const US_PER_MS = 1000
/** Chunks that may wait for the store, 32 MiB: it may be merging, and the ring must be emptied meanwhile. */
const MAX_OUTSTANDING = 64

async function work(port: MessagePort, job: CaptureJob): Promise<void> {
  const outbox = new Outbox<FromCaptureWorker>(port, MAX_OUTSTANDING)
  try {
    const source = await openLive(job.source, job)
    const pipeline = createPipeline(job, {
      flows: (lines, rows, marks) => outbox.postChunk({ kind: 'flows', lines, rows, marks }),
      certificates: (lines, rows) => outbox.postChunk({ kind: 'certificates', lines, rows, marks: null }),
    })
    await useHugePages(pipeline.agent.table.arrays)
    port.on('message', (message: ToCaptureWorker | Taken) => {
      if (message.kind === 'stop') stop(source)
      else if (message.kind === 'reload') reload(pipeline.agent, message.judging, outbox)
    })
    outbox.post({ kind: 'opened' })
    await read(source, pipeline, outbox)
    outbox.post({ kind: 'done', stats: statsOf(pipeline.agent, source) })
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    outbox.post({ kind: 'failed', code: error.code, message: error.message, fix: error.fix, stopped: true })
  }
  port.close()
}

async function read(
  source: Source,
  { agent, drain, finish }: Pipeline,
  outbox: Outbox<FromCaptureWorker>,
): Promise<void> {
  let spokeMs = performance.now()
  let flushMs = spokeMs + FLUSH_MS
  let statsMs = spokeMs + STATS_MS
  for await (const batch of source.batches()) {
    const nowMs = performance.now()
    if (batch.count > 0) agent.process(batch, source.name)
    // The sensor's clock may not be this host's; how long nothing came is the same on both.
    else agent.tick(agent.now + (nowMs - spokeMs) * US_PER_MS)
    spokeMs = nowMs
    const isDue = nowMs >= flushMs
    await drain(isDue ? 0 : CHUNK_BYTES)
    if (isDue) flushMs = nowMs + FLUSH_MS
    if (nowMs < statsMs) continue
    statsMs = nowMs + STATS_MS
    outbox.post({ kind: 'stats', stats: statsOf(agent, source) })
  }
  await finish()
  await drain(0)
}

/** What waits in a ring is judged: a reader that was late loses nothing by the end. */
function stop(source: Source): void {
  if (source.drain === undefined) void source.close()
  else source.drain()
}

function reload(agent: Agent, judging: Judging, outbox: Outbox<FromCaptureWorker>): void {
  try {
    const judge = compileJudge(judging)
    const policies = judge.packs.map((pack) => pack.id).join(',')
    agent.judgeBy(judge, policies)
    outbox.post({ kind: 'reloaded', policies })
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    outbox.post({ kind: 'failed', code: error.code, message: error.message, fix: error.fix, stopped: false })
  }
}

const statsOf = (agent: Agent, source: Source): CaptureStats => ({
  agent: agent.stats,
  source: source.stats,
  openFlows: agent.table.count,
  nowUs: agent.now,
  state: source.state ?? 'up',
  members: (source.members ?? []).map(({ name, state, frames, wireBytes, drops }) => ({
    name,
    state,
    frames,
    wireBytes,
    drops,
  })),
  notes: [...(source.notes ?? [])],
})

if (parentPort !== null) await work(parentPort, workerData as CaptureJob)
