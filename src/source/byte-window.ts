import type { ByteInput } from './byte-input.ts'

/** A reused buffer over an input: `buf[at, end)` is read and not yet used, and starts at `base + at` of the stream. */
export class ByteWindow {
  buf: Uint8Array
  at = 0
  end = 0
  /** Offset of `buf[0]` in the (decompressed) stream. */
  base = 0
  readonly input: ByteInput

  constructor(input: ByteInput, bytes: number) {
    this.input = input
    this.buf = new Uint8Array(bytes)
  }

  /**
   * Drops what was used, moves the rest to the front and reads once more; false at the end of the input.
   * `need` = bytes that must find room from `at` on: the caller caps it, the buffer grows to it.
   */
  async more(need: number): Promise<boolean> {
    this.#compact()
    if (need > this.buf.length) this.#grow(need)
    while (this.at > this.end) {
      if (!(await this.#read())) return false
      if (this.at < this.end) return true
      this.#compact()
    }
    return this.#read()
  }

  /** Reads until `need` bytes are there from `at` on; false if the input ends before. */
  async ensure(need: number): Promise<boolean> {
    while (this.end - this.at < need) if (!(await this.more(need))) return false
    return true
  }

  /** `at` may lie beyond `end`: those bytes are dropped as they come. */
  #compact(): void {
    const gone = Math.min(this.at, this.end)
    this.buf.copyWithin(0, gone, this.end)
    this.base += gone
    this.at -= gone
    this.end -= gone
  }

  #grow(need: number): void {
    const grown = new Uint8Array(Math.max(need, this.buf.length * 2))
    grown.set(this.buf.subarray(0, this.end))
    this.buf = grown
  }

  async #read(): Promise<boolean> {
    const read = this.input.read(this.buf, this.end, this.buf.length - this.end)
    const bytes = typeof read === 'number' ? read : await read
    this.end += bytes
    return bytes > 0
  }
}
