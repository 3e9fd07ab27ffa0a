/** `intransit capture`: live sources in, flow records and rows out, for months. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Decision } from '../alert/decisions.ts'
import type { AlertFigures, CaptureFigures } from '../api/metric-figures.ts'
import { OperatorError } from '../core/errors.ts'
import type { FlowMarks } from '../record/flow-marks.ts'
import { keepLibrariesLoaded } from '../source/live-interface.ts'
import { openStore, type Store } from '../store/index.ts'
import { Spool } from '../store/spool.ts'
import { isPostQuantumAskedBy, readAlertsFile } from './alert-config.ts'
import { Alerts } from './alerts.ts'
import { JudgedSums } from './capture-figures.ts'
import { CaptureHealth } from './capture-health.ts'
import type { CaptureJob, Judging } from './capture-job.ts'
import { type CaptureOptions, needRestart } from './capture-options.ts'
import type { CapturePlan } from './capture-plan.ts'
import { type CaptureEvents, CaptureWorker } from './capture-worker-thread.ts'
import { alertFolderOf, DEFAULT_DATA, spoolFolderOf } from './live-folders.ts'
import { LiveStore } from './live-store.ts'
import { compileJudge, type RowOutput } from './pipeline.ts'
import { dropPrivileges } from './privileges.ts'
import { readersFirst } from './readers-first.ts'
import { say, writeOut } from './terminal.ts'

/** Stopping takes no longer than this: a supervisor would kill us. */
const STOP_MS = 10_000
const EXIT_INTERNAL = 1

/** What runs beside a capture, on its store, for as long as it does. */
export interface Beside {
  start(store: Store, figures: () => CaptureFigures, decide: ((decision: Decision) => void) | null): Promise<void>
  /** The capture is ending. Resolves in bounded time. */
  end(): Promise<void>
}

/** Resolves with the exit status when a signal, or the end of the sources, has ended the capture. */
export async function capture(plan: CapturePlan, beside: Beside | null = null): Promise<number> {
  const { options, jobs, read } = plan
  const output = new CaptureOutput(options.format === 'jsonl')
  const health = new CaptureHealth(options.sensor, say, (line) => output.health(line))
  const run = new Run(jobs, output, health, say, () => {
    const judging = reread(read, options, say)
    output.rereadAlerts(options.alerts, judging?.policies ?? null, say)
    return judging
  })
  try {
    // What needs privilege comes first; the store's files then belong to whom we have become.
    await run.start()
  } catch (error) {
    await run.end()
    throw error
  }
  try {
    await readersFirst()
    if (options.user !== undefined) say(dropPrivileges(options.user))
    const opened = await openLiveStore(plan, say)
    output.begin(opened?.live ?? null, alertsOf(plan, opened?.live ?? null, say))
    if (beside !== null) {
      if (opened === null) throw new OperatorError('ERR_USAGE', 'nothing is kept', 'leave out store: false')
      await beside.start(opened.store, () => run.figures(opened.live, output.alertFigures()), output.decider)
    }
    run.endAtSignals()
    say(
      `captures ${[...new Set(jobs.map(({ source }) => source))].join(', ')} with ${jobs.length} worker${jobs.length === 1 ? '' : 's'}`,
    )
    return await run.untilOver(plan.durationMs, () => output.hurry())
  } finally {
    const ended = beside?.end()
    await run.end()
    health.end(run.workers)
    await output.close()
    await ended
    for (const line of health.summary(run.workers)) say(line)
  }
}

/** How flows are to be judged from now on; null = it is wrong, which is said, as is what else changed. */
function reread(read: () => CaptureOptions, running: CaptureOptions, say: (text: string) => void): Judging | null {
  try {
    const wanted = read()
    const judging = { policies: wanted.policy, policyDate: wanted.policyDate ?? null }
    compileJudge(judging)
    const late = needRestart(running, wanted)
    if (late.length > 0) say(`${wanted.config}: a restart is needed for what changed in ${late.join(', ')}`)
    return judging
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    say(`${error.line} The old policy stays.`)
    return null
  }
}

/** Rows wait until it is known where they go. */
class CaptureOutput implements RowOutput {
  readonly #prints: boolean
  #store: LiveStore | null = null
  #alerts: Alerts | null = null
  #begin: () => void = () => undefined
  readonly #begun: Promise<void>

