/** `intransit capture`: live sources in, flow records and rows out, for months. */
import { setTimeout as sleep } from 'node:timers/promises'
import { loadPolicy } from '../classify/index.ts'
import { OperatorError } from '../core/errors.ts'
import { compileFilter } from '../decode/filter.ts'
import { noHeldSocket } from '../source/held-socket.ts'
import { keepKoffiLoaded } from '../source/koffi.ts'
import { needsKoffi, ringInterface } from '../source/live-interface.ts'
import { openStore } from '../store/index.ts'
import { Spool } from '../store/spool.ts'
import { CaptureHealth } from './capture-health.ts'
import type { CaptureJob } from './capture-job.ts'
import { type CaptureEvents, CaptureWorker } from './capture-worker-thread.ts'
import { DEFAULT_DATA, spoolFolderOf } from './live-folders.ts'
import { LiveStore } from './live-store.ts'
import type { RowOutput } from './pipeline.ts'
import { dropPrivileges } from './privileges.ts'
import { writeError, writeOut } from './terminal.ts'
import { parseVpcs } from './vpc.ts'

export interface CaptureOptions {
  source: string[]
  format: 'none' | 'jsonl'
  policy: string[]
  policyDate?: string
  filter?: string
  sensor: string
  workers: string
  whole?: boolean
  vpc?: string[]
  ring?: string
  data?: string
  clickhouse?: string
  store: boolean
  spool?: string
  spoolSize: string
  user?: string
  duration?: string
}

const MAX_WORKERS = 64
const MIB = 1024 * 1024
/** Stopping takes no longer than this: a supervisor would kill us. */
const STOP_MS = 10_000
const EXIT_INTERNAL = 1

/** Resolves with the exit status when a signal, or the end of the sources, has ended the capture. */
export async function capture(options: CaptureOptions): Promise<number> {
  const jobs = jobsOf(options)
  const say = (text: string): void => writeError(`${new Date().toISOString()} ${text}`)
  const output = new CaptureOutput(options.format === 'jsonl')
  const health = new CaptureHealth(say, (line) => output.health(line))
  const run = new Run(jobs, output, health, say)
  try {
    // What needs privilege comes first; the store's files then belong to whom we have become.
    await run.start()
  } catch (error) {
    await run.end()
    throw error
  }
  try {
    if (options.user !== undefined) say(dropPrivileges(options.user))
    output.begin(await openLiveStore(options, say))
    say(`captures ${options.source.join(', ')} with ${jobs.length} worker${jobs.length === 1 ? '' : 's'}`)
    return await run.untilOver(options.duration === undefined ? null : secondsOf(options.duration))
  } finally {
    await run.end()
    health.end(run.workers)
    await output.close()
    for (const line of health.summary(run.workers)) say(line)
  }
}

/** Rows wait until it is known where they go. */
class CaptureOutput implements RowOutput {
  readonly #prints: boolean
  #store: LiveStore | null = null
  #begin: () => void = () => undefined
  readonly #begun: Promise<void>

  constructor(prints: boolean) {
    this.#prints = prints
    this.#begun = new Promise((resolve) => {
      this.#begin = resolve
    })
  }

  begin(store: LiveStore | null): void {
    this.#store = store
    this.#begin()
  }

  async flows(lines: Uint8Array, rows: number): Promise<void> {
    await this.#begun
    // Stored first: a record that was shown is a record that is kept.
    await this.#store?.flows(lines, rows)
    if (this.#prints) await writeOut(lines)
  }

  async certificates(lines: Uint8Array, rows: number): Promise<void> {
    await this.#begun
    await this.#store?.certificates(lines, rows)
  }

  /** Rows of before the beginning are not missed: the next one counts on. */
  health(line: string): void {
    void this.#store?.health(line)
  }

  async close(): Promise<void> {
    await this.#store?.close()
  }
}

