/**
 * `intransit capture` and its store: the engine behind chdb-http-server.ts, over a wire that can be held. How soon a row is
 * there, and what a store that hangs may do to the end of a capture. Skipped, with the reason, where there can be no network.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { constants, setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Spool } from '../../src/store/spool.ts'
import { CuttableWire } from '../store/cuttable-wire.ts'
import { type RunningServer, startServer } from '../store/running-server.ts'
import { wholeCaptures } from './frames.ts'
import { createNet, enter, type Net, type Pair, whyNoNet } from './net.ts'
import { type Row, type RunningCapture, startCapture } from './running-capture.ts'

const why = whyNoNet()
const USER = { username: 'sensor', password: 'secret' }

let net: Net
let leave: () => void
let server: RunningServer
let wire: CuttableWire
let url: string
let folder: string
let handshakes: string[]

function widePair(): Pair {
  const pair = net.pair()
  for (const end of [pair.sender, pair.receiver]) net.ip('link', 'set', end, 'mtu', '65521')
  return pair
}

/** Microseconds since the epoch of an RFC 3339 time. */
const microseconds = (time: string): number =>
  Date.parse(`${time.slice(0, 19)}Z`) * 1000 + Number(time.slice(20, 26).padEnd(6, '0'))

/** When each flow's first report was seen, µs since the epoch, by flow. */
type Seen = Map<string, number>

/** Notes every printed line when it comes; `sinceUs` is the time of the last frame that its report tells of. */
function watchLines(capture: RunningCapture, seen: Seen, sinceUs: Seen): void {
  let rest = ''
  capture.child.stdout?.on('data', (chunk: Buffer) => {
    const nowUs = Date.now() * 1000
    const lines = (rest + chunk.toString('latin1')).split('\n')
    rest = lines.pop() ?? ''
    for (const row of lines.map((line) => JSON.parse(line) as Row)) {
      const id = String(row['flow_id'])
      if (seen.has(id) || (row['verdict'] !== 'strong' && row['verdict'] !== 'weak')) continue
      seen.set(id, nowUs)
      sinceUs.set(id, microseconds(String(row['last_seen'])))
    }
  })
}

/** Asks the store for flows that are new to it until told to stop. */
function watchRows(client: ClickHouseClient, seen: Seen): () => Promise<void> {
  let stopped = false
  const query = 'SELECT DISTINCT lower(hex(flow_id)) AS id FROM flows'
  const watching = (async () => {
    for (; !stopped; await sleep(50)) {
      const rows = await (await client.query({ query, format: 'JSONEachRow' })).json<{ id: string }>()
      const nowUs = Date.now() * 1000
      for (const { id } of rows) if (!seen.has(id)) seen.set(id, nowUs)
    }
  })()
  return async () => {
    stopped = true
    await watching
  }
}

/** What is started from here on comes before whatever else the machine does: it is not that which is measured. */
function goFirst(): void {
  try {
    setPriority(constants.priority.PRIORITY_HIGH)
  } catch {
    // Not every root may.
  }
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number

describe.skipIf(why !== null)(`a capture and its store${why === null ? '' : ` (skipped: ${why})`}`, () => {
  beforeAll(async () => {
    goFirst()
    net = createNet()
    net.ip('link', 'set', 'lo', 'up')
    leave = enter(net)
    server = await startServer(USER)
    wire = new CuttableWire(server.port)
    url = `http://${USER.username}:${USER.password}@127.0.0.1:${await wire.open()}`
    handshakes = (await wholeCaptures()).files.filter((file) => /\/tls1[23]-[^/]*$/.test(file))
    folder = mkdtempSync(join(tmpdir(), 'intransit-live-store-'))
  })
  afterAll(async () => {
    wire.close()
    await server.stop()
    leave()
    net.close()
    rmSync(folder, { recursive: true, force: true })
    setPriority(constants.priority.PRIORITY_NORMAL)
  })

  const start = (receiver: string, database: string, ...more: string[]): Promise<RunningCapture> => {
    const store = ['--clickhouse', `${url}/${database}`, '--spool', join(folder, database)]
    return startCapture(net, ['--source', `afpacket:${receiver}`, ...store, ...more])
  }

  it('has a handshake’s row in the store, and its line in the log, within a second of its last frame', async () => {
    const { sender, receiver } = widePair()
    const capture = await start(receiver, 'latency', '--format', 'jsonl')
    const [lines, rows, sinceUs]: [Seen, Seen, Seen] = [new Map(), new Map(), new Map()]
    watchLines(capture, lines, sinceUs)
    const client = createClient({ url: `http://127.0.0.1:${server.port}`, ...USER, database: 'latency' })
    const stop = watchRows(client, rows)
    await net.replay(sender, handshakes, '--pps=150', '--loop=2')
    await sleep(1500)
    await stop()
    await client.close()
    expect((await capture.stop()).status).toBe(0)
    expect(sinceUs.size).toBeGreaterThan(50)
    for (const [what, seen] of [
      ['line', lines],
      ['row', rows],
    ] as const) {
      const delays = [...sinceUs].map(([id, us]) => ((seen.get(id) ?? Number.NaN) - us) / 1000)
      expect(delays.filter(Number.isNaN)).toEqual([])
      delays.sort((a, b) => a - b)
      const [p50, p99] = [percentile(delays, 0.5), percentile(delays, 0.99)]
      console.log(
        `${delays.length} handshakes, last frame to ${what}: p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
      )
      expect(p99).toBeLessThanOrEqual(1000)
    }
  }, 90_000)

  it.each([
    { name: 'hangs', fail: () => wire.hold() },
    { name: 'is away', fail: () => wire.cut() },
  ])('ends at SIGTERM in time though its store $name, and its rows are in the spool', async ({ name, fail }) => {
    const { sender, receiver } = widePair()
    const database = name.replace(' ', '_')
    const capture = await start(receiver, database)
    fail()
    await net.replay(sender, handshakes.slice(0, 20), '--topspeed')
    await sleep(1000)
    const { status, ms } = await capture.stop()
    wire.release()
    expect(status, capture.said).toBe(0)
    expect(ms).toBeLessThan(10_000)
    const [, left] = /(\d+) rows stay in the spool for the next run/.exec(capture.said) ?? []
    expect(Number(left)).toBeGreaterThan(20)
    expect(new Spool(join(folder, database), 1 << 30).rows).toBe(Number(left))
    expect(capture.said).toMatch(/ 0 dropped by the kernel/)
    // The next run brings them in.
    const next = await start(receiver, database)
    await next.says(/the store takes rows again/)
    expect((await next.stop()).status).toBe(0)
    expect(new Spool(join(folder, database), 1 << 30).rows).toBe(0)
  })
})
