/** A replay's rows on their way into the store, in batches that may safely be sent twice. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MAX_REVOKED, type StoredRevocation } from '../alert/revocations.ts'
import { openStore, type Store } from '../store/index.ts'

/** `temporary`: the report needs an engine, the operator wants nothing kept. */
export type StoreChoice = { data: string } | { clickhouse: string } | { temporary: true }

/** Opens the store, brings its schema up to date, and closes it whatever happens. @throws OperatorError ERR_STORE_*, ERR_DATA_FOLDER */
export async function withStore<T>(choice: StoreChoice, use: (store: Store) => Promise<T>): Promise<T> {
  const folder = 'temporary' in choice ? mkdtempSync(join(tmpdir(), 'intransit-')) : null
  try {
    const store = await openStore('temporary' in choice ? { data: folder as string } : choice)
    try {
      await store.migrate()
      return await use(store)
    } finally {
      await store.close()
    }
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true, force: true })
  }
}

/** Large enough that an insert's fixed cost does not count, small enough for little memory. */
const BATCH_BYTES = 16 * 1024 * 1024
/** For the lines that make a batch full. */
const ROOM_BYTES = 1024 * 1024
const EMPTY = Buffer.alloc(0)

type Insert = (lines: Uint8Array, rows: number, token: string) => Promise<void>

export class StoreOutput {
  readonly #store: Store
  readonly #flows: Batch
  readonly #certificates: Batch
  readonly #health: Batch
  readonly #findings: Batch
  readonly #events: Batch

  constructor(store: Store) {
    this.#store = store
    this.#flows = new Batch((lines, rows, token) => store.insertFlows(lines, rows, token))
    this.#certificates = new Batch((lines, rows, token) => store.insertCertificates(lines, rows, token))
    this.#health = new Batch((lines, rows, token) => store.insertHealth(lines, rows, token))
    this.#findings = new Batch((lines, rows, token) => store.insertFindings(lines, rows, token))
    this.#events = new Batch((lines, rows, token) => store.insertFindingEvents(lines, rows, token))
  }

  flows(lines: Uint8Array, rows: number): Promise<void> {
    return this.#flows.add(lines, rows)
  }

  certificates(lines: Uint8Array, rows: number): Promise<void> {
    return this.#certificates.add(lines, rows)
  }

  /** A line of `record/health-line.ts`. */
  health(line: string): Promise<void> {
    return this.#health.add(Buffer.from(`${line}\n`, 'latin1'), 1)
  }

  findings(lines: Uint8Array, rows: number): Promise<void> {
    return this.#findings.add(lines, rows)
  }

  findingEvents(lines: Uint8Array, rows: number): Promise<void> {
    return this.#events.add(lines, rows)
  }

  /** @throws OperatorError ERR_STORE_READ */
  revocations(): Promise<StoredRevocation[]> {
    return this.#store.select<StoredRevocation>('revocations-known', { limit: MAX_REVOKED })
  }

  /** Sends what is left. Everything handed in before is stored when it resolves. */
  async flush(): Promise<void> {
    await this.#certificates.send()
    await this.#flows.send()
    await this.#health.send()
    await this.#findings.send()
    await this.#events.send()
  }
}

class Batch {
  readonly #insert: Insert
  #buffer: Buffer = EMPTY
  #bytes = 0
  #rows = 0
  /** Used again for later batches: what is thrown away by the megabyte keeps the collector busy. */
  readonly #spare: Buffer[] = []

  constructor(insert: Insert) {
    this.#insert = insert
  }

  async add(lines: Uint8Array, rows: number): Promise<void> {
    const end = this.#bytes + lines.length
    if (end > this.#buffer.length) this.#makeRoom(end)
    // Borrowed lines are gone when this returns.
    this.#buffer.set(lines, this.#bytes)
    this.#bytes = end
    this.#rows += rows
    if (this.#bytes >= BATCH_BYTES) await this.send()
  }

  async send(): Promise<void> {
    if (this.#rows === 0) return
    const [buffer, bytes, rows] = [this.#buffer, this.#bytes, this.#rows]
    // More may be added while these are on their way.
    this.#buffer = EMPTY
    this.#bytes = 0
    this.#rows = 0
    const lines = buffer.subarray(0, bytes)
    try {
      // The same rows have the same token, so that a retry is recognised, whoever makes it.
      await this.#insert(lines, rows, createHash('sha256').update(lines).digest('hex'))
    } finally {
      this.#spare.push(buffer)
    }
  }

  #makeRoom(least: number): void {
    const spare = this.#bytes === 0 ? this.#spare.pop() : undefined
    if (spare !== undefined && spare.length >= least) {
      this.#buffer = spare
      return
    }
    const grown = Buffer.allocUnsafeSlow(Math.max(least, Math.min(2 * this.#buffer.length, BATCH_BYTES + ROOM_BYTES)))
    grown.set(this.#buffer.subarray(0, this.#bytes))
    this.#buffer = grown
  }
}
