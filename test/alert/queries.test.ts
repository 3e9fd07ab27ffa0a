/** The query of a finding runs on the store as it stands, and shows the flows, or the intervals, that the finding is of. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Finding, replayFindings } from '../../src/alert/index.ts'
import { readAlertsFile } from '../../src/cli/alert-config.ts'
import { connectEmbedded } from '../../src/store/embedded.ts'
import type { Engine } from '../../src/store/engine.ts'
import { migrateSchema } from '../../src/store/schema.ts'
import { sequenceTests } from './rule-tests.ts'

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
