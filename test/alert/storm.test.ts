/** Faults without end: what is kept is bounded, what was open stays open, and no rule's faults push out another's. */
import { expect, it, vi } from 'vitest'
import type { AlertEngine } from '../../src/alert/engine.ts'
import { createAlertEngine } from '../../src/alert/index.ts'
import { flow } from './simulate.ts'

vi.setConfig({ testTimeout: 120_000 })

const MOST = 20_000
const SHARE = 500

const server = (n: number): string => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`
const obsolete = (n: number) => ({ server_ip: server(n), server_name: undefined as never, tls_version: 0x0301 })
/** A heartbeat that asks for more than it brought. */
const heartbleed = (n: number) => ({
  server_ip: server(n),
  server_name: undefined as never,
  oddities: ['heartbeat_overread'] as const,
})

const openOf = (engine: AlertEngine, rule: string): string[] =>
  engine
    .findings()
    .filter((finding) => finding.rule === rule && finding.state === 'open')
    .map(({ subject }) => subject)

function flood(): AlertEngine {
  const engine = createAlertEngine()
  for (let n = 0; n < MOST + 5000; n++) engine.flow(flow(n / 1000, obsolete(n)))
  return engine
}

it('where all that is kept is open, more of the same are counted, and none of those that are open goes', () => {
  const engine = flood()
  const open = openOf(engine, 'A6')
  expect(engine.findings().length).toBe(MOST)
  expect(open.length).toBeGreaterThan(MOST / 2)
  const before = engine.counters.findingsRefused
  expect(before).toBeGreaterThan(0)
  for (let n = 0; n < 1000; n++) engine.flow(flow(30 + n / 1000, obsolete(100_000 + n)))
  expect(engine.counters.findingsRefused).toBeGreaterThanOrEqual(before + 1000)
  expect(openOf(engine, 'A6')).toEqual(open)
  // Those that are open are counted on.
  engine.flow(flow(40, obsolete(0)))
  expect(engine.findings().find(({ key }) => key === `A6|${server(0)}:443`)?.flows).toBe(2)
})

it('a rule that has less than its share opens all the same, and the one with most makes way with its oldest', () => {
  const engine = flood()
  const most = openOf(engine, 'A6')
  engine.takeEvents()
  for (let n = 0; n < SHARE + 100; n++) engine.flow(flow(50 + n / 1000, heartbleed(200_000 + n)))
  expect(openOf(engine, 'A32').length).toBe(SHARE)
  expect(engine.findings().length).toBe(MOST)
  expect(engine.counters.findingsEvicted).toBeGreaterThanOrEqual(SHARE)
  const left = openOf(engine, 'A6')
  // Whoever was told of their beginning is told that nobody looks any more.
  const dormant = engine.takeEvents().filter(({ kind }) => kind === 'dormant')
  expect(dormant.map(({ finding }) => finding.subject)).toEqual(
    expect.arrayContaining(most.slice(0, most.length - left.length)),
  )
  expect(dormant.every(({ finding, wasTold }) => finding.state === 'dormant' && wasTold === true)).toBe(true)
  expect(left).toEqual(most.slice(most.length - left.length))
})

it('what is over makes room before anybody is refused', () => {
  const engine = flood()
  const subject = server(MOST - 1)
  const fixed = { server_ip: subject, server_name: undefined as never }
  for (let n = 0; n < 10; n++) engine.flow(flow(7200 + n, fixed))
  const ended = engine.findings().filter(({ state }) => state === 'resolved')
  expect(ended.map(({ key }) => key)).toContain(`A6|${subject}:443`)
  engine.flow(flow(7300, obsolete(300_000)))
  const keys = engine.findings().map(({ key }) => key)
  expect(keys).toContain(`A6|${server(300_000)}:443`)
  expect(keys).not.toContain(ended[0]?.key)
  expect(engine.findings().length).toBe(MOST)
})

it('a restart keeps what was kept', () => {
  const engine = flood()
  const again = createAlertEngine()
  again.restore(engine.save())
  expect(again.findings()).toEqual(engine.findings())
  const refused = again.counters.findingsRefused
  again.flow(flow(60, obsolete(400_000)))
  expect(again.counters.findingsRefused).toBeGreaterThan(refused)
})
