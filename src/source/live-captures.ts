/**
 * Captures that arrive one after another, or side by side, as one live source: connections, files of a ring, a pipe.
 * Whoever knows where they come from begins each; here their batches take turns, and silence becomes empty batches.
 */
import { setImmediate } from 'node:timers/promises'
import type { OperatorError } from '../core/errors.ts'
import type { ByteInput } from './byte-input.ts'
import { createBatch } from './format.ts'
import { startSource } from './index.ts'
import { type CaptureCounts, type Damage, type FrameBatch, noDrops, type Source } from './source.ts'
import { Wake } from './wake.ts'

/** After this long without a frame an empty batch says that time went on. */
const QUIET_MS = 250
/** Files that lie ready leave timers and signals no turn; after this long they get one. */
const TURN_MS = 10

/** How one capture ended. */
export interface CaptureEnd {
  /** Null when it ended where a frame ended. */
  readonly damage: Damage | null
  readonly frames: number
}

/** A batch of one capture, waiting for the consumer or lent to it. */
interface Handed {
  readonly batch: FrameBatch
  /** The consumer came back: the capture may go on. */
  readonly release: () => void
}

export class LiveCaptures implements Source {
  readonly name: string
  readonly size = null
  damage: Damage | null = null
  readonly notes: string[] = []
  /** Set by whoever has a peer that may go away. */
  state?: 'up' | 'down'
  readonly counts: CaptureCounts = { opened: 0, finished: 0, damaged: 0, failed: 0, lastProblem: null }
  readonly stats = { bytesRead: 0, frames: 0, skippedBlocks: {}, drops: noDrops(), captures: this.counts }
  readonly #inputs = new Set<ByteInput>()
  readonly #readings = new Set<Promise<void>>()
  readonly #handed: Handed[] = []
  #lent: Handed | null = null
  readonly #wake = new Wake()
  readonly #quiet = createBatch(new Uint8Array(0), 0)
  #stop: () => void = () => {}
  #complete = false
  #closed = false

  constructor(name: string) {
    this.name = name
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Called once, when the source is closed: whoever begins captures stops. */
  onClose(stop: () => void): void {
    this.#stop = stop
  }

  /** Reads a capture beside those that are being read; `name` is for problems. `ended` is not called after `close()`. */
  begin(name: string, input: ByteInput, ended: (end: CaptureEnd) => void): void {
    if (this.#closed) {
      void input.close()
      return
    }
    this.counts.opened += 1
    this.#inputs.add(input)
    const reading = this.#read(name, input).then((end) => {
      this.#inputs.delete(input)
      this.#readings.delete(reading)
      if (this.#closed) return
      if (end.damage === null) this.counts.finished += 1
      else this.counts.damaged += 1
      if (end.damage !== null) this.counts.lastProblem = `${name}: ${end.damage.what}`
      ended(end)
      this.#wake.raise()
    })
    this.#readings.add(reading)
  }

  /** One could not be begun. */
  fail(problem: string): void {
    this.counts.failed += 1
    this.counts.lastProblem = problem
  }

  /** No further capture will come: the source ends with those it has. */
  complete(): void {
    this.#complete = true
    this.#wake.raise()
  }

  /** For one consumer. A batch stays whole until the consumer comes back for the next, even if `close()` was called. */
  async *batches(): AsyncGenerator<FrameBatch, void, void> {
    let turnAtMs = performance.now() + TURN_MS
    try {
      while (!this.#closed) {
        if (performance.now() >= turnAtMs) {
          await setImmediate()
          turnAtMs = performance.now() + TURN_MS
        }
        const handed = this.#handed.shift()
        if (handed !== undefined) {
          this.stats.frames += handed.batch.count
          this.#lent = handed
          yield handed.batch
          this.#lent = null
          handed.release()
        } else if (this.#complete && this.#readings.size === 0) {
          return
        } else if (!(await this.#wake.wait(QUIET_MS))) {
          yield this.#quiet
        }
      }
    } finally {
      await this.close()
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#stop()
    // They see that all is over, and read nothing more into what is lent.
    for (const { release } of this.#handed.splice(0)) release()
    this.#lent?.release()
    this.#wake.raise()
    for (const input of this.#inputs) await input.close()
  }

  async #read(name: string, input: ByteInput): Promise<CaptureEnd> {
    let frames = 0
    try {
      const source = await startSource(name, { input, size: null }, this.stats.skippedBlocks)
      let counted = 0
      for await (const batch of source.batches()) {
        this.stats.bytesRead += source.stats.bytesRead - counted
        counted = source.stats.bytesRead
        frames += batch.count
        if (!this.#closed) await this.#hand(batch)
        if (this.#closed) break
      }
      this.stats.bytesRead += source.stats.bytesRead - counted
      return { damage: source.damage, frames }
    } catch (error) {
      // Only the start throws: these bytes are no capture.
      await input.close()
      return { damage: { offset: 0, what: (error as OperatorError).message }, frames }
    }
  }

  #hand(batch: FrameBatch): Promise<void> {
    return new Promise((release) => {
      this.#handed.push({ batch, release })
      this.#wake.raise()
    })
  }
}
