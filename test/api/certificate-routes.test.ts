/** Lifecycle, inventory and probes as the API tells them: as their schemas say, in pages that miss nothing, cut by each filter. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Schema } from '../../src/api/route.ts'
import { routesOf } from '../../src/api/routes.ts'
import { fingerprint, madeYear, serial } from '../store/certificate-year.ts'
import { type Served, serveCaptures } from './served.ts'

type Row = Record<string, unknown>

let served: Served
let url = ''
let schemas: Map<string, Schema>

const LIFECYCLE = '/api/v1/certificates/lifecycle'
const INVENTORY = '/api/v1/certificates/inventory'
const PROBES = '/api/v1/probes'

beforeAll(async () => {
  served = await serveCaptures({ filled: false })
  url = (await served.start()).url
  const { certificate, shown, store } = await madeYear()
  for (const n of [1, 2, 3, 4, 5]) {
    certificate(`old${n}`, [`web${n}.example`], '2027-01-01', '2027-04-01')
    certificate(`new${n}`, [`web${n}.example`], '2027-03-01', `2027-06-0${n}`)
    shown(`old${n}`, `10.0.0.${n}`, '2027-01-05')
    shown(`new${n}`, `10.0.0.${n}`, '2027-03-02')
  }
  await store(served.store)
  const probe = (n: number, outcome: string) => ({
    ...{ probe_id: serial(`probe${n}`), probed_at: `2027-05-0${n}T00:00:00.000000Z`, sensor: 'test' },
    ...{ server_ip: `10.0.0.${n}`, server_port: 443, server_name: n === 1 ? '' : `web${n}.example`, protocol: 'tls' },
    ...{ outcome, handshakes: 1, tls_version: outcome === 'handshake' ? 772 : undefined },
    server_certificates: outcome === 'handshake' ? [fingerprint(`new${n}`)] : [],
  })
  const probed = [probe(1, 'handshake'), probe(2, 'timeout'), probe(3, 'handshake')].map((row) => JSON.stringify(row))
  await served.store.insertProbes(`${probed.join('\n')}\n`, probed.length, 'probes')
  const imported = [
    { source: 'acm', item: 'arn:1', serial_number: serial('new1') },
    { source: 'acm', item: 'arn:2', serial_number: 'ff' },
    { source: 'csv', item: 'line 2', serial_number: serial('new2') },
  ].map((row) => JSON.stringify({ fingerprint_sha256: '', imported_at: '2027-05-01T00:00:00Z', ...row }))
  await served.store.insertImports(`${imported.join('\n')}\n`, imported.length, 'imports')
  const routes = await routesOf(served.store, { version: '1', metricsWindowHours: 24, capture: null })
  schemas = new Map(routes.map(({ path, answers }) => [path, answers['application/json'] ?? {}]))
}, 60_000)
afterAll(() => served.end())

/** All pages, each of which is as its schema says. */
async function told(path: string, query = ''): Promise<Row[]> {
  const { default: formats } = await import('ajv-formats')
  const ajv = new Ajv2020({ allErrors: true, strictTypes: false })
  ;(formats as unknown as (ajv: Ajv2020) => void)(ajv)
  const isValid = ajv.compile(schemas.get(path) as object)
  const rows: Row[] = []
  for (let cursor = ''; ; ) {
    const response = await fetch(`${url}${path}?limit=2${query}${cursor}`)
    const answer = (await response.json()) as { items: Row[]; next_cursor: string | null }
    expect(response.status, JSON.stringify(answer)).toBe(200)
    isValid(answer)
    expect(isValid.errors).toBeNull()
    rows.push(...answer.items)
    if (answer.next_cursor === null) return rows
    cursor = `&cursor=${answer.next_cursor}`
  }
}

it('lifecycles come with what ends first at the beginning, each once', async () => {
  const rows = await told(LIFECYCLE)
  expect(rows.map(({ identity }) => identity)).toEqual([1, 2, 3, 4, 5].map((n) => `web${n}.example 443`))
  expect(rows[0]).toMatchObject({
    ...{ renewals: 1, lead_s: 30 * 86_400, automation: 'unknown', automation_provenance: 'inferred', flapping: false },
    rollouts: [{ old: fingerprint('old1'), new: fingerprint('new1'), t100_s: 0 }],
    deployments: [{ fingerprint_sha256: fingerprint('new1') }, { fingerprint_sha256: fingerprint('old1') }],
    places: [{ server_ip: '10.0.0.1', certificates: 2 }],
  })
}, 60_000)

it('an inventory is told by state and source, each once', async () => {
  const rows = await told(INVENTORY)
  // Of ten certificates that were seen two are imported.
  expect(rows.map(({ state, source }) => `${state} ${source}`.trim())).toEqual([
    ...['in_use acm', 'in_use csv'],
    ...Array.from({ length: 8 }, () => 'unknown'),
    'unused acm',
  ])
  expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBe(11)
})

it('probes are told oldest first, with what was not known left null', async () => {
  const rows = await told(PROBES)
  expect(rows.map(({ server_name, outcome, tls_version }) => [server_name, outcome, tls_version])).toEqual([
    [null, 'handshake', 772],
    ['web2.example', 'timeout', null],
    ['web3.example', 'handshake', 772],
  ])
})

it.each([
  { path: LIFECYCLE, query: 'name=WEB3', rows: 1 },
  { path: LIFECYCLE, query: 'provenance=probed', rows: 2 },
  { path: LIFECYCLE, query: 'server_ip=10.0.0.4&server_ip=10.0.0.5', rows: 2 },
  { path: LIFECYCLE, query: 'automation=likely', rows: 0 },
  { path: LIFECYCLE, query: 'from=2027-04-01T00:00:00Z', rows: 2 },
  { path: INVENTORY, query: 'state=unused&state=in_use', rows: 3 },
  { path: INVENTORY, query: 'source=csv', rows: 1 },
  { path: PROBES, query: 'outcome=timeout', rows: 1 },
  { path: PROBES, query: 'server_ip=10.0.0.3', rows: 1 },
  { path: PROBES, query: 'server_name=web2.example', rows: 1 },
  { path: PROBES, query: 'to=2027-05-02T00:00:00Z', rows: 2 },
])(
  '$path?$query has $rows',
  async ({ path, query, rows }) => {
    expect(await told(path, `&${query}`)).toHaveLength(rows)
  },
  60_000,
)

it.each([LIFECYCLE, INVENTORY, PROBES])('%s refuses a cursor that is not its own', async (path) => {
  const cursor = Buffer.from('["x","y"]').toString('base64url')
  expect((await fetch(`${url}${path}?cursor=${cursor}`)).status).toBe(400)
})
