/** A capture's rows through outages of a real store: the engine behind chdb-http-server.ts, and a wire that can be cut. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LiveStore } from '../../src/cli/live-store.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { Spool } from '../../src/store/spool.ts'
import { capturedLines } from '../store/captured-lines.ts'
import { CuttableWire } from '../store/cuttable-wire.ts'
import { ALL_TIME } from '../store/lines.ts'
import { type RunningServer, startServer } from '../store/running-server.ts'

const USER = { username: 'sensor', password: 'secret' }
const MIB = 1024 * 1024

let server: RunningServer
let wire: CuttableWire
let port: number
let folder: string
let chunks: Buffer[]

beforeAll(async () => {
  server = await startServer(USER)
  wire = new CuttableWire(server.port)
  port = await wire.open()
  folder = mkdtempSync(join(tmpdir(), 'intransit-live-'))
  chunks = (await capturedLines()).flows.map((line) => Buffer.from(`${line}\n`, 'latin1'))
})
afterAll(async () => {
  wire.close()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function open(database: string): Promise<Store> {
  const store = await openStore({
    clickhouse: `http://${USER.username}:${USER.password}@127.0.0.1:${port}/${database}`,
  })
  await store.migrate()
  return store
}

const flowsIn = async (store: Store): Promise<number> => {
  const [range] = await store.select<{ flows: number }>('time-range', ALL_TIME)
  return Number(range?.flows)
}

const hex = (number: number): string => number.toString(16).padStart(8, '0')

async function until(what: () => boolean, ms = 15_000): Promise<void> {
  for (const endMs = performance.now() + ms; !what() && performance.now() < endMs; ) {
    await new Promise((resolve) => void setTimeout(resolve, 20))
  }
  expect(what()).toBe(true)
}

describe('a live store', () => {
  it('has every row soon, without being asked', async () => {
    const store = await open('prompt')
    const live = new LiveStore(store, new Spool(join(folder, 'prompt'), MIB), () => undefined)
    for (const chunk of chunks.slice(0, 20)) await live.flows(chunk, 1)
    const sinceMs = performance.now()
    await until(() => live.storedRows === 20)
    expect(performance.now() - sinceMs).toBeLessThan(2000)
    await live.close()
    expect(await flowsIn(store)).toBe(20)
    await store.close()
  })

  it('brings the rollups up to date by itself, and ends while it does', async () => {
    const store = await open('rollups')
    const said: string[] = []
    const live = new LiveStore(store, new Spool(join(folder, 'rollups'), MIB), (text) => void said.push(text), 50)
    for (const chunk of chunks.slice(0, 20)) await live.flows(chunk, 1)
    const question = { from: '1970-01-01T00:00:00Z', to: '2262-01-01T00:00:00Z' }
    const cut = { zones: [], services: [], sensors: [], protocols: [], packs: [] }
    const counted = async (): Promise<number> => {
      const [row] = await store.select<{ denominator: number }>('kpi-coverage-flows', { ...question, ...cut })
      return Number(row?.denominator)
    }
    let found = 0
    for (const endMs = performance.now() + 60_000; found === 0 && performance.now() < endMs; ) found = await counted()
    expect(found).toBeGreaterThan(0)
    await live.close()
    await store.close()
    expect(said).toEqual([])
  }, 90_000)

  it('loses nothing and doubles nothing while the store is away, and says so once', async () => {
    const said: string[] = []
    const store = await open('outage')
    const live = new LiveStore(store, new Spool(join(folder, 'outage'), 64 * MIB), (text) => void said.push(text))
    for (const [n, chunk] of chunks.entries()) {
      if (n === 30) wire.cut()
      if (n === 90) wire.isWhole = true
      await live.flows(chunk, 1)
      if (n % 10 === 0) await live.flush()
    }
    await live.flush()
    await until(() => live.spool.batches === 0)
    expect(said).toEqual([
      expect.stringMatching(/^ERR_STORE_WRITE: .* wait in the spool/),
      expect.stringMatching(/takes rows again/),
    ])
    await live.close()
    expect(live.storedRows).toBe(chunks.length)
    expect(await flowsIn(store)).toBe(new Set(chunks.map((chunk) => chunk.toString())).size)
    await store.close()
  })

  it('gives a store that is slow larger batches, not more of them', async () => {
    const store = await open('slow')
    const live = new LiveStore(store, new Spool(join(folder, 'slow'), MIB), () => undefined)
    let inserts = 0
    const insertFlows = store.insertFlows.bind(store)
    store.insertFlows = (...batch) => {
      inserts += 1
      return insertFlows(...batch)
    }
    await server.order('answer_late')
    const some = chunks.slice(0, 150)
    for (const chunk of some) {
      await live.flows(chunk, 1)
      await sleep(20)
    }
    await server.order('behave')
    await until(() => live.storedRows === some.length)
    // Each answer comes after 1.5 s, and rows are handed on every 0.4 s where nothing is under way.
    expect(inserts).toBeLessThanOrEqual(4)
    await live.close()
    await store.close()
  })

  it('puts into the spool, and not into memory, what comes while a long one is sent', async () => {
    const place = join(folder, 'long')
    const spool = new Spool(place, 64 * MIB)
    const waiting = 300
    for (let n = 0; n < waiting; n++) {
      const lines = chunks[n % chunks.length] as Buffer
      const token = createHash('sha256').update(lines).digest('hex')
      await spool.put({ kind: 'flows', lines, rows: 1, token })
    }
    const store = await open('long')
    const said: string[] = []
    const live = new LiveStore(store, spool, (text) => void said.push(text))
    let latest = 0
    let fed = 0
    for (const endMs = performance.now() + 200_000; spool.batches > 0 && performance.now() < endMs; fed++) {
      await live.flows(chunks[fed % chunks.length] as Buffer, 1)
      for (const name of readdirSync(place)) latest = Math.max(latest, Number.parseInt(name, 10))
      await sleep(20)
    }
    expect(latest).toBeGreaterThan(waiting)
    await until(() => live.storedRows === waiting + fed, 30_000)
    expect(said.at(-1)).toMatch(/takes rows again/)
    await live.close()
    expect(readdirSync(place)).toEqual([])
    await store.close()
  }, 300_000)

  it('does not hold up who reads frames while a store is slow: what is too much waits in the spool', async () => {
    const store = await open('behind')
    const said: string[] = []
    const spool = new Spool(join(folder, 'behind'), 100 * MIB)
    const live = new LiveStore(store, spool, (text) => void said.push(text))
    const line = chunks[0] as Buffer
    const rows = Math.ceil((8 * MIB) / line.length)
    const batches = Array.from({ length: 6 }, (_, n) =>
      Buffer.concat(
        Array.from({ length: rows }, (_, row) =>
          Buffer.from(
            line.toString('latin1').replace(/"flow_id":".{8}/, `"flow_id":"${hex(n * rows + row)}`),
            'latin1',
          ),
        ),
      ),
    )
    await server.order('answer_late')
    const [first, second, ...others] = batches.map((batch) => live.flows(batch, rows))
    let areStored = false
    void Promise.all([first, second]).then(() => {
      areStored = true
    })
    await Promise.all(others)
    expect(areStored).toBe(false)
    expect([spool.batches, spool.rows]).toEqual([4, 4 * rows])
    await server.order('behave')
    await until(() => live.storedRows === 6 * rows, 60_000)
    await until(() => spool.batches === 0)
    expect(said).toEqual([expect.stringMatching(/slower than the capture/), expect.stringMatching(/takes rows again/)])
    await live.close()
    expect(await flowsIn(store)).toBe(6 * rows)
    await store.close()
  }, 120_000)

  it('leaves to the next run what the store did not take before the end', async () => {
    const place = join(folder, 'left')
    const store = await open('left')
    const said: string[] = []
    const live = new LiveStore(store, new Spool(place, MIB), (text) => void said.push(text))
    wire.cut()
    for (const chunk of chunks.slice(0, 40)) await live.flows(chunk, 1)
    await live.close()
    expect(said.at(-1)).toBe('40 rows stay in the spool for the next run')
    expect(readdirSync(place)).toHaveLength(1)
    await store.close()
    wire.isWhole = true
    const again = await open('left')
    const next = new LiveStore(again, new Spool(place, MIB), () => undefined)
    await until(() => next.storedRows === 40)
    await next.close()
    expect(await flowsIn(again)).toBe(40)
    expect(readdirSync(place)).toEqual([])
    await again.close()
  })

  it('counts what the spool has no room for, and says it once', async () => {
    const store = await open('full')
    const said: string[] = []
    const live = new LiveStore(store, new Spool(join(folder, 'full'), 100), (text) => void said.push(text))
    wire.cut()
    for (const chunk of chunks.slice(0, 10)) {
      await live.flows(chunk, 1)
      await live.flush()
    }
    wire.isWhole = true
    await live.close()
    expect(live.spool.droppedRows + live.storedRows).toBe(10)
    expect(live.spool.droppedRows).toBeGreaterThan(0)
    expect(said.filter((text) => text.includes('rows are lost'))).toHaveLength(1)
    await store.close()
  })
})