class Run {
  readonly workers: readonly CaptureWorker[]
  readonly #say: (text: string) => void
  readonly #health: CaptureHealth
  #stop: () => void = () => undefined
  readonly #stopped: Promise<void>
  readonly #handlers: readonly [NodeJS.Signals, () => void][] = [
    ['SIGTERM', () => this.#stop()],
    ['SIGINT', () => this.#stop()],
    ['SIGHUP', () => this.#reload()],
    ['SIGUSR1', () => this.#tell()],
  ]
  #failure: unknown = null

  constructor(jobs: readonly CaptureJob[], output: RowOutput, health: CaptureHealth, say: (text: string) => void) {
    this.#say = say
    this.#health = health
    this.#stopped = new Promise((resolve) => {
      this.#stop = resolve
    })
    const events: CaptureEvents = {
      say,
      stats: (worker) => health.note(worker),
      died: (worker) => health.died(worker),
      fatal: (error) => {
        this.#failure = error
        this.#stop()
      },
    }
    this.workers = jobs.map((job) => new CaptureWorker(job, output, events))
  }

  /** @throws OperatorError when a source cannot be opened; the others are closed then */
  async start(): Promise<void> {
    for (const [signal, handler] of this.#handlers) process.on(signal, handler)
    if (this.workers.some(({ job }) => needsKoffi(job.source))) await keepKoffiLoaded()
    await Promise.all(this.workers.map((worker) => worker.start()))
  }

  async untilOver(durationMs: number | null): Promise<number> {
    const timer = durationMs === null ? null : setTimeout(() => this.#stop(), durationMs)
    const sources = Promise.all(this.workers.map((worker) => worker.finished))
    await Promise.race([this.#stopped, sources])
    if (timer !== null) clearTimeout(timer)
    if (this.#failure !== null) throw this.#failure
    for (const worker of this.workers) worker.stop()
    const inTime = await Promise.race([sources.then(() => true), sleep(STOP_MS, false, { ref: false })])
    if (inTime) return 0
    this.#say(`a worker did not stop within ${STOP_MS / 1000} s: its last rows are lost`)
    return EXIT_INTERNAL
  }

  #reload(): void {
    for (const worker of this.workers) worker.reload()
  }

  #tell(): void {
    for (const line of this.#health.summary(this.workers)) this.#say(line)
  }

  async end(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.kill()))
    for (const [signal, handler] of this.#handlers) process.off(signal, handler)
  }
}

function jobsOf(options: CaptureOptions): CaptureJob[] {
  // Mistakes in the packs and the filter are told before anything is opened.
  for (const name of options.policy) loadPolicy(name)
  if (options.filter !== undefined) compileFilter(options.filter)
  const spaces = parseVpcs(options.vpc ?? [])
  const workers = wholeNumber('--workers', options.workers, MAX_WORKERS)
  const ringBytes = options.ring === undefined ? null : wholeNumber('--ring', options.ring, 2047) * MIB
  return options.source.flatMap((source, n) => {
    // Only the kernel's own rings can share an interface's frames by conversation.
    const size = ringInterface(source) === null ? 1 : workers
    const group = ((process.pid * 31 + n) % 0xffff) + 1
    return Array.from({ length: size }, (_, worker) => ({
      source,
      worker,
      fanout: size === 1 ? null : { group, size },
      cut: options.whole !== true,
      ringBytes: ringBytes === null ? null : Math.floor(ringBytes / size),
      held: noHeldSocket(),
      policies: options.policy,
      policyDate: options.policyDate ?? null,
      filter: options.filter ?? null,
      sensor: options.sensor,
      shard: null,
      reportAtVerdict: true,
      spaces,
    }))
  })
}

function wholeNumber(what: string, text: string, most: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new OperatorError('ERR_USAGE', `${what} ${text} is not a whole number`, `use 1 to ${most}`)
}

const MAX_DURATION_S = 2_000_000

const secondsOf = (text: string): number => wholeNumber('--duration', text, MAX_DURATION_S) * 1000

async function openLiveStore(options: CaptureOptions, say: (text: string) => void): Promise<LiveStore | null> {
  const { data, clickhouse } = options
  if (!options.store || (options.format === 'jsonl' && data === undefined && clickhouse === undefined)) return null
  const store = await openStore(clickhouse === undefined ? { data: data ?? DEFAULT_DATA } : { clickhouse })
  try {
    await store.migrate()
    return new LiveStore(
      store,
      new Spool(spoolFolderOf(options), wholeNumber('--spool-size', options.spoolSize, 1_000_000) * MIB),
      say,
    )
  } catch (error) {
    await store.close()
    throw error
  }
}
