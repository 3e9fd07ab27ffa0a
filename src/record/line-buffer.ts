import type { FixedText } from './fixed-text.ts'

const ZERO = 0x30
const LINE_FEED = 0x0a
/** Behind the room that was asked for: whole words are written, and their ends written over. */
const SLACK_BYTES = 8

/** Two ASCII characters as a 16-bit little-endian word: of each number below 100, and of each byte. */
const pairs = (count: number, radix: number): Uint16Array =>
  Uint16Array.from({ length: count }, (_, value) => {
    const text = value.toString(radix).padStart(2, '0')
    return text.charCodeAt(0) | (text.charCodeAt(1) << 8)
  })
const DECIMAL_PAIRS = pairs(100, 10)
const HEX_PAIRS = pairs(256, 16)
/** "0." to "255.", each a 32-bit little-endian word, and how many bytes it is. */
const OCTETS = Int32Array.from({ length: 256 }, (_, octet) => Buffer.from(`${octet}.\0\0`.slice(0, 4)).readInt32LE())
const OCTET_BYTES = Uint8Array.from({ length: 256 }, (_, octet) => `${octet}.`.length)

/** JSON lines in the making, as bytes: a record becomes no string on its way out. All text put in must be ASCII. */
export class LineBuffer {
  /** `bytes[0, end)` holds whole lines between two records. */
  bytes: Buffer
  end = 0
  /** Lines ended since the last `clear`. */
  rows = 0
  /** Of `bytes`: a word through it is one store, whatever its place. */
  #view: DataView

  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacity + SLACK_BYTES)
    this.#view = viewOf(this.bytes)
  }

  /** Makes room for `count` more bytes; the other methods do not ask. */
  reserve(count: number): void {
    const need = this.end + count + SLACK_BYTES
    if (need <= this.bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(need, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.end))
    this.bytes = grown
    this.#view = viewOf(grown)
  }

  clear(): void {
    this.end = 0
    this.rows = 0
  }

  /** A text that was made ready before. */
  fixed({ words, length }: FixedText): void {
    this.words(words, 0, words.length, length)
  }

  /** The first `length` bytes of the `count` words from `at` on, as a `FixedText` has them. */
  words(words: Float64Array, at: number, count: number, length: number): void {
    const view = this.#view
    const from = this.end
    for (let i = 0; i < count; i++) view.setFloat64(from + 8 * i, words[at + i] as number, true)
    this.end = from + length
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

  /** Bytes, copied by the engine; makes its own room. */
  copy(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.end)
    this.end += bytes.length
  }

  byte(value: number): void {
    this.bytes[this.end++] = value
  }

  /** A whole number from 0 to 2^53 - 1. */
  number(value: number): void {
    if (value < 1e8) {
      const small = value | 0
      if (small < 10) this.bytes[this.end++] = ZERO + small
      else this.padded(small, digitsOf(small))
      return
    }
    // What is longer is in two parts, each of them a small integer.
    const high = Math.floor(value / 1e8)
    this.number(high)
    this.padded(value - high * 1e8, 8)
  }

  /** `width` decimal digits of an integer below 10^9, zeros in front. */
  padded(value: number, width: number): void {
    const view = this.#view
    let rest = value | 0
    let at = (this.end + width) | 0
    this.end = at
    for (let left = width >> 1; left > 0; left--) {
      const hundreds = (rest / 100) | 0
      at -= 2
      view.setUint16(at, DECIMAL_PAIRS[rest - hundreds * 100] as number, true)
      rest = hundreds
    }
    if ((width & 1) === 1) this.bytes[at - 1] = ZERO + (rest % 10)
  }

  /** Eight hexadecimal digits. */
  hex32(word: number): void {
    const view = this.#view
    const at = this.end
    view.setUint16(at, HEX_PAIRS[word >>> 24] as number, true)
    view.setUint16(at + 2, HEX_PAIRS[(word >>> 16) & 255] as number, true)
    view.setUint16(at + 4, HEX_PAIRS[(word >>> 8) & 255] as number, true)
    view.setUint16(at + 6, HEX_PAIRS[word & 255] as number, true)
    this.end = at + 8
  }

  /** An IPv4 address. */
  ipv4(word: number): void {
    this.#octet(word >>> 24)
    this.#octet((word >>> 16) & 255)
    this.#octet((word >>> 8) & 255)
    this.#octet(word & 255)
    // Without the last full stop.
    this.end -= 1
  }

  #octet(octet: number): void {
    this.#view.setInt32(this.end, OCTETS[octet] as number, true)
    this.end += OCTET_BYTES[octet] as number
  }

  endLine(): void {
    this.bytes[this.end++] = LINE_FEED
    this.rows += 1
  }
}

const viewOf = ({ buffer, byteOffset, length }: Buffer): DataView => new DataView(buffer, byteOffset, length)

/** Of an integer from 10 to 10^8 - 1. */
function digitsOf(value: number): number {
  if (value < 10_000) return value < 100 ? 2 : value < 1000 ? 3 : 4
  if (value < 1_000_000) return value < 100_000 ? 5 : 6
  return value < 10_000_000 ? 7 : 8
}
