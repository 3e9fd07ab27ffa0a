/**
 * On the wire with a real ClickHouse server over TLS, with a login, and with what can happen to it in the middle of inserts: the
 * client that stores are written through tells what was acknowledged, and that is what is there. The server is Debian's 18.16 of
 * 2018, which knows no tokens: a batch whose answer never came may be there or not, and is not sent again here. With the schema and
 * its tokens the same is told of today's engine in test/cli/store-troubles.test.ts.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../prometheus/running-prometheus.ts'

const isInstalled =
  /version 18\.16/.test(String(spawnSync('clickhouse-client', ['--version']).stdout)) &&
  spawnSync('sh', ['-c', 'command -v clickhouse-server']).status === 0

const DISK_MIB = 64
const ROWS = 1000
/** An answer that takes longer is given up. */
const PATIENCE_MS = 4000

describe.skipIf(!isInstalled)('a server of 2018 over TLS (needs clickhouse-server 18.16 of Debian)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'debian-troubles-'))
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  const hasDisk = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', disk]).status === 0
  const full = join(disk, 'full')
  let port = 0
  let server: ChildProcess
  let client: ClickHouseClient

  beforeAll(async () => {
    port = await freePort()
    writeFiles(folder, disk, port)
    client = clientFor('pw')
    await start()
  })
  afterAll(async () => {
    await client.close()
    await end('SIGKILL')
    if (hasDisk) execFileSync('umount', ['--lazy', disk])
    rmSync(folder, { recursive: true, force: true })
  })

  const clientFor = (password: string): ClickHouseClient =>
    createClient({
      ...{ url: `https://127.0.0.1:${port}`, username: 'me', password, request_timeout: PATIENCE_MS },
      log: { level: ClickHouseLogLevel.OFF },
      tls: { ca_cert: readFileSync(join(folder, 'cert.pem')) },
      keep_alive: { enabled: true },
    })

  async function start(): Promise<void> {
    server = spawn('clickhouse-server', [`--config-file=${join(folder, 'config.xml')}`], { stdio: 'ignore' })
    const isUp = (): Promise<boolean> =>
      ask('SELECT 1').then(
        (answer) => answer === '1\n',
        () => false,
      )
    for (const endMs = performance.now() + 60_000; !(await isUp()); await sleep(100))
      if (server.exitCode !== null || performance.now() > endMs) throw new Error('it does not answer')
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return
    const exited = once(server, 'exit')
    server.kill(signal)
    await exited
  }

  /** As the store asks and inserts: by `exec`, with rows as a stream. */
  async function ask(query: string, values?: string, by = client): Promise<string> {
    const given = values === undefined ? {} : { values: Readable.from([Buffer.from(values)], { objectMode: false }) }
    const { stream } = await by.exec({ query, ...given })
    return await text(stream)
  }

  const rowsOf = (batch: number): string =>
    Array.from({ length: ROWS }, (_, n) => `${JSON.stringify({ batch, n, what: 'x'.repeat(200) })}\n`).join('')
  /** Null: acknowledged. */
  const insert = (table: string, batch: number, by = client): Promise<string | null> =>
    ask(`INSERT INTO ${table} FORMAT JSONEachRow`, rowsOf(batch), by).then(
      (answer) => (answer === '' ? null : answer),
      (error: Error) => error.message,
    )

  interface Trouble {
    name: string
    begins: (table: string) => Promise<unknown> | unknown
    ends: () => Promise<unknown> | unknown
    /** What inserts are told meanwhile. */
    says: RegExp
    /** Whose outcome nobody was told may be there all the same. */
    mayBeThere?: true
    by?: string
  }

  const TROUBLES: readonly Trouble[] = [
    { name: 'is stopped, and started later', begins: () => end('SIGTERM'), ends: start, says: /ECONNREFUSED/ },
    {
      name: 'is killed while an insert is on its way, and restarted',
      async begins(table) {
        // Half of its rows are sent when the server dies.
        const rows = new PassThrough()
        rows.write(rowsOf(99).slice(0, 100 * ROWS))
        const told = client.exec({ query: `INSERT INTO ${table} FORMAT JSONEachRow`, values: rows }).then(
          () => 'acknowledged',
          (error: Error) => error.message,
        )
        await sleep(100)
        await end('SIGKILL')
        expect(await told).toMatch(/ECONNRESET|hang up|EPIPE/)
        rows.destroy()
      },
      ends: start,
      says: /ECONNREFUSED|ECONNRESET|hang up/,
      mayBeThere: true,
    },
    {
      name: 'says nothing for longer than anybody waits',
      begins: () => server.kill('SIGSTOP'),
      ends: () => server.kill('SIGCONT'),
      says: /[Tt]imeout/,
      mayBeThere: true,
    },
    { name: 'refuses the login', begins: () => undefined, ends: () => undefined, says: /Wrong password/, by: 'wrong' },
  ]
  const OUT_OF_DISK: Trouble = {
    name: 'is out of disk',
    begins() {
      // More than there is room for: the server writes meanwhile, so that what is left changes.
      expect(() => writeFileSync(full, Buffer.alloc(DISK_MIB * 2 ** 20))).toThrow('ENOSPC')
    },
    ends: () => rmSync(full),
    says: /No space left on device|not enough space|Cannot reserve/i,
  }

  let tables = 0
  async function lives({ begins, ends, says, mayBeThere, by }: Trouble): Promise<void> {
    const table = `rows_${tables++}`
    await ask(`CREATE TABLE ${table} (batch UInt32, n UInt32, what String) ENGINE = MergeTree ORDER BY (batch, n)`)
    const acknowledged: number[] = []
    const unknown: number[] = []
    const troubled = by === undefined ? client : clientFor(by)
    for (let batch = 0; batch < 9; batch++) {
      if (batch === 3) await begins(table)
      const isIn = batch >= 3 && batch < 6
      const told = await insert(table, batch, isIn ? troubled : client)
      if (told === null) acknowledged.push(batch)
      else {
        expect(isIn, told).toBe(true)
        expect(told).toMatch(says)
        unknown.push(batch)
      }
      if (batch === 5) await ends()
    }
    if (by !== undefined) await troubled.close()
    expect(unknown.length).toBeGreaterThan(0)
    expect(acknowledged).toEqual(expect.arrayContaining([0, 1, 2, 6, 7, 8]))
    // What was on its way when the other end stood still is carried out, or not, once it moves.
    const query = `SELECT batch, count() AS rows, uniqExact(n) AS different FROM ${table} GROUP BY batch ORDER BY batch FORMAT JSONEachRow`
    const there = (await ask(query)).split('\n').filter(Boolean)
    const all = there.map((line) => JSON.parse(line) as { batch: number; rows: string; different: string })
    // Each batch whole and once, whether or not anybody was told.
    for (const { rows, different } of all) expect([Number(rows), Number(different)]).toEqual([ROWS, ROWS])
    const batches = all.map(({ batch }) => batch)
    expect(batches).toEqual(expect.arrayContaining(acknowledged))
    if (mayBeThere !== true) expect(batches).toEqual(acknowledged)
  }

  it.each(TROUBLES)('$name: what was acknowledged is there, once', { timeout: 120_000 }, lives)
  it.skipIf(!hasDisk)('is out of disk (needs root): what was acknowledged is there, once', { timeout: 120_000 }, () =>
    lives(OUT_OF_DISK),
  )
})

