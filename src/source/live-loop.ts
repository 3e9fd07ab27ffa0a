/** How frames of an interface reach their consumer: what waits, what is lent, and how both end when it is closed. */
import { setImmediate } from 'node:timers/promises'
import type { Readiness } from './koffi.ts'
import type { FrameBatch, SourceStats } from './source.ts'
import { Wake } from './wake.ts'

/** After this long without a frame an empty batch says that time went on. */
const QUIET_MS = 250
/** Frames that come one after the other leave timers and signals no turn; after this long they get one. */
const TURN_MS = 10

/** An interface that is being captured. Nothing here throws. */
export interface LiveFrames {
  /** Bytes on the wire of all frames read so far. */
  readonly wireBytes: number
  /** Null while there is nothing to wait for. */
  readonly readiness: Readiness | null
  /** It may have frames and not say so: they are looked for after this long. */
  readonly lookMs: number
  /** Fills the batch with what has come; false = nothing has. What it filled before may be gone then. */
  read(batch: FrameBatch): boolean
  /** Nothing came, or what came is no frame. */
  checkError?(nowMs: number): void
  /** Called often; looks after the interface from time to time. */
  upkeep(nowMs: number): void
  count(): void
  close(): void
}

export class LiveLoop {
  readonly #live: LiveFrames
  readonly #stats: SourceStats
  readonly #wake = new Wake()
  #closed = false
  /** Settles when the consumer has left `batches()`; null = it is not there. */
  #reading: Promise<void> | null = null
  /** The consumer has a batch, and may be looking into its memory. */
  #lent = false

  /** Counts frames into `stats`. */
  constructor(live: LiveFrames, stats: SourceStats) {
    this.#live = live
    this.#stats = stats
  }

  /** For one consumer. A batch stays whole until the consumer comes back for the next, even if `close()` was called. */
  async *batches(batch: FrameBatch): AsyncGenerator<FrameBatch, void, void> {
    let left = (): void => {}
    this.#reading = new Promise((resolve) => {
      left = resolve
    })
    const live = this.#live
    try {
      let lentAtMs = performance.now()
      let turnAtMs = lentAtMs + TURN_MS
      while (!this.#closed) {
        if (!live.read(batch)) {
          if (!(await this.#wasQuiet(lentAtMs))) continue
          if (!live.read(batch)) batch.count = 0
        }
        yield this.#lend(batch)
        this.#lent = false
        lentAtMs = performance.now()
        live.upkeep(lentAtMs)
        if (lentAtMs < turnAtMs) continue
        await setImmediate()
        turnAtMs = performance.now() + TURN_MS
      }
    } finally {
      this.#closed = true
      this.#lent = false
      live.close()
      this.#reading = null
      left()
    }
  }

  /** Idempotent. Waits for a consumer that waits for frames, and not for one that is at work on a batch. */
  async close(): Promise<void> {
    if (!this.#closed) this.#live.count()
    this.#closed = true
    this.#wake.raise()
    if (this.#reading === null) this.#live.close()
    else if (!this.#lent) await this.#reading
  }

  #lend(batch: FrameBatch): FrameBatch {
    this.#lent = true
    this.#stats.frames += batch.count
    this.#stats.bytesRead = this.#live.wireBytes
    return batch
  }

  /** Waits for frames, an error or `close()`; true when nothing of all this came within QUIET_MS of `sinceMs`. */
  async #wasQuiet(sinceMs: number): Promise<boolean> {
    const endMs = sinceMs + QUIET_MS
    const leftMs = endMs - performance.now()
    if (leftMs > 0) await this.#sleep(leftMs)
    if (this.#closed) return false
    const nowMs = performance.now()
    this.#live.checkError?.(nowMs)
    this.#live.upkeep(nowMs)
    return nowMs >= endMs
  }

  async #sleep(ms: number): Promise<void> {
    const { readiness, lookMs } = this.#live
    readiness?.start(() => this.#wake.raise())
    await this.#wake.wait(Math.min(ms, lookMs))
    readiness?.stop()
  }
}
