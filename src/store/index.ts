/** Where flows are kept: ClickHouse, in this process or on a server, behind one interface. */
import { OperatorError } from '../core/errors.ts'
import { connectEmbedded } from './embedded.ts'
import type { Engine } from './engine.ts'
import { reasonOf } from './reason.ts'
import { checkSchema, migrateSchema } from './schema.ts'
import { connectServer } from './server.ts'
import { readMigrations, readQuery } from './sql-files.ts'

export interface Store {
  /** Brings the schema up to date; `cluster` spreads one that is made anew over the servers of that name. */
  migrate(cluster?: string): Promise<{ from: number; to: number }>
  /** 0 = an empty database. */
  schemaVersion(): Promise<number>
  /**
   * Stores JSON lines as `record/line.ts` writes them. Resolves when they are stored; rows sent again under the same
   * token are dropped. @throws OperatorError ERR_STORE_WRITE
   */
  insertFlows(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void>
  /** The same for lines of `record/certificate-line.ts`. */
  insertCertificates(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void>
  /** The same for lines of `record/health-line.ts`. */
  insertHealth(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void>
  /**
   * Runs queries/<queryName>.sql. Times are given as RFC 3339 text or Date. What would take longer than `maxSeconds` is given
   * up by the store. @throws OperatorError ERR_STORE_READ
   */
  select<T>(queryName: string, params?: Record<string, unknown>, maxSeconds?: number): Promise<T[]>
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
  return new ClickHouseStore(engine)
}

/** On a cluster, what a subquery found is sent to every shard; elsewhere it changes nothing. */
const ANSWER_SETTINGS = "SETTINGS distributed_product_mode = 'global'"

class ClickHouseStore implements Store {
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
  }

  migrate(cluster?: string): Promise<{ from: number; to: number }> {
    const { client, database } = this.#engine
    const form = cluster === undefined ? null : { name: cluster, database, replicated: true }
    return migrateSchema(client, readMigrations(), form)
  }

  schemaVersion(): Promise<number> {
    return checkSchema(this.#engine.client)
  }

  insertFlows(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void> {
    return this.#insert('flows_in', jsonLines, rows, token)
  }

  insertCertificates(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void> {
    return this.#insert('certificates', jsonLines, rows, token)
  }

  insertHealth(jsonLines: string | Uint8Array, rows: number, token: string): Promise<void> {
    return this.#insert('sensor_health', jsonLines, rows, token)
  }

  async #insert(table: string, jsonLines: string | Uint8Array, rows: number, token: string): Promise<void> {
    if (rows === 0) return
    try {
      await this.#engine.insert(table, jsonLines, token)
    } catch (error) {
      throw new OperatorError(
        'ERR_STORE_WRITE',
        `the store did not take ${rows} rows for ${table}: ${reasonOf(error)}`,
        'look at the disk space and the log of the store, then run the same command again: nothing is stored twice',
      )
    }
  }

  async select<T>(queryName: string, params: Record<string, unknown> = {}, maxSeconds?: number): Promise<T[]> {
    // In the text, for the reason that an insert's settings are.
    const limit = maxSeconds === undefined ? '' : `, max_execution_time = ${Number(maxSeconds)}`
    const query = `${readQuery(queryName)}\n${ANSWER_SETTINGS}${limit}`
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
