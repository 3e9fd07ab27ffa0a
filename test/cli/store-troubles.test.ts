/**
 * Rows on their way to a server over TLS, with a login, and what can happen to it in their middle. Whatever it was: rows in = rows
 * acknowledged = rows in the tables, none twice. The engine is a real one behind chdb-http-server.ts; its disk is a small one.
 */
import { execFileSync, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { capturedLines } from '../store/captured-lines.ts'
import { type RunningServer, startServer } from '../store/running-server.ts'
import type { Became } from './inserting.ts'

const USER = { username: 'sensor', password: 'p@ss' }
const DISK_MIB = 192
/** Rows of one insert. */
const BATCH = 40
const WAIT_MS = 240_000

const folder = mkdtempSync(join(tmpdir(), 'intransit-troubles-'))
const disk = join(folder, 'disk')
mkdirSync(disk)
/** Root has a disk of its own, which can be filled. */
const hasDisk = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', disk]).status === 0

let server: RunningServer
let client: ClickHouseClient
let lines: string[]
let tls: { key: string; cert: string }
let count = 0

const start = (port?: number): Promise<RunningServer> =>
  startServer({ ...USER, tls, folder: disk, ...(port === undefined ? {} : { port }) })

beforeAll(async () => {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-x509', '-days', '2']
  const names = ['-subj', '/CN=store', '-addext', 'subjectAltName=IP:127.0.0.1']
  execFileSync('openssl', ['req', ...kind, '-keyout', key, '-out', cert, ...names], { stdio: 'ignore' })
  tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  server = await start()
  client = createClient({
    ...{ url: `https://127.0.0.1:${server.port}`, ...USER },
    tls: { ca_cert: Buffer.from(tls.cert) },
  })
  lines = [...new Set((await capturedLines()).flows)]
}, WAIT_MS)
afterAll(async () => {
  await client.close()
  await server.stop()
  if (hasDisk) execFileSync('umount', ['--lazy', disk])
  rmSync(folder, { recursive: true, force: true })
})

/** The rows on their way, as a process; each batch is handed in and answered for. */
async function inserting(database: string) {
  const url = `https://${USER.username}:${encodeURIComponent(USER.password)}@127.0.0.1:${server.port}/${database}`
  const child = fork(fileURLToPath(new URL('./inserting.ts', import.meta.url)), [url, join(folder, database)], {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') },
  })
  const answer = async (): Promise<Became> => (await once(child, 'message'))[0] as Became
  await answer()
  return async (batch: readonly string[] | 'end'): Promise<Became> => {
    const told = answer()
    child.send(batch as string[] | 'end')
    return await told
  }
}

const full = join(disk, 'full')
function fillDisk(): void {
  const { stdout } = spawnSync('df', ['--output=avail', '--block-size=1', disk], { encoding: 'utf8' })
  writeFileSync(full, Buffer.alloc(Number(stdout.split('\n')[1])))
}

interface Trouble {
  name: string
  begins: () => Promise<void> | void
  ends: () => Promise<void> | void
  /** What the operator reads of it; null: nothing, rows only took longer. */
  says: RegExp | null
}

const TROUBLES: readonly Trouble[] = [
  {
    name: 'is stopped, and started later',
    begins: () => server.stop(),
    ends: async () => {
      server = await start(server.port)
    },
    says: /^ERR_STORE_WRITE: .*nothing listens there\. Rows wait in the spool/,
  },
  {
    name: 'is killed in the middle of an insert, and restarted at once',
    async begins() {
      await server.order('answer_late')
      // The next batch is on its way by then.
      void sleep(700).then(() => server.kill())
    },
    ends: async () => {
      server = await start(server.port)
    },
    says: /^ERR_STORE_WRITE: .*(connection was reset|nothing listens there|hang up)/,
  },
  {
    name: 'is slow',
    begins: () => server.order('answer_late'),
    ends: () => server.order('behave'),
    says: null,
  },
  {
    name: 'refuses the login',
    begins: () => server.order('refuse_login'),
    ends: () => server.order('behave'),
    says: /^ERR_STORE_WRITE: .*Authentication failed/,
  },
  {
    name: 'stores rows and loses its answer',
    begins: () => server.order('lose_answer'),
    ends: () => undefined,
    says: /^ERR_STORE_WRITE: .*(connection was reset|hang up)/,
  },
]

const OUT_OF_DISK: Trouble = {
  name: 'is out of disk',
  begins: fillDisk,
  ends: () => rmSync(full),
  says: /^ERR_STORE_WRITE: .*(No space left on device|not enough space|Cannot reserve)/i,
}

describe('a server over TLS that in the middle of inserts', () => {
  async function lives({ begins, ends, says }: Trouble): Promise<void> {
    const database = `trouble_${count++}`
    const insert = await inserting(database)
    const batches = Array.from({ length: 9 }, (_, n) => lines.slice(n * BATCH, (n + 1) * BATCH))
    const rowsIn = batches.flat().length
    expect(rowsIn).toBe(9 * BATCH)
    for (const batch of batches.slice(0, 3)) await insert(batch)
    await begins()
    let became: Became | null = null
    for (const batch of batches.slice(3, 6)) became = await insert(batch)
    if (says === null) expect(became).toMatchObject({ acknowledged: 6 * BATCH, waiting: 0, said: [] })
    else expect(became?.said[0]).toMatch(says)
    await ends()
    for (const batch of batches.slice(6)) await insert(batch)
    await expect.poll(async () => (await insert([])).waiting, { timeout: WAIT_MS, interval: 200 }).toBe(0)
    const last = await insert('end')
    expect(last).toMatchObject({ acknowledged: rowsIn, waiting: 0, lost: 0 })
    const answer = await client.query({
      query: `SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(flow_id, last_seen)) AS flows FROM ${database}.flows`,
      format: 'JSONEachRow',
    })
    expect(await answer.json()).toEqual([{ rows: rowsIn, flows: rowsIn }])
  }

  it.each(TROUBLES)('$name: every row is acknowledged, and there once', { timeout: 2 * WAIT_MS }, lives)

  it.skipIf(!hasDisk)(
    'is out of disk (needs root): every row is acknowledged, and there once',
    { timeout: 2 * WAIT_MS },
    () => lives(OUT_OF_DISK),
  )
})
