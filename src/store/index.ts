/** Where flows are kept: ClickHouse, in this process or on a server, behind one interface. */
import { OperatorError } from '../core/errors.ts'
import type { ZoneRange } from '../core/zones.ts'
import { connectEmbedded } from './embedded.ts'
import { type Engine, SELECT_SETTINGS } from './engine.ts'
import { readQueries } from './joined-queries.ts'
import { reasonOf } from './reason.ts'
import { markMissed, rollUp } from './rollup.ts'
import { checkSchema, migrateSchema } from './schema.ts'
import { connectServer } from './server.ts'
import { readMigrations, readWholeSchema } from './sql-files.ts'
import { replaceZones } from './zones.ts'

export interface Store {
  /** Brings the schema up to date; `cluster` spreads one that is made anew over the servers of that name. */
  migrate(cluster?: string): Promise<{ from: number; to: number }>
  /** 0 = an empty database. */
  schemaVersion(): Promise<number>
  /**
   * For a process that stores much and ends: what it inserts into a folder is not merged, until there are a hundred parts. Who opens
   * the folder next merges them, at once instead of again and again. A server merges as it sees fit.
   */
  deferMerges(): Promise<void>
  /**
   * Stores JSON lines as `record/line.ts` writes them. Resolves when they are stored; rows sent again under the same
   * token are dropped. @throws OperatorError ERR_STORE_WRITE
   */
  insertFlows(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void>
  /** The same for lines of `record/certificate-line.ts`. */
  insertCertificates(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void>
  /** The same for lines of `probe/probe-line.ts`. */
  insertProbes(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void>
  /** The same for lines of `inventory/item.ts`. */
  insertImports(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void>
  /** The same for lines of `record/health-line.ts`. */
  insertHealth(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void>
  /** The same for rows of `certificate_judgements`. */
  insertJudgements(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void>
  /** The same for rows of `revocation_answers`. */
  insertRevocationAnswers(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void>
  /** The same for lines of `alert/finding-line.ts`. */
  insertFindings(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void>
  insertFindingEvents(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void>
  /**
   * Runs queries/<queryName>.sql, or several as joined-queries.ts joins them. Times are given as RFC 3339 text or Date. What
   * would take longer than `maxSeconds` is given up by the store. @throws OperatorError ERR_STORE_READ
   */
  select<T>(queryName: string, params?: Record<string, unknown>, maxSeconds?: number): Promise<T[]>
  /**
   * Brings the rollups up to date with the flows stored so far, edges only when asked for; resolves to the number of hours that
   * were made anew. @throws OperatorError ERR_STORE_WRITE
   */
  rollUp(task?: { edges: boolean }): Promise<number>
  /** Names networks anew; resolves to whether that changed anything. @throws OperatorError ERR_STORE_WRITE */
  setZones(zones: readonly ZoneRange[]): Promise<boolean>
  close(): Promise<void>
}

/** Opens the store and looks at its schema, before any other work. @throws OperatorError ERR_STORE_*, ERR_DATA_FOLDER, ERR_USAGE */
export async function openStore(choice: { data: string } | { clickhouse: string }): Promise<Store> {
  const engine = 'data' in choice ? await connectEmbedded(choice.data) : await connectServer(choice.clickhouse)
  try {
    await checkSchema(engine.client)
  } catch (error) {
    await engine.client.close()
    throw error
  }
  return new ClickHouseStore(engine, 'data' in choice ? 0 : OTHERS_SETTLE_S)
}

const OF_ROLLUPS = /\bkpi_rows\(/
/**
 * Rows of rollups are few and lie together. To read some columns before the others costs each part of a table half a millisecond
 * and more, of which a year has twelve and a day one (bench/figures/store.md).
 */
const ROLLUP_SETTINGS = ', optimize_move_to_prewhere = 0'

/** Other processes may be inserting into a server, and none of these inserts takes longer: the client would have given up. */
const OTHERS_SETTLE_S = 120

class ClickHouseStore implements Store {
  readonly #engine: Engine
  readonly #settleSeconds: number
  /** When the inserts that are under way began. */
  readonly #inserts = new Set<{ sinceMs: number }>()
  #rollup: Promise<unknown> = Promise.resolve()
  #hasLookedForMissed = false

  constructor(engine: Engine, settleSeconds: number) {
    this.#engine = engine
    this.#settleSeconds = settleSeconds
  }

  migrate(cluster?: string): Promise<{ from: number; to: number }> {
    const { client, database, takesWholeSchema } = this.#engine
    const form = cluster === undefined ? null : { name: cluster, database, replicated: true }
    return migrateSchema(client, readMigrations(), form, takesWholeSchema ? readWholeSchema() : null)
  }

  schemaVersion(): Promise<number> {
    return checkSchema(this.#engine.client)
  }

  deferMerges(): Promise<void> {
    return this.#engine.deferMerges()
  }

  insertFlows(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void> {
    return this.#insert('flows_in', jsonLines, rows, token)
  }

  insertCertificates(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void> {
    return this.#insert('certificates', jsonLines, rows, token)
  }

  insertProbes(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void> {
    return this.#insert('probes', jsonLines, rows, token)
  }

  insertImports(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void> {
    return this.#insert('certificate_imports', jsonLines, rows, token)
  }

  insertHealth(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void> {
    return this.#insert('sensor_health', jsonLines, rows, token)
  }

  insertJudgements(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void> {
    return this.#insert('certificate_judgements', jsonLines, rows, token)
  }

  insertRevocationAnswers(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void> {
    return this.#insert('revocation_answers', jsonLines, rows, token)
  }

  insertFindings(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void> {
    return this.#insert('findings', jsonLines, rows, token)
  }

  insertFindingEvents(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void> {
    return this.#insert('finding_events', jsonLines, rows, token)
  }

  async #insert(table: string, jsonLines: string | Uint8Array, rows: number, token: string): Promise<void> {
    if (rows === 0) return
    const insert = { sinceMs: performance.now() }
    this.#inserts.add(insert)
    try {
      await this.#engine.insert(table, jsonLines, token)
    } catch (error) {
      throw new OperatorError(
        'ERR_STORE_WRITE',
        `the store did not take ${rows} rows for ${table}: ${reasonOf(error)}`,
        'look at the disk space and the log of the store, then run the same command again: nothing is stored twice',
      )
    } finally {
      this.#inserts.delete(insert)
    }
  }

  rollUp({ edges } = { edges: true }): Promise<number> {
    // One at a time: two would make the same hours.
    const next = this.#rollup.then(() => this.#rollUpNow(edges))
    this.#rollup = next.catch(() => undefined)
    return next
  }

  async #rollUpNow(edges: boolean): Promise<number> {
    const { client } = this.#engine
    const nowMs = performance.now()
    const oldestMs = Math.min(nowMs, ...Array.from(this.#inserts, ({ sinceMs }) => sinceMs))
    // By the store's clock a mark is a little later than the call of its insert.
    const settleSeconds = this.#settleSeconds + (nowMs - oldestMs) / 1000
    try {
      if (!this.#hasLookedForMissed) await markMissed(client)
      this.#hasLookedForMissed = true
      return await rollUp(client, { settleSeconds, edges })
    } catch (error) {
      throw new OperatorError(
        'ERR_STORE_WRITE',
        `the store did not bring its rollups up to date: ${reasonOf(error)}`,
        'look at the memory and the log of the store, and whether the user may write',
      )
    }
  }

  async setZones(zones: readonly ZoneRange[]): Promise<boolean> {
    try {
      return await replaceZones(this.#engine.client, zones)
    } catch (error) {
      throw new OperatorError(
        'ERR_STORE_WRITE',
        `the store did not take the zones: ${reasonOf(error)}`,
        'look at the log of the store, and whether the user may write',
      )
    }
  }

  async select<T>(queryName: string, params: Record<string, unknown> = {}, maxSeconds?: number): Promise<T[]> {
    // In the text, for the reason that an insert's settings are.
    const limit = maxSeconds === undefined ? '' : `, max_execution_time = ${Number(maxSeconds)}`
    const text = readQueries(queryName)
    const query = `${text}\n${SELECT_SETTINGS}${OF_ROLLUPS.test(text) ? ROLLUP_SETTINGS : ''}${limit}`
    const query_params = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, asParameter(value)]))
    try {
      const rows = await this.#engine.client.query({ query, format: 'JSONEachRow', query_params })
      return await rows.json<T>()
    } catch (error) {
      throw new OperatorError(
        'ERR_STORE_READ',
        `the store did not answer the query ${queryName}: ${reasonOf(error)}`,
        'look at the memory and the log of the store, and whether the user may read its tables',
      )
    }
  }

  close(): Promise<void> {
    return this.#engine.client.close()
  }
}

/** Times as ClickHouse reads them in a parameter: no zone, in UTC, to the microsecond. */
function asParameter(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString().slice(0, -1)
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return value.slice(0, -1)
  return value
}
