const NOTHING = new Uint8Array()

/**
 * A view of the whole of the buffer that was asked for last; mostly it is the same one again. A word read through a view is one load and
 * one check, by bytes it is four of each. It throws outside of the buffer: for what is known to be there.
 */
export class LastView {
  #buf: Uint8Array = NOTHING
  #view: DataView = new DataView(NOTHING.buffer)

  of(buf: Uint8Array): DataView {
    if (this.#buf !== buf) {
      this.#buf = buf
      this.#view = new DataView(buf.buffer, buf.byteOffset, buf.length)
    }
    return this.#view
  }
}
