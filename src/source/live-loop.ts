/** How frames of an interface reach their consumer: what waits, what is lent, and how both end when it is closed. */
import { setImmediate } from 'node:timers/promises'
import type { Readiness } from './koffi.ts'
import type { FrameBatch, SourceStats } from './source.ts'
import { Wake } from './wake.ts'

/** After this long without a frame an empty batch says that time went on. */
const QUIET_MS = 250
/** What had come when no more was wanted is read for so long at the most. */
const MAX_DRAIN_MS = 4000
const DRAIN_LOOK_MS = 20
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
  /** Is there something to be read, as of now? */
  hasMore?(): boolean
  /** Takes no frame from now on; returns after how many ms the last that came is there to be read. */
  stopTaking?(): number
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
  /** No more is wanted: when the last frames are there, and when they are waited for no longer. */
  #drain: { readonly quietMs: number; readonly endMs: number } | null = null
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
        if (this.#drain !== null && performance.now() > this.#drain.endMs) break
        if (!live.read(batch)) {
          if (this.#isDrained()) break
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

  /** What has come is still handed over, and then it ends, as after `close()`. */
  drain(): void {
    if (this.#closed || this.#drain !== null) return
    const nowMs = performance.now()
    this.#drain = { quietMs: nowMs + (this.#live.stopTaking?.() ?? 0), endMs: nowMs + MAX_DRAIN_MS }
    this.#wake.raise()
  }

  #isDrained(): boolean {
    // Nothing was there to be read a moment ago, which is after the last frames were.
    return this.#drain !== null && performance.now() >= this.#drain.quietMs && !this.#live.hasMore?.()
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
    // The last block is handed over by a timer of the kernel's.
    await this.#wake.wait(Math.min(ms, lookMs, this.#drain === null ? ms : DRAIN_LOOK_MS))
    readiness?.stop()
  }
}
