/** A file that is still being written: its end is waited at until more comes, or until its writer is done with it. */
import { closeSync, fstatSync, readSync, type Stats, statSync } from 'node:fs'
import type { ByteInput } from './byte-input.ts'
import { Wake } from './wake.ts'

/** A file's end is looked at this often. */
const POLL_MS = 100
/** A writer may still finish a record of the file that it has left: so many looks in a row find nothing new. */
const SETTLED_LOOKS = 2

export class FollowInput implements ByteInput {
  rawBytes = 0
  failure: string | null = null
  readonly #isLeft: (position: number) => boolean
  readonly #wake = new Wake()
  readonly #isDone: boolean
  #fd: number

  /**
   * `isLeft` is asked at the file's end: has the writer gone to another file, or begun this one anew? A file that
   * `isDone` is not asked about: its end is the end.
   */
  constructor(fd: number, isLeft: (position: number) => boolean, isDone = false) {
    this.#fd = fd
    this.#isLeft = isLeft
    this.#isDone = isDone
  }

  /** Bytes of the file now, which may be fewer than were read of it; 0 when it is closed. */
  get size(): number {
    return this.#fd < 0 ? 0 : fstatSync(this.#fd).size
  }

  read(into: Uint8Array, at: number, room: number): number | Promise<number> {
    const bytes = this.#take(into, at, room)
    return bytes > 0 || this.#isDone || this.failure !== null ? bytes : this.#more(into, at, room)
  }

  async close(): Promise<void> {
    if (this.#fd >= 0) closeSync(this.#fd)
    this.#fd = -1
    this.#wake.raise()
  }

  async #more(into: Uint8Array, at: number, room: number): Promise<number> {
    for (let looks = 0; looks < SETTLED_LOOKS && this.#fd >= 0; ) {
      looks = this.#isLeft(this.rawBytes) ? looks + 1 : 0
      await this.#wake.wait(POLL_MS)
      const bytes = this.#take(into, at, room)
      if (bytes > 0 || this.failure !== null) return bytes
    }
    return 0
  }

  #take(into: Uint8Array, at: number, room: number): number {
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
}

/** Null for what is not there or cannot be looked at: either may pass. */
export function statOf(path: string): Stats | null {
  try {
    return statSync(path)
  } catch {
    return null
  }
}
