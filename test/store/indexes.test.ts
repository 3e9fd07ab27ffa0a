/** What the engine says it would read: of a KPI rollups alone, of a list or a panel of flows the days that were asked for. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DASHBOARDS } from '../../grafana/make/dashboards/index.ts'
import type { SqlTarget } from '../../grafana/make/query.ts'
import { KPIS } from '../../src/kpi/index.ts'
import { connectEmbedded } from '../../src/store/embedded.ts'
import type { Engine } from '../../src/store/engine.ts'
import { openStore } from '../../src/store/index.ts'
import { readQuery } from '../../src/store/sql-files.ts'
import { expand, type View } from '../grafana/expand.ts'
import { flowLine, UNFILTERED } from './lines.ts'

const MONTHS = 12
const A_MONTH = 3000
const DAY = { from: '2025-06-10T00:00:00', to: '2025-06-10T23:59:59' }
const YEAR = { from: '2025-01-01T00:00:00', to: '2025-12-31T23:59:59' }
const CUT = { zones: [], services: [], sensors: [], protocols: [], packs: [] }

let folder: string
let engine: Engine

/** A year of flows, a part a month, of more than one granule each. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-indexes-'))
  const store = await openStore({ data: folder })
  await store.migrate()
  // A few are rolled up, so that there are rollups to read.
  const some = ['2025-02-01', '2025-05-31', '2025-06-10', '2025-10-01'].map((day) => {
    const time = `${day}T12:00:00.000000Z`
    const tls = { tls_version: 771, server_certificates: ['a1'.repeat(32)], handshake_us: 900 }
    return flowLine({ name: day, verdict: 'plaintext', first_seen: time, last_seen: time, ...tls })
  })
  await store.insertFlows(some.join(''), some.length, 'some')
  await store.rollUp()
  for (let month = 0; month < MONTHS; month++) {
    const lines = Array.from({ length: A_MONTH }, (_, i) => {
      const time = new Date(Date.UTC(2025, month, 1) + i * 14 * 60_000).toISOString().replace('Z', '000Z')
      return flowLine({ name: `${month}/${i}`, verdict: 'strong', first_seen: time, last_seen: time })
    })
    await store.insertFlows(lines.join(''), A_MONTH, `month-${month}`)
  }
  await store.close()
  engine = await connectEmbedded(folder)
  // Made anew with small granules, so that a few thousand rows show what is passed over.
  await engine.client.command({ query: 'SET allow_suspicious_low_cardinality_types = 1' })
  await engine.client.command({ query: 'CREATE TABLE small AS flows SETTINGS index_granularity = 128' })
  await engine.client.command({
    query: 'INSERT INTO small SELECT * FROM flows SETTINGS max_partitions_per_insert_block = 0',
  })
  await engine.client.command({ query: 'EXCHANGE TABLES small AND flows' })
}, 180_000)
afterAll(async () => {
  await engine.client.close()
  rmSync(folder, { recursive: true, force: true })
})

function explained(name: string, params: Record<string, unknown>): Promise<string> {
  const query_params = Object.fromEntries(
    Object.entries(params).map(([key, value]) => [
      key,
      value instanceof Date
        ? value.toISOString().slice(0, -1)
        : String(value) === value
          ? value.replace(/Z$/, '')
          : value,
    ]),
  )
  return planned(readQuery(name).replace(/^(--.*\n)+/, ''), query_params)
}

async function planned(sql: string, query_params: Record<string, unknown> = {}): Promise<string> {
  const query = `EXPLAIN indexes = 1 ${sql}`
  const rows = await (await engine.client.query({ query, format: 'JSONEachRow', query_params })).json<{
    explain: string
  }>()
  return rows.map(({ explain }) => explain).join('\n')
}

/** Of each reading of a table: its granules after the last index, of all. */
function granules(plan: string, table: string): { read: number; all: number }[] {
  return plan
    .split(/(?=ReadFromMergeTree \()/)
    .filter((part) => new RegExp(`^ReadFromMergeTree \\((\\w+\\.)?${table}\\)`).test(part))
    .map((part) => {
      const counts = Array.from(part.matchAll(/Granules: (\d+)\/(\d+)/g), ([, read, all]) => ({
        read: Number(read),
        all: Number(all),
      }))
      return { read: counts.at(-1)?.read ?? Number.NaN, all: counts[0]?.all ?? Number.NaN }
    })
}

describe('a KPI', () => {
  // The others of certificates go by sightings.
  const ofCertificates = ['expirations', 'failures-observed', 'failures-judged', 'resolution-time']
  it.each(ofCertificates)('certificate-%s reads of flows their last hour at the most', async (name) => {
    for (const range of [DAY, YEAR]) {
      const plan = await explained(`kpi-certificate-${name}`, { provenances: [], ...range })
      expect(plan).toMatch(/certificate_(?:uses|states)/)
      // The end of the last flow is looked for before there is a plan.
      expect(granules(plan, 'flows')).toEqual([])
    }
  })

  it.each(KPIS.filter(({ isUncut }) => isUncut !== true))(
    '$name reads no flows, whatever the time',
    async ({ name }) => {
      for (const range of [DAY, YEAR]) {
        const plan = await explained(`kpi-${name}`, { ...CUT, ...range })
        expect(plan).toMatch(/rollups|plaintext_episodes/)
        expect(granules(plan, 'flows')).toEqual([])
        expect(granules(plan, 'edge_days')).toEqual([])
      }
    },
  )
})

describe('of a day of a year', () => {
  it.each([
    'flows',
    'services',
    'coverage',
    'verdicts',
    'tls-versions',
    'rules',
    'plaintext-services',
    'weak-endpoints',
    'unseen',
  ])('%s reads few of the flows', async (name) => {
    const plan = await explained(name, { ...UNFILTERED, limit: 100, ...DAY, after_first_seen: '1970-01-01T00:00:00' })
    const read = granules(plan, 'flows')
    expect(read.length).toBeGreaterThan(0)
    for (const one of read) {
      expect(one.all).toBeGreaterThan(200)
      expect(one.read).toBeLessThanOrEqual(4)
    }
  })
})

describe('a panel', () => {
  const panels = DASHBOARDS.flatMap(({ uid, panels: all }) =>
    all.flatMap(({ title, targets }) =>
      targets
        .filter((target): target is SqlTarget => target.kind === 'sql')
        .map(({ sql }) => ({ name: `${uid}: ${title}`, sql })),
    ),
  )
  const planOf = (sql: string, { from, to }: typeof DAY, variables: View['variables'] = {}): Promise<string> => {
    const [begin, end] = [Date.parse(`${from}Z`) / 1000, Date.parse(`${to}Z`) / 1000]
    return planned(expand(sql, { from: begin, to: end, intervalSeconds: Math.ceil((end - begin) / 300), variables }))
  }

  it.each(panels.filter(({ sql }) => /kpi_rows|rollups/.test(sql)))(
    '$name reads no flows of a year',
    async ({ sql }) => {
      const plan = await planOf(sql, YEAR)
      expect(plan).toContain('rollups')
      // A reading that the time rules out has no granules.
      expect(granules(plan, 'flows').filter(({ read }) => read > 0)).toEqual([])
    },
  )

  it.each(panels.filter(({ sql }) => /\bflows FINAL\b/.test(sql)))(
    '$name reads few of the flows of a day',
    async ({ sql }) => {
      // Some read flows only where an address is typed.
      const read = granules(await planOf(sql, DAY, { server: '10.0.0.1' }), 'flows')
      expect(read.length).toBeGreaterThan(0)
      for (const one of read) {
        expect(one.all).toBeGreaterThan(200)
        expect(one.read).toBeLessThanOrEqual(4)
      }
    },
  )
})
