/** Loss in the store: what sensors report of themselves, and what that does to the bounds of coverage. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectEmbedded } from '../../src/store/embedded.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { migrateSchema } from '../../src/store/schema.ts'
import { readMigrations } from '../../src/store/sql-files.ts'
import { type MadeInterval, madeHealth } from './health-lines.ts'
import { ALL_TIME, flowLine, type MadeFlow } from './lines.ts'

let folder: string
let store: Store
let batch = 0

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-health-'))
  store = await openStore({ data: folder })
  await store.migrate()
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const flows = (...made: MadeFlow[]) => store.insertFlows(made.map(flowLine).join(''), made.length, `f${batch++}`)
const health = (...made: MadeInterval[]) =>
  store.insertHealth(made.map(madeHealth).join(''), made.length, `h${batch++}`)

interface Figures {
  lost: number | null
  low: number | null
  point: number | null
  high: number | null
}

async function coverage(window: Record<string, unknown> = ALL_TIME): Promise<Record<string, Figures>> {
  const rows = await store.select<Figures & { unit: string }>('coverage', window)
  return Object.fromEntries(rows.map(({ unit, lost, low, point, high }) => [unit, { lost, low, point, high }]))
}

const sensorHealth = (window = ALL_TIME) => store.select('sensor-health', { ...window, limit: 100 })

const ALL_MAY_BE_LOST = { lost: null, low: 0, high: 1 }
const NOTHING_TO_COVER = { lost: 0, low: null, point: null, high: null }

describe('the bounds of coverage', () => {
  it('take in what each sensor lost, in proportion to what it saw', async () => {
    // Edge 1 is seen by both sensors. Sensor a: 4 flows that count, 250 bytes, edges 1, 2, 3. Sensor b: 2, 50, 1 and 5.
    await flows(
      { sensor: 'a', name: 'a1', verdict: 'strong', port: 1, bytes: 100 },
      { sensor: 'a', name: 'a2', verdict: 'plaintext', port: 1, bytes: 50 },
      { sensor: 'a', name: 'a3', verdict: 'strong', port: 2, bytes: 100 },
      { sensor: 'a', name: 'a4', verdict: 'unknown', reason: 'gap', port: 3 },
      { sensor: 'a', name: 'a5', verdict: 'exempt', port: 4, bytes: 900 },
      { sensor: 'b', name: 'b1', verdict: 'weak', port: 1, bytes: 40 },
      { sensor: 'b', name: 'b2', verdict: 'strong', port: 5, bytes: 10 },
    )
    // a lost 20 beside 80, a quarter of what it saw; b lost 50 beside 100, half.
    await health(
      { sensor: 'a', frames_received: 60, kernel_drops: 10 },
      { sensor: 'a', worker: 1, frames_received: 20, interface_drops: 10, ring_freezes: 7 },
      { sensor: 'b', frames_received: 100, kernel_drops: 30, interface_drops: 20 },
      { sensor: 'c', frames_received: 5 },
    )
    const { flows: byFlows, bytes: byBytes, edges: byEdges } = await coverage()
    expect(byFlows).toEqual({ lost: 2, low: 4 / 8, point: 4 / 5, high: 7 / 8 })
    expect(byBytes).toEqual({ lost: 87.5, low: 250 / 387.5, point: 250 / 300, high: 337.5 / 387.5 })
    expect(byEdges).toEqual({ lost: 1.75, low: 2 / 5.75, point: 2 / 3, high: 4.75 / 5.75 })
  })

  it('are those of the flows alone where nothing was dropped', async () => {
    await flows({ name: 'a', verdict: 'strong' }, { name: 'b', verdict: 'plaintext' })
    const before = await coverage()
    await health({ frames_received: 10, ring_freezes: 1, frames_not_decoded: 3 })
    expect(await coverage()).toEqual(before)
    expect(before['flows']).toEqual({ lost: 0, low: 0.5, point: 0.5, high: 0.5 })
  })

  it('count the intervals that overlap the window, both ends included', async () => {
    await flows({ name: 'a', verdict: 'strong' })
    await health({ from: '2026-03-01T10:00:00Z', to: '2026-03-01T10:00:02Z', frames_received: 10, kernel_drops: 10 })
    await health({ from: '2026-03-01T10:00:02Z', to: '2026-03-01T10:00:04Z', frames_received: 10 })
    const lostIn = async (from: string, to: string) => (await coverage({ from, to }))['flows']?.lost
    expect(await lostIn('2026-03-01T10:00:00Z', '2026-03-01T10:00:01Z')).toBe(1)
    expect(await lostIn('2026-03-01T10:00:02.000000Z', '2026-03-01T10:00:03Z')).toBe(0.5)
    expect(await lostIn('2026-03-01T10:00:02.000001Z', '2026-03-01T10:00:03Z')).toBe(0)
  })

  it('are all or nothing when a sensor dropped frames and received none', async () => {
    await flows({ sensor: 'a', name: 'a', verdict: 'strong' })
    await health({ sensor: 'a', frames_received: 10 }, { sensor: 'b', kernel_drops: 1 })
    expect((await coverage())['flows']).toEqual({ ...ALL_MAY_BE_LOST, point: 1 })
  })

  it('of a blind sensor are never 100 %', async () => {
    await health({ frames_received: 0 })
    for (const figures of Object.values(await coverage())) expect(figures).toEqual({ ...ALL_MAY_BE_LOST, point: null })
  })

  it('are all or nothing when frames were dropped and no flow that counts was seen to measure them by', async () => {
    await flows({ name: 'a', verdict: 'exempt' })
    await health({ frames_received: 1000, kernel_drops: 1 })
    expect((await coverage())['flows']).toEqual({ ...ALL_MAY_BE_LOST, point: null })
  })

  it('are none where there were frames and no flows, and none was dropped', async () => {
    await health({ frames_received: 10 })
    expect((await coverage())['flows']).toEqual(NOTHING_TO_COVER)
  })

  it('do not move for a sensor on a quiet link, beside one that sees', async () => {
    await flows({ sensor: 'a', name: 'a', verdict: 'strong' })
    await health({ sensor: 'a', frames_received: 10 }, { sensor: 'b', frames_received: 0 })
    expect((await coverage())['flows']).toEqual({ lost: 0, low: 1, point: 1, high: 1 })
  })
})

describe('rows', () => {
  const row = { frames_received: 30, kernel_drops: 10 }

  it('sent twice count once, whatever the token', async () => {
    await flows({ name: 'a', verdict: 'strong' }, { name: 'b', verdict: 'strong' }, { name: 'c', verdict: 'strong' })
    await store.insertHealth(madeHealth(row), 1, 'same')
    await store.insertHealth(madeHealth(row), 1, 'same')
    await store.insertHealth(madeHealth(row), 1, 'other')
    expect(await sensorHealth()).toMatchObject([{ ...row, dropped: 10, dropped_share: 0.25 }])
    expect((await coverage())['flows']?.lost).toBe(1)
  })

  it('of one interval: the latest stands, of each worker', async () => {
    await health({ ...row, worker: 0 }, { ...row, worker: 1 })
    await health({ frames_received: 31, worker: 1, duplicates: 2 })
    expect(await sensorHealth()).toMatchObject([
      { workers: 2, frames_received: 61, kernel_drops: 10, duplicates: 2, dropped_share: 10 / 71 },
    ])
  })

  it('that are none are refused whole', async () => {
    const torn = store.insertHealth(`${madeHealth(row)}{"sensor":\n`, 2, 't')
    await expect(torn).rejects.toMatchObject({ code: 'ERR_STORE_WRITE' })
    expect(await sensorHealth()).toEqual([])
  })
})

describe('a source', () => {
  const at = (second: number) => `2026-03-01T10:00:${String(second).padStart(2, '0')}Z`
  const ten = (start: number, more: MadeInterval): MadeInterval => ({ from: at(start), to: at(start + 10), ...more })
  const blindSince = async () =>
    (await store.select<{ blind_since: string | null }>('sensor-health', { ...ALL_TIME, limit: 9 }))[0]?.blind_since

  it('is blind from its first start when it never had a frame', async () => {
    await health(ten(0, {}), ten(10, { state: 'ended' }))
    expect(await blindSince()).toBe('2026-03-01T10:00:00.000000Z')
  })

  it('is blind from the last interval with a frame on', async () => {
    await health(ten(0, { frames_received: 1 }), ten(10, {}), ten(20, { state: 'down' }))
    expect(await blindSince()).toBe('2026-03-01T10:00:10.000000Z')
  })

  it('is not blind while one of its workers has frames, though they report at other times', async () => {
    await health({ worker: 0, from: at(0), to: at(10), frames_received: 5 }, { worker: 1, from: at(1), to: at(11) })
    expect(await blindSince()).toBeNull()
  })

  it('is not blind for a single frame, which is an interval without length', async () => {
    await health({ from: at(5), to: at(5), frames_received: 1, state: 'gone' })
    expect(await blindSince()).toBeNull()
  })

  it('is not blind because it was ended', async () => {
    await health(ten(0, { frames_received: 1 }), ten(10, { state: 'ended' }))
    expect(await blindSince()).toBeNull()
  })

  it('was down while its intervals ended so and had no frame, once for all its workers', async () => {
    const both = (more: MadeInterval) => [
      { ...more, worker: 0 },
      { ...more, worker: 1 },
    ]
    await health(
      ...both(ten(0, { frames_received: 9 })),
      ...both(ten(10, { frames_received: 1, state: 'down' })),
      ...both(ten(20, { state: 'down' })),
      ...both(ten(30, { state: 'gone' })),
      ...both(ten(40, { frames_received: 9 })),
    )
    expect(await sensorHealth()).toMatchObject([{ down_s: 20, state: 'up', blind_since: null, frames_received: 38 }])
  })

  it('has the flows of which packets were missing, and those that hit a cap', async () => {
    await flows(
      { source: 'eth1', name: 'a', verdict: 'unknown', reason: 'gap' },
      { source: 'eth1', name: 'b', verdict: 'unknown', reason: 'cap_hit' },
      { source: 'eth1', name: 'c', verdict: 'unknown', reason: 'no_payload' },
      { source: 'eth2', name: 'd', verdict: 'unknown', reason: 'gap' },
      { sensor: 'other', source: 'eth1', name: 'e', verdict: 'unknown', reason: 'gap' },
    )
    await health({ source: 'eth1', frames_received: 1 })
    expect(await sensorHealth()).toMatchObject([{ source: 'eth1', gap_flows: 1, cap_flows: 1 }])
  })

  it('comes the sooner the more it lost, the blind first', async () => {
    await health(
      { source: 'fine', frames_received: 9 },
      { source: 'cut', frames_received: 9, state: 'gone' },
      { source: 'some', frames_received: 9, kernel_drops: 1 },
      { source: 'much', frames_received: 9, interface_drops: 9 },
      { source: 'crowded', frames_received: 9, flows_evicted: 1 },
      { source: 'blind' },
    )
    const rows = (await sensorHealth()) as { source: string }[]
    expect(rows.map(({ source }) => source)).toEqual(['blind', 'much', 'some', 'crowded', 'cut', 'fine'])
  })
})

describe('a store of before', () => {
  it.each([3, 4, 5])('with schema %d keeps its flows, and takes health', async (version) => {
    const old = join(folder, `schema-${version}`)
    await store.close()
    const engine = await connectEmbedded(old)
    await migrateSchema(engine.client, readMigrations().slice(0, version))
    await engine.insert('flows_in', flowLine({ name: 'a', verdict: 'strong', bytes: 7 }), 'old')
    await engine.client.close()

    store = await openStore({ data: old })
    expect(await store.migrate()).toEqual({ from: version, to: readMigrations().length })
    expect(await store.select('time-range', ALL_TIME)).toMatchObject([{ flows: 1 }])
    expect((await coverage())['bytes']).toEqual({ lost: 0, low: 1, point: 1, high: 1 })
    await health({ frames_received: 2, kernel_drops: 1 })
    await flows({ name: 'b', verdict: 'strong' })
    expect((await coverage())['bytes']).toEqual({ lost: 3.5, low: 7 / 10.5, point: 1, high: 1 })
  })
})
