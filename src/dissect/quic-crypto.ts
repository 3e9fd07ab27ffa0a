/** The stream of CRYPTO frames in one direction's Initials, cut into the handshake messages it carries (RFC 9000 §19.6). */
import { PieceBuffer } from '../flow/piece-buffer.ts'
import { HANDSHAKE_HEADER_BYTES, handshakeLength } from '../wire/tls-handshake.ts'

/** A ClientHello with post-quantum key shares has some 2 KiB; beyond this nothing is kept. */
const MAX_STREAM_BYTES = 64 * 1024

export class CryptoStream {
  readonly #pieces = new PieceBuffer()
  /** Offset in the stream of the first byte that no message before has taken. */
  #next = 0
  /** Where the message lies that `take` found. */
  buf: Uint8Array | null = null
  at = 0
  end = 0

  /** Does the data at `offset` bring nothing that was not read yet? */
  isOld(offset: number, length: number): boolean {
    return offset + length <= this.#next
  }

  /** Keeps the data between two offsets, which lie at `offset` of the stream. False when a cap forbids it. */
  put(offset: number, buf: Uint8Array, at: number, end: number): boolean {
    const known = Math.max(0, this.#next - offset)
    const start = offset + known - this.#next
    if (start + end - at - known > MAX_STREAM_BYTES) return false
    return this.#pieces.put(start, buf, at + known, end)
  }

  /** Is there a whole message next? Then it lies in `buf` until the next call. */
  take(): boolean {
    this.#drop()
    const bytes = this.#pieces.bytes
    const whole = this.#pieces.whole
    if (bytes === null || whole < HANDSHAKE_HEADER_BYTES) return false
    const length = HANDSHAKE_HEADER_BYTES + handshakeLength(bytes, 0)
    if (whole < length) return false
    this.buf = bytes
    this.end = length
    return true
  }

  /** Takes the message that begins at `at` straight from the packet, if it is the next one and all there. */
  takeWhole(offset: number, buf: Uint8Array, at: number, end: number): boolean {
    if (offset !== this.#next || this.#pieces.bytes !== null || end - at < HANDSHAKE_HEADER_BYTES) return false
    const length = HANDSHAKE_HEADER_BYTES + handshakeLength(buf, at)
    if (at + length !== end) return false
    this.#next += length
    return true
  }

  /** What was taken is behind us: the rest moves to the front. */
  #drop(): void {
    const taken = this.end
    this.buf = null
    this.end = 0
    if (taken === 0) return
    this.#next += taken
    this.#pieces.dropFront(taken)
  }

  reset(): void {
    this.#pieces.release()
    this.#next = 0
    this.buf = null
    this.end = 0
  }
}
