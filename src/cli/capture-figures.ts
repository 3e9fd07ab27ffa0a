/** What metrics tell of a capture in this process. */
import { JudgedFlows } from '../agent-judged.ts'
import type { AlertFigures, CaptureFigures } from '../api/metric-figures.ts'
import type { CaptureWorker } from './capture-worker-thread.ts'
import type { LiveStore } from './live-store.ts'

/** Flows that workers judged before they died: their successors count from 0. */
export class JudgedBefore {
  readonly #flows = new JudgedFlows()

  /** `stats` of the worker are its last. */
  died({ stats }: CaptureWorker): void {
    if (stats !== null) this.#flows.add(stats.agent.judged)
  }

  /** As of a second ago. */
  figures(workers: readonly CaptureWorker[], live: LiveStore, alerts: AlertFigures | null): CaptureFigures {
    const judged = new JudgedFlows()
    judged.add(this.#flows)
    for (const { stats } of workers) if (stats !== null) judged.add(stats.agent.judged)
    const { rows: spooledRows, droppedRows, damagedRows } = live.spool
    return {
      sensor: workers[0]?.job.sensor ?? '',
      judged,
      openFlows: workers.reduce((sum, { stats }) => sum + (stats?.openFlows ?? 0), 0),
      restarts: workers.reduce((sum, { restarts }) => sum + restarts, 0),
      storedRows: live.storedRows,
      spooledRows,
      lostRows: droppedRows + damagedRows,
      alerts,
    }
  }
}
