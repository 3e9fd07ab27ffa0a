import { afterAll, beforeAll, expect, it } from 'vitest'
import { JudgedFlows } from '../../src/agent-judged.ts'
import { freshRollups } from '../../src/api/fresh-rollups.ts'
import { type CaptureFigures, FigureReader } from '../../src/api/metric-figures.ts'
import { METRICS } from '../../src/api/metric-table.ts'
import type { Context } from '../../src/api/route.ts'
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
  judged.note('tls', weak)
  judged.note('tls', weak)
  judged.note(null, { ...weak, verdict: 'unknown', violations: [], reason: 'no_payload' })
  const rows = { openFlows: 3, restarts: 1, storedRows: 40, spooledRows: 5, lostRows: 2 }
  const figures: CaptureFigures = { sensor: 'here', judged, ...rows }
  const series = await scrape((await served.start({ capture: () => figures })).url)
  const told = (name: string) => [...series].filter(([key]) => key.replace(/\{.*/, '') === `intransit_${name}`)
  expect(told('flows_total')).toEqual([
    ['intransit_flows_total{sensor="here",app_protocol="tls",verdict="weak"}', 2],
    ['intransit_flows_total{sensor="here",app_protocol="none",verdict="unknown"}', 1],
  ])
  expect(told('policy_violations_total')).toEqual([
    ['intransit_policy_violations_total{pack="p",clause="a"}', 2],
    ['intransit_policy_violations_total{pack="p",clause="b"}', 2],
  ])
  const single = { open_flows: 3, worker_restarts_total: 1, stored_rows_total: 40, spool_rows: 5, lost_rows_total: 2 }
  for (const [name, value] of Object.entries(single)) expect(told(name)).toEqual([[`intransit_${name}`, value]])
  const ofRun = METRICS.filter(({ of }) => of === 'run').map(({ name }) => name)
  expect(ofRun.map((name) => told(name.slice('intransit_'.length)).length > 0)).toEqual(ofRun.map(() => true))
})
