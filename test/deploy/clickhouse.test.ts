/**
 * deploy/clickhouse in a real server: Debian's of 2018, which knows all of it but grants. What it is told in each element it
 * is told in today's, whose root element has another name.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../prometheus/running-prometheus.ts'
import { madeSecrets } from './secrets.ts'

const DEPLOY = fileURLToPath(new URL('../../deploy/clickhouse/', import.meta.url))
const isInstalled = spawnSync('sh', ['-c', 'command -v clickhouse-server']).status === 0

/** What every server has before its own files are put over it. */
const config = (folder: string, http: number, tcp: number): string => `<yandex>
  <path>${folder}/data/</path><tmp_path>${folder}/tmp/</tmp_path><users_config>users.xml</users_config>
  <http_port>${http}</http_port><tcp_port>${tcp}</tcp_port>
  <mark_cache_size>5368709120</mark_cache_size>
  <default_profile>default</default_profile><default_database>default</default_database>
</yandex>`
const USERS = `<yandex>
  <profiles><default/></profiles><quotas><default/></quotas>
  <users><default><password/><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></default></users>
</yandex>`

describe.skipIf(!isInstalled)('the server (needs Debian’s clickhouse-server)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'intransit-clickhouse-'))
  let server: ChildProcess
  let [https, native, http, tcp] = [0, 0, 0, 0]

  function place(name: 'config' | 'users'): void {
    const placed = readFileSync(`${DEPLOY}${name}.xml`, 'utf8')
      .replaceAll('clickhouse>', 'yandex>')
      .replace('/run/secrets/clickhouse_hashes.xml', join(folder, 'hashes.xml'))
      .replaceAll('/run/secrets', madeSecrets().folder)
      .replace('0.0.0.0', '127.0.0.1')
      .replace('>8443<', `>${https}<`)
      .replace('>9440<', `>${native}<`)
    mkdirSync(join(folder, `${name}.d`))
    writeFileSync(join(folder, `${name}.d/intransit.xml`), placed)
  }

  beforeAll(async () => {
    ;[https, native, http, tcp] = [await freePort(), await freePort(), await freePort(), await freePort()]
    writeFileSync(join(folder, 'config.xml'), config(folder, http, tcp))
    writeFileSync(join(folder, 'users.xml'), USERS)
    const hashes = readFileSync(`${madeSecrets().folder}/clickhouse_hashes.xml`, 'utf8')
    writeFileSync(join(folder, 'hashes.xml'), hashes.replaceAll('clickhouse>', 'yandex>'))
    place('config')
    place('users')
    server = spawn('clickhouse-server', [`--config-file=${join(folder, 'config.xml')}`], {
      cwd: folder,
      stdio: 'ignore',
    })
    const isUp = () => asked('serve', passwordOf('serve'), 'SELECT 1').catch(() => '')
    for (const endMs = performance.now() + 30_000; (await isUp()) !== '1\n'; await sleep(200)) {
      if (server.exitCode !== null || performance.now() > endMs) throw new Error('it does not answer')
    }
  })
  afterAll(async () => {
    server.kill('SIGKILL')
    if (server.exitCode === null) await once(server, 'exit')
    rmSync(folder, { recursive: true, force: true })
  })

  const passwordOf = (user: string): string => readFileSync(`${madeSecrets().folder}/clickhouse_${user}`, 'utf8').trim()
  const asked = (user: string | null, password: string, query: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const auth = user === null ? {} : { auth: `${user}:${password}` }
      const ca = readFileSync(`${madeSecrets().folder}/ca.pem`)
      request({ host: 'localhost', port: https, method: 'POST', ca, ...auth }, (response) => resolve(text(response)))
        .on('error', reject)
        .end(query)
    })

  it.each(['capture', 'serve', 'grafana'])('lets %s in by its password, and by no other', async (user) => {
    expect(await asked(user, passwordOf(user), 'SELECT 7')).toBe('7\n')
    expect(await asked(user, 'wrong', 'SELECT 7')).toContain('Wrong password')
    expect(await asked(user, '', 'SELECT 7')).toContain('Password required')
  })

  it('knows nobody else', async () => {
    expect(await asked('default', '', 'SELECT 7')).toContain('Unknown user')
    expect(await asked(null, '', 'SELECT 7')).toContain('Unknown user')
  })

  it('lets only the capture change anything; readers may set time limits', async () => {
    for (const user of ['serve', 'grafana']) {
      expect(await asked(user, passwordOf(user), 'CREATE DATABASE other')).toContain('readonly')
      expect(await asked(user, passwordOf(user), 'SELECT 7 SETTINGS max_execution_time = 20')).toBe('7\n')
    }
    expect(await asked('capture', passwordOf('capture'), 'CREATE DATABASE other')).toBe('')
  })

  it('listens with TLS alone', async () => {
    for (const port of [http, tcp]) await expect(fetch(`http://127.0.0.1:${port}/ping`)).rejects.toThrow('fetch failed')
    for (const port of [https, native]) {
      const refused = spawnSync('openssl', [
        's_client',
        '-connect',
        `127.0.0.1:${port}`,
        '-tls1_1',
        '-cipher',
        'ALL:@SECLEVEL=0',
      ])
      expect(String(refused.stdout)).toMatch(/Cipher is \(NONE\)/)
      const { stdout } = spawnSync('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-tls1_2'], { input: '' })
      expect(String(stdout)).toMatch(/Cipher is ECDHE-ECDSA-\w+/)
    }
  })
})
