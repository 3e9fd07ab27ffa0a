import type { MessagePort, Worker } from 'node:worker_threads'
import type { FlowMarks } from '../record/flow-marks.ts'

/** A chunk of JSON lines on its way from a worker thread; answered with `Taken` once it is written. */
export interface LinesFromWorker {
  kind: 'flows' | 'certificates'
  lines: Uint8Array
  rows: number
  marks: FlowMarks | null
}

/** A chunk was written, and its memory is for another one. */
export interface Taken {
  kind: 'taken'
  memory: ArrayBuffer
}

/** The main thread's side: nobody looks at the lines any more. */
export function giveBack(worker: Worker, lines: Uint8Array): void {
  const memory = lines.buffer as ArrayBuffer
  worker.postMessage({ kind: 'taken', memory } satisfies Taken, [memory])
}

/**
 * Most chunks are a little more than half of it. Memory that is new for each of them is half a MiB that the kernel has to find and to
 * clear each time; what is much smaller comes from a place that is used again anyway.
 */
const CHUNK_MEMORY = 1024 * 1024
const SMALL_BYTES = 64 * 1024

/** Chunks sent and not yet taken: enough to keep the main thread busy, little enough to bound memory. */
const MAX_OUTSTANDING = 4
/** More come back only after the main thread was held up. */
const MAX_SPARE = 4

/** A worker's side of the link to the main thread. */
export class Outbox<M> {
  readonly #port: MessagePort
  readonly #most: number
  readonly #spare: ArrayBuffer[] = []
  #outstanding = 0
  #resume: (() => void) | null = null

  constructor(port: MessagePort, mostOutstanding = MAX_OUTSTANDING) {
    this.#port = port
    this.#most = mostOutstanding
    port.on('message', ({ kind, memory }: { kind: string; memory?: ArrayBuffer }) => {
      if (kind !== 'taken' || memory === undefined) return
      if (memory.byteLength === CHUNK_MEMORY && this.#spare.length < MAX_SPARE) this.#spare.push(memory)
      this.#outstanding -= 1
      this.#resume?.()
    })
  }

  post(message: M): void {
    this.#port.postMessage(message)
  }

  /** The lines are copied once, into memory that goes to the main thread and comes back. */
  async postChunk(message: LinesFromWorker): Promise<void> {
    this.#outstanding += 1
    const lines = new Uint8Array(this.#memoryFor(message.lines.length), 0, message.lines.length)
    lines.set(message.lines)
    const marks = message.marks === null ? null : copyOf(message.marks)
    const moved = marks === null ? [lines.buffer] : [lines.buffer, marks.words.buffer, marks.numbers.buffer]
    this.#port.postMessage({ ...message, lines, marks }, moved)
    while (this.#outstanding >= this.#most) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve
      })
    }
  }

  #memoryFor(bytes: number): ArrayBuffer {
    if (bytes < SMALL_BYTES || bytes > CHUNK_MEMORY) return new ArrayBuffer(bytes)
    return this.#spare.pop() ?? new ArrayBuffer(CHUNK_MEMORY)
  }
}

const copyOf = ({ words, numbers, ...rest }: FlowMarks) => ({
  ...rest,
  words: new Int32Array(words),
  numbers: new Float64Array(numbers),
})
