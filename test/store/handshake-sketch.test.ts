/** The times of handshakes that a sketch tells are held to those of the flows, within the 1 % that it may err. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kpiNamed } from '../../src/kpi/index.ts'
import type { Kpi, KpiQuestion, KpiValue } from '../../src/kpi/kpi.ts'
import { readKpi } from '../../src/kpi/read-kpi.ts'
import { connectEmbedded } from '../../src/store/embedded.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { migrateSchema } from '../../src/store/schema.ts'
import { readMigrations } from '../../src/store/sql-files.ts'
import { capturedLines } from './captured-lines.ts'
import { flowLine } from './lines.ts'

const root = mkdtempSync(join(tmpdir(), 'intransit-handshake-sketch-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const MEDIAN = kpiNamed('handshake-time') as Kpi
const P95 = kpiNamed('handshake-time-p95') as Kpi
const QUANTILES = [
  { kpi: MEDIAN, level: 0.5 },
  { kpi: P95, level: 0.95 },
]
const UNCUT = { zones: [], services: [], sensors: [], protocols: [], packs: [] }
const ALL_TIME = { from: '1970-01-01T00:00:00Z', to: '2262-01-01T00:00:00Z' }

const ask = (store: Store, kpi: Kpi, question: Partial<KpiQuestion> = {}): Promise<KpiValue> =>
  readKpi((query, params) => store.select(query, params), kpi, { ...ALL_TIME, ...UNCUT, ...question })

async function openFilled(name: string, lines: readonly string[]): Promise<Store> {
  const store = await openStore({ data: join(root, name) })
  await store.migrate()
  await store.insertFlows(lines.map((line) => line.trim()).join('\n'), lines.length, 'flows')
  await store.rollUp()
  return store
}

/** The least value that so great a share of them do not exceed. */
const exact = (times_us: readonly number[], level: number): number =>
  [...times_us].sort((a, b) => a - b)[Math.ceil(level * times_us.length) - 1] as number

/** Asserts the denominator, and that the point is within 1 % of the exact one; a hair more for the way to decimals and back. */
function expectNear(value: KpiValue, times_us: readonly number[], level: number, what: string): void {
  expect(value.denominator, what).toBe(times_us.length)
  if (times_us.length === 0) expect(value.point, what).toBeNull()
  else {
    const want = exact(times_us, level) / 1e6
    expect(Math.abs((value.point ?? Number.NaN) - want), what).toBeLessThanOrEqual(want * 0.010_001)
  }
}

describe('times of handshakes', () => {
  it('of the captures are within 1 % of those of the flows', async () => {
    const { flows } = await capturedLines()
    const store = await openFilled('captures', flows)
    try {
      const latest = new Map(flows.map((line) => JSON.parse(line)).map((flow) => [flow.flow_id, flow]))
      const timed = [...latest.values()].filter(
        ({ verdict, handshake_us }) => verdict !== 'exempt' && handshake_us !== undefined,
      )
      expect(timed.length).toBeGreaterThan(200)
      const protocols = new Set(timed.map(({ app_protocol }) => app_protocol as string))
      expect(protocols.size).toBeGreaterThan(2)
      for (const protocol of [null, ...protocols]) {
        const times = timed
          .filter(({ app_protocol }) => protocol === null || app_protocol === protocol)
          .map(({ handshake_us }) => Number(handshake_us))
        for (const { kpi, level } of QUANTILES) {
          const value = await ask(store, kpi, protocol === null ? {} : { protocols: [protocol] })
          expectNear(value, times, level, `${kpi.name} of ${protocol ?? 'all'}`)
        }
      }
    } finally {
      await store.close()
    }
  }, 120_000)

  describe('of random values', () => {
    const DAY_MS = 86_400_000
    const BEGIN_MS = Date.parse('2026-03-01T00:00:00Z')
    const DAYS = 100
    /** Of each resolution: minutes, hours, days, months. */
    const SPANS = [
      { name: 'an hour', fromMs: BEGIN_MS + 10 * 3_600_000, toMs: BEGIN_MS + 11 * 3_600_000 - 1 },
      { name: 'a day', fromMs: BEGIN_MS, toMs: BEGIN_MS + DAY_MS - 1 },
      { name: '30 days', fromMs: BEGIN_MS, toMs: BEGIN_MS + 30 * DAY_MS - 1 },
      { name: 'all days', fromMs: BEGIN_MS, toMs: BEGIN_MS + DAYS * DAY_MS - 1 },
    ]
    const UINT32_MAX = 2 ** 32 - 1
    const time = fc.oneof(
      fc.integer({ min: 0, max: UINT32_MAX }),
      // As many of each order of magnitude.
      fc.double({ min: 0, max: Math.log(UINT32_MAX), noNaN: true }).map((power) => Math.floor(Math.exp(power))),
      fc.constantFrom(0, 1, 2, 1_000, 1_010, UINT32_MAX),
    )
    /** Half of them on the first day, and half of those in one hour. */
    const begin = fc.oneof(
      fc.integer({ min: 0, max: DAYS * DAY_MS - 1 }),
      fc.oneof(fc.integer({ min: 0, max: DAY_MS - 1 }), fc.integer({ min: 10 * 3_600_000, max: 11 * 3_600_000 - 1 })),
    )
    const series = fc.sample(
      fc.array(fc.record({ begin, time, version: fc.constantFrom(769, 771, 772) }), { minLength: 1, maxLength: 120 }),
      { seed: 29, numRuns: 20 },
    )

    let store: Store
    beforeAll(async () => {
      const lines = series.flatMap((flows, one) =>
        flows.map(({ begin: ms, time: handshake_us, version }, i) => {
          const at = new Date(BEGIN_MS + ms).toISOString()
          const members = { first_seen: at, last_seen: at, tls_version: version, handshake_us, sensor: `series-${one}` }
          return flowLine({ name: `${one}-${i}`, verdict: 'strong', ...members })
        }),
      )
      store = await openFilled('random', lines)
    }, 120_000)
    afterAll(() => store.close())

    it.each(SPANS)(
      'are within 1 % in $name',
      async ({ fromMs, toMs }) => {
        const span = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }
        let timed = 0
        for (const [one, flows] of series.entries()) {
          const times = flows
            .filter(({ begin: ms }) => BEGIN_MS + ms >= fromMs && BEGIN_MS + ms <= toMs)
            .map(({ time: us }) => us)
          timed += times.length
          for (const { kpi, level } of QUANTILES)
            expectNear(await ask(store, kpi, { ...span, sensors: [`series-${one}`] }), times, level, `series ${one}`)
        }
        expect(timed).toBeGreaterThan(30)
      },
      60_000,
    )

    it('are the middle of the bucket that the exact value is in, whatever was added up in between', async () => {
      const times = series.flatMap((flows) => flows.map(({ time: us }) => us))
      const growth = 1.01 / 0.99
      for (const { kpi, level } of QUANTILES) {
        const bucket = Math.ceil(Math.log(exact(times, level)) / Math.log(growth))
        expect(((await ask(store, kpi)).point ?? Number.NaN) / (0.99 * growth ** bucket * 1e-6)).toBeCloseTo(1, 9)
      }
    })
  })
})

