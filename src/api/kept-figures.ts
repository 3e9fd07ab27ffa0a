/**
 * What is told of a store without asking it each time. Figures for Prometheus are some thirty queries, and beside a capture on a
 * busy machine they take longer than a scrape may: so they are read between scrapes, and a scrape takes those that are there.
 */
import { Problem } from './problem.ts'
import type { Context } from './route.ts'

/** From the end of one reading to the next one, at the least. */
const PAUSE_MS = 10_000
/** Where readings take long, they have a third of the time. */
const PAUSE_TIMES = 2
/** Nobody asks any more: then nothing is read either. */
const ASKED_MS = 300_000
/** Older ones are not told: whoever asks waits for new ones, or learns why there are none. */
const MAX_AGE_MS = 300_000
/** Who has old ones waits so long for the reading that is under way. */
const PATIENCE_MS = 1000

const patience = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, PATIENCE_MS).unref())

export class KeptFigures<T> {
  readonly #read: (context: Context) => Promise<T>
  #kept: { readonly figures: T; readonly atMs: number } | null = null
  #running: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null
  #askedMs = 0
  #hasEnded = false

  constructor(read: (context: Context) => Promise<T>) {
    this.#read = read
  }

  /** Those of the store, and how old they are in seconds. @throws what asking the store throws, where none are kept */
  async take(context: Context): Promise<{ figures: T; ageSeconds: number }> {
    this.#askedMs = performance.now()
    // With a clock running, the next reading begins by itself.
    const running = this.#running ?? (this.#timer === null || this.#isTooOld() ? this.#begin(context) : null)
    if (running !== null) {
      if (this.#isTooOld()) await running
      // Why it failed is told once there is nothing else to tell.
      else await Promise.race([running.catch(() => undefined), patience()])
    }
    const { figures, atMs } = this.#kept as { figures: T; atMs: number }
    return { figures, ageSeconds: (performance.now() - atMs) / 1000 }
  }

  /** Resolves when the store is asked no more. */
  async end(): Promise<void> {
    this.#hasEnded = true
    this.#pause(null)
    await this.#running?.catch(() => undefined)
  }

  #isTooOld(): boolean {
    return this.#kept === null || performance.now() - this.#kept.atMs > MAX_AGE_MS
  }

  #begin(context: Context): Promise<void> {
    this.#pause(null)
    const beganMs = performance.now()
    const reading = this.#read(this.#untilTheEnd(context))
      .then((figures) => {
        this.#kept = { figures, atMs: performance.now() }
      })
      .finally(() => {
        this.#running = null
        const pauseMs = Math.max(PAUSE_MS, PAUSE_TIMES * (performance.now() - beganMs))
        if (this.#kept !== null) this.#pause(() => this.#again(context), pauseMs)
      })
    this.#running = reading
    return reading
  }

  #again(context: Context): void {
    this.#timer = null
    if (performance.now() - this.#askedMs > ASKED_MS) return
    this.#begin(context).catch(() => undefined)
  }

  #pause(then: (() => void) | null, ms = 0): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = then === null || this.#hasEnded ? null : setTimeout(then, ms).unref()
  }

  /** The end comes between two questions, not after all of them. */
  #untilTheEnd(context: Context): Context {
    const select = <R>(query: string, params?: Record<string, unknown>): Promise<R[]> => {
      if (this.#hasEnded) throw new Problem(503, 'the server ends')
      return context.select<R>(query, params)
    }
    return { ...context, select }
  }
}
