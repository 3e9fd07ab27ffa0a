/** `--alerts` of replay, and `intransit alert`: findings in the store and on disk, decisions of operators, restarts. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Flow, flowOf } from '../../src/alert/flow.ts'
import { FlowLines } from '../../src/alert/flow-lines.ts'
import { readAlertsFile } from '../../src/cli/alert-config.ts'
import { Alerts } from '../../src/cli/alerts.ts'
import { nameFiles } from '../../src/cli/named-files.ts'
import { replayFiles } from '../../src/cli/replay-files.ts'
import { type FlowMarks, MARK_WORDS } from '../../src/record/flow-marks.ts'
import { connectEmbedded } from '../../src/store/embedded.ts'
import { openStore } from '../../src/store/index.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
let folder = ''
const at = (name: string): string => join(folder, name)

function intransit(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'src/main.ts', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-alerts-'))
  writeFileSync(
    at('alerts.yaml'),
    `rules:
  A13: { off: true }
suppressions:
  - { rules: [tls-declined], where: { ports: [3306] }, owner: ada, reason: lab, expires: 2036-01-01 }
receivers:
  - { kind: file, name: log, from: info, path: '${at('log.jsonl')}' }
`,
  )
  const captures = ['postgresql-ssl-refused', 'mysql-plain', 'tls-expired-cert', 'tls12-chacha20'].map(
    (name) => `captures/${name}.pcap`,
  )
  const { status, stderr } = intransit(
    'replay',
    ...captures,
    '--data',
    at('data'),
    '--alerts',
    at('alerts.yaml'),
    '--format',
    'json',
  )
  expect([status, stderr]).toEqual([0, expect.any(String)])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const listed = (...args: string[]) =>
  intransit('alert', 'list', '--data', at('data'), '--json', ...args)
    .stdout.trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('a replay', () => {
  it('finds what the captures hold, certificates included', () => {
    const found = listed().map(({ rule, subject }) => `${rule} ${subject}`)
    expect(found).toContain('A5 10.11.0.3:5432')
    expect(found).toContain('A5 10.11.0.3:3306')
    expect(found.some((one) => one.startsWith('A12 '))).toBe(true)
  })

  it('tells receivers, but not of what is suppressed', () => {
    const told = readFileSync(at('log.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).finding.key)
    expect(told).toContain('A5|10.11.0.3:5432')
    expect(told).not.toContain('A5|10.11.0.3:3306')
    expect(listed().find(({ subject }) => subject === '10.11.0.3:3306').exception).toEqual({
      owner: 'ada',
      reason: 'lab',
      expires: '2036-01-01',
    })
  })

  it('keeps findings, their history, and queries that show their flows', async () => {
    const store = await openStore({ data: at('data') })
    try {
      const findings = await store.select<{ key: string; state: string }>('findings', {})
      const one = findings.find(({ key }) => key === 'A5|10.11.0.3:5432')
      expect(one).toMatchObject({ state: 'open' })
      const events = await store.select<{ kind: string; key: string }>('finding-events', { key: 'A5|10.11.0.3:5432' })
      expect(events.map(({ kind }) => kind)).toEqual(['opened'])
    } finally {
      await store.close()
    }
  })
})

it('gives queries that show the flows', async () => {
  const engine = await connectEmbedded(at('data'))
  try {
    const findings = listed('--all')
    expect(findings.length).toBeGreaterThan(2)
    for (const { sql, flow_ids } of findings) {
      const rows = await (await engine.client.query({ query: sql, format: 'JSONEachRow' })).json<{ flow_id: string }>()
      if (flow_ids.length > 0) expect(rows.length, sql).toBeGreaterThan(0)
    }
  } finally {
    await engine.client.close()
  }
})

describe('decisions', () => {
  it('are refused for what is no finding', () => {
    const { status, stderr } = intransit(
      'alert',
      'ack',
      'A5|nobody',
      '--by',
      'ada',
      '--reason',
      'x',
      '--data',
      at('data'),
    )
    expect([status, stderr]).toEqual([2, expect.stringContaining('ERR_USAGE: there is no finding A5|nobody')])
  })

  it('are carried out by the next run, or by the one that goes on', async () => {
    const key = 'A5|10.11.0.3:5432'
    expect(intransit('alert', 'ack', key, '--by', 'ada', '--reason', 'on Monday', '--data', at('data')).status).toBe(0)
    const alerts = new Alerts(readAlertsFile(at('alerts.yaml')), at('data-alerts'), null, () => undefined)
    const find = (wanted: string) => alerts.engine.findings().find((one) => one.key === wanted)
    expect(find(key)).toMatchObject({ state: 'acknowledged', acknowledged_by: 'ada' })
    const other = listed().find(({ rule }) => rule === 'A12').key
    expect(
      intransit(
        'alert',
        'silence',
        other,
        '--by',
        'bob',
        '--reason',
        'lab',
        '--until',
        '2036-01-01',
        '--data',
        at('data'),
      ).status,
    ).toBe(0)
    await vi.waitFor(() => expect(find(other)?.exception).toMatchObject({ owner: 'bob', reason: 'lab' }), {
      timeout: 10_000,
    })
    await alerts.close()
    const again = new Alerts(readAlertsFile(at('alerts.yaml')), at('data-alerts'), null, () => undefined)
    expect(again.engine.takeEvents()).toEqual([])
    expect(again.engine.findings().find((one) => one.key === other)?.exception).toMatchObject({ owner: 'bob' })
    await again.close()
  })
})

/** All that detectors may ask of a flow. */
const askedOf = (flow: Flow): object => ({
  id: flow.id,
  sensor: flow.sensor,
  firstUs: flow.firstUs,
  lastUs: flow.lastUs,
  clientIp: flow.clientIp,
  serverIp: flow.serverIp,
  serverPort: flow.serverPort,
  server: flow.server,
  serverName: flow.serverName,
  identity: flow.identity,
  bytesClient: flow.bytesClient,
  bytesServer: flow.bytesServer,
  visibility: flow.visibility,
  transport: flow.transport,
  isRepeat: flow.isRepeat,
  facts: { ...flow.facts, plan: null, serial: 0 },
})

