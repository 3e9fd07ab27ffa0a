/**
 * Flows of a year for bench/store.ts: the shapes of those of captures/, with times, addresses, ports, names and sizes of their own.
 * Where a store has some of them already, the rest is made.
 */
import { createHash } from 'node:crypto'
import { connectEmbedded } from '../src/store/embedded.ts'
import type { Store } from '../src/store/index.ts'

const DAY_MS = 86_400_000
export const BEGIN_MS = Date.parse('2025-11-01T00:00:00Z')
export const YEAR_MS = 365 * DAY_MS
const BATCH = 500_000
const LINES_BATCH = 16_000

type Say = (text: string) => void

/** As a sensor sends them, those of the last day. */
export async function insertLines(store: Store, shapes: readonly string[], lines: number, say: Say): Promise<void> {
  const parsed = shapes.map((line) => JSON.parse(line))
  let spentMs = 0
  for (let from = 0; from < lines; from += LINES_BATCH) {
    const rows = Math.min(LINES_BATCH, lines - from)
    const text = Array.from({ length: rows }, (_, i) => lineOf(parsed, from + i, lines)).join('\n')
    const beganMs = performance.now()
    await store.insertFlows(Buffer.from(text, 'latin1'), rows, `lines-${from}`)
    spentMs += performance.now() - beganMs
  }
  say(`as JSON lines: ${perSecond(lines, spentMs)} flows/s over ${lines.toLocaleString('en-US')}`)
}

/** The same ranges as those that the engine makes. */
function lineOf(parsed: readonly Record<string, unknown>[], n: number, lines: number): string {
  const shape = parsed[(n * 7919) % parsed.length] as Record<string, unknown>
  const varied = (member: string, range: number, least = 0): object =>
    Number(shape[member] ?? 0) === 0
      ? {}
      : { [member]: (least || Number(shape[member])) + ((n * 2_654_435_761) % range) }
  const firstMs = BEGIN_MS + YEAR_MS - DAY_MS + Math.floor((n / lines) * DAY_MS)
  const lastsMs = Date.parse(String(shape['last_seen'])) - Date.parse(String(shape['first_seen']))
  const id = createHash('md5').update(String(n)).digest('hex')
  const micros = `${String(Number.parseInt(id.slice(0, 4), 16) % 1000).padStart(3, '0')}Z`
  return JSON.stringify({
    ...shape,
    ...varied('bytes_client', 5000),
    ...varied('bytes_server', 90_000),
    ...varied('rtt_us', 40_000, 200),
    ...varied('handshake_us', 90_000, 900),
    flow_id: id,
    first_seen: new Date(firstMs).toISOString().replace('Z', micros),
    last_seen: new Date(firstMs + lastsMs).toISOString().replace('Z', micros),
    client_ip: `10.0.${n % 16}.${n % 251}`,
    client_port: 32_768 + ((n * 40_503) % 28_000),
  })
}

/** Those of all but the last lines; resolves when `made` of them are there. */
export async function makeFlows(
  folder: string,
  shapes: readonly string[],
  { lines, made }: { lines: number; made: number },
  say: Say,
): Promise<void> {
  const engine = await connectEmbedded(folder)
  const { client } = engine
  const [there] = await (await client.query({ query: 'SELECT count() AS n FROM flows', format: 'JSONEachRow' })).json<{
    n: string
  }>()
  const begin = Math.max(0, Number(there?.n) - lines)
  await client.command({ query: 'DROP TABLE IF EXISTS shapes' })
  await client.command({ query: 'CREATE TABLE shapes ENGINE = Memory AS SELECT toUInt64(0) AS shape, * FROM flows_in' })
  const numbered = shapes.map((line, shape) => JSON.stringify({ shape, ...JSON.parse(line) }))
  await engine.insert('shapes', numbered.join('\n'), `shapes-${begin}`)
  const beganMs = performance.now()
  for (let from = begin; from < made; from += BATCH) {
    const rows = Math.min(BATCH, made - from)
    await client.command({
      query: `INSERT INTO flows_in ${madeFlows(from, rows, made, shapes.length)} SETTINGS max_partitions_per_insert_block = 0`,
    })
    if ((from / BATCH) % 4 === 3)
      say(
        `  ${(from + rows).toLocaleString('en-US')}: ${perSecond(from + rows - begin, performance.now() - beganMs)}/s`,
      )
  }
  say(`made by the engine: ${perSecond(made - begin, performance.now() - beganMs)} flows/s`)
  await client.command({ query: 'DROP TABLE shapes' })
  await client.close()
}

const perSecond = (rows: number, ms: number): string => Math.round((rows / ms) * 1000).toLocaleString('en-US')

/** In the order of time; 4,096 clients, 600 servers of which one in 20 is outside, 300 names; a client speaks to a few servers. */
const madeFlows = (from: number, rows: number, all: number, shapes: number): string => `
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
        cityHash64(number, 1) % ${shapes} AS shape,
        fromUnixTimestamp64Micro(toInt64(${BEGIN_MS}000 + intDiv(number * ${YEAR_MS}, ${all}) * 1000 + seed % 1000), 'UTC') AS began
    FROM numbers(${from}, ${rows})
) AS n
INNER JOIN shapes AS s ON s.shape = n.shape`
