/** Beside the JSON lines of flows: what a reader of many of them would otherwise have to look for in each. */

// Words of a line's marks. Places are offsets in the bytes of the lines.
export const LINE_END = 0
export const CLIENT_AT = 1
export const CLIENT_END = 2
/** The members of the server's address and port, and of the flow's context. */
export const PLACE_AT = 3
export const PLACE_END = 4
/** What other flows say in the same bytes, but for the name between `NAME_AT` and `NAME_END`, which are equal where there is none. */
export const FACTS_AT = 5
export const NAME_AT = 6
export const NAME_END = 7
export const FACTS_END = 8
/** Of `VISIBILITIES`. */
export const VISIBILITY = 9
/** IANA's number. */
export const TRANSPORT = 10
/** The first two of the four words that the id is written from. */
export const ID = 11
/** Four words, as the flow's key has them. */
export const CLIENT_ADDRESS = 13
/** 1 = it will not be reported again. */
export const IS_LAST = 17
// From here on: what flows share that repeat each other.
export const IS_IPV4 = 18
export const SERVER_ADDRESS = 19
export const SERVER_PORT = 23
/** -1 = none. */
export const VNI = 24
/** 1 = the flow was reported before. */
export const IS_REPEAT = 25
/** Serial numbers of texts: the same one is the same text as long as `space` is the same. */
export const NAME = 26
export const FACTS = 27
/** What the client offered, and all else. */
export const FACTS_WORDS = 2
export const MARK_WORDS = FACTS + FACTS_WORDS

// Numbers of a line's marks, as they do not fit into words: whole µs since the epoch, and bytes of payload.
export const FIRST_US = 0
export const LAST_US = 1
export const BYTES_CLIENT = 2
export const BYTES_SERVER = 3
export const MARK_NUMBERS = 4

const INITIAL_LINES = 1024

/** Marks of as many lines as there are rows; plain data, to cross from one thread to another. */
export interface FlowMarks {
  /** Whose serial numbers these are: another one for each writer. */
  readonly space: number
  readonly sensor: string
  /** `MARK_WORDS` a line. */
  readonly words: Int32Array
  /** `MARK_NUMBERS` a line. */
  readonly numbers: Float64Array
}

/** Marks in the making, taken and cleared when the lines are. */
export class MarkBuffer {
  words = new Int32Array(INITIAL_LINES * MARK_WORDS)
  numbers = new Float64Array(INITIAL_LINES * MARK_NUMBERS)
  readonly #space = Math.random()
  readonly #sensor: string
  #lines = 0

  constructor(sensor: string) {
    this.#sensor = sensor
  }

  /** Makes room for the marks of one more line, and counts it; returns its number. */
  next(): number {
    const line = this.#lines++
    if (this.#lines * MARK_WORDS > this.words.length) {
      this.words = grown(this.words, new Int32Array(this.words.length * 2))
      this.numbers = grown(this.numbers, new Float64Array(this.numbers.length * 2))
    }
    return line
  }

  /** Borrowed until the next line. */
  take(): FlowMarks {
    return {
      space: this.#space,
      sensor: this.#sensor,
      words: this.words.subarray(0, this.#lines * MARK_WORDS),
      numbers: this.numbers.subarray(0, this.#lines * MARK_NUMBERS),
    }
  }

  clear(): void {
    this.#lines = 0
  }
}

function grown<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}
