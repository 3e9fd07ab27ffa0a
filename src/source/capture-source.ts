/** A stored capture as a source: fills batches from a window of bytes until the end, or until the damage. */
import { setImmediate } from 'node:timers/promises'
import type { ByteWindow } from './byte-window.ts'
import { createBatch, MAX_BATCH_FRAMES, type RecordReader } from './format.ts'
import type { Damage, FrameBatch, Source, SourceStats } from './source.ts'

/** Files are read synchronously; after this many bytes, timers and signals get their turn. */
const TURN_BYTES = 8 * 1024 * 1024

export class CaptureSource implements Source {
  readonly name: string
  readonly size: number | null
  readonly stats: SourceStats
  damage: Damage | null = null
  readonly #window: ByteWindow
  readonly #reader: RecordReader

  constructor(name: string, size: number | null, window: ByteWindow, reader: RecordReader, stats: SourceStats) {
    this.name = name
    this.size = size
    this.#window = window
    this.#reader = reader
    this.stats = stats
  }

  async *batches(): AsyncGenerator<FrameBatch, void, void> {
    const window = this.#window
    const reader = this.#reader
    const batch = createBatch(window.buf)
    let turnAt = TURN_BYTES
    try {
      for (;;) {
        batch.bytes = window.buf
        window.at = reader.fill(window.buf, window.at, window.end, batch)
        this.stats.bytesRead = window.input.rawBytes
        this.stats.frames += batch.count
        if (batch.count > 0) yield batch
        if (reader.wrong !== null) return this.#stop(window.base + window.at, reader.wrong)
        if (batch.count === MAX_BATCH_FRAMES) continue
        if (!(await this.#more())) return this.#atEnd()
        if (window.base >= turnAt) {
          turnAt = window.base + TURN_BYTES
          await setImmediate()
        }
      }
    } finally {
      await this.close()
    }
  }

  async close(): Promise<void> {
    await this.#window.input.close()
  }

  /** What is passed over need not find room in the window. */
  #more(): Promise<boolean> {
    const { at, end } = this.#window
    return this.#window.more(at > end ? 0 : this.#reader.need)
  }

  #atEnd(): void {
    const { base, at, end, input } = this.#window
    const have = at > end ? this.#reader.need - (at - end) : end - at
    const recordAt = base + end - have
    this.stats.bytesRead = input.rawBytes
    if (input.failure !== null) this.#stop(recordAt, input.failure)
    else if (have > 0) this.#stop(recordAt, this.#reader.cutOff(have))
  }

  #stop(offset: number, what: string): void {
    this.damage = { offset, what }
  }
}
