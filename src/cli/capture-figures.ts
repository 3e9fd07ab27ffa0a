/** What metrics tell of a capture in this process. */
import { type Counted, JudgedFlows } from '../agent-judged.ts'
import type { AlertFigures, CaptureFigures } from '../api/metric-figures.ts'
import type { CaptureWorker } from './capture-worker-thread.ts'
import type { LiveStore } from './live-store.ts'

/** What workers count from 0, and their successors again, added up. */
export class JudgedSums {
  readonly #sums = new JudgedFlows()
  /** What of each worker is in the sums. */
  readonly #taken = new Map<CaptureWorker, Counted>()

  /** `stats` of the worker are its last. */
  died(worker: CaptureWorker): void {
    this.#take(worker)
    this.#taken.delete(worker)
  }

  /** As of a second ago. */
  figures(workers: readonly CaptureWorker[], live: LiveStore, alerts: AlertFigures | null): CaptureFigures {
    for (const worker of workers) this.#take(worker)
    const { rows: spooledRows, droppedRows, damagedRows } = live.spool
    return {
      sensor: workers[0]?.job.sensor ?? '',
      judged: this.#sums,
      openFlows: workers.reduce((sum, { stats }) => sum + (stats?.openFlows ?? 0), 0),
      restarts: workers.reduce((sum, { restarts }) => sum + restarts, 0),
      storedRows: live.storedRows,
      spooledRows,
      lostRows: droppedRows + damagedRows,
      alerts,
    }
  }

  #take(worker: CaptureWorker): void {
    if (worker.stats === null) return
    const { judged } = worker.stats.agent
    this.#sums.add(judged, this.#taken.get(worker) ?? null)
    this.#taken.set(worker, judged)
  }
}
