/** On the wire with a real ClickHouse server: the one of Debian 12, 18.16 of 2018, which is too old for the schema. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { intransit } from '../cli/run.ts'

/** The server of that time has no option that says its version; its client comes from the same source. */
const isInstalled =
  /version 18\.16/.test(String(spawnSync('clickhouse-client', ['--version']).stdout)) &&
  spawnSync('sh', ['-c', 'command -v clickhouse-server']).status === 0

describe.skipIf(!isInstalled)(
  'a server of 2018 (needs clickhouse-server and clickhouse-client 18.16 of Debian)',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'debian-server-'))
    let server: ChildProcess
    let origin: string

    beforeAll(async () => {
      const port = await freePort()
      origin = `http://127.0.0.1:${port}`
      const config = writeConfig(folder, port)
      server = spawn('clickhouse-server', [`--config-file=${config}`], { stdio: 'ignore' })
      await untilItAnswers(server, origin)
      await query('CREATE DATABASE flows')
    })
    afterAll(async () => {
      if (server.exitCode === null) {
        server.kill('SIGKILL')
        await once(server, 'exit')
      }
      rmSync(folder, { recursive: true, force: true })
    })

    const query = async (text: string): Promise<string> => {
      const answer = await fetch(origin, { method: 'POST', body: text, headers: { Authorization: basic('me:pw') } })
      expect(answer.status).toBe(200)
      return answer.text()
    }
    const urlOf = (login: string, database: string): string => `${origin.replace('//', `//${login}@`)}/${database}`

    it.each([
      { name: 'a database that is there', database: 'flows' },
      { name: 'a database that is not', database: 'absent' },
    ])('is refused for its version, and left as it was, with $name', async ({ database }) => {
      const contents = 'SELECT database, name FROM system.tables ORDER BY database, name FORMAT JSONEachRow'
      const before = [await query('SHOW DATABASES'), await query(contents)]
      expect(before[0]).toMatch(/^flows$/m)
      const { status, stdout, stderr } = intransit(['migrate', '--clickhouse', urlOf('me:pw', database)])
      expect({ status, stdout }).toEqual({ status: 5, stdout: '' })
      expect(stderr).toBe(
        `ERR_STORE_SCHEMA: ClickHouse at ${origin} is version 18.16.1, and 24.7 or newer is needed. ` +
          'Fix: update the server, or keep the flows in a folder with --data.\n',
      )
      expect([await query('SHOW DATABASES'), await query(contents)]).toEqual(before)
    })

    it.each([
      { name: 'password', login: 'me:hunter2', user: 'me' },
      { name: 'user', login: 'nobody:hunter2', user: 'nobody' },
    ])('refuses a wrong $name in its own words, and intransit says so in ours', ({ login, user }) => {
      const { status, stderr } = intransit(['migrate', '--clickhouse', urlOf(login, 'flows')])
      expect(status).toBe(5)
      expect(stderr).toMatch(new RegExp(`^ERR_STORE_UNREACHABLE: ${origin} refuses the login of user ${user}\\. Fix: `))
    })
  },
)

const basic = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** One listener, one user, everything else in `folder`. */
function writeConfig(folder: string, port: number): string {
  const config = join(folder, 'config.xml')
  const users = join(folder, 'users.xml')
  mkdirSync(join(folder, 'tmp'))
  writeFileSync(
    config,
    `<yandex>
      <logger><level>none</level></logger>
      <listen_host>127.0.0.1</listen_host>
      <http_port>${port}</http_port>
      <path>${folder}/</path>
      <tmp_path>${folder}/tmp/</tmp_path>
      <mark_cache_size>16777216</mark_cache_size>
      <users_config>${users}</users_config>
      <default_profile>default</default_profile>
      <default_database>default</default_database>
    </yandex>\n`,
  )
  writeFileSync(
    users,
    `<yandex>
      <profiles><default/></profiles>
      <quotas><default/></quotas>
      <users>
        <default><password>unused</password><networks/><profile>default</profile><quota>default</quota></default>
        <me>
          <password>pw</password>
          <networks><ip>127.0.0.1</ip></networks>
          <profile>default</profile>
          <quota>default</quota>
        </me>
      </users>
    </yandex>\n`,
  )
  return config
}

async function untilItAnswers(server: ChildProcess, origin: string): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`clickhouse-server ended with status ${server.exitCode}`)
    const answer = await fetch(origin).catch(() => null)
    if (answer?.ok === true) return
    await sleep(50)
  }
}
