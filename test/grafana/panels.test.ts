/** Every panel's SQL, as Grafana would send it, over a replay of captures/ in the real engine. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DASHBOARDS } from '../../grafana/make/dashboards/index.ts'
import type { SqlTarget } from '../../grafana/make/query.ts'
import { findingEventLine, findingLine } from '../../src/alert/finding-line.ts'
import { createAlertEngine } from '../../src/alert/index.ts'
import { connectEmbedded } from '../../src/store/embedded.ts'
import type { Engine } from '../../src/store/engine.ts'
import { rollUp } from '../../src/store/rollup.ts'
import { migrateSchema } from '../../src/store/schema.ts'
import { capturedLines } from '../store/captured-lines.ts'
import { expand, type View } from './expand.ts'

type Row = Record<string, unknown>

const panels = DASHBOARDS.flatMap(({ uid, panels: all, variables }) =>
  all.flatMap(({ title, type, targets, mayBeEmpty }) =>
    targets
      .filter((target): target is SqlTarget => target.kind === 'sql')
      .map((target) => ({ uid, title, type, target, mayBeEmpty, variables: variables.map(({ name }) => name) })),
  ),
)
const folder = mkdtempSync(join(tmpdir(), 'intransit-panels-'))
let engine: Engine
let view: View

beforeAll(async () => {
  engine = await connectEmbedded(folder)
  await migrateSchema(engine.client)
  const { flows, certificates, health } = await capturedLines()
  await engine.insert('flows_in', flows.join('\n'), 'flows')
  await engine.insert('certificates', certificates.join('\n'), 'certificates')
  await engine.insert('sensor_health', health.join('\n'), 'health')
  const alerts = createAlertEngine()
  for (const line of certificates) alerts.certificate(JSON.parse(line))
  for (const line of flows) alerts.flow(JSON.parse(line))
  await engine.insert(
    'findings',
    alerts
      .findings()
      .map((one) => findingLine(one, 1))
      .join('\n'),
    'findings',
  )
  await engine.insert('finding_events', alerts.takeEvents().map(findingEventLine).join('\n'), 'events')
  await rollUp(engine.client, { settleSeconds: 0, edges: true })
  const [range] = await rowsOf(
    'SELECT toUnixTimestamp(min(first_seen)) AS from, toUnixTimestamp(max(last_seen)) + 1 AS to FROM flows',
  )
  const [from, to] = [Number(range?.['from']), Number(range?.['to'])]
  view = { from, to, intervalSeconds: Math.ceil((to - from) / 300), variables: {} }
})
afterAll(async () => {
  await engine.client.close()
  rmSync(folder, { recursive: true, force: true })
})

async function rowsOf(query: string): Promise<Row[]> {
  const answer = await engine.client.query({ query, format: 'JSONEachRow' })
  return await answer.json<Row>()
}

/** What nothing in captures/ has: no source of a replay is blind. */
const UNSEEN_COLUMNS = new Set(['blind_since'])

const isSaid = (value: unknown): boolean => value !== null && value !== ''

describe.each(panels)('$uid: $title', ({ target, type, mayBeEmpty, variables }) => {
  it('shows something of real traffic', async () => {
    const rows = await rowsOf(expand(target.sql, view))
    if (mayBeEmpty === null) expect(rows.length).toBeGreaterThan(0)
    for (const name of Object.keys(rows[0] ?? {}).filter((one) => !UNSEEN_COLUMNS.has(one))) {
      // A column that never says anything is a mistake, or should go.
      expect(
        rows.some((row) => isSaid(row[name])),
        name,
      ).toBe(true)
    }
    if (target.as === 'timeseries') {
      const times = rows.map((row) => String(row['time']))
      expect(times).toEqual([...times].sort())
      expect(times.length).toBeGreaterThan(0)
    }
    if (type === 'piechart' || type === 'bargauge') expect(rows.length).toBeLessThanOrEqual(50)
  })

  it('takes what is chosen and typed as text, whatever it is', async () => {
    const typed = (name: string): boolean => target.sql.includes(`\${${name}:percentencode}`)
    const own = Object.fromEntries(variables.map((name) => [name, typed(name) ? "x' OR 1=1 --\\" : ["x' OR 1=1 --"]]))
    const rows = await rowsOf(expand(target.sql, { ...view, variables: own }))
    const filters = variables.filter((name) => target.sql.includes(`{${name}:`))
    // Figures of nothing are one row of zeros.
    if (filters.length > 0 && (type === 'table' || target.as === 'timeseries')) expect(rows).toEqual([])
  })
})

describe('filters', () => {
  const variables = DASHBOARDS.flatMap(({ uid, variables: all }) => all.map((variable) => ({ uid, ...variable })))

  it.each(variables.filter(({ sql }) => sql !== null))('of $uid: $name has choices', async ({ sql }) => {
    expect((await rowsOf(expand(sql ?? '', view))).length).toBeGreaterThan(0)
  })

  it('leave what they say', async () => {
    const explorer = panels.find(({ title }) => title === 'Services in the clear')
    const services = (chosen: View['variables']) =>
      rowsOf(expand(explorer?.target.sql ?? '', { ...view, variables: chosen }))
    const all = await services({})
    const ftp = await services({ app_protocol: ['ftp', 'telnet'] })
    expect(new Set(ftp.map(({ protocol }) => protocol))).toEqual(new Set(['ftp', 'telnet']))
    const server = String(ftp[0]?.['server'])
    const one = await services({ server })
    expect(one).toEqual(all.filter((row) => row['server'] === server))
    expect(one.length).toBeLessThan(all.length)
  })

  it.each([
    { title: 'TLS 1.3', own: 'countIf(tls_version = 772) / count()', of: 'tls_version IS NOT NULL' },
    { title: 'Resumed', own: 'countIf(resumed = true) / count()', of: 'tls_version IS NOT NULL' },
    { title: 'Plaintext flows', own: 'count()', of: "verdict = 'plaintext'" },
    { title: 'Plaintext bytes', own: 'sum(bytes_client + bytes_server)', of: "verdict = 'plaintext'" },
  ])('that no rollup knows give $title from the flows, and all others from rollups', async ({ title, own, of }) => {
    const sql = panels.find((one) => one.title === title)?.target.sql ?? ''
    const shown = async (variables: View['variables']) =>
      Number(Object.values((await rowsOf(expand(sql, { ...view, variables })))[0] ?? {})[0])
    const [row] = await rowsOf(`
      SELECT ${own} AS everything FROM flows FINAL WHERE ${of}`)
    expect(await shown({})).toBeCloseTo(Number(row?.['everything']))
    const [most] = await rowsOf(`
      SELECT replaceRegexpOne(toString(server_ip), '^::ffff:', '') AS server, ${own} AS its
      FROM flows FINAL WHERE ${of} GROUP BY server ORDER BY count() DESC LIMIT 1`)
    expect(await shown({ server: String(most?.['server']) })).toBeCloseTo(Number(most?.['its']))
    const [http] = await rowsOf(`SELECT ${own} AS its FROM flows FINAL WHERE ${of} AND app_protocol = 'http'`)
    expect(await shown({ app_protocol: ['http'] })).toBeCloseTo(Number(http?.['its']))
  })

  it.each([
    { name: 'an unknown macro', sql: 'SELECT $__nothing' },
    { name: 'a variable without a format', sql: 'SELECT ${sensor}' },
  ])('$name would be told', ({ sql }) => expect(() => expand(sql, view)).toThrow('no macro'))
})
