import { Worker } from 'node:worker_threads'
import { OperatorError } from '../core/errors.ts'
import { grouped } from '../core/grouped.ts'
import { releaseHeld } from '../source/held-socket.ts'
import type { CaptureJob, CaptureStats, FromCaptureWorker, Judging, ToCaptureWorker } from './capture-job.ts'
import type { RowOutput } from './pipeline.ts'
import { giveBack } from './worker-outbox.ts'

/** Compiled, the worker lies beside this file; under a TypeScript runner it has this file's own extension. */
const WORKER = new URL(`./capture-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/** A worker that died is started again after this long, doubled each time it dies at once. */
const RESTART_MS = 1000
const MAX_RESTART_MS = 30_000
/** A worker that lived this long did not die at once. */
const LIVED_MS = 60_000

export interface CaptureEvents {
  /** One line for the log. */
  say(text: string): void
  stats(worker: CaptureWorker): void
  /** Its thread died; `stats` are its last. */
  died(worker: CaptureWorker): void
  /** Rows cannot be written at all. */
  fatal(error: unknown): void
}

/** One worker thread, started again when it dies. */
export class CaptureWorker {
  /** What it, or its successor, is asked to do. */
  job: CaptureJob
  /** As of a second ago; null before the first, and after a restart. */
  stats: CaptureStats | null = null
  /** Times that it died and was started again. */
  restarts = 0
  /** Flows that were open, a second before at the most, when it died. */
  flowsLost = 0
  readonly #output: RowOutput
  readonly #events: CaptureEvents
  #worker: Worker | null = null
  #stopping = false
  #restartMs = RESTART_MS
  #timer: NodeJS.Timeout | null = null
  #finished: () => void = () => undefined
  /** Resolves when it has stopped for good, and every row it sent is written. */
  readonly finished: Promise<void>

  constructor(job: CaptureJob, output: RowOutput, events: CaptureEvents) {
    this.job = job
    this.#output = output
    this.#events = events
    this.finished = new Promise((resolve) => {
      this.#finished = resolve
    })
  }

  get name(): string {
    return this.job.fanout === null ? this.job.source : `${this.job.source}#${this.job.worker}`
  }

  /** Resolves when the source is open. @throws OperatorError of the source, the first time */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#spawn(resolve, (error) => {
        this.#stopping = true
        reject(error)
      })
    })
  }

  stop(): void {
    this.#stopping = true
    if (this.#timer !== null) {
      clearTimeout(this.#timer)
      this.#finished()
    }
    this.#send({ kind: 'stop' })
  }

  reload(judging: Judging): void {
    this.job = { ...this.job, ...judging }
    this.#send({ kind: 'reload', judging })
  }

  /** Ends it where it stands: its rows are lost. */
  async kill(): Promise<void> {
    this.#stopping = true
    await this.#worker?.terminate()
    this.#finished()
  }

  #send(message: ToCaptureWorker): void {
    this.#worker?.postMessage(message)
  }

  #spawn(opened: () => void, failed: (error: Error) => void): void {
    const startedMs = performance.now()
    const worker = new Worker(WORKER, { workerData: this.job })
    let isOver = false
    this.#worker = worker
    // Writing goes on after the thread's end: nothing it sent is forgotten.
    let writing: Promise<unknown> = Promise.resolve()
    worker.on('message', (message: FromCaptureWorker) => {
      switch (message.kind) {
        case 'opened':
          opened()
          return
        case 'stats':
        case 'done':
          this.stats = message.stats
          isOver = message.kind === 'done'
          this.#events.stats(this)
          return
        case 'reloaded':
          this.#events.say(`${this.name}: judges by ${message.policies} from now on`)
          return
        case 'failed': {
          const error = new OperatorError(message.code, message.message, message.fix)
          if (message.stopped) failed(error)
          else this.#events.say(`${error.line} The old policy stays.`)
          return
        }
        default:
          writing = this.#output[message.kind](message.lines, message.rows, message.marks).then(() =>
            giveBack(worker, message.lines),
          )
          writing.catch((error: unknown) => this.#events.fatal(error))
      }
    })
    worker.on('error', (error) => this.#events.say(`${this.name}: its thread failed: ${error.stack ?? error.message}`))
    worker.on('exit', () => {
      this.#worker = null
      const done = (): Promise<void> => this.#ended(isOver, performance.now() - startedMs)
      writing.then(done, done).catch((error: unknown) => this.#events.fatal(error))
    })
  }

  async #ended(isOver: boolean, livedMs: number): Promise<void> {
    await releaseHeld(this.job.held)
    if (isOver || this.#stopping) {
      this.#finished()
      return
    }
    if (livedMs > LIVED_MS) this.#restartMs = RESTART_MS
    this.restarts += 1
    const lost = this.stats?.openFlows ?? 0
    this.flowsLost += lost
    this.#events.died(this)
    this.stats = null
    const flows = lost === 1 ? '1 open flow is' : `${grouped(lost)} open flows are`
    this.#events.say(`${this.name}: started again in ${this.#restartMs / 1000} s; ${flows} lost`)
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#spawn(
        () => this.#events.say(`${this.name}: captures again`),
        (error) => this.#events.say(`${this.name}: ${error.message}`),
      )
    }, this.#restartMs)
    this.#restartMs = Math.min(this.#restartMs * 2, MAX_RESTART_MS)
  }
}
