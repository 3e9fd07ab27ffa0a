/** Batches that the store could not take, on disk until it can: oldest first, each whole or not at all. */
import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readdirSync, rmSync, statSync } from 'node:fs'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { OperatorError } from '../core/errors.ts'
import { makeFolders } from '../core/folders.ts'
import { diskFull } from './reason.ts'

/** What one insert takes. The token is the SHA-256 of the lines, and so their checksum as well. */
export interface SpooledBatch {
  kind: string
  lines: Uint8Array
  rows: number
  token: string
}

/** "000000000042_flows_1200_<sha256>.jsonl": all that must be known beside the lines. */
const NAME = /^(\d{12})_([a-z]+)_(\d+)_([0-9a-f]{64})\.jsonl$/
const UNFINISHED = '.part'

interface Entry {
  name: string
  bytes: number
  rows: number
}

export class Spool {
  /** Rows for which there was no room any more. */
  droppedRows = 0
  /** Rows whose file was damaged when it was read again. */
  damagedRows = 0
  readonly #folder: string
  readonly #mostBytes: number
  readonly #entries: Entry[] = []
  #next = 1

  /** Takes up what an earlier run left. @throws OperatorError ERR_DATA_FOLDER */
  constructor(folder: string, mostBytes: number) {
    this.#folder = folder
    this.#mostBytes = mostBytes
    try {
      const made = makeFolders(folder)
      if (made !== null) syncFolders(resolve(folder), dirname(made))
      for (const name of readdirSync(folder).sort()) this.#takeUp(name)
    } catch (error) {
      const full = diskFull(error, `the spool folder ${folder} cannot be used`, '--spool')
      if (full !== null) throw full
      throw new OperatorError(
        'ERR_DATA_FOLDER',
        `the spool folder ${folder} cannot be used: ${(error as Error).message}`,
        'name a folder that this user may write with --spool',
      )
    }
  }

  get batches(): number {
    return this.#entries.length
  }

  get rows(): number {
    return this.#entries.reduce((sum, { rows }) => sum + rows, 0)
  }

  get bytes(): number {
    return this.#entries.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Is there room for a batch of so many bytes, by what it may hold? */
  hasRoom(bytes: number): boolean {
    return this.bytes + bytes <= this.#mostBytes
  }

  /**
   * Keeps the batch; false when it had to be dropped, for want of room here or on the disk. On disk when it resolves, its
   * name too: a power cut takes a name that only the file was synced for (fsync(2)).
   */
  async put({ kind, lines, rows, token }: SpooledBatch): Promise<boolean> {
    if (!this.hasRoom(lines.length)) {
      this.droppedRows += rows
      return false
    }
    const name = `${String(this.#next++).padStart(12, '0')}_${kind}_${rows}_${token}.jsonl`
    const path = join(this.#folder, name)
    try {
      const file = await open(path + UNFINISHED, 'w', 0o600)
      try {
        await file.writeFile(lines)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(path + UNFINISHED, path)
      await syncFolder(this.#folder)
    } catch {
      // What counts as dropped must not come back with the next run.
      for (const left of [path + UNFINISHED, path]) await rm(left, { force: true }).catch(() => undefined)
      this.droppedRows += rows
      return false
    }
    this.#entries.push({ name, bytes: lines.length, rows })
    return true
  }

  /** Hands the oldest batch to `send`, and forgets it once that resolves; false when there is none. */
  async sendOldest(send: (batch: SpooledBatch) => Promise<void>): Promise<boolean> {
    const entry = this.#entries[0]
    if (entry === undefined) return false
    const path = join(this.#folder, entry.name)
    const [, , kind = '', rows = '0', token = ''] = NAME.exec(entry.name) ?? []
    const lines = await readFile(path).catch(() => new Uint8Array())
    if (createHash('sha256').update(lines).digest('hex') === token) {
      await send({ kind, lines, rows: Number(rows), token })
    } else {
      this.damagedRows += entry.rows
    }
    await rm(path, { force: true })
    this.#entries.shift()
    return true
  }

  #takeUp(name: string): void {
    // A process that was killed cannot take away what it had not finished.
    if (name.endsWith(`.jsonl${UNFINISHED}`)) rmSync(join(this.#folder, name), { force: true })
    const parts = NAME.exec(name)
    if (parts === null) return
    this.#entries.push({ name, bytes: statSync(join(this.#folder, name)).size, rows: Number(parts[3]) })
    this.#next = Math.max(this.#next, Number(parts[1]) + 1)
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** From `first` up to `last`: each holds the name of the one before. */
function syncFolders(first: string, last: string): void {
  for (let path = first; ; path = dirname(path)) {
    const fd = openSync(path, 'r')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    if (path === last || path === dirname(path)) return
  }
}
