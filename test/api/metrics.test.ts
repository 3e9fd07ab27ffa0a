import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { METRICS } from '../../src/api/metric-table.ts'
import type { ApiServer } from '../../src/api/server.ts'
import { KPIS } from '../../src/kpi/index.ts'
import { joinNames } from '../../src/store/joined-queries.ts'
import { scrape } from './scrape.ts'
import { madeTokens, type Served, serveCaptures } from './served.ts'

const { tokens, bearer } = madeTokens('viewer')
const YEARS = 24 * 366 * 100
let served: Served
let server: ApiServer
let url = ''

beforeAll(async () => {
  served = await serveCaptures()
  server = await served.start({ tokens, metricsWindowHours: YEARS })
  url = server.url
})
afterAll(() => served.end())

const all = { from: '1970-01-01T00:00:00.000000Z', to: '2262-01-01T00:00:00.000000Z', limit: 10_000 }

describe('metrics', () => {
  it('have coverage with its bounds', async () => {
    const series = await scrape(url)
    const rows = await served.store.select<Record<string, number | string>>('coverage', all)
    for (const row of rows) {
      for (const bound of ['low', 'point', 'high']) {
        const name = `intransit_encryption_coverage_ratio{scope="all",weight="${row['unit']}",bound="${bound}"}`
        expect(series.get(name), name).toBeCloseTo(Number(row[bound]))
      }
    }
    expect(rows).toHaveLength(3)
  })

  it('have flows and bytes by verdict', async () => {
    const series = await scrape(url)
    const rows = await served.store.select<Record<string, number | string>>('verdicts', all)
    for (const { verdict, flows, bytes } of rows) {
      expect(series.get(`intransit_flows{verdict="${verdict}"}`)).toBe(flows)
      expect(series.get(`intransit_bytes{verdict="${verdict}"}`)).toBe(bytes)
    }
  })

  it('have every KPI that has a figure, with its bounds', async () => {
    const series = await scrape(url)
    const question = { ...all, zones: [], services: [], sensors: [], protocols: [], packs: [] }
    const ofCertificates = { provenances: [], private_issuers: [] }
    let figures = 0
    for (const { name, unit } of KPIS) {
      const [row] = await served.store.select<Record<string, number | null>>(`kpi-${name}`, {
        ...question,
        ...ofCertificates,
      })
      for (const bound of ['low', 'point', 'high']) {
        const metric = `intransit_kpi_${unit === 'seconds' ? 'seconds' : 'ratio'}{kpi="${name}",bound="${bound}"}`
        const want = row?.[bound] ?? null
        if (want === null) expect(series.has(metric), metric).toBe(false)
        else expect(series.get(metric), metric).toBeCloseTo(want)
        if (want !== null) figures++
      }
    }
    expect(figures).toBeGreaterThan(60)
  })

  it('have negotiated versions, groups and cipher suites', async () => {
    const series = await scrape(url)
    for (const [query, metric, label] of [
      ['tls-versions', 'tls_flows', 'version'],
      ['named-groups', 'tls_group_flows', 'group'],
      ['cipher-suites', 'tls_cipher_flows', 'cipher'],
    ] as const) {
      const rows = await served.store.select<{ name: string; flows: number }>(query, all)
      expect(rows.length, query).toBeGreaterThan(4)
      for (const { name, flows } of rows)
        expect(series.get(`intransit_${metric}{${label}="${name}"}`), name).toBe(flows)
    }
  })

  it('have violations, by pack and rule', async () => {
    const series = await scrape(url)
    const rows = await served.store.select<{ violation: string; flows: number }>('rules', all)
    for (const { violation, flows } of rows) {
      const [pack, clause] = violation.split('/')
      expect(series.get(`intransit_policy_violations{pack="${pack}",clause="${clause}"}`)).toBe(flows)
    }
    expect(rows.length).toBeGreaterThan(5)
  })

  it('have the ends of leaf certificates', async () => {
    const series = await scrape(url)
    const name = 'intransit_cert_not_after_timestamp_seconds{identity="CN=web.example.test",fp8="c147349d"}'
    expect(series.get(name)).toBe(Date.parse('2026-10-25T03:03:07Z') / 1000)
  })

  it('have the health of the capture', async () => {
    const series = await scrape(url)
    const rows = await served.store.select<{ frames_received: number; state: string }>('sensor-health', all)
    const received = rows.reduce((sum, row) => sum + row.frames_received, 0)
    expect(series.get('intransit_capture_packets{result="received"}')).toBe(received)
    expect(series.get('intransit_capture_packets{result="kernel_dropped"}')).toBe(0)
    const ended = rows.filter(({ state }) => state === 'ended').length
    expect(series.get('intransit_sensor_sources{state="ended"}')).toBe(ended)
    expect(series.get('intransit_build_info{version="1.2.3"}')).toBe(1)
    expect(series.get('process_cpu_seconds_total')).toBeGreaterThan(0)
  })

  it('are those of the table, of their types, each within its bound', async () => {
    const text = await (await fetch(`${url}/metrics`)).text()
    const types = new Map(
      Array.from(text.matchAll(/^# TYPE (intransit_\w+) (\w+)$/gm), ([, name, type]) => [name, type]),
    )
    const served = METRICS.filter(({ of }) => of !== 'run')
    expect([...types]).toEqual(served.map(({ name, type }) => [name, type]))
    const series = [...(await scrape(url)).keys()]
    for (const { name, most, labels } of served) {
      const own = series.filter((one) => one.replace(/\{.*/, '') === name)
      expect(own.length, name).toBeGreaterThan(0)
      expect(own.length, name).toBeLessThanOrEqual(most)
      for (const one of own) expect(labelsOf(one), one).toEqual(Object.keys(labels))
    }
  })

  it.each(METRICS)('$name has a name by the rules of Prometheus', ({ name, type, labels }) => {
    expect(name).toMatch(/^intransit_[a-z][a-z_]*[a-z]$/)
    expect(name.endsWith('_total')).toBe(type === 'counter')
    for (const label of Object.keys(labels)) expect(label).toMatch(/^[a-z][a-z_0-9]*$/)
    // An address, or a name that a client asked for, would have as many series as anybody likes.
    expect(Object.keys(labels)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/(^|_)ip(_|$)|server_name|host|sni/)]),
    )
  })
})

const labelsOf = (series: string): string[] => Array.from(series.matchAll(/[{,](\w+)="/g), ([, name]) => name as string)

describe('a scrape', () => {
  it('needs no token here, but one that is sent must be known', async () => {
    expect((await fetch(`${url}/metrics`, { headers: bearer.viewer })).status).toBe(200)
    expect((await fetch(`${url}/metrics`, { headers: { authorization: 'Bearer none' } })).status).toBe(401)
  })

  it('that comes soon after another costs no query, and one that failed is made again', async () => {
    // It would go on reading from the same store.
    await server.close()
    let queries = 0
    let fails = true
    const select = served.store.select.bind(served.store)
    const spied = await served.start()
    served.store.select = async <T>(...question: Parameters<typeof select>): Promise<T[]> => {
      queries++
      if (fails) throw new Error('away')
      return await select<T>(...question)
    }
    try {
      expect((await fetch(`${spied.url}/metrics`)).status).toBe(500)
      fails = false
      queries = 0
      await Promise.all([scrape(spied.url), scrape(spied.url)])
      await scrape(spied.url)
      expect(queries).toBe(10 + joinNames(KPIS.map(({ name }) => `kpi-${name}`)).length)
    } finally {
      served.store.select = select
    }
  })
})
