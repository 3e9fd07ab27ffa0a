/**
 * A folder into which captures rotate, as dumpcap -b, tcpdump -C, -G and -W write them: each file is read once, in the
 * order of its last change. The newest is followed until a newer one appears. What was read is remembered in memory.
 */
import { fstatSync, openSync, statSync } from 'node:fs'
import { OperatorError } from '../core/errors.ts'
import { compareFiles, type FolderFile, FolderListing } from './folder-listing.ts'
import { FollowInput } from './follow-input.ts'
import { LiveCaptures } from './live-captures.ts'
import { pathError } from './open-input.ts'
import type { Source } from './source.ts'

const SCAN_MS = 250
/** Looking at a folder of very many files takes no more than this part of the time. */
const SCAN_SHARE = 1 / 20
/** A file is done when another was written to so much later. */
const DONE_MS = 1000

/** @throws OperatorError ERR_SOURCE_NOT_FOUND, _PERMISSION or _FORMAT */
export async function openWatched(folder: string): Promise<Source> {
  const listing = new FolderListing(folder)
  try {
    if (!statSync(folder).isDirectory())
      throw new OperatorError('ERR_SOURCE_FORMAT', `${folder} is no folder`, `follow:${folder} reads a file that grows`)
    listing.scan()
  } catch (error) {
    throw error instanceof OperatorError ? error : pathError(folder, error as NodeJS.ErrnoException)
  }
  const live = new LiveCaptures(`watch:${folder}`)
  new Watcher(live, listing).look()
  return live
}

/** A file that is being read. */
interface Reading {
  readonly file: FolderFile
  readonly input: FollowInput
}

class Watcher {
  readonly #live: LiveCaptures
  readonly #listing: FolderListing
  #timer: NodeJS.Timeout
  #newest: Reading | null = null
  /** One that came into the folder later, but was last changed before the newest. */
  #older: Reading | null = null

  constructor(live: LiveCaptures, listing: FolderListing) {
    this.#live = live
    this.#listing = listing
    this.#timer = setTimeout(() => this.#rescan(), SCAN_MS)
    live.onClose(() => clearTimeout(this.#timer))
  }

  /** Begins what there is to read and is not yet being read. */
  look(): void {
    for (let file = this.#next(); file !== undefined; file = this.#next()) this.#begin(file)
  }

  #rescan(): void {
    const startMs = performance.now()
    try {
      const problem = this.#listing.scan()
      if (problem !== null) this.#live.fail(problem)
    } catch (error) {
      this.#live.fail(`the folder cannot be listed: ${(error as Error).message}`)
    }
    this.look()
    const tookMs = performance.now() - startMs
    this.#timer = setTimeout(() => this.#rescan(), Math.max(SCAN_MS, tookMs / SCAN_SHARE))
  }

  #next(): FolderFile | undefined {
    if (this.#older !== null) return undefined
    const first = this.#listing.unread[0]
    if (first === undefined || this.#newest === null) return first
    return compareFiles(first, this.#listing.now(this.#newest.file)) < 0 ? first : undefined
  }

  /** A newer file has begun, or this one was begun anew. */
  #isLeft(position: number): boolean {
    const reading = this.#newest
    if (reading === null || reading.input.size < position) return true
    const mine = this.#listing.now(reading.file)
    const last = this.#listing.unread.at(-1)
    return last !== undefined && compareFiles(last, mine) > 0
  }

  #begin(listed: FolderFile): void {
    const fd = this.#open(listed)
    // The name may hold another file by now.
    const file = fd < 0 ? listed : { ...listed, ino: fstatSync(fd).ino }
    this.#listing.begun(file)
    if (fd < 0) return
    const beside = this.#newest !== null
    const input = new FollowInput(fd, beside ? () => true : (position) => this.#isLeft(position), this.#isDone(file))
    const reading = { file, input }
    if (beside) this.#older = reading
    else this.#newest = reading
    this.#live.begin(file.name, input, ({ damage }) => this.#ended(reading, damage !== null))
  }

  /** -1 when it cannot be opened; it is then not tried again. */
  #open({ name, path }: FolderFile): number {
    try {
      return openSync(path, 'r')
    } catch (error) {
      this.#live.fail(`${name} was not read: ${(error as Error).message}`)
      return -1
    }
  }

  /** Its writer has long gone on to another: nothing needs to be waited for at its end. */
  #isDone(file: FolderFile): boolean {
    const last = this.#listing.unread.at(-1)
    return last !== undefined && last.mtimeMs - file.mtimeMs > DONE_MS
  }

  #ended(reading: Reading, damaged: boolean): void {
    this.#listing.ended(reading.file, reading.input.rawBytes, damaged)
    if (this.#newest === reading) this.#newest = null
    else this.#older = null
    this.look()
  }
}
