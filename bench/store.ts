/**
 * A year of flows in the embedded store: how fast they go in, what they take on disk, and what a question costs.
 *
 *   npm run bench:store            100 M flows
 *   npm run bench:store -- N       N million
 *   npm run bench:store -- --short 2 M, for CI
 *
 * The flows have the shapes of those of captures/, with times, addresses, ports, names and sizes of their own. Some go in as
 * JSON lines, which is timed; the others are made by the engine, and go through the same views. Only wrong counts fail it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { KPIS, kpiNamed } from '../src/kpi/index.ts'
import type { Kpi } from '../src/kpi/kpi.ts'
import { readKpi } from '../src/kpi/read-kpi.ts'
import { connectEmbedded } from '../src/store/embedded.ts'
import { openStore, type Store } from '../src/store/index.ts'
import { capturedLines } from '../test/store/captured-lines.ts'
import { rssMbOf } from './memory.ts'

const [asked = '100'] = process.argv.slice(2)
const millions = asked === '--short' ? 2 : Number(asked)
const FLOWS = Math.round(millions * 1e6)
const LINES = Math.min(FLOWS / 4, 400_000)
const BATCH = 500_000
const LINES_BATCH = 16_000
const BYTES_BAR = 45
const P95_BAR_MS = 150
const YEAR_BAR = 1.3
const ROUNDS = 7
const DAY_MS = 86_400_000
const BEGIN_MS = Date.parse('2025-11-01T00:00:00Z')
const YEAR_MS = 365 * DAY_MS
const CUT = { zones: [], services: [], sensors: [], protocols: [], packs: [] }

const folder = mkdtempSync(join(tmpdir(), 'bench-store-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const say = (text: string): boolean => process.stdout.write(`${text}\n`)
const seconds = (ms: number): string => (ms / 1000).toFixed(1)

const shapes = (await capturedLines()).flows
const store = await openStore({ data: folder })
await store.migrate()
say(
  `${FLOWS.toLocaleString('en-US')} flows of ${shapes.length} shapes, ${cpus()[0]?.model} (${cpus().length}), Node ${process.version}`,
)

/** As a sensor sends them, those of the last day. */
async function insertLines(into: Store): Promise<void> {
  const parsed = shapes.map((line) => JSON.parse(line))
  let spentMs = 0
  for (let from = 0; from < LINES; from += LINES_BATCH) {
    const rows = Math.min(LINES_BATCH, LINES - from)
    const lines = Array.from({ length: rows }, (_, i) => lineOf(parsed, from + i)).join('\n')
    const beganMs = performance.now()
    await into.insertFlows(Buffer.from(lines, 'latin1'), rows, `lines-${from}`)
    spentMs += performance.now() - beganMs
  }
  say(
    `as JSON lines: ${Math.round((LINES / spentMs) * 1000).toLocaleString('en-US')} flows/s over ${LINES.toLocaleString('en-US')}`,
  )
}

function lineOf(parsed: readonly Record<string, unknown>[], n: number): string {
  const first_seen = new Date(BEGIN_MS + YEAR_MS - DAY_MS + Math.floor((n / LINES) * DAY_MS))
    .toISOString()
    .replace('Z', '000Z')
  const flow_id = n.toString(16).padStart(32, 'f')
  const client_ip = `10.${n % 7}.${n % 251}.${n % 13}`
  return JSON.stringify({
    ...parsed[(n * 7919) % parsed.length],
    flow_id,
    first_seen,
    last_seen: first_seen,
    client_ip,
  })
}

async function makeFlows(): Promise<void> {
  const { client, insert, close } = await engine()
  await client.command({ query: 'CREATE TABLE shapes ENGINE = Memory AS SELECT toUInt64(0) AS shape, * FROM flows_in' })
  await insert('shapes', shapes.map((line, shape) => JSON.stringify({ shape, ...JSON.parse(line) })).join('\n'))
  const beganMs = performance.now()
  const made = FLOWS - LINES
  for (let from = 0; from < made; from += BATCH) {
    const rows = Math.min(BATCH, made - from)
    await client.command({
      query: `INSERT INTO flows_in ${madeFlows(from, rows, made)} SETTINGS max_partitions_per_insert_block = 0`,
    })
    if ((from / BATCH) % 20 === 19)
      say(`  ${(from + rows).toLocaleString('en-US')} after ${seconds(performance.now() - beganMs)} s`)
  }
  say(
    `made by the engine: ${Math.round((made / (performance.now() - beganMs)) * 1000).toLocaleString('en-US')} flows/s`,
  )
  await client.command({ query: 'DROP TABLE shapes' })
  await close()
}

async function engine() {
  const { client, insert } = await connectEmbedded(folder).then((one) => ({
    client: one.client,
    insert: (table: string, lines: string) => one.insert(table, lines, table),
  }))
  return { client, insert, close: () => client.close() }
}

