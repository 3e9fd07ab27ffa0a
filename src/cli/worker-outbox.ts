import type { MessagePort } from 'node:worker_threads'
import type { FlowMarks } from '../record/flow-marks.ts'

/** A chunk of JSON lines on its way from a worker thread; answered with `TAKEN` once it is written. */
export interface LinesFromWorker {
  kind: 'flows' | 'certificates'
  lines: Uint8Array
  rows: number
  marks: FlowMarks | null
}

export const TAKEN = 'taken'

/** Chunks sent and not yet taken: enough to keep the main thread busy, little enough to bound memory. */
const MAX_OUTSTANDING = 4

/** A worker's side of the link to the main thread. */
export class Outbox<M> {
  readonly #port: MessagePort
  readonly #most: number
  #outstanding = 0
  #resume: (() => void) | null = null

  constructor(port: MessagePort, mostOutstanding = MAX_OUTSTANDING) {
    this.#port = port
    this.#most = mostOutstanding
    port.on('message', (message: unknown) => {
      if (message !== TAKEN) return
      this.#outstanding -= 1
      this.#resume?.()
    })
  }

  post(message: M): void {
    this.#port.postMessage(message)
  }

  /** The lines are copied once, into memory of their own that goes to the main thread. */
  async postChunk(message: LinesFromWorker): Promise<void> {
    this.#outstanding += 1
    const lines = new Uint8Array(message.lines)
    const marks = message.marks === null ? null : copyOf(message.marks)
    const moved = marks === null ? [lines.buffer] : [lines.buffer, marks.words.buffer, marks.numbers.buffer]
    this.#port.postMessage({ ...message, lines, marks }, moved)
    while (this.#outstanding >= this.#most) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve
      })
    }
  }
}

const copyOf = ({ words, numbers, ...rest }: FlowMarks) => ({
  ...rest,
  words: new Int32Array(words),
  numbers: new Float64Array(numbers),
})
