/** One worker thread of a replay: its share of the flows of every file, sent to the main thread in chunks. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { OperatorError } from '../core/errors.ts'
import { type ReplayJob, type ReplayResult, replayFiles } from './replay-files.ts'

interface LinesFromWorker {
  kind: 'flows' | 'certificates'
  lines: Uint8Array
  rows: number
}

export type FromWorker =
  | LinesFromWorker
  | { kind: 'progress'; bytesRead: number; frames: number; flows: number }
  | { kind: 'done'; result: ReplayResult }
  | { kind: 'failed'; code: string; message: string; fix: string }

/** Chunks sent and not yet taken: enough to keep the main thread busy, little enough to bound memory. */
const MAX_OUTSTANDING = 4

class Outbox {
  readonly #port: MessagePort
  #outstanding = 0
  #resume: (() => void) | null = null

  constructor(port: MessagePort) {
    this.#port = port
    port.on('message', () => {
      this.#outstanding -= 1
      this.#resume?.()
    })
  }

  post(message: FromWorker): void {
    this.#port.postMessage(message)
  }

  /** A view is posted with all the memory behind it, so the lines are copied into memory of their own. */
  async postChunk(message: LinesFromWorker): Promise<void> {
    this.#outstanding += 1
    this.post({ ...message, lines: Uint8Array.from(message.lines) })
    while (this.#outstanding >= MAX_OUTSTANDING) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve
      })
    }
  }
}

async function work(port: MessagePort): Promise<void> {
  const outbox = new Outbox(port)
  try {
    const result = await replayFiles(workerData as ReplayJob, {
      flows: (lines, rows) => outbox.postChunk({ kind: 'flows', lines, rows }),
      certificates: (lines, rows) => outbox.postChunk({ kind: 'certificates', lines, rows }),
      progress: (bytesRead, frames, flows) => outbox.post({ kind: 'progress', bytesRead, frames, flows }),
    })
    outbox.post({ kind: 'done', result })
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    outbox.post({ kind: 'failed', code: error.code, message: error.message, fix: error.fix })
  }
  port.close()
}

if (parentPort !== null) await work(parentPort)
