/** Rollups are held to the flows they are made of, whatever comes twice, late, changed or cut off. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { allNamedGroups } from '../../src/registry/named-groups.ts'
import { connectEmbedded } from '../../src/store/embedded.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { migrateSchema } from '../../src/store/schema.ts'
import { readJob, readMigrations } from '../../src/store/sql-files.ts'
import { capturedLines } from './captured-lines.ts'
import { flowLine } from './lines.ts'

let root: string
let folder: string
let count = 0

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'intransit-rollups-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))
beforeEach(() => {
  folder = join(root, String(count++))
})

const EVERYTHING = {
  ...{ from: '1970-01-01T00:00:00Z', to: '2200-01-01T00:00:00Z' },
  ...{ zones: [], services: [], sensors: [], protocols: [], packs: [] },
}

const PARAMETERS = `from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, zones = {zones:Array(String)},
  services = {services:Array(String)}, sensors = {sensors:Array(String)}, protocols = {protocols:Array(String)},
  packs = {packs:Array(String)}`

async function withStore<T>(use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ data: folder })
  try {
    await store.migrate()
    return await use(store)
  } finally {
    await store.close()
  }
}

/** Rows of a statement that is none of the store's queries. */
async function ask<T>(query: string, params: Record<string, unknown> = {}): Promise<T[]> {
  const { client } = await connectEmbedded(folder)
  const query_params = Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, typeof value === 'string' ? value.replace(/Z$/, '') : value]),
  )
  try {
    return await (await client.query({ query, format: 'JSONEachRow', query_params })).json<T>()
  } finally {
    await client.close()
  }
}

const rolled = (params: Record<string, unknown> = {}) =>
  ask<Record<string, number | string>>(
    `SELECT verdict, sum(flows) AS flows, sum(bytes) AS bytes FROM kpi_rows(${PARAMETERS}) GROUP BY verdict ORDER BY verdict`,
    { ...EVERYTHING, ...params },
  )
const raw = () =>
  ask(
    'SELECT verdict, count() AS flows, sum(bytes_client + bytes_server) AS bytes FROM flows FINAL GROUP BY verdict ORDER BY verdict',
  )

const at = (time: string) => ({ first_seen: `2026-03-0${time}Z`, last_seen: `2026-03-0${time}Z` })

