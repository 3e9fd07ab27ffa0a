/** What the API says of KPIs, edges and endpoints, held against the flow lines of a replay of captures/. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Schema } from '../../src/api/route.ts'
import { routesOf } from '../../src/api/routes.ts'
import { KPIS } from '../../src/kpi/index.ts'
import { capturedKpis } from '../kpi/captured-kpis.ts'
import { capturedLines } from '../store/captured-lines.ts'
import { madeTokens, type Served, serveCaptures } from './served.ts'

type Row = Record<string, unknown>

const { tokens, bearer } = madeTokens('viewer')
let served: Served
let url = ''
let lines: Row[] = []
let certificates: Row[] = []
let schemas: Map<string, Schema>

beforeAll(async () => {
  served = await serveCaptures()
  url = (await served.start({ tokens })).url
  const captured = await capturedLines()
  const all: Row[] = captured.flows.map((line) => JSON.parse(line))
  lines = [...new Map(all.map((line) => [line['flow_id'], line])).values()]
  certificates = captured.certificates.map((line) => JSON.parse(line))
  const routes = await routesOf(served.store, { version: '1', metricsWindowHours: 24, capture: null })
  schemas = new Map(routes.map(({ path, answers }) => [path, answers['application/json'] ?? {}]))
})
afterAll(() => served.end())

const ask = (path: string): Promise<Response> => fetch(`${url}${path}`, { headers: bearer.viewer })

/** The answer, which is as the schema of its path says. */
async function told<T>(path: string, template = path.split('?')[0] as string): Promise<T> {
  const response = await ask(path)
  expect(response.status, path).toBe(200)
  const answer = await response.json()
  const { default: formats } = await import('ajv-formats')
  const ajv = new Ajv2020({ allErrors: true, strictTypes: false })
  ;(formats as unknown as (ajv: Ajv2020) => void)(ajv)
  const isValid = ajv.compile(schemas.get(template) as object)
  isValid(answer)
  expect(isValid.errors, path).toBeNull()
  return answer as T
}

const oneKpi = (rest: string) => told<Row & { series: Row[] }>(`/api/v1/kpis/${rest}`, '/api/v1/kpis/{name}')

async function allPages(path: string): Promise<Row[]> {
  const rows: Row[] = []
  for (let next: string | null = path; next !== null; ) {
    const { items, next_cursor }: { items: Row[]; next_cursor: string | null } = await told(next)
    rows.push(...items)
    next = next_cursor === null ? null : `${path}&cursor=${next_cursor}`
  }
  return rows
}

describe('KPIs', () => {
  it('are all of the table, with the figures of the JSON lines', async () => {
    const { items } = await told<{ items: Row[] }>('/api/v1/kpis')
    expect(items.map(({ name }) => name)).toEqual(KPIS.map(({ name }) => name))
    const counted = capturedKpis(lines, certificates)
    for (const { name, numerator, denominator, unobservable } of items) {
      const want = counted[String(name)]
      if (want !== undefined) expect([name, numerator, denominator, unobservable]).toEqual([name, ...want])
    }
  })

  it('are told as CSV', async () => {
    const response = await ask('/api/v1/kpis?format=csv')
    expect(response.headers.get('content-type')).toMatch(/^text\/csv/)
    const rows = (await response.text()).trimEnd().split('\r\n')
    expect(rows[0]).toBe('name,title,practice,numerator,denominator,unobservable,low,point,high,unit')
    expect(rows).toHaveLength(KPIS.length + 1)
  })

  it('are cut as they are asked for', async () => {
    const ofTls = lines.filter(({ app_protocol }) => app_protocol === 'tls')
    const encrypted = ofTls.filter(({ verdict }) => ['weak', 'strong', 'opaque'].includes(String(verdict)))
    const one = await oneKpi('coverage-flows?app_protocol=tls')
    expect(one['numerator']).toBe(encrypted.length)
    expect(await oneKpi('coverage-flows?app_protocol=tls&sensor=nobody')).toMatchObject({ denominator: 0, point: null })
    const both = await oneKpi('coverage-flows?zone=internal&zone=external')
    expect(both['denominator']).toBe((await oneKpi('coverage-flows'))['denominator'])
    const inside = await oneKpi('coverage-flows?zone=internal%3Einternal')
    const outside = await oneKpi('coverage-flows?zone=external')
    expect(Number(inside['denominator']) + Number(outside['denominator'])).toBe(both['denominator'])
    const named = lines.filter(({ server_name }) => server_name === 'web.example.test')
    const service = await oneKpi('tls-version-compliance?service=WEB.example.test')
    expect(service['denominator']).toBe(
      named.filter(({ tls_version, verdict }) => tls_version !== undefined && verdict !== 'plaintext').length,
    )
    expect(await oneKpi('strong-encryption?policy=other')).toMatchObject({ denominator: 0 })
  })

  it('have a course whose steps add up to the whole', async () => {
    const { series, definition, ...whole } = await oneKpi(
      'coverage-flows?from=2026-11-20T00:00:00Z&to=2026-11-28T23:59:59Z&interval=day',
    )
    expect(series).toHaveLength(9)
    expect(series.reduce((sum, { denominator }) => sum + Number(denominator), 0)).toBe(whole['denominator'])
    expect(definition).toMatchObject({ complement: expect.stringContaining('VPC') })
    const csv = await (
      await ask('/api/v1/kpis/coverage-flows?from=2026-11-20T00:00:00Z&to=2026-11-28T23:59:59Z&interval=day&format=csv')
    ).text()
    expect(csv.trimEnd().split('\r\n')).toHaveLength(10)
  })

  it.each([
    'coverage-flows?interval=day',
    'coverage-flows?interval=hour&from=2020-01-01T00:00:00Z',
    'coverage-flows?interval=year&from=2026-01-01T00:00:00Z',
    'coverage-flows?zone=%27%20OR%201',
    'coverage-flows?zone=a%3Eb%3Ec',
    'coverage-flows?policy=a/b',
    'nothing',
    'coverage-flows?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z',
  ])('refuse %s', async (rest) => expect((await ask(`/api/v1/kpis/${rest}`)).status).toBe(400))

  it('are read by GET only', async () => {
    const response = await fetch(`${url}/api/v1/kpis/coverage-flows`, { method: 'POST', headers: bearer.viewer })
    expect(response.status).toBe(405)
  })
})

