import type { FragmentPool } from './fragment-pool.ts'
import type { LineBuffer } from './line-buffer.ts'

/** Power of two. Runs that share a slot push each other out. */
const SLOTS = 4096
const NOTHING = new Uint8Array()

/** Runs of pieces that were seen twice in a row in their slot, joined: a line takes one copy instead of one a piece. */
export class JoinedTexts {
  readonly #pool: FragmentPool
  readonly #pieces: number
  readonly #keys: Int32Array
  readonly #texts: Uint8Array[] = new Array(SLOTS).fill(NOTHING)
  /** Hash of the last run that missed: what comes only once is not worth joining. */
  readonly #missed = new Int32Array(SLOTS)
  readonly #serials = new Int32Array(SLOTS)
  #lastSerial = 0

  /** For runs of `pieces` pieces. */
  constructor(pool: FragmentPool, pieces: number) {
    this.#pool = pool
    this.#pieces = pieces
    this.#keys = new Int32Array(SLOTS * pieces)
  }

  /** Appends the pieces whose numbers begin at `row[at]`. Returns a serial number of what was written: the same one is the same text. */
  write(out: LineBuffer, row: Int32Array, at: number): number {
    const count = this.#pieces
    let hash = 0
    for (let i = 0; i < count; i++) hash = Math.imul(hash ^ (row[at + i] as number), 0x9e3779b1)
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
    const keys = this.#keys
    const k = slot * count
    let same = true
    for (let i = 0; i < count; i++) if (keys[k + i] !== row[at + i]) same = false
    if (same || this.#missed[slot] === hash) {
      out.copy(same ? (this.#texts[slot] as Uint8Array) : this.#join(row, at, slot))
      return this.#serials[slot] as number
    }
    this.#missed[slot] = hash
    for (let i = 0; i < count; i++) {
      const piece = row[at + i] as number
      if (piece !== 0) out.longText(this.#pool.text(piece))
    }
    return this.#nextSerial()
  }

  #join(row: Int32Array, at: number, slot: number): Uint8Array {
    const k = slot * this.#pieces
    const parts: string[] = []
    for (let i = 0; i < this.#pieces; i++) {
      const piece = row[at + i] as number
      // Held as long as it is remembered, so that its number cannot come to mean another piece.
      this.#pool.retain(piece)
      this.#pool.release(this.#keys[k + i] as number)
      this.#keys[k + i] = piece
      parts.push(this.#pool.text(piece))
    }
    const joined = new Uint8Array(Buffer.from(parts.join(''), 'latin1'))
    this.#texts[slot] = joined
    this.#serials[slot] = this.#nextSerial()
    return joined
  }

  #nextSerial(): number {
    this.#lastSerial = (this.#lastSerial + 1) | 0
    return this.#lastSerial
  }
}
