/** Which migrations a database has had, and the ones it still needs. */
import type { ClickHouseClient } from '@clickhouse/client'
import { OperatorError } from '../core/errors.ts'
import { type ClusterForm, clusterForm } from './cluster.ts'
import { diskFull, fullDisk, reasonOf } from './reason.ts'
import { type Migration, readMigrations, readQuery, type WholeSchema } from './sql-files.ts'

interface AppliedMigration {
  version: number
  name: string
  checksum: string
}

const ELSEWHERE = '--data or --clickhouse'

/**
 * A third of a MiB for the statements, and 1 MiB that the engine sets aside for the first rows. A disk that is full in the middle
 * of a statement leaves half of it in a file, and the engine would not start from that.
 */
const WHOLE_BYTES = 2 * 1024 * 1024

const lastOf = (list: readonly { version: number }[]): number => list.at(-1)?.version ?? 0

/** The schema's version; 0 = an empty database. @throws OperatorError ERR_STORE_SCHEMA when it is not one of ours. */
export async function checkSchema(client: ClickHouseClient, migrations = readMigrations()): Promise<number> {
  const applied = await appliedMigrations(client)
  const [found, known] = [lastOf(applied), lastOf(migrations)]
  if (found > known) {
    throw new OperatorError(
      'ERR_STORE_SCHEMA',
      `the store has schema ${found}, this version of intransit knows schemas up to ${known}`,
      'use the version of intransit that wrote the store, or a newer one',
    )
  }
  const changed = applied.find((one) => !migrations.some((ours) => isSame(one, ours)))
  if (changed !== undefined) {
    throw new OperatorError(
      'ERR_STORE_SCHEMA',
      `the store's schema step ${changed.name} is not the one this version of intransit has`,
      'name another folder or database, or use the version of intransit that wrote the store',
    )
  }
  return found
}

const isSame = (a: AppliedMigration, b: Migration): boolean => a.version === b.version && a.checksum === b.checksum

/**
 * Applies what is missing, in order. Every statement may run twice (IF NOT EXISTS), and a migration is recorded after
 * its last statement, so that one cut off in the middle is completed by the next attempt. Where there was none yet, `whole`
 * takes the place of the migrations that it is made of.
 */
export async function migrateSchema(
  client: ClickHouseClient,
  migrations = readMigrations(),
  wanted: ClusterForm | null = null,
  whole: WholeSchema | null = null,
): Promise<{ from: number; to: number }> {
  const from = await checkSchema(client, migrations)
  const cluster = await formOf(client, from, wanted)
  if (whole !== null && from === 0 && cluster === null) await applyWhole(client, migrations, whole)
  const applied = new Set((await appliedMigrations(client)).map(({ version }) => version))
  for (const migration of migrations) if (!applied.has(migration.version)) await apply(client, migration, cluster)
  return { from, to: lastOf(migrations) }
}

/** The form that the schema has already, or the one that is wanted for a schema yet to be made. */
async function formOf(client: ClickHouseClient, from: number, wanted: ClusterForm | null): Promise<ClusterForm | null> {
  if (from === 0) return wanted
  const [found = null] = await ask<ClusterForm>(client, readQuery('cluster-form'))
  if (wanted === null || found?.name === wanted.name) return found
  throw new OperatorError(
    'ERR_STORE_SCHEMA',
    found === null ? 'the tables are those of one server' : `the tables are on the cluster ${found.name}`,
    'name an empty database: tables that are there are not moved',
  )
}

/** @throws OperatorError ERR_STORE_SCHEMA for tables that are not the ones it would make. */
async function applyWhole(
  client: ClickHouseClient,
  migrations: readonly Migration[],
  whole: WholeSchema,
): Promise<void> {
  for (const { name, statement } of await ask<{ name: string; statement: string }>(client, readQuery('tables'))) {
    if ((whole.statements.get(name) ?? statement) === statement) continue
    throw new OperatorError(
      'ERR_STORE_SCHEMA',
      `the store has no record of its schema, and ${name} is not as this version of intransit makes it`,
      'use the version of intransit that made it, or name another folder with --data',
    )
  }
  const step = 'whole-schema'
  const [room = { free: 0 }] = await ask<{ free: number }>(
    client,
    'SELECT min(unreserved_space) AS free FROM system.disks',
  )
  if (room.free < WHOLE_BYTES) throw fullDisk(`the store has no room for schema step ${step}`, ELSEWHERE)
  const made = migrations.filter(({ version }) => version <= whole.version)
  await run(client, step, [...whole.statements.values()], made)
}

function apply(client: ClickHouseClient, migration: Migration, cluster: ClusterForm | null): Promise<void> {
  const { name, statements } = migration
  const formed = cluster === null ? statements : statements.flatMap((statement) => clusterForm(statement, cluster))
  return run(client, name, formed, [migration])
}

/** Records what the statements made of the database once all of them were run. */
async function run(
  client: ClickHouseClient,
  step: string,
  statements: readonly string[],
  made: readonly Migration[],
): Promise<void> {
  try {
    for (const query of statements) await client.command({ query })
    const values = made.map(({ version, name, checksum }) => ({ version, name, checksum }))
    await client.insert({ table: 'schema_migrations', values, format: 'JSONEachRow' })
  } catch (error) {
    const full = diskFull(error, `the store has no room for schema step ${step}`, ELSEWHERE)
    if (full !== null) throw full
    throw new OperatorError(
      'ERR_STORE_SCHEMA',
      `schema step ${step} failed: ${reasonOf(error)}`,
      'give the user the right to create tables and views; docs/store.md says which ClickHouse is needed',
    )
  }
}

async function appliedMigrations(client: ClickHouseClient): Promise<AppliedMigration[]> {
  try {
    const [answer] = await ask<{ result: number }>(client, 'EXISTS TABLE schema_migrations')
    return answer?.result === 1 ? await ask<AppliedMigration>(client, readQuery('applied-migrations')) : []
  } catch (error) {
    const full = diskFull(error, 'the schema of the store cannot be read', ELSEWHERE)
    if (full !== null) throw full
    throw new OperatorError(
      'ERR_STORE_SCHEMA',
      `the schema of the store cannot be read: ${reasonOf(error)}`,
      'look whether the store runs, and give the user the right to read its tables',
    )
  }
}

async function ask<T>(client: ClickHouseClient, query: string): Promise<T[]> {
  const rows = await client.query({ query, format: 'JSONEachRow' })
  return await rows.json<T>()
}