it('the maturity has its evidence', async () => {
  const { level, criteria } = await told<{ level: number; criteria: Row[] }>('/api/v1/maturity')
  expect(level).toBeGreaterThanOrEqual(0)
  const [coverage] = criteria.filter(({ kpi, zones }) => kpi === 'coverage-edges' && (zones as string[]).length === 0)
  expect(coverage?.['value']).toBe((await oneKpi('coverage-edges'))['low'])
})

const edgeOf = (row: Row): string => `${row['server_ip']} ${row['server_port']} ${row['client_ip']}`
const endpointOf = (row: Row): string => `${row['server_ip']} ${row['server_port']}`
const WORST = ['plaintext', 'weak', 'opaque', 'strong', 'unknown', 'exempt']

describe.each([
  { path: '/api/v1/edges', keyOf: edgeOf },
  { path: '/api/v1/endpoints', keyOf: endpointOf },
])('$path', ({ path, keyOf }) => {
  it('has every one once, with the flows of its verdicts, the worst of which is its own', async () => {
    const rows = await allPages(`${path}?limit=7`)
    const grouped = new Map<string, Row[]>()
    for (const line of lines) grouped.set(keyOf(line), [...(grouped.get(keyOf(line)) ?? []), line])
    expect(rows.map(keyOf).sort()).toEqual([...grouped.keys()].sort())
    for (const row of rows) {
      const flows = grouped.get(keyOf(row)) ?? []
      const count = (verdict: string): number => flows.filter((line) => line['verdict'] === verdict).length
      for (const verdict of WORST) expect(row[verdict], `${keyOf(row)} ${verdict}`).toBe(count(verdict))
      expect(row['verdict']).toBe(WORST.find((verdict) => count(verdict) > 0))
      expect(row['flows']).toBe(flows.length)
      expect(row['first_seen']).toBe(flows.map((line) => String(line['first_seen'])).sort()[0])
      if (row['clients'] !== undefined)
        expect(row['clients']).toBe(new Set(flows.map((line) => line['client_ip'])).size)
    }
  })

  it('is filtered by verdict, protocol and zone', async () => {
    const plain = await allPages(`${path}?limit=50&verdict=plaintext`)
    expect(plain.length).toBeGreaterThan(10)
    expect(new Set(plain.map((row) => row['verdict']))).toEqual(new Set(['plaintext']))
    const ssh = await allPages(`${path}?limit=50&app_protocol=ssh`)
    expect(new Set(ssh.map(keyOf))).toEqual(new Set(lines.filter((line) => line['app_protocol'] === 'ssh').map(keyOf)))
    const outside = await allPages(`${path}?limit=50&zone=internal%3Eexternal`)
    for (const row of outside) expect(row['server_zone']).toBe('external')
    expect((await told<{ items: Row[] }>(`${path}?to=2000-01-01T00:00:00Z`)).items).toEqual([])
  })

  it('is told as CSV, and refuses a cursor of others', async () => {
    const response = await ask(`${path}?format=csv&limit=3`)
    expect((await response.text()).trimEnd().split('\r\n')).toHaveLength(4)
    expect(response.headers.get('link')).toMatch(/rel="next"$/)
    const cursor = Buffer.from(JSON.stringify(['10.0.0.1', 70_000, '10.0.0.2'])).toString('base64url')
    expect((await ask(`${path}?cursor=${cursor}`)).status).toBe(400)
  })
})

it('who may only read gets the rollups as they are, and the operator is told once', async () => {
  const said: string[] = []
  const other = await served.start({ tokens, say: (line) => void said.push(line) })
  const rollUp = served.store.rollUp
  served.store.rollUp = () => Promise.reject(new Error('not allowed'))
  try {
    for (let i = 0; i < 2; i++) {
      const response = await fetch(`${other.url}/api/v1/kpis/coverage-flows`, { headers: bearer.viewer })
      expect(await response.json()).toMatchObject({
        numerator: capturedKpis(lines, certificates)['coverage-flows']?.[0],
      })
    }
  } finally {
    served.store.rollUp = rollUp
  }
  expect(said).toEqual(['the rollups are not brought up to date: not allowed'])
})
