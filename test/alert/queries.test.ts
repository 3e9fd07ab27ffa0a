/** The query of a finding runs on the store as it stands, and shows the flows, or the intervals, that the finding is of. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Finding, type FlowRecord, replayFindings } from '../../src/alert/index.ts'
import { readAlertsFile } from '../../src/cli/alert-config.ts'
import { connectEmbedded } from '../../src/store/embedded.ts'
import type { Engine } from '../../src/store/engine.ts'
import { migrateSchema } from '../../src/store/schema.ts'
import { sequenceTests } from './rule-tests.ts'
import { clear, flow, HOUR } from './simulate.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

const folder = mkdtempSync(join(tmpdir(), 'intransit-queries-'))
let store: Engine

beforeAll(async () => {
  store = await connectEmbedded(folder)
  await migrateSchema(store.client)
})
afterAll(async () => {
  await store.client.close()
  rmSync(folder, { recursive: true, force: true })
})

/** These records and no others. */
async function keep(table: string, into: string, records: readonly object[], token: string): Promise<void> {
  await store.client.command({ query: `TRUNCATE TABLE ${table}` })
  const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('')
  if (records.length > 0) await store.insert(into, lines, token)
}

interface Row {
  flow_id?: string
  source: string
}

async function shownBy({ sql }: Finding): Promise<Row[]> {
  return (await store.client.query({ query: sql, format: 'JSONEachRow' })).json<Row>()
}

const isOf =
  ({ flow_ids, subject }: Finding) =>
  ({ flow_id = '', source }: Row): boolean =>
    flow_ids.length === 0 ? subject.endsWith(`/${source}`) : flow_ids.includes(flow_id)

const firing = sequenceTests().filter(({ test }) => test.expected?.alerts?.length !== 0)

describe.each(firing)('$name', ({ name, test, records }) => {
  it('shows what it found', async () => {
    await keep('flows', 'flows_in', records.flows, `${name}-flows`)
    await keep('sensor_health', 'sensor_health', records.health, `${name}-health`)
    const config = test.alerts === null ? undefined : readAlertsFile(test.alerts).config
    const rules = new Set(test.expected?.alerts?.map(({ rule }) => rule))
    const found = replayFindings(records, config).filter(({ rule }) => rules.has(rule))
    expect(found).not.toEqual([])
    for (const finding of found) {
      const shown = (await shownBy(finding)).filter(isOf(finding))
      expect(shown.length, `${finding.key}: ${finding.sql}`).toBeGreaterThan(0)
    }
  })
})

/** Networks in each other, of one name and of another; the rest of 10.0.0.0/8 is internal as nobody named it. */
const ZONES = {
  prod: ['10.1.0.0/16', '10.1.9.128/25', 'fd00:1::/32'],
  lab: ['10.1.9.0/24', '10.9.0.0/16', 'fd00:1:9::/48'],
  'lab, too': ['10.1.9.0/24'],
}
const PAIRS: Readonly<Record<string, readonly (readonly [client: string, server: string])[]>> = {
  'prod -> prod': [
    ['10.1.0.1', '10.1.255.255'],
    ['10.1.9.200', '10.1.10.0'],
    ['fd00:1:8:ffff::1', 'fd00:1:a::1'],
  ],
  'prod -> lab': [
    ['10.1.0.1', '10.1.9.127'],
    ['10.1.0.1', '10.9.0.1'],
    ['fd00:1::1', 'fd00:1:9::1'],
  ],
  'lab -> prod': [['10.1.9.0', '10.1.9.255']],
  'internal -> external': [
    ['10.2.0.1', '9.255.255.255'],
    ['192.168.0.1', '11.0.0.0'],
    ['fd00:2::1', '2001:db8::1'],
  ],
  'external -> prod': [['198.51.100.7', '10.1.0.2']],
}

/** Each zone pair has four flows of five encrypted, and after two hours one of five; in turn, a second apart. */
function dropsOf(ends: readonly (readonly [string, string])[], offset_s: number): FlowRecord[] {
  return Array.from({ length: (3 * HOUR) / 10 }, (_, n) => {
    const [client_ip, server_ip] = ends[n % ends.length] as readonly [string, string]
    const isClear = n % 5 < (n * 10 < 2 * HOUR ? 1 : 4)
    return flow(n * 10 + offset_s, { ...(isClear ? clear('http', { server_port: 80 }) : {}), client_ip, server_ip })
  })
}

const byTime = (a: FlowRecord, b: FlowRecord): number => (a.first_seen < b.first_seen ? -1 : 1)

describe('coverage-drop', () => {
  it('shows the flows of its own zone pair, and of no other', async () => {
    const flows = Object.entries(PAIRS).map(([pair, ends], n) => ({ pair, records: dropsOf(ends, n) }))
    const all = flows.flatMap(({ records }) => records).sort(byTime)
    await keep('flows', 'flows_in', all, 'zone-pairs')
    const config = {
      rules: { A23: { settings: { flows: 20, window_min: 3, warmup_samples: 20 } } },
      zones: ZONES,
      suppressions: [],
    }
    const found = replayFindings({ flows: all }, config).filter(({ rule }) => rule === 'A23')
    expect(found.map(({ subject }) => subject).sort()).toEqual(Object.keys(PAIRS).sort())
    for (const finding of found) {
      const records = flows.find(({ pair }) => pair === finding.subject)?.records ?? []
      const meant = records.filter((one) => one.verdict === 'plaintext' && one.first_seen >= finding.first_seen)
      const latest = meant.sort(byTime).slice(-100)
      const shown = (await shownBy(finding)).map(({ flow_id }) => flow_id)
      expect(shown, finding.sql).toEqual(latest.map(({ flow_id }) => flow_id).reverse())
      expect(shown.length).toBeGreaterThan(50)
    }
  })
})
