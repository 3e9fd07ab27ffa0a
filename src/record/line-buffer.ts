const ZERO = 0x30
const LINE_FEED = 0x0a
/** Digits of the largest integer a double holds exactly. */
const MAX_DIGITS = 16
const HEX = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))

/** JSON lines in the making, as bytes: a record becomes no string on its way out. All text put in must be ASCII. */
export class LineBuffer {
  /** `bytes[0, end)` holds whole lines between two records. */
  bytes: Buffer
  end = 0
  /** Lines ended since the last `clear`. */
  rows = 0
  readonly #digits = new Uint8Array(MAX_DIGITS)

  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacity)
  }

  /** Makes room for `count` more bytes; the other methods do not ask. */
  reserve(count: number): void {
    if (this.end + count <= this.bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.end + count, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.end))
    this.bytes = grown
  }

  clear(): void {
    this.end = 0
    this.rows = 0
  }

  /** A short text, copied here. */
  text(text: string): void {
    const bytes = this.bytes
    let end = this.end
    for (let i = 0; i < text.length; i++) bytes[end++] = text.charCodeAt(i)
    this.end = end
  }

  /** A long text, copied by the engine; makes its own room. */
  longText(text: string): void {
    this.reserve(text.length)
    this.end += this.bytes.write(text, this.end, 'latin1')
  }

  byte(value: number): void {
    this.bytes[this.end++] = value
  }

  /** A whole number from 0 to 2^53 - 1. */
  number(value: number): void {
    if (value < 10) {
      this.bytes[this.end++] = ZERO + value
      return
    }
    const digits = this.#digits
    let rest = value
    let count = 0
    while (rest > 0x7fffffff) {
      const tens = Math.floor(rest / 10)
      digits[count++] = rest - tens * 10
      rest = tens
    }
    for (let small = rest | 0; small > 0; small = (small / 10) | 0) digits[count++] = small % 10
    while (count > 0) this.bytes[this.end++] = ZERO + (digits[--count] as number)
  }

  /** `width` decimal digits, zeros in front. */
  padded(value: number, width: number): void {
    let rest = value
    for (let i = this.end + width - 1; i >= this.end; i--) {
      this.bytes[i] = ZERO + (rest % 10)
      rest = (rest / 10) | 0
    }
    this.end += width
  }

  /** Eight hexadecimal digits. */
  hex32(word: number): void {
    for (let shift = 28; shift >= 0; shift -= 4) this.bytes[this.end++] = HEX[(word >>> shift) & 15] as number
  }

  endLine(): void {
    this.bytes[this.end++] = LINE_FEED
    this.rows += 1
  }
}
