/**
 * What deploy/ configures, with the secrets that its script makes: by the tools of each service, and by running Prometheus,
 * Alertmanager and intransit together as docker-compose.yml has them, but on loopback.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readTokens } from '../../src/api/tokens.ts'
import { type Served, serveCaptures } from '../api/served.ts'
import { freePort, type RunningPrometheus, runPrometheus, whyNoPrometheus } from '../prometheus/running-prometheus.ts'
import { flowLine } from '../store/lines.ts'
import { madeSecrets, makeSecrets } from './secrets.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'intransit-services-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A file of deploy/, with the paths of this machine instead of a container's. */
function placed(name: string): string {
  const text = readFileSync(`${ROOT}deploy/${name}`, 'utf8')
    .replaceAll('/run/secrets', madeSecrets().folder)
    .replaceAll('/etc/prometheus/rules', `${ROOT}prometheus/rules`)
  const file = join(folder, name.replace('/', '-'))
  writeFileSync(file, text)
  return file
}

const ran = (command: string, ...args: string[]) => spawnSync(command, args, { encoding: 'utf8' })
const has = (command: string): boolean => ran('sh', '-c', `command -v ${command}`).status === 0
const whyNoAlertmanager =
  has('prometheus-alertmanager') && has('amtool') ? null : 'needs Debian’s prometheus-alertmanager'

describe('deploy/make-secrets.sh', () => {
  it('makes certificates of one authority, for their names and uses', () => {
    const { folder: secrets, files } = madeSecrets()
    const certificates = files.filter((name) => name.endsWith('.pem') && name !== 'ca.pem')
    expect(certificates).toHaveLength(5)
    for (const name of certificates) {
      const { status, stderr } = ran(
        'openssl',
        'verify',
        '-x509_strict',
        '-CAfile',
        `${secrets}/ca.pem`,
        `${secrets}/${name}`,
      )
      expect({ name, status, stderr }).toEqual({ name, status: 0, stderr: '' })
    }
  })

  it('keeps what is there, and makes anew what is not', () => {
    const own = mkdtempSync(join(folder, 'again-'))
    makeSecrets(own, 'monitor.example')
    const before = readFileSync(`${own}/intransit.pem`, 'utf8')
    rmSync(`${own}/clickhouse_serve`)
    const hashes = readFileSync(`${own}/clickhouse_hashes.xml`, 'utf8')
    makeSecrets(own)
    expect(readFileSync(`${own}/intransit.pem`, 'utf8')).toBe(before)
    const changed = readFileSync(`${own}/clickhouse_hashes.xml`, 'utf8')
    expect(changed).not.toBe(hashes)
    expect(changed.match(/<capture_hash>.*/)?.[0]).toBe(hashes.match(/<capture_hash>.*/)?.[0])
    const text = ran('openssl', 'x509', '-in', `${own}/intransit.pem`, '-noout', '-ext', 'subjectAltName').stdout
    expect(text).toContain('DNS:monitor.example')
    expect(readTokens(`${own}/tokens`)).toHaveLength(1)
  })
})

describe.skipIf(whyNoPrometheus !== null)(`promtool (${whyNoPrometheus ?? 'of Debian'})`, () => {
  it('takes the configuration of Prometheus, and of both web servers', () => {
    const config = ran('promtool', 'check', 'config', placed('prometheus/prometheus.yml'))
    expect({ status: config.status, told: config.stdout + config.stderr }).toEqual({
      status: 0,
      told: expect.stringContaining('SUCCESS'),
    })
    const web = ran('promtool', 'check', 'web-config', placed('prometheus/web.yml'), placed('alertmanager/web.yml'))
    expect({ status: web.status, stderr: web.stderr }).toEqual({
      status: 0,
      stderr: expect.not.stringContaining('FAILED'),
    })
  })
})

describe.skipIf(whyNoAlertmanager !== null)(`amtool (${whyNoAlertmanager ?? 'of Debian'})`, () => {
  it('takes the configuration of Alertmanager', () => {
    const { status, stdout } = ran('amtool', 'check-config', placed('alertmanager/alertmanager.yml'))
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('SUCCESS') })
  })
})

const why = whyNoPrometheus ?? whyNoAlertmanager

