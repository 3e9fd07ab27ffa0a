/** Every KPI says of a few planted flows what was counted by hand, and of the captures what their JSON lines say. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KPIS } from '../../src/kpi/index.ts'
import type { Kpi, KpiQuestion, KpiValue } from '../../src/kpi/kpi.ts'
import { readMaturity } from '../../src/kpi/maturity.ts'
import { intervalsOf, MAX_POINTS, readKpi, readKpis, readSeries } from '../../src/kpi/read-kpi.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { capturedLines } from '../store/captured-lines.ts'
import { flowLine } from '../store/lines.ts'
import { capturedKpis } from './captured-kpis.ts'
import { PLANTED, plantedCertificates, plantedLines } from './planted.ts'

/** Those of certificates have a store of their own: test/store/certificate-kpis.test.ts. */
const OF_FLOWS = KPIS.filter(({ isUncut }) => isUncut !== true)
const OF_CERTIFICATES = KPIS.filter(({ isUncut }) => isUncut === true)

const EVERYTHING: KpiQuestion = {
  ...{ from: '1970-01-01T00:00:00Z', to: '2262-01-01T00:00:00Z' },
  ...{ zones: [], services: [], sensors: [], protocols: [], packs: [] },
}

let folder: string
let store: Store

async function openFilled(name: string, flows: readonly string[], certificates: readonly string[]): Promise<Store> {
  const opened = await openStore({ data: join(folder, name) })
  await opened.migrate()
  await opened.insertCertificates(certificates.join('\n'), certificates.length, 'certificates')
  await opened.insertFlows(flows.map((line) => line.trim()).join('\n'), flows.length, 'flows')
  await opened.rollUp()
  return opened
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-kpis-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const ask = (kpi: Kpi, question: Partial<KpiQuestion> = {}): Promise<KpiValue> =>
  readKpi((query, params) => store.select(query, params), kpi, { ...EVERYTHING, ...question })

function expectClose(value: KpiValue, want: Omit<KpiValue, 'unit'>, within = 0): void {
  for (const [name, figure] of Object.entries(want)) {
    const found = value[name as keyof typeof want]
    if (figure === null) expect(found, name).toBeNull()
    else expect(Math.abs((found ?? Number.NaN) - figure), name).toBeLessThanOrEqual(figure * within + 1e-9)
  }
}

describe('planted flows', () => {
  beforeAll(async () => {
    store = await openFilled('planted', plantedLines(), plantedCertificates())
  })
  afterAll(() => store.close())

  it('are there for every KPI of the table', () => {
    expect(Object.keys(PLANTED).sort()).toEqual(OF_FLOWS.map(({ name }) => name).sort())
    expect(new Set(KPIS.map(({ name }) => name)).size).toBe(KPIS.length)
  })

  it.each(OF_FLOWS)('$name is what was counted by hand', async (kpi) => {
    const until = /^plaintext-(rem|unr)/.test(kpi.name) ? { to: '2026-03-11T23:59:59Z' } : {}
    const { want, within } = PLANTED[kpi.name] as (typeof PLANTED)[string]
    expectClose(await ask(kpi, { sensors: [kpi.name], ...until }), want, within)
  })

  it.each(OF_CERTIFICATES)('$name is not cut by what certificates do not have', async (kpi) => {
    expect(await ask(kpi, { sensors: ['nobody'] })).toMatchObject({ numerator: null, denominator: null, point: null })
    expect((await ask(kpi)).denominator).not.toBeNull()
  })

  it.each(OF_FLOWS)('$name of nothing has no figure, and is not 0 or 1', async (kpi) => {
    expect(await ask(kpi, { sensors: ['nobody'] })).toMatchObject({
      denominator: 0,
      unobservable: 0,
      point: null,
      low: null,
      high: null,
    })
  })

  it.each(KPIS)('$name is cut by provenance: what nobody probed has no figure', async (kpi) => {
    const everything = await ask(kpi)
    expect((await ask(kpi, { provenances: ['probed'] })).point).toBeNull()
    expect(await ask(kpi, { provenances: ['observed', 'probed'] })).toEqual(everything)
  })

  it.each(OF_FLOWS)('$name of a time before has no figure', async (kpi) => {
    expect(await ask(kpi, { from: '2020-01-01T00:00:00Z', to: '2020-06-01T00:00:00Z' })).toMatchObject({
      denominator: 0,
      point: null,
    })
  })

  it.each([
    { at: 'everything', question: {} },
    { at: 'a day', question: { from: '2026-03-10T00:00:00Z', to: '2026-03-10T23:59:59Z' } },
    { at: 'nothing', question: { sensors: ['nobody'] } },
    { at: 'one policy pack', question: { packs: ['mozilla-intermediate'] } },
  ])('are the same asked at a time and asked one by one: $at', async ({ question }) => {
    const asked = { ...EVERYTHING, ...question }
    let queries = 0
    const select = <T>(query: string, params: Record<string, unknown>): Promise<T[]> => {
      queries++
      return store.select<T>(query, params)
    }
    const together = await readKpis(select, KPIS, asked)
    expect(queries).toBeLessThanOrEqual(KPIS.length - 20)
    expect(together.map(([{ name }]) => name)).toEqual(KPIS.map(({ name }) => name))
    for (const [kpi, value] of together) expect(value, kpi.name).toEqual(await ask(kpi, question))
  })

  it('each have a unit that their query says too', async () => {
    for (const { name, unit } of KPIS) {
      expect(
        await store.select(`kpi-${name}`, { ...EVERYTHING, provenances: [], private_issuers: [] }),
        name,
      ).toMatchObject([{ unit }])
    }
  })
})

const COVERAGE = KPIS.find(({ name }) => name === 'coverage-flows') as Kpi
const STRONG = KPIS.find(({ name }) => name === 'strong-encryption') as Kpi

describe('a cut', () => {
  const at = (day: string) => ({
    first_seen: `2026-03-${day}T12:00:00.000000Z`,
    last_seen: `2026-03-${day}T12:00:00.000000Z`,
  })
  const flows = [
    flowLine({
      name: 'a',
      verdict: 'strong',
      app_protocol: 'tls',
      server_name: 'Web.example',
      policy: 'one,two',
      violations: ['two/x'],
      ...at('01'),
    }),
    flowLine({
      name: 'b',
      verdict: 'weak',
      app_protocol: 'tls',
      server_name: 'web.example',
      policy: 'one,two',
      violations: ['one/y'],
      ...at('02'),
    }),
    flowLine({
      name: 'c',
      verdict: 'plaintext',
      app_protocol: 'http',
      http_host: 'web.example:8080',
      policy: 'one',
      ...at('02'),
    }),
    flowLine({ name: 'd', verdict: 'plaintext', server: '203.0.113.1', sensor: 'edge', policy: 'one', ...at('03') }),
    flowLine({ name: 'e', verdict: 'opaque', client: '203.0.113.2', policy: 'other', ...at('04') }),
  ]

  beforeAll(async () => {
    store = await openFilled('cuts', flows, [])
  })
  afterAll(() => store.close())

  it.each<{ by: string; cut: Partial<KpiQuestion>; encrypted: number; of: number }>([
    { by: 'nothing', cut: {}, encrypted: 3, of: 5 },
    { by: 'a time', cut: { from: '2026-03-02T00:00:00Z', to: '2026-03-02T23:59:59Z' }, encrypted: 1, of: 2 },
    { by: 'a service, whatever its port and letters', cut: { services: ['web.example'] }, encrypted: 2, of: 3 },
    { by: 'another service', cut: { services: ['example'] }, encrypted: 0, of: 0 },
    { by: 'a sensor', cut: { sensors: ['edge', 'none'] }, encrypted: 0, of: 1 },
    { by: 'a protocol', cut: { protocols: ['tls'] }, encrypted: 2, of: 2 },
    { by: 'protocols that were not recognised', cut: { protocols: ['none'] }, encrypted: 1, of: 2 },
    { by: 'a zone', cut: { zones: ['external'] }, encrypted: 1, of: 2 },
    { by: 'a pair of zones', cut: { zones: ['internal>external'] }, encrypted: 0, of: 1 },
    { by: 'what is not outside', cut: { zones: ['!external'] }, encrypted: 2, of: 3 },
    { by: 'a pack', cut: { packs: ['two'] }, encrypted: 2, of: 2 },
    { by: 'several', cut: { packs: ['one'], protocols: ['http'], zones: ['internal'] }, encrypted: 0, of: 1 },
  ])('by $by', async ({ cut, encrypted, of }) => {
    expect(await ask(COVERAGE, cut)).toMatchObject({ numerator: encrypted, denominator: of })
  })

  it.each([
    { packs: [], numerator: 1 },
    { packs: ['one'], numerator: 1 },
    { packs: ['two'], numerator: 1 },
    { packs: ['one', 'two'], numerator: 0 },
  ])('by packs $packs judges as they do', async ({ packs, numerator }) => {
    expect(await ask(STRONG, { packs })).toMatchObject({ numerator, denominator: 2 })
  })

  it('by intervals has each of them, and its flows', async () => {
    const intervals = intervalsOf('2026-03-01T06:00:00Z', '2026-03-04T01:00:00Z', 'day') ?? []
    const series = await readSeries((query, params) => store.select(query, params), COVERAGE, EVERYTHING, intervals)
    expect(series.map(({ from, denominator }) => [from, denominator])).toEqual([
      ['2026-03-01T00:00:00.000Z', 1],
      ['2026-03-02T00:00:00.000Z', 2],
      ['2026-03-03T00:00:00.000Z', 1],
      ['2026-03-04T00:00:00.000Z', 1],
    ])
    expect(intervalsOf('2026-03-01T00:00:00Z', '2026-06-01T00:00:00Z', 'hour')).toBeNull()
    expect(intervalsOf('2026-03-01T00:00:00Z', '2026-03-05T03:59:59Z', 'hour')).toHaveLength(MAX_POINTS)
  })
})

describe('maturity', () => {
  const select = <T>(query: string, params: Record<string, unknown>) => store.select<T>(query, params)
  afterAll(() => store.close())

  it('of nothing is no level', async () => {
    store = await openFilled('nothing', [], [])
    const { level, criteria } = await readMaturity(select, EVERYTHING)
    expect(level).toBe(0)
    expect(new Set(criteria.map(({ state }) => state))).toEqual(new Set(['unknown', 'declared', 'met']))
    await store.close()
  })

  it('is the level whose evidence is there, with that of the levels below', async () => {
    const inside = (i: number, verdict: string) =>
      flowLine({ name: `in${i}`, verdict, server: `10.0.1.${i}`, app_protocol: 'tls', tls_version: 771 })
    const outside = (i: number, verdict: string) =>
      flowLine({ name: `out${i}`, verdict, server: `203.0.113.${i}`, app_protocol: 'tls', tls_version: 771 })
    const some = [
      ...Array.from({ length: 9 }, (_, i) => inside(i, 'strong')),
      inside(9, 'plaintext'),
      ...Array.from({ length: 9 }, (_, i) => outside(i, 'strong')),
    ]
    store = await openFilled('maturity', some, [])
    const before = await readMaturity(select, EVERYTHING)
    expect(before.level).toBe(2)
    const [mtls] = before.criteria.filter(({ kpi }) => kpi === 'mtls-adoption')
    expect(mtls).toMatchObject({ level: 3, state: 'unknown', value: null })
    const [ends] = before.criteria.filter(({ kpi, level }) => kpi === 'coverage-edges' && level === 3)
    expect(ends).toMatchObject({ state: 'not_met' })
    expect(ends?.value).toBeCloseTo(18 / 19)
    await store.insertFlows(outside(10, 'plaintext'), 1, 'more')
    await store.rollUp()
    // 9 of 10 outside: enough for the first level, not for the second.
    expect((await readMaturity(select, EVERYTHING)).level).toBe(1)
  })
})

describe('the captures', () => {
  let lines: Record<string, unknown>[]
  let certificates: Record<string, unknown>[]

  beforeAll(async () => {
    const captured = await capturedLines()
    lines = captured.flows.map((line) => JSON.parse(line))
    certificates = captured.certificates.map((line) => JSON.parse(line))
    store = await openFilled('captures', captured.flows, captured.certificates)
  })
  afterAll(() => store.close())

  it('have the figures that their JSON lines have', async () => {
    const counted = capturedKpis(lines, certificates)
    expect(Object.keys(counted).length).toBeGreaterThan(20)
    for (const kpi of KPIS) {
      const want = counted[kpi.name]
      if (want === undefined) continue
      const { numerator, denominator, unobservable } = await ask(kpi)
      expect([kpi.name, numerator, denominator, unobservable]).toEqual([kpi.name, ...want])
    }
  })
})
