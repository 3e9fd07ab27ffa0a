/** What was found lately by a few whole numbers. Those that share a slot push each other out, so that a look costs the same whatever is kept. */

/** Power of two. */
const SLOTS = 8192

export class Recent<T> {
  readonly #width: number
  readonly #keys: Int32Array
  readonly #values: (T | undefined)[] = new Array(SLOTS).fill(undefined)

  /** By `width` numbers. */
  constructor(width: number) {
    this.#width = width
    this.#keys = new Int32Array(SLOTS * width)
  }

  /** By the numbers from `words[at]` on. */
  find(words: Int32Array, at: number): T | undefined {
    const width = this.#width
    const slot = this.#slotOf(words, at)
    const keys = this.#keys
    for (let i = 0; i < width; i++) if (keys[slot * width + i] !== words[at + i]) return undefined
    return this.#values[slot]
  }

  put(words: Int32Array, at: number, value: T): void {
    const width = this.#width
    const slot = this.#slotOf(words, at)
    for (let i = 0; i < width; i++) this.#keys[slot * width + i] = words[at + i] as number
    this.#values[slot] = value
  }

  #slotOf(words: Int32Array, at: number): number {
    let hash = 0
    for (let i = 0; i < this.#width; i++) hash = Math.imul(hash ^ (words[at + i] as number), 0x9e3779b1) ^ (hash >>> 15)
    return (hash ^ (hash >>> 16)) & (SLOTS - 1)
  }
}
