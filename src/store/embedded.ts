/** ClickHouse inside this process, in a folder. */
import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import type { ClickHouseClient, ClickHouseClientConfigOptions } from '@clickhouse/client'
import { OperatorError } from '../core/errors.ts'
import { makeFolders } from '../core/folders.ts'
import { type Engine, insertClauses } from './engine.ts'
import { engineConfig } from './memory-bounds.ts'
import { diskFull, shortMessage } from './reason.ts'

const DATABASE = 'intransit'

type ClientConnection = NonNullable<ClickHouseClientConfigOptions['connection']>

/** Opens the engine on `folder`, which is made if need be. @throws OperatorError ERR_DATA_FOLDER */
export async function connectEmbedded(folder: string): Promise<Engine> {
  if (!isMainThread) throw new Error('the embedded engine crashes when a worker thread that loaded it ends')
  const path = prepareFolder(resolve(folder))
  const [{ createClient, ClickHouseLogLevel }, { createChdbConnection }] = await Promise.all([
    import('@clickhouse/client'),
    loadEngine(),
  ])
  try {
    // One interface, declared once in each of the two packages with a private member of its own.
    const incoming = incomingFolder(path)
    const client = await within(incoming, async () => {
      const connection = createChdbConnection({ path }) as unknown as ClientConnection
      const opened = createClient({ connection, log: { level: ClickHouseLogLevel.OFF } })
      await opened.command({ query: `CREATE DATABASE IF NOT EXISTS ${DATABASE}` })
      return opened
    })
    await client.command({ query: `USE ${DATABASE}` })
    return new EmbeddedEngine(client, incoming)
  } catch (error) {
    const full = diskFull(error, `the embedded store cannot open ${path}`, '--data')
    if (full !== null) throw full
    throw new OperatorError(
      'ERR_DATA_FOLDER',
      `the embedded store cannot open ${path}: ${shortMessage(error)}`,
      'end any other process that uses the folder, or name another one with --data',
    )
  }
}

/**
 * A `config.xml` in the folder that the process was started in, whoever's it is, would be read by the engine as its own, and
 * may move its data elsewhere: it starts in one where there is only ours.
 */
async function within<T>(folder: string, start: () => Promise<T>): Promise<T> {
  const startedIn = process.cwd()
  const config = join(folder, 'config.xml')
  writeFileSync(config, engineConfig(), { mode: 0o600 })
  process.chdir(folder)
  try {
    return await start()
  } finally {
    process.chdir(startedIn)
    rmSync(config, { force: true })
  }
}

/** As many parts of one table and month are read nearly as fast as merged ones; more of them make questions slow. */
const PARTS_UNMERGED = 100
const MOST_PARTS = `
  SELECT count() AS parts FROM system.parts WHERE active AND database = '${DATABASE}'
  GROUP BY table, partition_id ORDER BY parts DESC LIMIT 1`

/**
 * Rows travel as a file. As part of a statement's text they cost more than their parsing does: 4 MB take 3 ms from a
 * file and 45 ms as text (measured).
 */
class EmbeddedEngine implements Engine {
  readonly client: ClickHouseClient
  readonly database = DATABASE
  readonly takesWholeSchema = true
  readonly #incoming: string
  #inserts = 0
  /** As many as #inserts when parts are merged again; null = they are. */
  #mergesAt: number | null = null

  constructor(client: ClickHouseClient, incoming: string) {
    this.client = client
    this.#incoming = incoming
  }

  async insert(table: string, jsonLines: string | Uint8Array, token: string): Promise<void> {
    const file = join(this.#incoming, `${this.#inserts++}.jsonl`)
    try {
      await writeFile(file, jsonLines, { encoding: 'latin1', mode: 0o600 })
      await this.client.command({ query: `INSERT INTO ${table} FROM INFILE ${quoted(file)} ${insertClauses(token)}` })
    } finally {
      await rm(file, { force: true })
    }
    if (this.#mergesAt === null || this.#inserts < this.#mergesAt) return
    this.#mergesAt = null
    await this.client.command({ query: 'SYSTEM START MERGES' })
  }

  async deferMerges(): Promise<void> {
    const answer = await this.client.query({ query: MOST_PARTS, format: 'JSONEachRow' })
    const [most = { parts: 0 }] = await answer.json<{ parts: number }>()
    if (most.parts >= PARTS_UNMERGED) return
    await this.client.command({ query: 'SYSTEM STOP MERGES' })
    // An insert adds one part to a month of a table.
    this.#mergesAt = this.#inserts + PARTS_UNMERGED - most.parts
  }
}

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`

/** Empty: what a killed process left there was never acknowledged. */
function incomingFolder(path: string): string {
  const incoming = join(path, 'incoming')
  rmSync(incoming, { recursive: true, force: true })
  mkdirSync(incoming, { mode: 0o700 })
  return incoming
}

async function loadEngine(): Promise<typeof import('chdb/connection')> {
  try {
    return await import('chdb/connection')
  } catch (error) {
    throw new OperatorError(
      'ERR_DATA_FOLDER',
      `the embedded store does not run here: ${shortMessage(error)}`,
      'use Linux with glibc or macOS, or name a server with --clickhouse',
    )
  }
}

/** Characters by which the engine would take a file's name for a pattern. */
const PATTERN_CHARACTERS = /[*?{}]/

/** The folder's real path, by which the lock is found. */
function prepareFolder(asked: string): string {
  let path = asked
  try {
    makeFolders(asked)
    path = realpathSync(asked)
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw folderError(path, error)
  }
  if (PATTERN_CHARACTERS.test(path)) throw folderError(path, new Error('its name has one of the characters * ? { }'))
  const holder = holderOf(join(path, 'status'))
  if (holder === null) return path
  throw new OperatorError(
    'ERR_DATA_FOLDER',
    `the data folder ${path} is in use by process ${holder}`,
    'wait for that process or end it, or name another folder with --data',
  )
}

const PROBLEMS: Record<string, string> = {
  EEXIST: 'it is a file',
  ENOTDIR: 'a part of it is a file',
  EACCES: 'it is not writable',
  EPERM: 'it is not writable',
  ENOENT: 'no folder can be made there',
  EROFS: 'it is on a read-only file system',
}

function folderError(path: string, error: unknown): OperatorError {
  const full = diskFull(error, `the data folder ${path} cannot be used`, '--data')
  if (full !== null) return full
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const problem = PROBLEMS[code] ?? shortMessage(error)
  return new OperatorError(
    'ERR_DATA_FOLDER',
    `the data folder ${path} cannot be used: ${problem}`,
    'name a folder that this user may write with --data',
  )
}

/**
 * The other process that has the engine's lock file open, as far as this system tells (Linux, same user). The engine
 * holds the lock itself, but says so on standard error and not in its exception.
 */
function holderOf(lockFile: string): number | null {
  try {
    const pid = Number(/PID: (\d+)/.exec(readFileSync(lockFile, 'utf8'))?.[1])
    if (!Number.isInteger(pid) || pid === process.pid) return null
    const open = `/proc/${pid}/fd`
    return readdirSync(open).some((fd) => linkTarget(join(open, fd)) === lockFile) ? pid : null
  } catch {
    return null
  }
}

function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null
  }
}
