/** What the routes say of a replay of captures/, held against the flow lines of that replay. */
import { X509Certificate } from 'node:crypto'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { schemaOf } from '../../src/api/flows.ts'
import type { Schema } from '../../src/api/route.ts'
import { routesOf } from '../../src/api/routes.ts'
import { judgeCertificates } from '../../src/report/judge-certificates.ts'
import { RevocationLists } from '../../src/trust/revocation.ts'
import { Roots } from '../../src/trust/roots.ts'
import { capturedLines } from '../store/captured-lines.ts'
import { madeTokens, type Served, serveCaptures } from './served.ts'

type Row = Record<string, unknown>

const { tokens, bearer } = madeTokens('viewer')
let served: Served
let url = ''
let lines: Row[] = []
let certificateLines: Row[] = []
let schemas: Map<string, Schema>

beforeAll(async () => {
  served = await serveCaptures()
  url = (await served.start({ tokens })).url
  const captured = await capturedLines()
  lines = captured.flows.map((line) => JSON.parse(line))
  certificateLines = captured.certificates.map((line) => JSON.parse(line))
  const routes = await routesOf(served.store, { version: '1', metricsWindowHours: 24, capture: null })
  schemas = new Map(routes.map(({ path, answers }) => [path, answers['application/json'] ?? {}]))
})
afterAll(() => served.end())

const ask = (path: string): Promise<Response> => fetch(`${url}${path}`, { headers: bearer.viewer })

/** The answer, which is as its schema says. */
async function told(path: string): Promise<{ items: Row[]; next_cursor?: string | null }> {
  const response = await ask(path)
  expect(response.status, path).toBe(200)
  const answer = await response.json()
  const { default: formats } = await import('ajv-formats')
  const ajv = new Ajv2020({ allErrors: true, strictTypes: false })
  ;(formats as unknown as (ajv: Ajv2020) => void)(ajv)
  const isValid = ajv.compile(schemas.get(path.split('?')[0] as string) as object)
  isValid(answer)
  expect(isValid.errors, path).toBeNull()
  return answer as { items: Row[]; next_cursor?: string | null }
}

async function allPages(path: string): Promise<Row[]> {
  const rows: Row[] = []
  let next: string | null = path
  while (next !== null) {
    const { items, next_cursor } = await told(next)
    rows.push(...items)
    next = next_cursor == null ? null : `${path}&cursor=${next_cursor}`
  }
  return rows
}

const idsOf = (rows: readonly Row[]): unknown[] => rows.map((row) => row['flow_id']).sort()
const latest = (): Row[] => [...new Map(lines.map((line) => [line['flow_id'], line])).values()]

