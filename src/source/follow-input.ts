/** A file that is still being written: its end is waited at until more comes, or until its writer is done with it. */
import { type Stats, statSync } from 'node:fs'
import { type ByteInput, FileInput } from './byte-input.ts'
import { Wake } from './wake.ts'

/** A file's end is looked at this often. */
const POLL_MS = 100
/** A writer may still finish a record of the file that it has left: so many looks in a row find nothing new. */
const SETTLED_LOOKS = 2

export class FollowInput implements ByteInput {
  readonly #file: FileInput
  readonly #isLeft: (position: number) => boolean
  readonly #wake = new Wake()
  readonly #isDone: boolean

  /**
   * `isLeft` is asked at the file's end: has the writer gone to another file, or begun this one anew? A file that
   * `isDone` is not asked about: its end is the end.
   */
  constructor(fd: number, isLeft: (position: number) => boolean, isDone = false) {
    this.#file = new FileInput(fd)
    this.#isLeft = isLeft
    this.#isDone = isDone
  }

  get rawBytes(): number {
    return this.#file.rawBytes
  }

  get failure(): string | null {
    return this.#file.failure
  }

  /** Bytes of the file now, which may be fewer than were read of it; 0 when it is closed. */
  get size(): number {
    return this.#file.size
  }

  read(into: Uint8Array, at: number, room: number): number | Promise<number> {
    const bytes = this.#file.read(into, at, room)
    return bytes > 0 || this.#isDone || this.failure !== null ? bytes : this.#more(into, at, room)
  }

  async close(): Promise<void> {
    await this.#file.close()
    this.#wake.raise()
  }

  async #more(into: Uint8Array, at: number, room: number): Promise<number> {
    for (let looks = 0; looks < SETTLED_LOOKS && this.#file.isOpen; ) {
      looks = this.#isLeft(this.rawBytes) ? looks + 1 : 0
      await this.#wake.wait(POLL_MS)
      const bytes = this.#file.read(into, at, room)
      if (bytes > 0 || this.failure !== null) return bytes
    }
    return 0
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