describe('rollups', () => {
  it('of the captures have the flows and bytes of each verdict, in every resolution', async () => {
    const { flows, certificates } = await capturedLines()
    await withStore(async (store) => {
      await store.insertCertificates(certificates.join('\n'), certificates.length, 'certificates')
      await store.insertFlows(flows.join('\n'), flows.length, 'flows')
      expect(await store.rollUp()).toBeGreaterThan(2)
      expect(await store.rollUp()).toBe(0)
    })
    const want = await raw()
    expect(want.length).toBe(6)
    expect(await rolled()).toEqual(want)
    for (const resolution of ['minute', 'hour', 'day']) {
      const sums = `SELECT verdict, sum(flows) AS flows, sum(bytes) AS bytes FROM rollups
        WHERE NOT by_service AND resolution = '${resolution}' GROUP BY verdict ORDER BY verdict`
      expect(await ask(sums), resolution).toEqual(want)
    }
    const columns = (await ask<{ name: string }>("SELECT name FROM system.columns WHERE table = 'rollups'")).map(
      ({ name }) => name,
    )
    expect(columns.filter((name) => /_ip|_port|certificate/.test(name))).toEqual([])
  })

  it('count a flow once: replayed, reported again with another verdict, before and after it was rolled up', async () => {
    const first = flowLine({ name: 'live', verdict: 'unknown', bytes: 10, ...at('1T10:00:00.000000') })
    const judged = flowLine({ name: 'live', verdict: 'strong', bytes: 70, increment: 1, ...at('1T10:00:00.000000') })
    const other = flowLine({ name: 'other', verdict: 'weak', bytes: 5, ...at('1T10:30:00.000000') })
    await withStore(async (store) => {
      await store.insertFlows(first + other, 2, '1')
      await store.rollUp()
      await store.insertFlows(judged, 1, '2')
      await store.insertFlows(first + other, 2, '3')
      await store.rollUp()
      await store.insertFlows(judged + other, 2, '4')
      await store.rollUp()
    })
    expect(await rolled()).toEqual([
      { verdict: 'weak', flows: 1, bytes: 5 },
      { verdict: 'strong', flows: 1, bytes: 70 },
    ])
    // Also once the engine has merged what it may.
    await withStore(async () => undefined)
    const { client } = await connectEmbedded(folder)
    await client.command({ query: 'OPTIMIZE TABLE rollups FINAL' })
    await client.close()
    expect(await rolled()).toHaveLength(2)
  })

  it('are those of the generation before where a rolling up was cut off', async () => {
    const line = (name: string) => flowLine({ name, verdict: 'strong', bytes: 1, ...at('1T10:00:00.000000') })
    await withStore(async (store) => {
      await store.insertFlows(line('a'), 1, '1')
      await store.rollUp()
      await store.insertFlows(line('b'), 1, '2')
    })
    const { client } = await connectEmbedded(folder)
    const hours = [Date.parse('2026-03-01T10:00:00Z') / 3_600_000]
    const query_params = {
      from: '2026-03-01 00:00:00',
      to: '2026-03-02 00:00:00',
      hours,
      generation: Date.now() * 1000,
    }
    await client.command({ query: readJob('rollup-minutes'), query_params })
    await client.close()
    expect(await rolled()).toEqual([{ verdict: 'strong', flows: 1, bytes: 1 }])
    await withStore(async (store) => expect(await store.rollUp()).toBe(1))
    expect(await rolled()).toEqual([{ verdict: 'strong', flows: 2, bytes: 2 }])
  })

  it('wait for inserts that are under way', async () => {
    const lines = Array.from({ length: 3000 }, (_, i) =>
      flowLine({ name: `f${i}`, verdict: 'strong', ...at('1T10:00:00.000000') }),
    ).join('')
    await withStore(async (store) => {
      const insert = store.insertFlows(lines, 3000, '1')
      await store.rollUp()
      await insert
      await store.rollUp()
    })
    expect(await rolled()).toEqual([{ verdict: 'strong', flows: 3000, bytes: 0 }])
  })

  it('have the flows of an insert that was cut off before its marks', async () => {
    await withStore((store) => store.insertFlows(flowLine({ name: 'a', verdict: 'weak', bytes: 3 }), 1, '1'))
    const { client } = await connectEmbedded(folder)
    await client.command({ query: 'TRUNCATE TABLE rollup_marks' })
    await client.close()
    await withStore(async (store) => expect(await store.rollUp()).toBe(1))
    expect(await rolled()).toEqual([{ verdict: 'weak', flows: 1, bytes: 3 }])
  })

  it('are made of what a store of the version before holds', async () => {
    const migrations = readMigrations()
    const { client } = await connectEmbedded(folder)
    await migrateSchema(client, migrations.slice(0, 8))
    await client.close()
    const before = await openStore({ data: folder })
    await before.insertFlows(
      flowLine({ name: 'a', verdict: 'plaintext', bytes: 3 }) + flowLine({ name: 'b', verdict: 'strong', bytes: 4 }),
      2,
      '1',
    )
    expect(await before.migrate()).toEqual({ from: 8, to: migrations.length })
    expect(await before.rollUp()).toBe(1)
    await before.close()
    expect(await rolled()).toEqual(await raw())
    expect(await rolled()).toHaveLength(2)
  })

  it('of flows at the edges of time are right', async () => {
    const years = [1970, 2038, 2107, 2199]
    const lines = years.map((year) => {
      const time = `${year}-06-01T12:00:00.000000Z`
      return flowLine({ name: time, verdict: 'strong', bytes: 1, first_seen: time, last_seen: time })
    })
    await withStore(async (store) => {
      await store.insertFlows(lines.join(''), lines.length, '1')
      await store.rollUp()
    })
    expect(await rolled()).toEqual([{ verdict: 'strong', flows: 4, bytes: 4 }])
    expect(await rolled({ from: '2107-06-01T00:00:00Z', to: '2107-06-02T00:00:00Z' })).toMatchObject([{ flows: 1 }])
  })

  it('take minutes, hours or days by the length of the range, widened to whole ones', async () => {
    const times = [
      '1T00:00:30.000000',
      '1T05:59:00.000000',
      '1T06:00:00.000000',
      '2T23:30:00.000000',
      '4T01:30:00.000000',
    ]
    await withStore(async (store) => {
      await store.insertFlows(
        times.map((time) => flowLine({ name: time, verdict: 'weak', ...at(time) })).join(''),
        5,
        '1',
      )
      await store.rollUp()
    })
    const flows = async (from: string, to: string): Promise<unknown> => (await rolled({ from, to }))[0]?.['flows'] ?? 0
    expect(await flows('2026-03-01T00:00:45Z', '2026-03-01T05:58:59Z')).toBe(1)
    expect(await flows('2026-03-01T00:01:00Z', '2026-03-01T05:59:00Z')).toBe(1)
    expect(await flows('2026-03-01T00:30:00Z', '2026-03-01T06:59:00Z')).toBe(3)
    expect(await flows('2026-03-01T01:00:00Z', '2026-03-02T23:00:00Z')).toBe(3)
    expect(await flows('2026-03-01T05:00:00Z', '2026-03-04T00:30:00Z')).toBe(3)
    expect(await flows('2026-03-01T00:59:00Z', '2026-03-04T01:00:00Z')).toBe(5)
  })

  it('take months beyond 62 days, with days at both ends', async () => {
    const days = ['01-14', '01-15', '01-31', '02-10', '03-31', '04-01', '04-10', '04-11']
    const lines = days.map((day) => {
      const time = `2026-${day}T12:30:00.000000Z`
      return flowLine({ name: day, verdict: 'weak', first_seen: time, last_seen: time })
    })
    await withStore(async (store) => {
      await store.insertFlows(lines.join(''), lines.length, '1')
      await store.rollUp()
    })
    const flows = async (from: string, to: string): Promise<unknown> =>
      (await rolled({ from: `2026-${from}:00Z`, to: `2026-${to}:00Z` }))[0]?.['flows'] ?? 0
    // Midnight at the end is the day before's.
    expect(await flows('01-15T00:00', '04-11T00:00')).toBe(6)
    expect(await flows('01-15T23:00', '04-10T01:00')).toBe(6)
    expect(await flows('01-14T23:59', '04-11T00:01')).toBe(8)
    expect(await flows('01-16T00:00', '04-10T00:00')).toBe(4)
    expect(await flows('01-01T00:00', '04-30T23:59')).toBe(8)
    const used = async (from: string, to: string): Promise<string[]> =>
      (
        await ask<{ resolution: string }>(
          `SELECT DISTINCT resolution FROM kpi_rows(${PARAMETERS}) ORDER BY resolution`,
          { ...EVERYTHING, from: `2026-${from}:00Z`, to: `2026-${to}:00Z` },
        )
      ).map(({ resolution }) => resolution)
    expect(await used('01-14T13:00', '04-10T12:59')).toEqual(['day', 'month'])
    expect(await used('01-14T12:00', '03-16T11:00')).toEqual(['hour', 'day'])
    expect(await flows('01-14T13:00', '03-16T11:00')).toBe(3)
  })

  it('have the months of a year in one partition, with services in one more, and tell those of schemas before as well', async () => {
    const months = Array.from({ length: 18 }, (_, n) => new Date(Date.UTC(2025, 9 + n, 15)).toISOString().slice(0, 7))
    const lineOf = (month: string, name: string): string => {
      const time = `${month}-15T12:30:00.000000Z`
      return flowLine({ name, verdict: 'weak', first_seen: time, last_seen: time, server_name: 'www.example' })
    }
    await withStore(async (store) => {
      await store.insertFlows(months.map((month) => lineOf(month, month)).join(''), months.length, '1')
      await store.rollUp()
    })
    const expectAll = async (more: readonly string[]): Promise<void> => {
      const spans = months.flatMap((_, from) => [5, 12].map((length) => [from, from + length] as const))
      for (const [from, to] of spans.filter(([from, to]) => from % 4 === 0 && to <= months.length)) {
        const within = months.slice(from, to)
        const [first, last] = [`${within[0]}-01T00:00:00Z`, `${within.at(-1)}-28T23:59:59Z`]
        const flows = within.length + more.filter((month) => within.includes(month)).length
        for (const services of [[], ['www.example']]) {
          const [rows] = await rolled({ from: first, to: last, services })
          expect(rows?.['flows'], `${first} to ${last}, ${services}`).toBe(flows)
        }
      }
    }
    await expectAll([])
    const partitions = () =>
      ask<{ p: number; rows: number }>(
        "SELECT toYYYYMM(bucket) AS p, count() AS rows FROM rollups FINAL WHERE resolution = 'month' GROUP BY p ORDER BY p",
      )
    expect(await partitions()).toEqual([
      ...[202501, 202502].map((p) => ({ p, rows: 3 })),
      ...[202601, 202602].map((p) => ({ p, rows: 12 })),
      ...[202701, 202702].map((p) => ({ p, rows: 3 })),
    ])
    // As schema 29 had them, and those before.
    await withBuckets('addDays(toStartOfYear(period), toMonth(period) - 1)')
    expect((await partitions()).map(({ rows }) => rows)).toEqual([6, 24, 6])
    await expectAll([])
    await withBuckets('period')
    expect(await partitions()).toHaveLength(months.length)
    await expectAll([])
    const late = months[7] as string
    await withStore(async (store) => {
      await store.insertFlows(lineOf(late, 'late'), 1, '2')
      await store.rollUp()
    })
    await expectAll([late])
  }, 120_000)

  /** Gives the rows of months other buckets. */
  async function withBuckets(bucket: string): Promise<void> {
    const { client } = await connectEmbedded(folder)
    const of = "resolution = 'month'"
    try {
      for (const query of [
        'CREATE TABLE months AS rollups ENGINE = Memory',
        `INSERT INTO months SELECT * REPLACE (toDateTime64(${bucket}, 0, 'UTC') AS bucket) FROM rollups WHERE ${of}`,
        `ALTER TABLE rollups DELETE WHERE ${of} SETTINGS mutations_sync = 2`,
        'INSERT INTO rollups SELECT * FROM months',
        'DROP TABLE months',
      ])
        await client.command({ query })
    } finally {
      await client.close()
    }
  }

  it('know each post-quantum group of the registry by its name', async () => {
    const pattern = /match\(ifNull\(named_group_name, ''\), '\(\?i\)([^']+)'\)/.exec(readJob('rollup-minutes'))?.[1]
    const matches = new RegExp(pattern ?? 'none', 'i')
    const wrong = allNamedGroups().filter(({ name, postQuantum }) => matches.test(name) !== postQuantum)
    expect(wrong).toEqual([])
  })
})

