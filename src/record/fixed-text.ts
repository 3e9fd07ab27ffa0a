const WORD_BYTES = 8

/**
 * An ASCII text that is written often, as words of eight bytes, the last filled up with zeros. Words are doubles: of ASCII no eight
 * bytes are a NaN, the one double that need not come back as it was.
 */
export class FixedText {
  readonly words: Float64Array
  readonly length: number

  constructor(text: string) {
    const bytes = new Uint8Array(Math.ceil(text.length / WORD_BYTES) * WORD_BYTES)
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
    const view = new DataView(bytes.buffer)
    this.words = Float64Array.from({ length: bytes.length / WORD_BYTES }, (_, word) =>
      view.getFloat64(word * WORD_BYTES, true),
    )
    this.length = text.length
  }
}