/** In the order of time; 4,096 clients, 600 servers of which one in 20 is outside, 300 names; a client speaks to a few servers. */
const madeFlows = (from: number, rows: number, all: number): string => `
SELECT s.* EXCEPT (shape) REPLACE (
    lower(hex(sipHash128(n.number))) AS flow_id,
    if(n.seed % 3 = 0, 'edge-1', 'edge-2') AS sensor,
    if(n.seed % 3 = 0, 'eth0', 'ens5') AS source,
    n.began AS first_seen,
    addMicroseconds(n.began, dateDiff('microsecond', s.first_seen, s.last_seen)) AS last_seen,
    toIPv6(concat('::ffff:', IPv4NumToString(toUInt32(167772160 + cityHash64(n.shape, intDiv(n.seed, 7) % 8) % 4096)))) AS client_ip,
    toUInt16(32768 + intDiv(n.seed, 11) % 28000) AS client_port,
    toIPv6(concat('::ffff:', IPv4NumToString(toUInt32(if(n.shape % 20 = 0, 3405803776, 167837696) + (n.shape * 31 + n.seed % 2) % 600)))) AS server_ip,
    if(s.bytes_client = 0, 0, s.bytes_client + intDiv(n.seed, 13) % 5000) AS bytes_client,
    if(s.bytes_server = 0, 0, s.bytes_server + intDiv(n.seed, 17) % 90000) AS bytes_server,
    if(s.server_name IS NULL, NULL, concat('service-', toString(n.shape * 3 % 300), '.example.test')) AS server_name,
    if(s.rtt_us IS NULL, NULL, toUInt32(200 + intDiv(n.seed, 19) % 40000)) AS rtt_us,
    if(s.handshake_us IS NULL, NULL, toUInt32(900 + intDiv(n.seed, 23) % 90000)) AS handshake_us
)
FROM
(
    SELECT
        number,
        cityHash64(number) AS seed,
        cityHash64(number, 1) % ${shapes.length} AS shape,
        fromUnixTimestamp64Micro(toInt64(${BEGIN_MS}000 + intDiv(number * ${YEAR_MS}, ${all}) * 1000 + seed % 1000), 'UTC') AS began
    FROM numbers(${from}, ${rows})
) AS n
INNER JOIN shapes AS s ON s.shape = n.shape`

async function measure(): Promise<void> {
  const { client, close } = await engine()
  const ask = async (query: string): Promise<Record<string, number>> =>
    (await (await client.query({ query, format: 'JSONEachRow' })).json<Record<string, number>>())[0] ?? {}
  const sizes = `SELECT sum(bytes_on_disk) AS bytes, sumIf(bytes_on_disk, table = 'flows') AS flows,
    sumIf(bytes_on_disk, table = 'rollups') AS rollups, sumIf(bytes_on_disk, table = 'edge_days') AS edges
    FROM system.parts WHERE active AND database = currentDatabase()`
  const count = Number((await ask('SELECT count() AS n FROM flows'))['n'])
  if (count !== FLOWS) throw new Error(`${count} flows are there, not ${FLOWS}`)
  const before = await ask(sizes)
  await close()
  const opened = await openStore({ data: folder })
  const beganMs = performance.now()
  const hours = await opened.rollUp()
  say(`rolled up: ${hours} hours in ${seconds(performance.now() - beganMs)} s`)
  await opened.close()
  const again = await engine()
  const after = await (await again.client.query({ query: sizes, format: 'JSONEachRow' })).json<Record<string, number>>()
  await again.close()
  const each = (bytes: number | undefined): string => (Number(bytes) / FLOWS).toFixed(1)
  say(
    `on disk, bytes a flow: flows ${each(before['flows'])} (bar ${BYTES_BAR}), rollups ${each(after[0]?.['rollups'])}, edges ${each(after[0]?.['edges'])}, all ${each(after[0]?.['bytes'])}`,
  )
  await askEverything(await openStore({ data: folder }))
}

async function askEverything(opened: Store): Promise<void> {
  const end = BEGIN_MS + YEAR_MS - 1
  const spans = [1, 30, 365].map((days) => ({
    days,
    from: new Date(end + 1 - days * DAY_MS).toISOString(),
    to: new Date(end).toISOString(),
  }))
  const select = <T>(query: string, params: Record<string, unknown>): Promise<T[]> => opened.select<T>(query, params)
  say(
    `\n${'ms, median / worst of 7'.padEnd(30)}${spans.map(({ days }) => `${days} d`.padStart(14)).join('')}  year/day`,
  )
  const all: number[] = []
  let slow = 0
  for (const kpi of KPIS) {
    const cells = []
    const medians = []
    for (const { from, to } of spans) {
      const times: number[] = []
      for (let round = 0; round <= ROUNDS; round++) {
        const beganMs = performance.now()
        await readKpi(select, kpi, { ...CUT, from, to })
        // The first one reads what the system has not in memory.
        if (round > 0) times.push(performance.now() - beganMs)
      }
      times.sort((a, b) => a - b)
      all.push(...times)
      medians.push(times[ROUNDS >> 1] as number)
      cells.push(`${(times[ROUNDS >> 1] as number).toFixed(0)} / ${(times.at(-1) as number).toFixed(0)}`)
    }
    const ratio = (medians[2] as number) / (medians[0] as number)
    if (ratio > YEAR_BAR) slow++
    say(`${kpi.name.padEnd(30)}${cells.map((cell) => cell.padStart(14)).join('')}  ${ratio.toFixed(2).padStart(8)}`)
  }
  all.sort((a, b) => a - b)
  say(
    `p95 of all: ${(all[Math.floor(all.length * 0.95)] as number).toFixed(0)} ms (bar ${P95_BAR_MS}); above ${YEAR_BAR} year/day: ${slow} of ${KPIS.length}; memory ${rssMbOf(process.pid).toFixed(0)} MB`,
  )
  const whole = await readKpi(select, kpiNamed('coverage-flows') as Kpi, {
    ...CUT,
    from: '1970-01-01T00:00:00Z',
    to: '2200-01-01T00:00:00Z',
  })
  const raw = await opened.select<{ unit: string; weak: number; strong: number; opaque: number }>('coverage', {
    from: '1970-01-01T00:00:00Z',
    to: '2200-01-01T00:00:00Z',
  })
  const flows = raw.find(({ unit }) => unit === 'flows')
  const want = Number(flows?.weak) + Number(flows?.strong) + Number(flows?.opaque)
  if (whole.numerator !== want) throw new Error(`rollups have ${whole.numerator} encrypted flows, the flows ${want}`)
  await opened.close()
}

await insertLines(store)
await store.close()
await makeFlows()
await measure()
