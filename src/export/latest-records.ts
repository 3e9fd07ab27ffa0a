import type { FlowRecord } from './record.ts'

/** A flow that lasts longer is reported more than once, under one id, its counters including all before (flow/lifetime.ts). */
const REPORTED_AGAIN_MS = 1_800_000

/** Long flows held at a time; beyond that the one held longest is handed on, and may be counted twice. */
const MAX_HELD = 100_000

/** Hands on each flow once: those that may be reported again are held until the end, in their latest report. */
export class LatestRecords {
  readonly #to: (record: FlowRecord) => void
  readonly #held = new Map<string, FlowRecord>()

  constructor(to: (record: FlowRecord) => void) {
    this.#to = to
  }

  take(record: FlowRecord): void {
    if (record['increment'] === undefined && !mayGoOn(record)) {
      this.#to(record)
      return
    }
    // Deleted first, so that the map's order is that of the reports.
    this.#held.delete(record.flow_id)
    this.#held.set(record.flow_id, record)
    const [oldest] = this.#held.keys()
    if (this.#held.size > MAX_HELD && oldest !== undefined) this.#release(oldest)
  }

  end(): void {
    for (const id of [...this.#held.keys()]) this.#release(id)
  }

  #release(id: string): void {
    const record = this.#held.get(id)
    this.#held.delete(id)
    if (record !== undefined) this.#to(record)
  }
}

const mayGoOn = ({ first_seen, last_seen }: FlowRecord): boolean =>
  Date.parse(last_seen) - Date.parse(first_seen) >= REPORTED_AGAIN_MS - 1
