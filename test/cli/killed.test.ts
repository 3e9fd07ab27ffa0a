/**
 * SIGKILL at random moments: while the daemon starts, captures, inserts, spools and empties its spool. What it had shown, or
 * had on disk for a store that was away, is in the store in the end, once. `npm run soak:kill` kills 50 times.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { makeTraffic } from '../../bench/make-file.ts'
import { loadTemplates, random as randomOf, type Template } from '../../bench/traffic.ts'
import { embeddedStore, filesIn, type KilledStore, serverStore } from './killed-stores.ts'
import { CAPTURES } from './run.ts'
import { type Daemon, type Flow, flowsOf, killDaemons, startDaemon } from './running-daemon.ts'

/** In CI. */
const SHORT = 5
const KILLS = Number(process.env['INTRANSIT_KILLS'] ?? SHORT)
const SEED = Number(process.env['INTRANSIT_SEED'] ?? Date.now() % 1e9)
/** One kill in so many comes while the daemon starts. */
const STARTING = 6
const LONGEST_MS = 2000
/** How long a start may be thought to take, before one was seen. */
const START_MS = 2000
/** The API has shown something of the traffic by then. */
const SHOWN_MS = 60_000
/** Numbers of the flows of one round; the addresses of all are distinct. */
const FLOWS = 20_000
/** Of one round, some 200 flows: however busy the machine is, the store can take them before the next one. */
const PACKETS = 3000
const ROUND_S = 60
const START_S = 1_767_225_600
/** So much each so often: enough for an insert whenever one may begin, and little to check afterwards. */
const SLICE_BYTES = 16 * 1024
const SLICE_MS = 20
/** Each answer is all flows of the round: asking takes from the daemon what it has for inserts. */
const ASK_MS = 400

const folder = mkdtempSync(join(tmpdir(), 'intransit-killed-'))
afterEach(killDaemons)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const timeOf = (round: number): string => new Date((START_S + round * ROUND_S) * 1000).toISOString()

/** Sends traffic of flows that no other round has, and keeps the line until nobody listens any more. */
async function sendUntilKilled(
  templates: readonly Template[],
  port: number,
  round: number,
  begun: () => void,
): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  let isGone = false
  socket
    .on('error', () => undefined)
    .on('close', () => {
      isGone = true
    })
  const write = async (bytes: Buffer): Promise<void> => {
    begun()
    for (let at = 0; at < bytes.length && !isGone; at += SLICE_BYTES) {
      socket.write(bytes.subarray(at, at + SLICE_BYTES))
      await sleep(SLICE_MS)
    }
    if (isGone) throw new Error('gone')
  }
  const times = { stepUs: 20, startS: START_S + round * ROUND_S }
  const shape = { packets: PACKETS, concurrent: 50, chunkBytes: 4 * SLICE_BYTES }
  const made = makeTraffic(write, templates, { ...shape, firstFlow: round * FLOWS, ...times })
  await made.catch(() => undefined)
  // It goes on capturing, and what it has goes on to the store.
  while (!isGone) await sleep(SLICE_MS)
  socket.destroy()
}

/** How many packets of each flow the daemon has answered for. */
class Promised {
  readonly shown = new Map<string, number>()
  /** In a file under its whole name, which is as good as stored. */
  readonly spooled = new Map<string, number>()

  async show({ url }: Daemon, from: string): Promise<void> {
    for (const flow of await flowsOf(url, from)) take(this.shown, flow)
  }

  readSpool(spool: string): void {
    for (const name of filesIn(spool).filter((name) => /^\d+_flows_.*\.jsonl$/.test(name))) {
      for (const line of readFileSync(join(spool, name), 'latin1').split('\n').filter(Boolean))
        take(this.spooled, JSON.parse(line) as Flow)
    }
  }
}

function take(into: Map<string, number>, { flow_id, packets_client, packets_server }: Flow): void {
  const packets = Number(packets_client) + Number(packets_server)
  into.set(flow_id, Math.max(packets, into.get(flow_id) ?? 0))
}

/** Flows that are not in the store as far as they were promised. */
async function lostOf(store: KilledStore, promised: ReadonlyMap<string, number>): Promise<string[]> {
  const rows = await store.ask(
    'SELECT lower(hex(flow_id)) AS id, max(packets_client + packets_server) AS packets FROM flows GROUP BY id',
  )
  const kept = new Map(rows.map(({ id, packets }) => [id as string, Number(packets)]))
  return [...promised]
    .filter(([id, packets]) => (kept.get(id) ?? -1) < packets)
    .map(([id, packets]) => `${id}: ${kept.get(id)} of ${packets} packets`)
}

