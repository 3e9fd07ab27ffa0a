import type { FragmentPool } from './fragment-pool.ts'

/** Power of two. Offers that share a slot push each other out. */
const SLOTS = 4096

/** The pieces of recent offers joined, so that a line takes one copy instead of one a piece. */
export class OfferTexts {
  readonly #pool: FragmentPool
  readonly #pieces: number
  readonly #keys: Int32Array
  readonly #texts: string[] = new Array(SLOTS).fill('')

  constructor(pool: FragmentPool, pieces: number) {
    this.#pool = pool
    this.#pieces = pieces
    this.#keys = new Int32Array(SLOTS * pieces)
  }

  /** Text of the pieces whose numbers begin at `row[at]`. */
  text(row: Int32Array, at: number): string {
    const count = this.#pieces
    let hash = 0
    for (let i = 0; i < count; i++) hash = Math.imul(hash ^ (row[at + i] as number), 0x9e3779b1)
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
    const keys = this.#keys
    const k = slot * count
    let same = true
    for (let i = 0; i < count; i++) if (keys[k + i] !== row[at + i]) same = false
    if (same) return this.#texts[slot] as string
    const parts: string[] = []
    for (let i = 0; i < count; i++) {
      const piece = row[at + i] as number
      // Held as long as it is remembered, so that its number cannot come to mean another piece.
      this.#pool.retain(piece)
      this.#pool.release(keys[k + i] as number)
      keys[k + i] = piece
      parts.push(this.#pool.text(piece))
    }
    // Joined in one go, the text is flat.
    const joined = parts.join('')
    this.#texts[slot] = joined
    return joined
  }
}