describe.skipIf(why !== null)(`together (${why ?? 'Debian’s Prometheus and Alertmanager'})`, () => {
  let served: Served
  let prometheus: RunningPrometheus
  let alertmanager: ReturnType<typeof spawn>
  let port: number

  /** Alertmanager's API, as who has this certificate; null = none. */
  const asked = (as: string | null, path: string) =>
    new Promise<unknown>((resolve, reject) => {
      const { folder: secrets } = madeSecrets()
      const pem = (name: string) => readFileSync(`${secrets}/${name}`)
      const own = as === null ? {} : { cert: pem(`${as}.pem`), key: pem(`${as}.key`) }
      get(`https://localhost:${port}${path}`, { ca: pem('ca.pem'), ...own }, (response) => resolve(json(response))).on(
        'error',
        reject,
      )
    })

  beforeAll(async () => {
    const { folder: secrets } = madeSecrets()
    served = await serveCaptures({ filled: false })
    const now = new Date().toISOString()
    await served.store.insertFlows(
      flowLine({ name: 'a', verdict: 'plaintext', first_seen: now, last_seen: now }),
      1,
      'a',
    )
    const { url } = await served.start({
      listen: { host: '0.0.0.0', port: 0 },
      tls: { cert: readFileSync(`${secrets}/intransit.pem`), key: readFileSync(`${secrets}/intransit.key`) },
      tokens: readTokens(`${secrets}/tokens`),
    })
    port = await freePort()
    alertmanager = spawn(
      'prometheus-alertmanager',
      [
        ...[
          '--config.file',
          placed('alertmanager/alertmanager.yml'),
          '--web.config.file',
          placed('alertmanager/web.yml'),
        ],
        ...['--web.listen-address', `127.0.0.1:${port}`, '--storage.path', join(folder, 'alertmanager')],
        '--cluster.listen-address=',
      ],
      { stdio: 'ignore' },
    )
    const config = parse(
      readFileSync(placed('prometheus/prometheus.yml'), 'utf8')
        .replaceAll('intransit:8443', `localhost:${new URL(url).port}`)
        .replaceAll('alertmanager:9093', `localhost:${port}`),
      { merge: true },
    )
    const alerts = readFileSync(`${ROOT}prometheus/rules/intransit-alerts.yml`, 'utf8')
    writeFileSync(join(folder, 'quick.yml'), alerts.replace(/^( +for:) \w+$/gm, '$1 1s'))
    prometheus = await runPrometheus({
      ...config,
      global: { scrape_interval: '5s', scrape_timeout: '5s', evaluation_interval: '1s' },
      rule_files: [join(folder, 'quick.yml')],
      // Itself it could not ask here: its own web server has no certificate in this test.
      scrape_configs: config.scrape_configs.filter(({ job_name }: { job_name: string }) => job_name !== 'prometheus'),
    })
  })
  afterAll(async () => {
    await prometheus?.end()
    alertmanager?.kill('SIGKILL')
    await served?.end()
  })

  it('Prometheus reaches both, by token and by certificate', async () => {
    const up = async () =>
      Object.fromEntries((await prometheus.query('up')).map(({ metric, value }) => [metric['job'], value]))
    await expect.poll(up, { timeout: 30_000 }).toEqual({ intransit: 1, alertmanager: 1 })
  }, 40_000)

  it('Alertmanager gets the alerts, and tells nobody without a certificate', async () => {
    const names = async () =>
      ((await asked('grafana', '/api/v2/alerts')) as { labels: Record<string, string> }[]).map(
        ({ labels }) => labels['alertname'],
      )
    await expect.poll(names, { timeout: 45_000, interval: 500 }).toContain('IntransitPlaintextSeen')
    await expect(asked(null, '/api/v2/alerts')).rejects.toThrow(/certificate|ECONNRESET|socket hang up/i)
  }, 60_000)

  it('amtool asks it as the container’s health check does', async () => {
    const { status, stderr } = ran(
      'amtool',
      ...[
        `--alertmanager.url=https://localhost:${port}`,
        `--http.config.file=${placed('alertmanager/healthcheck.yml')}`,
      ],
      ...['config', 'show'],
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })
})
