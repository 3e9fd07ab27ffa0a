/** What a new embedded store is made of at once is what its migrations would have made. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClickHouseClient } from '@clickhouse/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { tablesOf, wholeSchema } from '../../scripts/whole-schema.ts'
import { connectEmbedded } from '../../src/store/embedded.ts'
import { migrateSchema } from '../../src/store/schema.ts'
import { readMigrations, readWholeSchema, WHOLE_SCHEMA } from '../../src/store/sql-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'intransit-whole-schema-'))
const migrations = readMigrations()
const last = migrations.length
const whole = readWholeSchema()

let client: ClickHouseClient
beforeAll(async () => {
  client = (await connectEmbedded(folder)).client
  await inDatabase('stepwise')
  await migrateSchema(client)
}, 60_000)
afterAll(async () => {
  await client.close()
  rmSync(folder, { recursive: true })
})

async function inDatabase(name: string): Promise<void> {
  await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${name}` })
  await client.command({ query: `USE ${name}` })
}

async function recorded(): Promise<unknown[]> {
  const query = 'SELECT version, name, checksum FROM schema_migrations ORDER BY version'
  return await (await client.query({ query, format: 'JSONEachRow' })).json()
}

it('is in the file as it is made', async () => {
  await inDatabase('stepwise')
  expect(readFileSync(WHOLE_SCHEMA, 'utf8'), 'npm run schema').toBe(await wholeSchema(client))
})

it('has the same tables, views and records as by steps', async () => {
  await inDatabase('stepwise')
  const [tables, records] = [await tablesOf(client), await recorded()]
  expect(tables.length).toBe(whole.statements.size)
  await inDatabase('whole')
  expect(await migrateSchema(client, migrations, null, whole)).toEqual({ from: 0, to: last })
  expect(await tablesOf(client)).toEqual(tables)
  expect(await recorded()).toEqual(records)
  expect(await migrateSchema(client, migrations, null, whole)).toEqual({ from: last, to: last })
}, 60_000)

it('is followed by migrations that are newer than it', async () => {
  const name = `${String(last + 1).padStart(4, '0')}_later`
  const later = { version: last + 1, name, checksum: 'x', statements: ['CREATE TABLE later (a UInt8) ENGINE = Null'] }
  await inDatabase('followed')
  expect(await migrateSchema(client, [...migrations, later], null, whole)).toEqual({ from: 0, to: last + 1 })
  expect((await tablesOf(client)).map((table) => table.name)).toContain('later')
  expect(await recorded()).toHaveLength(last + 1)
}, 60_000)

it.each([1, 10, 20, 30, 40, whole.statements.size])(
  'is completed when it was cut off after %d statements',
  async (count) => {
    await inDatabase('stepwise')
    const tables = await tablesOf(client)
    await inDatabase(`cut_off_${count}`)
    for (const query of [...whole.statements.values()].slice(0, count)) await client.command({ query })
    expect(await migrateSchema(client, migrations, null, whole)).toEqual({ from: 0, to: last })
    expect(await tablesOf(client)).toEqual(tables)
  },
  60_000,
)

it('is refused where another version began it', async () => {
  await inDatabase('of_another')
  await client.command({ query: 'CREATE TABLE flows (flow_id FixedString(16)) ENGINE = MergeTree ORDER BY flow_id' })
  await expect(migrateSchema(client, migrations, null, whole)).rejects.toMatchObject({
    code: 'ERR_STORE_SCHEMA',
    message: expect.stringContaining('flows is not as this version of intransit makes it'),
  })
  expect((await tablesOf(client)).map(({ name }) => name)).toEqual(['flows'])
})