  constructor(prints: boolean) {
    this.#prints = prints
    this.#begun = new Promise((resolve) => {
      this.#begin = resolve
    })
  }

  begin(store: LiveStore | null, alerts: Alerts | null): void {
    this.#store = store
    this.#alerts = alerts
    this.#begin()
  }

  async flows(lines: Uint8Array, rows: number, marks: FlowMarks | null): Promise<void> {
    await this.#begun
    if (marks !== null) this.#alerts?.flows(lines, marks)
    // Stored first: a record that was shown is a record that is kept.
    await this.#store?.flows(lines, rows)
    if (this.#prints) await writeOut(lines)
  }

  async certificates(lines: Uint8Array, rows: number): Promise<void> {
    await this.#begun
    this.#alerts?.certificates(lines)
    await this.#store?.certificates(lines, rows)
  }

  /** Rows of before the beginning are not missed: the next one counts on. */
  health(line: string): void {
    void this.#store?.health(line)
    this.#alerts?.health(line)
  }

  /** A file that is wrong is told, and all stays as it was. `policies`: by which flows are judged from now on; null = as before. */
  rereadAlerts(path: string | undefined, policies: readonly string[] | null, say: (text: string) => void): void {
    if (this.#alerts === null || path === undefined) return
    try {
      const file = readAlertsFile(path)
      const { engine } = this.#alerts
      const isPostQuantumAsked = policies === null ? engine.isPostQuantumAsked : isPostQuantumAskedBy(policies)
      this.#alerts.change({ ...file, config: { ...file.config, isPostQuantumAsked } })
      say(`alerts: ${path} is read again`)
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error
      say(`${error.line} The old alerts stay.`)
    }
  }

  /** Null: it looks for no alerts. */
  get decider(): ((decision: Decision) => void) | null {
    const alerts = this.#alerts
    return alerts === null ? null : (decision) => alerts.decide(decision)
  }

  alertFigures(): AlertFigures | null {
    return this.#alerts?.figures() ?? null
  }

  /** The capture is ending: whoever has still to take rows should. */
  hurry(): void {
    this.#store?.hurry()
  }

  async close(): Promise<void> {
    await this.#alerts?.close()
    await this.#store?.close()
  }
}

class Run {
  readonly workers: readonly CaptureWorker[]
  readonly #say: (text: string) => void
  readonly #health: CaptureHealth
  readonly #reread: () => Judging | null
  readonly #judged = new JudgedSums()
  #stop: () => void = () => undefined
  readonly #stopped: Promise<void>
  readonly #handlers: [NodeJS.Signals, () => void][] = []
  #failure: unknown = null

  constructor(
    jobs: readonly CaptureJob[],
    output: RowOutput,
    health: CaptureHealth,
    say: (text: string) => void,
    reread: () => Judging | null,
  ) {
    this.#say = say
    this.#reread = reread
    this.#health = health
    this.#stopped = new Promise((resolve) => {
      this.#stop = resolve
    })
    const events: CaptureEvents = {
      say,
      stats: (worker) => health.note(worker),
      died: (worker) => {
        health.died(worker)
        this.#judged.died(worker)
      },
      fatal: (error) => {
        this.#failure = error
        this.#stop()
      },
    }
    this.workers = jobs.map((job) => new CaptureWorker(job, output, events))
  }

  /** @throws OperatorError when a source cannot be opened; the others are closed then */
  async start(): Promise<void> {
    this.#on('SIGHUP', () => this.#reload())
    this.#on('SIGUSR1', () => this.#tell())
    await keepLibrariesLoaded(this.workers.map(({ job }) => job.source))
    await Promise.all(this.workers.map((worker) => worker.start()))
  }

  /** Before there is something to keep, a signal that ends the process may do just that. */
  endAtSignals(): void {
    this.#on('SIGTERM', () => this.#stop())
    this.#on('SIGINT', () => this.#stop())
  }

  async untilOver(durationMs: number | null, ending: () => void): Promise<number> {
    const timer = durationMs === null ? null : setTimeout(() => this.#stop(), durationMs)
    const sources = Promise.all(this.workers.map((worker) => worker.finished))
    await Promise.race([this.#stopped, sources])
    if (timer !== null) clearTimeout(timer)
    ending()
    if (this.#failure !== null) throw this.#failure
    for (const worker of this.workers) worker.stop()
    const inTime = await Promise.race([sources.then(() => true), sleep(STOP_MS, false, { ref: false })])
    if (inTime) return 0
    this.#say(`a worker did not stop within ${STOP_MS / 1000} s: its last rows are lost`)
    return EXIT_INTERNAL
  }

  figures(live: LiveStore, alerts: AlertFigures | null): CaptureFigures {
    return this.#judged.figures(this.workers, live, alerts)
  }

  #on(signal: NodeJS.Signals, handler: () => void): void {
    process.on(signal, handler)
    this.#handlers.push([signal, handler])
  }

  #reload(): void {
    const judging = this.#reread()
    if (judging !== null) for (const worker of this.workers) worker.reload(judging)
  }

  #tell(): void {
    for (const line of this.#health.summary(this.workers)) this.#say(line)
  }

  async end(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.kill()))
    for (const [signal, handler] of this.#handlers) process.off(signal, handler)
  }
}

const alertsOf = (
  { alerts, options, lists }: CapturePlan,
  store: LiveStore | null,
  say: (text: string) => void,
): Alerts | null =>
  alerts === null ? null : new Alerts(alerts, alertFolderOf(options), store, (text) => say(`alerts: ${text}`), lists)

async function openLiveStore(
  { options, zones, spoolBytes }: CapturePlan,
  say: (text: string) => void,
): Promise<{ store: Store; live: LiveStore } | null> {
  const { data, clickhouse } = options
  if (!options.store || (options.format === 'jsonl' && data === undefined && clickhouse === undefined)) return null
  const store = await openStore(clickhouse === undefined ? { data: data ?? DEFAULT_DATA } : { clickhouse })
  try {
    await store.migrate()
    if (zones !== null) await store.setZones(zones)
    return { store, live: new LiveStore(store, new Spool(spoolFolderOf(options), spoolBytes), say) }
  } catch (error) {
    await store.close()
    throw error
  }
}