describe('flows', () => {
  it('are those of the records, field by field', async () => {
    const rows = await allPages('/api/v1/flows?limit=1000')
    expect(idsOf(rows)).toEqual(idsOf(latest()))
    const byId = new Map(rows.map((row) => [row['flow_id'], row]))
    for (const line of latest()) {
      const row = byId.get(line['flow_id'])
      for (const [name, value] of Object.entries(line)) {
        if (!name.startsWith('offered_') && name !== 'client_hello_hash') expect(row?.[name], name).toEqual(value)
      }
    }
  })

  it('come in pages, oldest first, each once', async () => {
    const rows = await allPages('/api/v1/flows?limit=37')
    expect(idsOf(rows)).toEqual(idsOf(latest()))
    const keys = rows.map(({ first_seen, flow_id }) => `${first_seen} ${flow_id}`)
    expect(keys).toEqual([...keys].sort())
  })

  it.each([
    { filter: 'verdict=plaintext', keeps: (row: Row) => row['verdict'] === 'plaintext' },
    {
      filter: 'verdict=plaintext&verdict=weak&app_protocol=http&app_protocol=tls',
      keeps: ({ verdict, app_protocol }: Row) =>
        ['plaintext', 'weak'].includes(String(verdict)) && ['http', 'tls'].includes(String(app_protocol)),
    },
    { filter: 'app_protocol=none', keeps: (row: Row) => (row['app_protocol'] ?? null) === null },
    { filter: 'server_ip=10.11.0.3&server_port=443', keeps: is({ server_ip: '10.11.0.3', server_port: 443 }) },
    { filter: 'server_ip=ff02::16', keeps: is({ server_ip: 'ff02::16' }) },
    { filter: 'server_ip=::ffff:10.11.0.3', keeps: is({ server_ip: '10.11.0.3' }) },
    { filter: 'server_name=WEB.example.test', keeps: is({ server_name: 'web.example.test' }) },
    { filter: 'server_name=*.example.test', keeps: (row: Row) => /\.example\.test$/.test(String(row['server_name'])) },
    { filter: 'sensor=test&app_protocol=ssh', keeps: is({ app_protocol: 'ssh' }) },
  ])('are filtered by $filter', async ({ filter, keeps }) => {
    const want = latest().filter(keeps)
    expect(want.length).toBeGreaterThan(0)
    expect(idsOf(await allPages(`/api/v1/flows?${filter}&limit=10`))).toEqual(idsOf(want))
  })

  it('are none where none is so', async () => {
    for (const filter of ['sensor=other', 'server_name=example.test', 'server_name=*.ample.test', 'server_port=1']) {
      expect(await told(`/api/v1/flows?${filter}`)).toEqual({ items: [], next_cursor: null })
    }
  })

  it('are those that overlap a time, both ends included', async () => {
    const [some] = latest().filter(({ app_protocol }) => app_protocol === 'http')
    const at = String(some?.['last_seen'])
    const want = latest().filter((row) => String(row['first_seen']) <= at && String(row['last_seen']) >= at)
    expect(idsOf((await told(`/api/v1/flows?from=${at}&to=${at}`)).items)).toEqual(idsOf(want))
    expect((await told('/api/v1/flows?to=2000-01-01T00:00:00Z')).items).toEqual([])
  })

  it('are told as CSV, with the next page in a header', async () => {
    const response = await ask('/api/v1/flows?format=csv&limit=5&verdict=strong')
    expect(response.headers.get('content-type')).toMatch(/^text\/csv/)
    const rows = (await response.text()).trimEnd().split('\r\n')
    expect(rows[0]).toMatch(/^flow_id,.*first_seen.*,verdict,/)
    expect(rows).toHaveLength(6)
    const [, next = ''] = /^<(\/api\/v1\/flows\?[^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '') ?? []
    const second = (await (await ask(next)).text()).trimEnd().split('\r\n')
    expect(second[0]).toBe(rows[0])
    expect(second[1]).not.toBe(rows[1])
  })
})

function is(members: Row): (row: Row) => boolean {
  return (row) => Object.entries(members).every(([name, value]) => row[name] === value)
}

describe('services', () => {
  it('count every flow once, under its verdict', async () => {
    const rows = await allPages('/api/v1/services?limit=4')
    const keys = new Set(
      latest().map((row) => JSON.stringify([row['server_ip'], row['server_port'], row['app_protocol'] ?? null])),
    )
    expect(
      new Set(rows.map((row) => JSON.stringify([row['server_ip'], row['server_port'], row['app_protocol']]))),
    ).toEqual(keys)
    expect(rows).toHaveLength(keys.size)
    for (const verdict of ['plaintext', 'weak', 'strong', 'opaque', 'unknown', 'exempt']) {
      const sum = rows.reduce((total, row) => total + Number(row[verdict]), 0)
      expect(sum, verdict).toBe(latest().filter((row) => row['verdict'] === verdict).length)
    }
  })

  it('are as bad as their worst flow', async () => {
    const rows = await allPages('/api/v1/services?limit=1000&server_ip=10.11.0.3')
    const order = ['plaintext', 'weak', 'opaque', 'strong', 'unknown', 'exempt']
    for (const row of rows) expect(row['verdict']).toBe(order.find((verdict) => Number(row[verdict]) > 0))
    expect(new Set(rows.map((row) => row['verdict'])).size).toBeGreaterThan(2)
  })
})

describe('certificates', () => {
  it('are those that were presented, those that end first at the beginning', async () => {
    const rows = await allPages('/api/v1/certificates?limit=3')
    const fingerprints = certificateLines.map((line) => line['fingerprint_sha256'])
    expect(rows.map((row) => row['fingerprint_sha256']).sort()).toEqual([...new Set(fingerprints)].sort())
    const ends = rows.map((row) => row['not_after']).filter((end) => end !== null)
    expect(ends).toEqual([...ends].sort())
    expect(Object.keys(rows[0] ?? {})).not.toContain('end_s')
    expect(Object.keys(rows[0] ?? {})).not.toContain('der')
  })

  it("tell what they may be used for, as Node's own reader does", async () => {
    const ders = new Map(certificateLines.map((line) => [line['fingerprint_sha256'], String(line['der'])]))
    const rows = await allPages('/api/v1/certificates?limit=1000')
    const purposes = rows.map((row) => row['purposes'])
    const nodes = rows.map((row) => {
      const { keyUsage } = new X509Certificate(Buffer.from(ders.get(row['fingerprint_sha256']) as string, 'base64'))
      return keyUsage ?? null
    })
    expect(purposes).toEqual(nodes)
    expect(purposes).toContainEqual(['1.3.6.1.5.5.7.3.1'])
    const authorities = rows.filter((row) => row['is_ca'] === true)
    expect(authorities.some((row) => (row['key_usage'] as string[] | null)?.includes('keyCertSign'))).toBe(true)
  })

  it('tell who vouches for them, once that was judged', async () => {
    const before = await allPages('/api/v1/certificates?limit=1000')
    expect(before.filter(({ anchor, faults }) => anchor !== null || faults !== null)).toEqual([])
    expect(
      await judgeCertificates(served.store, { roots: new Roots(), revocations: new RevocationLists() }),
    ).toBeGreaterThan(10)
    const rows = await allPages('/api/v1/certificates?limit=1000')
    const leaves = rows.filter(({ anchor }) => anchor !== null)
    expect(leaves.length).toBeGreaterThan(5)
    for (const { chain, fingerprint_sha256: leaf, position } of leaves) {
      expect((chain as Row[])[0]).toMatchObject({ fingerprint_sha256: leaf, from: 'sent' })
      expect(position).toBe(0)
    }
    // One capture has a staple that its own issuer signed; of the others nothing verified speaks.
    const told = leaves.map(({ revocation, revocation_from: from }) => [revocation, from])
    expect(told).toContainEqual(['good', 'stapled'])
    expect(told).toContainEqual([null, null])
    expect(rows.filter(({ anchor, revocation }) => anchor === null && revocation !== null)).toEqual([])
    expect(leaves.flatMap(({ faults }) => faults)).toContain('untrusted')
  })

  it('are filtered by their end and by who presented them', async () => {
    const all = await allPages('/api/v1/certificates?limit=1000')
    const day = '2026-11-24T00:00:00Z'
    const ended = await told(`/api/v1/certificates?expires_before=${day}`)
    expect(ended.items).toEqual(all.filter(({ not_after }) => not_after === null || String(not_after) < day))
    expect(ended.items.length).toBeGreaterThan(0)
    const clients = await told('/api/v1/certificates?role=client')
    expect(clients.items.length).toBeGreaterThan(0)
    for (const { roles } of clients.items) expect(roles).toEqual(['client'])
  })
})

describe('the others', () => {
  it('coverage is that of the report', async () => {
    const { items } = await told('/api/v1/kpis/coverage')
    const flows = latest()
    const count = (...verdicts: string[]) => flows.filter((row) => verdicts.includes(String(row['verdict']))).length
    const encrypted = count('weak', 'strong', 'opaque')
    const all = encrypted + count('plaintext', 'unknown')
    expect(items[0]).toMatchObject({ unit: 'flows', total: flows.length, lost: 0 })
    expect(items[0]?.['low']).toBeCloseTo(encrypted / all)
    expect(items[0]?.['point']).toBeCloseTo(encrypted / (encrypted + count('plaintext')))
    expect(items[0]?.['high']).toBeCloseTo((encrypted + count('unknown')) / all)
  })

  it('coverage of a time without a flow has no figures', async () => {
    const { items } = await told('/api/v1/kpis/coverage?to=2000-01-01T00:00:00Z')
    expect(items).toMatchObject([{ total: 0, point: null }, { point: null }, { point: null }])
  })

  it('policies are those that are built in', async () => {
    const { items } = await told('/api/v1/policies')
    expect(items.map(({ id }) => id)).toContain('sec09-recommended')
    expect(JSON.stringify(items)).toContain('"severity":"critical"')
  })

  it('sensors tell of each file', async () => {
    const { items } = await told('/api/v1/sensors')
    expect(items.length).toBeGreaterThan(100)
    expect(new Set(items.map(({ sensor }) => sensor))).toEqual(new Set(['test']))
  })
})

describe('a wrong question is told what is wrong', () => {
  const cursor = (key: unknown): string => `cursor=${Buffer.from(JSON.stringify(key)).toString('base64url')}`
  const id = '0'.repeat(32)

  it.each([
    ...['verdict=good', 'server_port=70000', 'server_port=x', 'server_ip=example.test', 'limit=0', 'limit=1001'],
    ...['from=yesterday', 'from=2026-02-30T00:00:00Z', 'to=9999-01-01T00:00:00Z', 'from=2026-01-01T00:00:00%2B01:00'],
    ...[
      'to=2026-01-01T00:00:60Z',
      'from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z',
      'from=2026-01-01T00:00:00.1234567Z',
    ],
    ...['format=xml', 'limit=1&limit=2', 'order=desc', 'app_protocol=%27%20OR%201=1', 'server_name='],
    ...[`server_name=${'x'.repeat(256)}`, Array.from({ length: 51 }, (_, i) => `server_port=${i}`).join('&')],
    ...['cursor=x', cursor(null), cursor([]), cursor(['2026-01-01T00:00:00.000000Z']), cursor([1, 2])],
    ...[cursor(['2026-99-01T00:00:00.000000Z', id]), cursor(['2026-01-01T00:00:00.000000Z', `${id}'`])],
  ])('flows?%.60s', async (query) => {
    const response = await ask(`/api/v1/flows?${query}`)
    expect(response.status).toBe(400)
    expect(((await response.json()) as Row)['detail']).not.toBe('')
  })

  it.each([
    `services?${cursor(['::::', 1, 'tls'])}`,
    `services?${cursor(['10.0.0.1', 70_000, 'tls'])}`,
    `certificates?${cursor(['x', '0'.repeat(64)])}`,
    `probes?${cursor(['2026-99-01T00:00:00.000000Z', id])}`,
    'certificates?role=both',
    'kpis/coverage?limit=1',
  ])('%s', async (query) => expect((await ask(`/api/v1/${query}`)).status).toBe(400))

  it('of much text is text to the store', async () => {
    const name = "a'; DROP TABLE flows; --\\'"
    expect((await told(`/api/v1/flows?server_name=${encodeURIComponent(name)}`)).items).toEqual([])
    expect((await told(`/api/v1/flows?sensor=${encodeURIComponent(name)}&sensor=%00`)).items).toEqual([])
  })
})

it('a query that takes too long is given up', async () => {
  const said: string[] = []
  const hasty = await served.start({ limits: { maxQuerySeconds: 0.0001 }, say: (line) => said.push(line) })
  const response = await fetch(`${hasty.url}/api/v1/kpis/coverage`)
  expect(response.status).toBe(503)
  expect(said.join('\n')).toMatch(/ERR_STORE_READ: .*Timeout exceeded/)
})

it.each([
  ['UInt64', { type: 'integer', minimum: 0 }],
  ['Bool', { type: 'boolean' }],
  ["Enum8('a' = 1)", { type: 'string' }],
  ['LowCardinality(Nullable(String))', { type: ['string', 'null'] }],
  ['Array(LowCardinality(String))', { type: 'array', items: { type: 'string' } }],
])('a column of type %s', (type, schema) => expect(schemaOf(type)).toEqual(schema))
