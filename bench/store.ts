/**
 * A year of flows in the embedded store: how fast they go in, what they take on disk, and what a question costs.
 *
 *   npm run bench:store                    100 M flows
 *   npm run bench:store -- N               N million
 *   npm run bench:store -- N --data DIR    in a folder that stays; what of it is there already is not made again
 *   npm run bench:store -- --short         2 M, for CI
 *
 * Some flows go in as JSON lines, which is timed; the others are made by the engine, and go through the same views. Only wrong counts
 * fail it.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectEmbedded } from '../src/store/embedded.ts'
import { openStore } from '../src/store/index.ts'
import { capturedLines } from '../test/store/captured-lines.ts'
import { rssMbOf } from './memory.ts'
import { insertLines, makeFlows } from './store-flows.ts'
import { askKpis, askPanels, compareJoined } from './store-questions.ts'

const args = process.argv.slice(2)
const dataAt = args.indexOf('--data')
const data = dataAt < 0 ? undefined : args.splice(dataAt, 2)[1]
const [asked = '100'] = args
const FLOWS = Math.round((asked === '--short' ? 2 : Number(asked)) * 1e6)
const LINES = Math.min(FLOWS / 4, 200_000)
const BYTES_BAR = 45

const folder = data ?? mkdtempSync(join(tmpdir(), 'bench-store-'))
if (data === undefined) process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
mkdirSync(folder, { recursive: true })
const say = (text: string): boolean => process.stdout.write(`${text}\n`)

/** Most of it that was ever resident, MB (proc(5), VmHWM). */
const peakMb = (): number =>
  (Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024) / 1e6
const memory = (): string =>
  `${rssMbOf(process.pid).toFixed(0)} MB, at most ${peakMb().toFixed(0)}; load ${loadavg()[0]?.toFixed(1)}`

async function ask<T>(query: string): Promise<T[]> {
  const { client } = await connectEmbedded(folder)
  try {
    return await (await client.query({ query, format: 'JSONEachRow' })).json<T>()
  } finally {
    await client.close()
  }
}

const countFlows = async (): Promise<number> =>
  Number((await ask<{ n: string }>('SELECT count() AS n FROM flows'))[0]?.n)

async function fill(): Promise<void> {
  const captured = await capturedLines()
  say(
    `${FLOWS.toLocaleString('en-US')} flows of ${captured.flows.length} shapes, ${cpus()[0]?.model} (${cpus().length}), Node ${process.version}`,
  )
  const store = await openStore({ data: folder })
  await store.migrate()
  await store.insertCertificates(captured.certificates.join('\n'), captured.certificates.length, 'certificates')
  await store.close()
  if ((await countFlows()) < LINES) {
    const opened = await openStore({ data: folder })
    await insertLines(opened, captured.flows, LINES, say)
    await opened.close()
  }
  if ((await countFlows()) < FLOWS) await makeFlows(folder, captured.flows, { lines: LINES, made: FLOWS - LINES }, say)
  const count = await countFlows()
  if (count !== FLOWS) throw new Error(`${count} flows are there, not ${FLOWS}`)
  say(`memory ${memory()}`)
}

async function rollUp(): Promise<void> {
  const store = await openStore({ data: folder })
  const beganMs = performance.now()
  const hours = await store.rollUp()
  say(`rolled up: ${hours} hours in ${((performance.now() - beganMs) / 1000).toFixed(1)} s; memory ${memory()}`)
  await store.close()
}

/** Of parts as they are, and of those that are merged. */
async function weigh(): Promise<void> {
  const rows = await ask<{ name: string; each: number; merged: number }>(`
    SELECT table AS name, sum(bytes_on_disk) / ${FLOWS} AS each,
      sumIf(bytes_on_disk, level > 0) / greatest(sumIf(rows, level > 0), 1) AS merged
    FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table HAVING each >= 0.05 ORDER BY each DESC`)
  say(`on disk, bytes a flow: ${rows.map(({ name, each }) => `${name} ${each.toFixed(1)}`).join(', ')}`)
  say(
    `a row of flows in merged parts: ${rows.find(({ name }) => name === 'flows')?.merged.toFixed(1)} (bar ${BYTES_BAR})`,
  )
}

/** All that was added up is what was stored. */
async function compare(): Promise<void> {
  const store = await openStore({ data: folder })
  const all = { from: '1970-01-01T00:00:00Z', to: '2200-01-01T00:00:00Z' }
  const cut = { zones: [], services: [], sensors: [], protocols: [], packs: [] }
  const [rolled] = await store.select<{ numerator: number }>('kpi-coverage-flows', { ...all, ...cut })
  const raw = await store.select<{ unit: string; weak: number; strong: number; opaque: number }>('coverage', all)
  const flows = raw.find(({ unit }) => unit === 'flows')
  const want = Number(flows?.weak) + Number(flows?.strong) + Number(flows?.opaque)
  await store.close()
  if (Number(rolled?.numerator) !== want)
    throw new Error(`rollups have ${rolled?.numerator} encrypted flows, the flows ${want}`)
}

await fill()
await rollUp()
await weigh()
await askKpis(folder, say)
await askPanels(folder, say)
say(`memory ${memory()}`)
await compare()
await compareJoined(folder, say)
