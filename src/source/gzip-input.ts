import { createGunzip } from 'node:zlib'
import type { ByteInput } from './byte-input.ts'

/** CRC-32 and length at the end of each member (RFC 1952 §2.3.1). */
const TRAILER_BYTES = 8
/**
 * zlib loses what it decompressed of a piece in which it meets an error. Pieces are therefore small at the start,
 * where all of a small capture may lie in one, and the last bytes seen are held back: a wrong check sum loses nothing.
 */
const FIRST_PIECE_BYTES = 64
const FIRST_PIECES_UNTIL_BYTES = 4096
const PIECE_BYTES = 4096

/** Decompresses gzip, concatenated members included (RFC 1952 §2.2). Zero padding after the last member is ignored. */
export class GunzipInput implements ByteInput {
  failure: string | null = null
  readonly #raw: ByteInput
  readonly #gunzip = createGunzip()
  readonly #piece = new Uint8Array(PIECE_BYTES + TRAILER_BYTES)
  #held = 0
  #fed = 0
  #ended = false
  #chunks: Uint8Array[] = []
  #chunkAt = 0
  #settle: () => void = () => {}

  constructor(raw: ByteInput) {
    this.#raw = raw
    this.#gunzip.on('data', (chunk: Uint8Array) => this.#chunks.push(chunk))
    this.#gunzip.on('end', () => this.#end(null))
    this.#gunzip.on('close', () => this.#end(null))
    this.#gunzip.on('error', (error: NodeJS.ErrnoException) =>
      this.#end(
        error.code === 'Z_BUF_ERROR' ? 'the gzip data is cut off' : `the gzip data is damaged: ${error.message}`,
      ),
    )
  }

  get rawBytes(): number {
    return this.#raw.rawBytes
  }

  async read(into: Uint8Array, at: number, room: number): Promise<number> {
    while (this.#chunks.length === 0 && !this.#ended) await this.#feed()
    let bytes = 0
    for (let chunk = this.#chunks[0]; chunk !== undefined && bytes < room; chunk = this.#chunks[0]) {
      const part = chunk.subarray(this.#chunkAt, this.#chunkAt + room - bytes)
      into.set(part, at + bytes)
      bytes += part.length
      this.#chunkAt += part.length
      if (this.#chunkAt < chunk.length) break
      this.#chunks.shift()
      this.#chunkAt = 0
    }
    return bytes
  }

  async close(): Promise<void> {
    this.#ended = true
    this.#gunzip.destroy()
    await this.#raw.close()
  }

  /** Hands one piece to zlib and waits until all that comes of it is in `#chunks`. */
  async #feed(): Promise<void> {
    const room = this.#fed < FIRST_PIECES_UNTIL_BYTES ? FIRST_PIECE_BYTES : PIECE_BYTES
    const bytes = await this.#raw.read(this.#piece, this.#held, room)
    const ready = this.#held + bytes - (bytes > 0 ? TRAILER_BYTES : 0)
    if (ready > 0) await this.#write(ready)
    this.#piece.copyWithin(0, Math.max(0, ready), this.#held + bytes)
    this.#held += bytes - Math.max(0, ready)
    this.#fed += bytes
    if (bytes === 0 && !this.#ended) await this.#finish()
  }

  #write(bytes: number): Promise<void> {
    return new Promise((resolve) => {
      this.#settle = resolve
      this.#gunzip.write(this.#piece.subarray(0, bytes), () => resolve())
    })
  }

  #finish(): Promise<void> {
    return new Promise((resolve) => {
      this.#settle = resolve
      this.#gunzip.end()
    })
  }

  #end(failure: string | null): void {
    if (!this.#ended) this.failure = this.#raw.failure ?? failure
    this.#ended = true
    this.#settle()
  }
}