const FAULTS = {
  'rows of flows that are there twice':
    'SELECT count() - uniqExact(toString(tuple(* EXCEPT stored_at))) AS n FROM flows',
  'connections that are two flows': `SELECT count() AS n FROM (SELECT 1 FROM flows FINAL
    GROUP BY client_ip, client_port, server_ip, server_port, transport HAVING count() > 1)`,
  'certificates of flows that are not there': `SELECT uniqExact(c) AS n FROM flows ARRAY JOIN server_certificates AS c
    WHERE c NOT IN (SELECT fingerprint_sha256 FROM certificates)`,
  'flows of no capture': `SELECT count() AS n FROM flows WHERE sensor != 'here'`,
}

async function faultsOf(store: KilledStore): Promise<string[]> {
  const faults: string[] = []
  for (const [what, sql] of Object.entries(FAULTS)) {
    const [row] = await store.ask(sql)
    if (row?.['n'] !== '0') faults.push(`${row?.['n']} ${what}`)
  }
  return faults
}

/** Resolves at a random moment; with `isShown` after that, when a file comes or goes where rows are on their way. */
async function untilItsTime(store: KilledStore, random: () => number, isShown: (() => boolean) | null): Promise<void> {
  if (isShown === null) return await sleep(random() % LONGEST_MS)
  await until(isShown, SHOWN_MS)
  await sleep(random() % LONGEST_MS)
  const before = filesIn(store.onTheWay).join()
  await until(() => filesIn(store.onTheWay).join() !== before, 2000)
  await sleep(random() % 30)
}

async function until(what: () => boolean, ms: number): Promise<void> {
  for (const endMs = performance.now() + ms; !what() && performance.now() < endMs; ) await sleep(1)
}

async function killOften(store: KilledStore, kills: number): Promise<string> {
  const random = randomOf(SEED)
  const promised = new Promised()
  const templates = await loadTemplates(CAPTURES)
  let startMs = START_MS
  const figures = { starting: 0, underWay: 0, waiting: 0 }
  for (let round = 0; round < kills; round++) {
    const isStarting = round % STARTING === 1
    const beganMs = performance.now()
    const daemon = await startDaemon(store.args, isStarting ? random() % startMs : Number.POSITIVE_INFINITY)
    if (daemon !== null) startMs = Math.ceil(performance.now() - beganMs)
    if (daemon === null) figures.starting += 1
    else {
      const over = store.trouble(random)
      let sending: Promise<void> | undefined
      await new Promise<void>((begun) => {
        sending = sendUntilKilled(templates, daemon.port, round, begun)
      })
      const before = promised.shown.size
      let isKilled = false
      const showing = (async () => {
        for (; !isKilled; await sleep(ASK_MS)) await promised.show(daemon, timeOf(round)).catch(() => undefined)
      })()
      await untilItsTime(store, random, round % 2 === 0 ? () => promised.shown.size > before : null)
      await daemon.stop('SIGKILL')
      isKilled = true
      await Promise.all([sending, showing, over()])
    }
    if (filesIn(store.onTheWay).length > 0) figures.underWay += 1
    promised.readSpool(store.spool)
    if (filesIn(store.spool).some((name) => name.endsWith('.jsonl'))) figures.waiting += 1
    expect(await lostOf(store, promised.shown), `after kill ${round + 1}`).toEqual([])
    expect(await faultsOf(store), `after kill ${round + 1}`).toEqual([])
    if (KILLS > SHORT)
      console.log(`kill ${round + 1} of ${kills}: ${JSON.stringify(figures)}, ${promised.shown.size} flows shown`)
  }
  const last = await startDaemon(store.args)
  await expect.poll(() => filesIn(store.spool), { timeout: 45_000 }).toEqual([])
  expect(await last.stop('SIGTERM')).toBe(0)
  expect(await lostOf(store, promised.shown)).toEqual([])
  expect(await lostOf(store, promised.spooled)).toEqual([])
  expect(await faultsOf(store)).toEqual([])
  const [stored] = await store.ask('SELECT count() AS flows FROM flows FINAL')
  expect(promised.shown.size + promised.spooled.size).toBeGreaterThan(0)
  const { starting, underWay, waiting } = figures
  return `${kills} kills, ${starting} while it started, ${underWay} with rows on their way, ${waiting} with rows in the spool; ${promised.shown.size} flows shown, ${promised.spooled.size} in the spool at a kill, ${stored?.['flows']} stored`
}

describe(`intransit run, killed ${KILLS} times at random (INTRANSIT_SEED=${SEED})`, () => {
  const half = Math.ceil(KILLS / 2)
  const limitMs = 60_000 + half * 120_000

  it(
    'loses nothing that it had shown, and doubles nothing, with a store of its own',
    async () => {
      const store = embeddedStore(join(folder, 'data'))
      console.log(await killOften(store, half))
    },
    limitMs,
  )

  it(
    'nor with a server that comes and goes',
    async () => {
      const store = await serverStore(join(folder, 'spool'))
      try {
        console.log(await killOften(store, KILLS - half))
      } finally {
        await store.close()
      }
    },
    limitMs,
  )
})
