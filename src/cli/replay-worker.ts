/** One worker thread of a replay: its share of the flows of every file, sent to the main thread in chunks. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { OperatorError } from '../core/errors.ts'
import { type ReplayJob, type ReplayResult, replayFiles } from './replay-files.ts'
import { type LinesFromWorker, Outbox } from './worker-outbox.ts'

export type FromWorker =
  | LinesFromWorker
  | { kind: 'progress'; bytesRead: number; frames: number; flows: number }
  | { kind: 'done'; result: ReplayResult }
  | { kind: 'failed'; code: string; message: string; fix: string }

/** A message wakes the main thread; nobody looks at progress more often. */
const PROGRESS_MS = 100

async function work(port: MessagePort): Promise<void> {
  const outbox = new Outbox<FromWorker>(port)
  let toldMs = 0
  try {
    const result = await replayFiles(workerData as ReplayJob, {
      flows: (lines, rows, marks) => outbox.postChunk({ kind: 'flows', lines, rows, marks }),
      certificates: (lines, rows) => outbox.postChunk({ kind: 'certificates', lines, rows, marks: null }),
      progress: (bytesRead, frames, flows) => {
        const nowMs = performance.now()
        if (nowMs - toldMs < PROGRESS_MS) return
        toldMs = nowMs
        outbox.post({ kind: 'progress', bytesRead, frames, flows })
      },
    })
    outbox.post({ kind: 'done', result })
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    outbox.post({ kind: 'failed', code: error.code, message: error.message, fix: error.fix })
  }
  port.close()
}

if (parentPort !== null) await work(parentPort)
