/** Where the bytes of a capture come from, before anyone knows what they are. */
import { closeSync, fstatSync, readSync } from 'node:fs'

/** A stream of bytes that never throws: an error while reading ends it and is kept in words. */
export interface ByteInput {
  /** Bytes taken from the file or stream itself so far, before decompression. */
  readonly rawBytes: number
  /** Why the input ended before its end; null = it has not. */
  readonly failure: string | null
  /** Writes what is there, up to `room` bytes, to `into[at…]` and says how many; 0 = the end. `room` is at least 1. */
  read(into: Uint8Array, at: number, room: number): number | Promise<number>
  close(): Promise<void>
}

/** A regular file, read synchronously: no hop to a thread pool between two reads of a megabyte. */
export class FileInput implements ByteInput {
  rawBytes = 0
  failure: string | null = null
  #fd: number

  constructor(fd: number) {
    this.#fd = fd
  }

  get isOpen(): boolean {
    return this.#fd >= 0
  }

  /** Bytes of the file now, which may be fewer than were read of it; 0 when it is closed. */
  get size(): number {
    return this.isOpen ? fstatSync(this.#fd).size : 0
  }

  read(into: Uint8Array, at: number, room: number): number {
    if (this.#fd < 0) return 0
    try {
      const bytes = readSync(this.#fd, into, at, room, null)
      this.rawBytes += bytes
      return bytes
    } catch (error) {
      this.failure = `the file could not be read further: ${(error as Error).message}`
      return 0
    }
  }

  async close(): Promise<void> {
    if (this.#fd >= 0) closeSync(this.#fd)
    this.#fd = -1
  }
}

/** Standard input, a pipe or any other readable stream. */
export class StreamInput implements ByteInput {
  rawBytes = 0
  failure: string | null = null
  readonly #chunks: AsyncIterator<Uint8Array | string>
  #chunk: Uint8Array = new Uint8Array(0)
  #chunkAt = 0

  constructor(stream: NodeJS.ReadableStream) {
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array | string>
  }

  async read(into: Uint8Array, at: number, room: number): Promise<number> {
    while (this.#chunkAt === this.#chunk.length) if (!(await this.#next())) return 0
    const bytes = Math.min(room, this.#chunk.length - this.#chunkAt)
    into.set(this.#chunk.subarray(this.#chunkAt, this.#chunkAt + bytes), at)
    this.#chunkAt += bytes
    this.rawBytes += bytes
    return bytes
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  async #next(): Promise<boolean> {
    if (this.failure !== null) return false
    try {
      const { done, value } = await this.#chunks.next()
      if (done) return false
      this.#chunk = typeof value === 'string' ? Buffer.from(value, 'latin1') : value
      this.#chunkAt = 0
      return true
    } catch (error) {
      this.failure = `the stream could not be read further: ${(error as Error).message}`
      return false
    }
  }
}

/** Gives back bytes that were read to recognise the input, then the rest of it. */
export class UnreadInput implements ByteInput {
  readonly #first: Uint8Array
  readonly #rest: ByteInput
  #at = 0

  /** Keeps `first`. */
  constructor(first: Uint8Array, rest: ByteInput) {
    this.#first = first
    this.#rest = rest
  }

  get rawBytes(): number {
    return this.#rest.rawBytes - (this.#first.length - this.#at)
  }

  get failure(): string | null {
    return this.#rest.failure
  }

  read(into: Uint8Array, at: number, room: number): number | Promise<number> {
    const bytes = Math.min(room, this.#first.length - this.#at)
    if (bytes === 0) return this.#rest.read(into, at, room)
    into.set(this.#first.subarray(this.#at, this.#at + bytes), at)
    this.#at += bytes
    return bytes
  }

  close(): Promise<void> {
    return this.#rest.close()
  }
}
