/** Fragments nobody refers to are kept for reuse up to this many. */
const KEEP_UNUSED = 65_536
const FIRST_PIECES = 1024

/** Words a piece: references to it, and its serial number. */
const WORDS = 2
const REFERENCES = 0
const SERIAL = 1

/**
 * Interned pieces of JSON text with reference counts. A settled flow keeps the numbers of its pieces instead of its
 * facts, so that a million open flows share the text they have in common. Number 0 is the empty piece.
 */
export class FragmentPool {
  /** Of pieces that are shared. */
  readonly #numbers = new Map<string, number>()
  readonly #texts: string[] = ['']
  #words = new Int32Array(FIRST_PIECES * WORDS)
  /** 1 = nobody finds it by its text. */
  #alone = new Uint8Array(FIRST_PIECES)
  #lastSerial = 0
  readonly #free: number[] = []

  constructor() {
    this.#words[REFERENCES] = 1
  }

  /** Distinct pieces that are shared. */
  get size(): number {
    return this.#numbers.size
  }

  /** The number of `text`, counted once more. */
  acquire(text: string): number {
    if (text === '') return 0
    const known = this.#numbers.get(text)
    if (known !== undefined) {
      this.retain(known)
      return known
    }
    const number = this.#place(text, 0)
    this.#numbers.set(text, number)
    return number
  }

  /**
   * A piece of its own, counted once, whatever others say the same: where few do, to be found would cost more than the text.
   * It goes with the last reference to it.
   */
  add(text: string): number {
    return this.#place(text, 1)
  }

  /** Counts a piece once more that the caller knows is held. */
  retain(number: number): void {
    if (number === 0) return
    const at = number * WORDS + REFERENCES
    this.#words[at] = (this.#words[at] as number) + 1
  }

  release(number: number): void {
    if (number === 0) return
    const at = number * WORDS + REFERENCES
    const left = (this.#words[at] as number) - 1
    this.#words[at] = left
    if (left > 0) return
    if (this.#alone[number] === 0) {
      if (this.#numbers.size <= KEEP_UNUSED) return
      this.#numbers.delete(this.#texts[number] as string)
    }
    this.#texts[number] = ''
    this.#free.push(number)
  }

  /** Another one for each piece, though numbers come to mean other pieces. */
  serial(number: number): number {
    return this.#words[number * WORDS + SERIAL] as number
  }

  text(number: number): string {
    return this.#texts[number] as string
  }

  #place(text: string, alone: number): number {
    const number = this.#free.pop() ?? this.#texts.length
    if (number === this.#alone.length) this.#grow()
    this.#texts[number] = text
    this.#alone[number] = alone
    this.#lastSerial = (this.#lastSerial + 1) | 0
    this.#words[number * WORDS + REFERENCES] = 1
    this.#words[number * WORDS + SERIAL] = this.#lastSerial
    return number
  }

  #grow(): void {
    const words = new Int32Array(this.#words.length * 2)
    words.set(this.#words)
    this.#words = words
    const alone = new Uint8Array(this.#alone.length * 2)
    alone.set(this.#alone)
    this.#alone = alone
  }
}
