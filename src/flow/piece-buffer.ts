/** Puts a message together from pieces at known offsets, in whatever order they come: CRYPTO frames, DTLS fragments. */
import { bufferBytes, lendBuffer, returnBuffer } from './buffer-pool.ts'

/** Bytes that the unfinished messages of all flows together may hold. */
const MAX_HELD_BYTES = 64 * 1024 * 1024
/** What begins farther behind all that came before is not kept: one byte must not claim a large buffer. */
const MAX_HOLE_BYTES = 16 * 1024
/** Islands of bytes with holes between them; what would make one more is not kept. */
const MAX_ISLANDS = 32

let heldBytes = 0

/** Bytes held at this moment by all of them. */
export const heldPieceBytes = (): number => heldBytes

export class PieceBuffer {
  bytes: Uint8Array | null = null
  /** Start and end of each island, ascending, apart from each other. */
  readonly #islands: number[] = []

  /** Bytes that are there from offset 0 on, without a hole. */
  get whole(): number {
    return this.#islands[0] === 0 ? (this.#islands[1] as number) : 0
  }

  /** Keeps the bytes between `at` and `end`, which lie at `offset` of the message. False when a cap forbids it. */
  put(offset: number, buf: Uint8Array, at: number, end: number): boolean {
    const last = offset + end - at
    if (end <= at) return true
    if (offset > (this.#islands.at(-1) ?? 0) + MAX_HOLE_BYTES || !this.#grow(last)) return false
    const bytes = this.bytes as Uint8Array
    if (!this.#note(offset, last)) return false
    bytes.set(buf.subarray(at, end), offset)
    return true
  }

  /** Forgets the first `count` bytes, which are whole; what is behind them moves to the front. */
  dropFront(count: number): void {
    const islands = this.#islands
    const last = islands.at(-1) ?? 0
    if (last <= count) {
      this.release()
      return
    }
    this.bytes?.copyWithin(0, count, last)
    if ((islands[1] as number) === count) islands.splice(0, 2)
    for (let i = 0; i < islands.length; i++) islands[i] = Math.max(0, (islands[i] as number) - count)
  }

  release(): void {
    if (this.bytes !== null) {
      heldBytes -= this.bytes.length
      returnBuffer(this.bytes)
    }
    this.bytes = null
    this.#islands.length = 0
  }

  #grow(need: number): boolean {
    const held = this.bytes
    if (held !== null && need <= held.length) return true
    const size = bufferBytes(need)
    if (heldBytes - (held?.length ?? 0) + size > MAX_HELD_BYTES) return false
    const grown = lendBuffer(need)
    if (held !== null) {
      grown.set(held.subarray(0, this.#islands.at(-1) ?? 0))
      heldBytes -= held.length
      returnBuffer(held)
    }
    heldBytes += size
    this.bytes = grown
    return true
  }

  /** Adds the range to the islands, joining those that it touches. */
  #note(start: number, end: number): boolean {
    const islands = this.#islands
    let first = 0
    while (first < islands.length && (islands[first + 1] as number) < start) first += 2
    let behind = first
    let from = start
    let to = end
    while (behind < islands.length && (islands[behind] as number) <= end) {
      from = Math.min(from, islands[behind] as number)
      to = Math.max(to, islands[behind + 1] as number)
      behind += 2
    }
    if (behind === first && islands.length >= 2 * MAX_ISLANDS) return false
    islands.splice(first, behind - first, from, to)
    return true
  }
}
