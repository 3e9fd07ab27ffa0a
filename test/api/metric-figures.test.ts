import { afterAll, beforeAll, expect, it } from 'vitest'
import { JudgedFlows } from '../../src/agent-judged.ts'
import { findingLine } from '../../src/alert/finding-line.ts'
import { createAlertEngine } from '../../src/alert/index.ts'
import { FindingStream } from '../../src/api/finding-stream.ts'
import { freshRollups } from '../../src/api/fresh-rollups.ts'
import { type CaptureFigures, FigureReader } from '../../src/api/metric-figures.ts'
import { METRICS } from '../../src/api/metric-table.ts'
import type { Context } from '../../src/api/route.ts'
import { FlowFacts, TlsFacts } from '../../src/core/facts.ts'
import { clear, flow } from '../alert/simulate.ts'
import { madeHealth } from '../store/health-lines.ts'
import { scrape } from './scrape.ts'
import { type Served, serveCaptures } from './served.ts'

let served: Served
beforeAll(async () => {
  served = await serveCaptures({ filled: false })
})
afterAll(() => served.end())

it('counters add up what came into the store since the first reading, each row once', async () => {
  const reader = new FigureReader({ version: '1', metricsWindowHours: 1, capture: null })
  const { store } = served
  const context: Context = {
    ...{ store, access: { tokens: null, isLoopback: true } },
    select: (name, params) => store.select(name, params),
    rollups: freshRollups(store, () => undefined),
    ...{ decide: null, stream: new FindingStream() },
  }
  const counted = async () => {
    const { counted: counters } = await reader.read(context)
    return { frames: counters.frames_received, drops: counters.kernel_drops }
  }
  await store.insertHealth(madeHealth({ frames_received: 7 }), 1, 'before')
  await new Promise((resolve) => setTimeout(resolve, 6500))
  expect(await counted()).toEqual({ frames: 0, drops: 0 })
  await store.insertHealth(madeHealth({ frames_received: 100, kernel_drops: 1, worker: 1 }), 1, 'a')
  await expect.poll(counted, { timeout: 10_000 }).toEqual({ frames: 100, drops: 1 })
  await store.insertHealth(madeHealth({ frames_received: 50, kernel_drops: 2, worker: 2 }), 1, 'b')
  await expect.poll(counted, { timeout: 10_000 }).toEqual({ frames: 150, drops: 3 })
  await new Promise((resolve) => setTimeout(resolve, 1200))
  expect(await counted()).toEqual({ frames: 150, drops: 3 })
}, 40_000)

it('a capture in this process has its own', async () => {
  const judged = new JudgedFlows()
  const weak = { verdict: 'weak', violations: ['p/a', 'p/b'], tolerated: [], reason: null } as const
  const facts = new FlowFacts()
  facts.tls = Object.assign(new TlsFacts(), { version: 0x0303, cipherSuite: 0xc02f, namedGroup: 29 })
  const ofWeak = judged.place('lab -> prod', 'tls', 'weak')
  judged.note(ofWeak, facts, weak)
  judged.note(ofWeak, facts, weak)
  judged.noteBytes(ofWeak, 1000)
  const unknown = { ...weak, verdict: 'unknown', violations: [], reason: 'no_payload' } as const
  judged.note(judged.place('lab -> external', null, 'unknown'), null, unknown)
  const rows = { openFlows: 3, restarts: 1, storedRows: 40, spooledRows: 5, lostRows: 2 }
  const hook = { name: 'hook', taken: 9, failed: 2, givenUp: 1, dropped: 0, waiting: 4, dead: 3 }
  const evicted = { subject: 7, finding: 0, new_finding: 5, event: 0 }
  const alerts = { receivers: [hook], subjects: { server: 12 }, evicted }
  const figures: CaptureFigures = { sensor: 'here', judged, ...rows, alerts }
  const series = await scrape((await served.start({ capture: () => figures })).url)
  const told = (name: string) => [...series].filter(([key]) => key.replace(/\{.*/, '') === `intransit_${name}`)
  expect(told('flows_total')).toEqual([
    ['intransit_flows_total{sensor="here",zone_pair="lab -> prod",app_proto="tls",enc="weak"}', 2],
    ['intransit_flows_total{sensor="here",zone_pair="lab -> external",app_proto="none",enc="unknown"}', 1],
  ])
  expect(told('bytes_total')).toEqual([
    ['intransit_bytes_total{sensor="here",zone_pair="lab -> prod",app_proto="tls",enc="weak"}', 1000],
  ])
  expect(told('tls_handshakes_total')).toEqual([
    ['intransit_tls_handshakes_total{version="TLS 1.2",kx_class="ecdhe",grade="weak"}', 2],
  ])
  expect(told('tls_cipher_handshakes_total')).toEqual([
    ['intransit_tls_cipher_handshakes_total{cipher="TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"}', 2],
  ])
  expect(told('policy_violations_total')).toEqual([
    ['intransit_policy_violations_total{pack="p",clause="a"}', 2],
    ['intransit_policy_violations_total{pack="p",clause="b"}', 2],
  ])
  const single = { open_flows: 3, worker_restarts_total: 1, stored_rows_total: 40, spool_rows: 5, lost_rows_total: 2 }
  for (const [name, value] of Object.entries(single)) expect(told(name)).toEqual([[`intransit_${name}`, value]])
  expect(told('notifications_total').map(([, value]) => value)).toEqual([9, 2, 1, 0])
  expect(told('notification_queue')).toEqual([['intransit_notification_queue{receiver="hook"}', 4]])
  expect(told('dead_letters')).toEqual([['intransit_dead_letters{receiver="hook"}', 3]])
  expect(told('detector_subjects')).toEqual([['intransit_detector_subjects{kind="server"}', 12]])
  expect(told('detector_evicted_total')[0]).toEqual(['intransit_detector_evicted_total{what="subject"}', 7])
  const ofRun = METRICS.filter(({ of }) => of === 'run').map(({ name }) => name)
  expect(ofRun.map((name) => told(name.slice('intransit_'.length)).length > 0)).toEqual(ofRun.map(() => true))
})

it('findings that are not over are counted by rule, severity, and whether somebody is told', async () => {
  const engine = createAlertEngine()
  for (const n of [1, 2, 3, 4]) {
    const server = { server_ip: `10.9.9.${n}`, server_port: 5432 }
    engine.flow(flow(n, clear('postgresql', { ...server, upgrade_state: 'refused' })))
  }
  engine.acknowledge('A5|10.9.9.2:5432', 'ada', 'soon')
  engine.silence('A5|10.9.9.3:5432', { owner: 'ada', reason: 'lab', expires: '2999-01-01T00:00:00Z' })
  engine.silence('A5|10.9.9.4:5432', { owner: 'ada', reason: 'lab', expires: '2020-01-01T00:00:00Z' })
  const lines = engine.findings().map((finding, n) => findingLine(finding, n + 1))
  await served.store.insertFindings(lines.join('\n'), lines.length, 'findings')
  const series = await scrape((await served.start()).url)
  const told = [...series].filter(([key]) => key.startsWith('intransit_findings{'))
  expect(Object.fromEntries(told)).toEqual({
    'intransit_findings{rule="A5",severity="high",state="open"}': 2,
    'intransit_findings{rule="A5",severity="high",state="acknowledged"}': 1,
    'intransit_findings{rule="A5",severity="high",state="excepted"}': 1,
  }) // Of what is excepted nobody is told; an acknowledgement ends nothing.
  expect(series.get('intransit_alerts_active{rule="A5",severity="high"}')).toBe(3)
})
