/**
 * The schema on a cluster, as far as one engine without a Keeper goes: one shard behind its tables in front takes rows and
 * answers as the real thing would; what replicates is only read by the parser.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClusterForm, clusterForm } from '../../src/store/cluster.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { rollUp } from '../../src/store/rollup.ts'
import { migrateSchema } from '../../src/store/schema.ts'
import { readMigrations } from '../../src/store/sql-files.ts'
import { capturedLines } from './captured-lines.ts'
import { ALL_TIME, flowLine, QUERIES, UNFILTERED, ZONES } from './lines.ts'
import { type RunningServer, startServer } from './running-server.ts'

const USER = { username: 'default', password: '' }
/** The port is this server's by its configuration, so that it knows the shard for itself and connects to nobody. */
const CONFIG = `<clickhouse><tcp_port>9000</tcp_port><remote_servers><one>
<shard><replica><host>127.0.0.1</host><port>9000</port></replica></shard>
</one></remote_servers></clickhouse>`
const SHARDED: ClusterForm = { name: 'one', database: 'intransit', replicated: false }
const REPLICATED: ClusterForm = { name: 'one', database: 'intransit', replicated: true }

let server: RunningServer

beforeAll(async () => {
  server = await startServer({ ...USER, config: CONFIG })
  const client = clientOf('default')
  await client.command({ query: 'CREATE DATABASE intransit' })
  await client.close()
})
afterAll(() => server.stop())

const clientOf = (database: string): ClickHouseClient =>
  createClient({ url: `http://127.0.0.1:${server.port}`, ...USER, database })

const statements = readMigrations().flatMap((migration) =>
  migration.statements.map((statement, n) => ({ name: `${migration.name}, statement ${n + 1}`, statement })),
)

describe('each statement of the schema', () => {
  it.each(statements)('$name, is made on every server of a cluster', async ({ statement }) => {
    const client = clientOf('intransit')
    try {
      for (const query of clusterForm(statement, REPLICATED)) {
        if (!/^INSERT/.test(query)) expect(query).toContain("ON CLUSTER 'one'")
        expect(query).not.toMatch(/ENGINE = (?:Replacing|Aggregating|Summing)?MergeTree/)
        expect(query).not.toContain('non_replicated')
        await (await client.query({ query: `EXPLAIN AST ${query}`, format: 'JSONEachRow' })).text()
      }
    } finally {
      await client.close()
    }
  })
})

it('a table of rows has a share on each server, and one in front that chooses by the key', () => {
  const [rows, front] = clusterForm(
    `-- Why.\nCREATE TABLE IF NOT EXISTS seen\n(\n    a UInt8\n)\nENGINE = ReplacingMergeTree(a)\nORDER BY (a, b)\nTTL a`,
    REPLICATED,
  )
  expect(rows).toBe(
    `CREATE TABLE IF NOT EXISTS seen_local ON CLUSTER 'one'\n(\n    a UInt8\n)\n` +
      `ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/intransit/seen', '{replica}', a)\nORDER BY (a, b)\nTTL a`,
  )
  expect(front).toBe(
    `CREATE TABLE IF NOT EXISTS seen ON CLUSTER 'one' AS seen_local\n` +
      `ENGINE = Distributed('one', 'intransit', 'seen_local', cityHash64(a, b))`,
  )
})

it('a statement of a kind that was never tried is an error', () => {
  expect(() => clusterForm('OPTIMIZE TABLE flows', REPLICATED)).toThrow('no cluster form')
})

describe('a shard', () => {
  const folder = mkdtempSync(join(tmpdir(), 'intransit-cluster-'))
  let spread: Store
  let embedded: Store
  let client: ClickHouseClient

  beforeAll(async () => {
    client = clientOf('intransit')
    await migrateSchema(client, readMigrations(), SHARDED)
    spread = await openStore({ clickhouse: `http://127.0.0.1:${server.port}/intransit` })
    embedded = await openStore({ data: folder })
    await embedded.migrate()
    const { flows, certificates, health } = await capturedLines()
    for (const store of [spread, embedded]) {
      await store.insertCertificates(`${certificates.join('\n')}\n`, certificates.length, 'certificates')
      await store.insertFlows(`${flows.join('\n')}\n`, flows.length, 'flows')
      await store.insertHealth(`${health.join('\n')}\n`, health.length, 'health')
      await store.setZones(ZONES)
    }
    await rollUp(client, { settleSeconds: 0, edges: true })
    await embedded.rollUp({ edges: true })
  })
  afterAll(async () => {
    await client.close()
    await spread.close()
    await embedded.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const rowsOf = async (query: string): Promise<Record<string, unknown>[]> =>
    (await client.query({ query, format: 'JSONEachRow' })).json()

  it('has the rows, and the tables in front of it none', async () => {
    const tables = await rowsOf(
      "SELECT name, engine, total_rows > 0 AS has_rows FROM system.tables WHERE name LIKE 'flows%'",
    )
    expect(tables).toContainEqual({ name: 'flows_local', engine: 'ReplacingMergeTree', has_rows: 1 })
    expect(tables).toContainEqual({ name: 'flows', engine: 'Distributed', has_rows: null })
  })

  /** They ask for rows by what was judged of others (test/store/server-engine.test.ts), or for tables, of which a cluster has more. */
  const ASKED_ELSEWHERE =
    /^(authorities-named|certificate-ders|certificate-verdicts|chains-to-judge|last-stapled|ocsp-responses|revocation.*|tables)$/

  it.each(QUERIES.filter((name) => !ASKED_ELSEWHERE.test(name)))('answers %s as one server does', async (query) => {
    const params = { ...ALL_TIME, ...UNFILTERED, after: '', last: 'g', name: '', limit: 50 }
    const rows = await spread.select(query, params, 60)
    expect(rows.length).toBeGreaterThan(0)
    expect(rows).toEqual(await embedded.select(query, params, 60))
  })

  it('takes a batch once, and keeps one row of a flow that is told twice', async () => {
    const before = await flowsOf()
    const lines = flowLine({ name: 'cluster', verdict: 'weak' })
    await spread.insertFlows(lines, 1, 'once')
    await spread.insertFlows(lines, 1, 'once')
    await spread.insertFlows(flowLine({ name: 'cluster', verdict: 'strong', increment: 1 }), 1, 'later')
    expect(await flowsOf()).toBe(before + 1)
    expect(
      await rowsOf(
        "SELECT toString(verdict) AS verdict FROM flows FINAL WHERE hex(flow_id) = upper(hex(MD5('cluster')))",
      ),
    ).toEqual([{ verdict: 'strong' }])
    expect(await rowsOf("SELECT count() AS rows FROM flows WHERE flow_id = MD5('cluster')")).toEqual([{ rows: 2 }])
  })

  const flowsOf = async (): Promise<number> => {
    const [range] = await spread.select<{ flows: number }>('time-range', ALL_TIME)
    return range?.flows as number
  }

  it('is found again by the next migration, and not moved elsewhere', async () => {
    const [found] = await spread.select('cluster-form')
    expect(found).toEqual({ name: 'one', database: 'intransit', replicated: false })
    expect(await migrateSchema(client)).toMatchObject({ from: readMigrations().length, to: readMigrations().length })
    await expect(spread.migrate('other')).rejects.toMatchObject({
      code: 'ERR_STORE_SCHEMA',
      message: 'the tables are on the cluster one',
    })
    await expect(embedded.migrate('one')).rejects.toMatchObject({ message: 'the tables are those of one server' })
  })
})
