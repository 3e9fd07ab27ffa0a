/** What lies in a watched folder, and what of it was read: the part of watching that only looks. */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { statOf } from './follow-input.ts'

/** So much of a file's start tells whether it is the one that was read; of pcapng it holds the first frame's time. */
const HEAD_BYTES = 4096
/** Fewer bytes open no capture yet. */
const MAGIC_BYTES = 12

export interface FolderFile {
  readonly name: string
  readonly path: string
  readonly ino: number
  readonly mtimeMs: number
  readonly size: number
}

/** A file that was begun. */
interface Seen {
  /** As it was when it was begun, then as it was when it was left. */
  file: FolderFile
  head: string
  reading: boolean
  /** Bytes read when it was left; null when it was given up for damage. */
  end: number | null
}

/** "trace10" comes after "trace9". */
const { compare: compareNames } = new Intl.Collator('en', { numeric: true })

/** By last change; files of the same instant by name. */
export const compareFiles = (a: FolderFile, b: FolderFile): number =>
  a.mtimeMs - b.mtimeMs || compareNames(a.name, b.name)

export class FolderListing {
  /** Files not begun yet, in order; as of the last scan. */
  unread: FolderFile[] = []
  readonly #folder: string
  readonly #seen = new Map<string, Seen>()
  #files = new Map<string, FolderFile>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Looks again; a text tells of a file that grew when it had been left. @throws when the folder cannot be listed */
  scan(): string | null {
    this.#files = new Map()
    for (const name of readdirSync(this.#folder)) {
      const file = this.#look(name)
      if (file !== null) this.#files.set(name, file)
    }
    // A name that is gone is forgotten, so that memory follows the folder.
    for (const name of this.#seen.keys()) if (!this.#files.has(name)) this.#seen.delete(name)
    let problem: string | null = null
    this.unread = []
    for (const file of this.#files.values()) {
      const seen = this.#seen.get(file.name)
      if (seen === undefined || this.#isAnother(seen, file)) this.unread.push(file)
      else problem = this.#grown(seen, file) ?? problem
    }
    this.unread.sort(compareFiles)
    return problem
  }

  /** The file as the last scan saw it. */
  now(file: FolderFile): FolderFile {
    const now = this.#files.get(file.name)
    return now !== undefined && now.ino === file.ino ? now : file
  }

  /** The first of `unread` is being read from now on, until it `ended`; `file` says what its name holds by now. */
  begun(file: FolderFile): void {
    this.unread.shift()
    this.#seen.set(file.name, { file, head: '', reading: true, end: null })
  }

  ended(file: FolderFile, end: number, damaged: boolean): void {
    const now = this.#look(file.name)
    // Gone, or begun anew already: what the name holds by the next scan is unread.
    if (now === null || now.ino !== file.ino || now.size < end) this.#seen.delete(file.name)
    else this.#seen.set(file.name, { file: now, head: headOf(now), reading: false, end: damaged ? null : end })
  }

  #look(name: string): FolderFile | null {
    const path = join(this.#folder, name)
    const stat = statOf(path)
    if (stat === null || !stat.isFile() || stat.size < MAGIC_BYTES) return null
    return { name, path, ino: stat.ino, mtimeMs: stat.mtimeMs, size: stat.size }
  }

  /** A ring may write a new capture into an old name, and even into the old file. */
  #isAnother({ file, head, reading, end }: Seen, now: FolderFile): boolean {
    if (now.ino !== file.ino) return true
    if (reading || now.mtimeMs === file.mtimeMs) return false
    return now.size < (end ?? 0) || !headOf(now).startsWith(head)
  }

  #grown(seen: Seen, now: FolderFile): string | null {
    if (seen.end === null || now.size <= seen.end) return null
    const bytes = now.size - seen.end
    seen.end = now.size
    seen.file = now
    return `${now.name} grew when a newer file had been begun: ${bytes} bytes were not read`
  }
}

/** In hexadecimal, "" when it cannot be read. */
function headOf(file: FolderFile): string {
  let fd = -1
  try {
    fd = openSync(file.path, 'r')
    const head = Buffer.alloc(HEAD_BYTES)
    return head.toString('hex', 0, readSync(fd, head, 0, HEAD_BYTES, 0))
  } catch {
    return ''
  } finally {
    if (fd >= 0) closeSync(fd)
  }
}