describe('rollups of before there was a sketch', () => {
  const GONE = '2026-03-05'
  const KEPT = '2026-03-06'
  const day = (date: string) => ({ from: `${date}T00:00:00Z`, to: `${date}T23:59:59Z` })
  const flowOf = (handshake_us: number) =>
    flowLine({
      ...{ name: `kept ${handshake_us}`, verdict: 'strong', tls_version: 771, handshake_us },
      ...{ first_seen: `${KEPT}T10:00:00Z`, last_seen: `${KEPT}T10:00:01Z` },
    })
  const kept = [30_000, 10_000, 20_000]

  /** Hours, days and the month of 5 flows on either day, as schema 26 had them. */
  const MADE = ['hour', 'day', 'month'].map((resolution) => {
    const hour = resolution === 'hour' ? '10' : '00'
    const days = resolution === 'month' ? ['2026-03-01'] : [GONE, KEPT]
    const begins = days.map((date) => `toDateTime64('${date} ${hour}:00:00', 0, 'UTC')`).join(', ')
    return { resolution, begins, flows: resolution === 'month' ? 10 : 5 }
  })

  let store: Store
  beforeAll(async () => {
    const data = join(root, 'before')
    const old = await connectEmbedded(data)
    const before = readMigrations().filter(({ version }) => version <= 26)
    await migrateSchema(old.client, before)
    await old.insert('flows_in', kept.map(flowOf).join(''), 'kept')
    for (const { resolution, begins, flows } of MADE) {
      await old.client.command({
        query: `INSERT INTO rollups (resolution, period, bucket, generation, verdict, tls_version, flows, tls_flows,
            handshakes_timed, handshake_us, handshakes_beside_rtt, handshake_us_beside_rtt, rtt_us, handshake_quantiles)
          SELECT '${resolution}', begin, begin, 1, 'strong', 771, ${flows}, ${flows}, ${flows}, 500000, 1, 8, 2,
            (SELECT quantilesTDigestState(0.5, 0.95)(toUInt32(100000 + number)) FROM numbers(${flows}))
          FROM (SELECT arrayJoin([${begins}]) AS begin)`,
      })
      await old.client.command({
        query: `INSERT INTO rollup_generations (resolution, period, generation)
          SELECT '${resolution}', arrayJoin([${begins}]), 1`,
      })
    }
    await old.client.close()
    store = await openStore({ data })
    await store.migrate()
  }, 120_000)
  afterAll(() => store.close())

  const UNSEEN = { denominator: 0, point: null, low: null, high: null }

  it('are unobservable, neither 0 nor what they were', async () => {
    for (const { kpi } of QUANTILES) {
      expect(await ask(store, kpi, day(GONE))).toMatchObject({ ...UNSEEN, unobservable: 5 })
      expect(await ask(store, kpi)).toMatchObject({ ...UNSEEN, unobservable: 10 })
    }
    expect((await ask(store, kpiNamed('handshake-round-trips') as Kpi, day(GONE))).point).toBe(4)
  })

  it('are made anew where their flows are there, and count as unobservable beside them where not', async () => {
    expect(await store.rollUp()).toBe(1)
    for (const { kpi, level } of QUANTILES) {
      expect(await ask(store, kpi, day(GONE))).toMatchObject({ ...UNSEEN, unobservable: 5 })
      const asked = [
        { span: day(KEPT), unobservable: 0 },
        { span: { from: '2026-02-20T00:00:00Z', to: '2026-03-20T00:00:00Z' }, unobservable: 5 },
        { span: ALL_TIME, unobservable: 5 },
      ]
      // Of hours, days and the month.
      for (const { span, unobservable } of asked) {
        const value = await ask(store, kpi, span)
        expectNear(value, kept, level, `${span.from} ${kpi.name}`)
        expect(value.unobservable, span.from).toBe(unobservable)
      }
    }
  })
})