describe('zones', () => {
  const zonesOf = () =>
    ask<{ pair: string; flows: number }>(
      `SELECT concat(client_zone, '>', server_zone) AS pair, sum(flows) AS flows FROM kpi_rows(${PARAMETERS}) GROUP BY pair ORDER BY pair`,
      EVERYTHING,
    )
  const lines = [
    flowLine({ name: 'a', verdict: 'strong', client: '10.1.2.3', server: '10.2.0.1' }),
    flowLine({ name: 'b', verdict: 'strong', client: '10.1.2.3', server: '203.0.113.9' }),
    flowLine({ name: 'c', verdict: 'strong', client: '10.1.2.3', server: '10.2.0.1', vni: 7 }),
    flowLine({ name: 'd', verdict: 'strong', client: 'fd00::1', server: '2001:db8::1' }),
  ].join('')

  it('without names are inside and outside', async () => {
    await withStore(async (store) => {
      await store.insertFlows(lines, 4, '1')
      await store.rollUp()
    })
    expect(await zonesOf()).toEqual([
      { pair: 'internal>external', flows: 2 },
      { pair: 'internal>internal', flows: 2 },
    ])
  })

  it('are named by address: the network first, then the narrower, also for what was stored before', async () => {
    await withStore(async (store) => {
      await store.insertFlows(lines, 4, '1')
      await store.rollUp()
      const zones = [
        { name: 'wide', cidr: '10.0.0.0/8', vni: -1 },
        { name: 'apps', cidr: '10.1.0.0/16', vni: -1 },
        { name: 'other', cidr: '10.0.0.0/8', vni: 7 },
        { name: 'lab', cidr: '2001:db8::/32', vni: -1 },
      ]
      expect(await store.setZones(zones)).toBe(true)
      expect(await store.setZones(zones.reverse())).toBe(false)
      await store.rollUp()
    })
    expect(await zonesOf()).toEqual([
      { pair: 'apps>external', flows: 1 },
      { pair: 'apps>wide', flows: 1 },
      { pair: 'internal>lab', flows: 1 },
      { pair: 'other>other', flows: 1 },
    ])
    await withStore(async (store) => {
      expect(await store.setZones([])).toBe(true)
      await store.rollUp()
    })
    expect(await zonesOf()).toHaveLength(2)
  })
})
