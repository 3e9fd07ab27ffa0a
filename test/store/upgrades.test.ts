/** A store of every schema there has been, with flows that came to it then, brought up to date: it has them, and takes more. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KPIS } from '../../src/kpi/index.ts'
import type { Kpi, KpiValue } from '../../src/kpi/kpi.ts'
import { readKpis } from '../../src/kpi/read-kpi.ts'
import { connectEmbedded } from '../../src/store/embedded.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { migrateSchema } from '../../src/store/schema.ts'
import { readMigrations } from '../../src/store/sql-files.ts'
import { ALL_TIME, flowLine, UNFILTERED } from './lines.ts'

const root = mkdtempSync(join(tmpdir(), 'intransit-upgrades-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const CHAIN = ['a1'.repeat(32), 'c1'.repeat(32)]
/** With the columns whose types changed on the way, and without. */
const OLD = [
  {
    ...{ name: 'web', verdict: 'weak', tls_version: 769, cipher_suite: 0xc013, named_group: 23, bytes: 7 },
    ...{ app_protocol: 'tls', server_name: 'www.example', server_certificates: CHAIN, handshake_us: 900, ja4: 'x' },
    violations: ['pack/cert-expired'],
  },
  {
    ...{ name: 'bare', verdict: 'plaintext', http_status: 301, http_host: 'www.example:80', http_method: 'GET' },
    ...{ app_protocol: 'http', port: 80, bytes: 5 },
  },
  { name: 'other', verdict: 'unknown', server: '2001:db8::1', port: 60_000 },
  { name: 'slow', verdict: 'strong', tls_version: 771, handshake_us: 40_000 },
  { name: 'slower', verdict: 'strong', tls_version: 771, handshake_us: 90_000 },
]
const NEW = { ...OLD[0], name: 'later', verdict: 'strong', violations: [], handshake_us: 1_700 } as (typeof OLD)[0]
/** Of the four times the two that half and 95 % of them do not exceed, and how much their sketch may err. */
const TIMES = { median: 0.0017, p95: 0.09, error: 0.01 }

/** Members that the first schema had already. */
const SHOWN = [
  ...['flow_id', 'verdict', 'server_ip', 'server_port', 'tls_version', 'cipher_suite', 'named_group', 'server_name'],
  ...['http_host', 'http_status', 'server_certificates', 'violations'],
]

interface Answers {
  flows: unknown[]
  kpis: { name: string; value: KpiValue }[]
}

async function answersOf(store: Store): Promise<Answers> {
  await store.rollUp()
  const flows = await store.select<Record<string, unknown>>('flows', { ...UNFILTERED, ...ALL_TIME, limit: 100 })
  const question = { from: '2026-03-01T00:00:00Z', to: '2026-03-01T23:59:59Z' }
  const cut = { zones: [], services: [], sensors: [], protocols: [], packs: [] }
  const select = <T>(query: string, params: Record<string, unknown>): Promise<T[]> => store.select<T>(query, params)
  const kpis = await readKpis(select, KPIS.filter(isAsked), { ...question, ...cut })
  return {
    flows: flows.map((flow) => SHOWN.map((member) => flow[member])),
    kpis: kpis.map(([{ name }, value]) => ({ name, value })),
  }
}

/** Of each table that is made of flows one figure; more are the business of other tests. */
const isAsked = ({ name }: Kpi): boolean =>
  ['tls13-share', 'coverage-edges', 'plaintext-unresolved', ...TIME_FIGURES, ...CERTIFICATE_FIGURES].includes(name)
const TIME_FIGURES = ['handshake-time', 'handshake-time-p95']
const CERTIFICATE_FIGURES = ['expirations', 'failures-judged', 'failures-observed', 'resolution-time'].map(
  (name) => `certificate-${name}`,
)

const lines = OLD.map(flowLine).join('')
async function upgraded(data: string, from: number): Promise<Answers> {
  const store = await openStore({ data })
  try {
    expect(await store.migrate()).toEqual({ from, to: versions.at(-1) })
    await store.insertFlows(lines, OLD.length, 'old')
    await store.insertFlows(flowLine(NEW), 1, 'new')
    return await answersOf(store)
  } finally {
    await store.close()
  }
}

const versions = readMigrations().map(({ version }) => version)
let fresh: Answers
beforeAll(async () => {
  fresh = await upgraded(join(root, 'fresh'), 0)
}, 120_000)

it('has the times of handshakes within 1 %', () => {
  const [median, p95] = TIME_FIGURES.map((name) => fresh.kpis.find((kpi) => kpi.name === name)?.value)
  expect(median).toMatchObject({ denominator: 4, unobservable: 0 })
  expect(p95).toMatchObject({ denominator: 4, unobservable: 0 })
  expect(Math.abs((median?.point ?? Number.NaN) / TIMES.median - 1)).toBeLessThanOrEqual(TIMES.error)
  expect(Math.abs((p95?.point ?? Number.NaN) / TIMES.p95 - 1)).toBeLessThanOrEqual(TIMES.error)
})

describe('a store of before', () => {
  // The first has nowhere to put a flow, the last is this one.
  it.each(versions.slice(1, -1))(
    'with schema %d keeps its flows, takes more, and answers as a new one does',
    async (version) => {
      const data = join(root, `schema-${version}`)
      const old = await connectEmbedded(data)
      await migrateSchema(
        old.client,
        readMigrations().filter((one) => one.version <= version),
      )
      await old.insert('flows_in', lines, 'old')
      await old.client.close()

      expect(await upgraded(data, version)).toEqual(fresh)
    },
    120_000,
  )
})