function writeFiles(folder: string, disk: string, port: number): void {
  const [cert, key, users] = ['cert.pem', 'key.pem', 'users.xml'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-x509', '-days', '2']
  const names = ['-subj', '/CN=store', '-addext', 'subjectAltName=IP:127.0.0.1']
  execFileSync('openssl', ['req', ...kind, '-keyout', key, '-out', cert, ...names], { stdio: 'ignore' })
  mkdirSync(join(disk, 'tmp'))
  writeFileSync(
    join(folder, 'config.xml'),
    `<yandex>
      <logger><level>none</level></logger>
      <listen_host>127.0.0.1</listen_host><https_port>${port}</https_port>
      <openSSL><server>
        <certificateFile>${cert}</certificateFile><privateKeyFile>${key}</privateKeyFile>
        <verificationMode>none</verificationMode><loadDefaultCAFile>false</loadDefaultCAFile>
      </server></openSSL>
      <path>${disk}/</path><tmp_path>${disk}/tmp/</tmp_path>
      <mark_cache_size>16777216</mark_cache_size><users_config>${users}</users_config>
      <default_profile>default</default_profile><default_database>default</default_database>
    </yandex>\n`,
  )
  writeFileSync(
    users,
    `<yandex>
      <profiles><default/></profiles><quotas><default/></quotas>
      <users><me>
        <password>pw</password><networks><ip>127.0.0.1</ip></networks>
        <profile>default</profile><quota>default</quota>
      </me></users>
    </yandex>\n`,
  )
}
