/** Fragments nobody refers to are kept for reuse up to this many. */
const KEEP_UNUSED = 65_536

/**
 * Interned pieces of JSON text with reference counts. A settled flow keeps the numbers of its pieces instead of its
 * facts, so that a million open flows share the text they have in common. Number 0 is the empty piece.
 */
export class FragmentPool {
  readonly #numbers = new Map<string, number>()
  readonly #texts: string[] = ['']
  readonly #references: number[] = [1]
  readonly #serials: number[] = [0]
  #lastSerial = 0
  readonly #free: number[] = []

  /** Distinct pieces held. */
  get size(): number {
    return this.#numbers.size
  }

  /** The number of `text`, counted once more. */
  acquire(text: string): number {
    if (text === '') return 0
    const known = this.#numbers.get(text)
    if (known !== undefined) {
      this.#references[known] = (this.#references[known] as number) + 1
      return known
    }
    const number = this.#free.pop() ?? this.#texts.length
    this.#texts[number] = text
    this.#references[number] = 1
    this.#lastSerial = (this.#lastSerial + 1) | 0
    this.#serials[number] = this.#lastSerial
    this.#numbers.set(text, number)
    return number
  }

  /** Counts a piece once more that the caller knows is held. */
  retain(number: number): void {
    if (number !== 0) this.#references[number] = (this.#references[number] as number) + 1
  }

  release(number: number): void {
    if (number === 0) return
    const left = (this.#references[number] as number) - 1
    this.#references[number] = left
    if (left > 0 || this.#numbers.size <= KEEP_UNUSED) return
    this.#numbers.delete(this.#texts[number] as string)
    this.#texts[number] = ''
    this.#free.push(number)
  }

  /** Another one for each text, though numbers come to mean other pieces. */
  serial(number: number): number {
    return this.#serials[number] as number
  }

  text(number: number): string {
    return this.#texts[number] as string
  }
}
