/** How soon faults are found, taken up and mended, by the lives that real findings have had. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findingEventLine, findingLine } from '../../src/alert/finding-line.ts'
import { createAlertEngine } from '../../src/alert/index.ts'
import { kpiNamed } from '../../src/kpi/index.ts'
import type { Kpi, KpiQuestion, KpiValue } from '../../src/kpi/kpi.ts'
import { readKpi } from '../../src/kpi/read-kpi.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { at, clear, DAY, flow, HOUR, health, many, START_MS } from '../alert/simulate.ts'

let folder: string
let store: Store

const refused = (server_ip: string) => clear('postgresql', { upgrade_state: 'refused', server_ip, server_port: 5432 })
const sound = (server_ip: string) => ({
  server_ip,
  server_port: 5432,
  upgrade: 'postgresql',
  upgrade_state: 'accepted',
})

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-response-'))
  store = await openStore({ data: folder })
  await store.migrate()
  const engine = createAlertEngine()
  const see = (flows: ReturnType<typeof many>): void => flows.forEach((one) => void engine.flow(one))
  // A5 (high) of .1 opens at once, is acknowledged 2 hours later, and over by proof with the fifth sound flow, at 8 h + 4 s.
  see([flow(0, refused('10.0.3.1'))])
  see([flow(2 * HOUR, { server_ip: '10.0.9.9' })])
  expect(engine.acknowledge('A5|10.0.3.1:5432', 'ada', 'seen')).toBe(true)
  see(many(5, 8 * HOUR, 1, sound('10.0.3.1')))
  // The next day it is back, and nobody says that they know; it is over after 6 hours and a second.
  see([flow(3 * DAY, refused('10.0.3.1'))])
  see(many(5, 3 * DAY + 6 * HOUR - 3, 1, sound('10.0.3.1')))
  // That of .2 stays open: 5 days old when the question is asked.
  see([flow(5 * DAY, refused('10.0.3.2'))])
  // A1 (critical) opens with the third flow in the clear, 20 s after the first, and 4 s after it by the fourth: one finding.
  see(many(30, 6 * DAY, 1, { server_ip: '10.0.3.3' }))
  see(many(4, 6 * DAY + HOUR, 10, clear('http', { server_ip: '10.0.3.3' })))
  // One of today: its flow began 100 s before it is stored.
  const now = Math.floor((Date.now() - START_MS) / 1000)
  // What is milder is no incident, and a sensor's finding did not begin with a flow.
  see([flow(7 * DAY, { server_ip: '10.0.3.4', compression_method: 1 })])
  engine.healthInterval(health(8 * DAY, 60, { kernel_drops: 5000 }))
  see([flow(now - 100, refused('10.0.3.5'))])
  // Accepted: before .6 opened, while .7 was open, and of .8 until a day later, when it is an incident again.
  const exception = (expires: string) => ({ owner: 'ada', reason: 'lab', expires })
  engine.silence('A5|10.0.3.6:5432', exception(at(300 * DAY)))
  see([flow(4 * DAY, refused('10.0.3.6'))])
  see(many(5, 4 * DAY + 6 * HOUR, 1, sound('10.0.3.6')))
  see([flow(4 * DAY, refused('10.0.3.7'))])
  engine.silence('A5|10.0.3.7:5432', exception('2999-01-01T00:00:00Z'))
  see([flow(8 * DAY, refused('10.0.3.8'))])
  engine.silence('A5|10.0.3.8:5432', exception(at(9 * DAY)))
  see([flow(8 * DAY + HOUR, refused('10.0.3.8')), flow(9 * DAY + HOUR, refused('10.0.3.8'))])
  const events = engine.takeEvents()
  const findings = engine.findings()
  await store.insertFindings(findings.map((one) => findingLine(one, 1)).join('\n'), findings.length, 'findings')
  await store.insertFindingEvents(events.map(findingEventLine).join('\n'), events.length, 'events')
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const ask = (name: string, question: Partial<KpiQuestion> = {}): Promise<KpiValue> => {
  const everything = { zones: [], services: [], sensors: [], protocols: [], packs: [] }
  const time = { from: at(0), to: at(10 * DAY) }
  return readKpi((query, params) => store.select(query, params), kpiNamed(name) as Kpi, {
    ...everything,
    ...time,
    ...question,
  })
}

it('a fault is found when its finding is stored, and files that were read months later tell nothing of that', async () => {
  const { numerator, ...other } = await ask('finding-detection-time', { to: '2262-01-01T00:00:00Z' })
  expect(numerator).toBeGreaterThanOrEqual(100)
  expect(numerator).toBeLessThan(160)
  // A5 and A4 of .1, A5 of .2, A1 and A2 of .3, the sensor's, and A5 of .7 and .8, which were accepted later.
  expect(other).toMatchObject({ denominator: 1, unobservable: 8, point: numerator, unit: 'seconds' })
})

it('an incident is taken up when somebody acknowledges it', async () => {
  expect(await ask('incident-acknowledgement-time')).toEqual({
    ...{ numerator: 2 * HOUR, denominator: 1, point: 2 * HOUR, unit: 'seconds' },
    // A5 of .1 again, A4 of .1, A5 of .2, A1 and A2 of .3, A5 of .8 again, and the sensor's: the open ones are older than two hours.
    ...{ unobservable: 7, low: 2 * HOUR, high: null },
  })
})

it('an incident is over when traffic proves it, and one that comes again is another', async () => {
  // Of .1: A5 at first, and A5 and A4 when it was back.
  const numerator = 8 * HOUR + 4 + 2 * (6 * HOUR + 1)
  expect(await ask('incident-resolution-time')).toEqual({
    ...{ numerator, denominator: 3, point: numerator / 3, unit: 'seconds' },
    // A5 of .2, A1 and A2 of .3, A5 of .8 again, and the sensor's.
    ...{ unobservable: 5, low: numerator / 3, high: null },
  })
})

it('what somebody has accepted is no incident, and is told apart', async () => {
  // A5 of .6 to the end, of .7 since it was silenced, of .8 until the silence was over.
  const accepted = { numerator: 3, denominator: 11, unobservable: 0, point: 3 / 11, low: 3 / 11, high: 3 / 11 }
  expect(await ask('incident-excepted-share')).toEqual({ ...accepted, unit: 'share' })
})

it.each(['incident-acknowledgement-time', 'incident-resolution-time'])('%s of no time has no figure', async (name) => {
  expect(await ask(name, { from: at(20 * DAY), to: at(30 * DAY) })).toMatchObject({ denominator: 0, point: null })
})