/** Lines of all captures with their marks, in pieces so small that there are many. */
async function replayed(): Promise<{ lines: Buffer; marks: FlowMarks }[]> {
  const files = await nameFiles(['captures'])
  const job = { policies: ['sec09-recommended'], policyDate: null, filter: null, sensor: 'here', shard: null }
  const chunks: { lines: Buffer; marks: FlowMarks }[] = []
  await replayFiles(
    { ...job, files, marks: true },
    {
      flows: async (lines, rows, marks) => {
        expect(marks?.words).toHaveLength(rows * MARK_WORDS)
        if (marks !== null) chunks.push({ lines: Buffer.from(lines), marks: structuredClone(marks) })
      },
      certificates: async () => undefined,
      progress: () => undefined,
    },
  )
  return chunks
}

it('reads the lines of every capture as it reads their records', async () => {
  const found: object[] = []
  const flows = new FlowLines({ look: (one) => found.push(askedOf(one)) })
  const wanted: object[] = []
  // The second writer has other numbers for the same texts.
  for (const { lines, marks } of [...(await replayed()), ...(await replayed())]) {
    flows.read(lines, marks)
    const records = lines.toString('latin1').trim().split('\n')
    wanted.push(...records.map((line) => askedOf(flowOf(JSON.parse(line)))))
  }
  expect(found.length).toBeGreaterThan(600)
  expect(found).toEqual(wanted)
})

describe('the file', () => {
  it.each([
    {
      name: 'an option that is none',
      text: 'reciever: []',
      says: 'alerts.yaml:1: reciever: alerts has no such option; did you mean receivers?',
    },
    {
      name: 'a suppression without an owner',
      text: 'suppressions: [{ where: { ports: [1] }, reason: x, expires: 2027-01-01 }]',
      says: 'suppressions: 0: owner',
    },
    { name: 'a rule that is none', text: 'rules: { A99: { off: true } }', says: 'there is no rule "A99"' },
    {
      name: 'a receiver that is none',
      text: 'receivers: [{ kind: pigeon, name: p }]',
      says: 'there is no receiver "pigeon"',
    },
  ])('is refused for $name', ({ text, says }) => {
    const file = at('wrong-alerts.yaml')
    writeFileSync(file, text)
    expect(() => readAlertsFile(file)).toThrow(says)
  })
})
