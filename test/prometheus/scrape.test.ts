/** A real Prometheus scrapes the server over TLS with a token, and its rules fire on what was planted. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { METRICS } from '../../src/api/metric-table.ts'
import { madeTokens, type Served, serveCaptures } from '../api/served.ts'
import { madeHealth } from '../store/health-lines.ts'
import { flowLine } from '../store/lines.ts'
import { type RunningPrometheus, runPrometheus, whyNoPrometheus } from './running-prometheus.ts'

const RULES = new URL('../../prometheus/rules/', import.meta.url)
const DER = 'ab'.repeat(32)

describe.skipIf(whyNoPrometheus !== null)(`Prometheus (${whyNoPrometheus ?? 'of Debian'})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'intransit-scraped-'))
  const { tokens, bearer } = madeTokens('viewer')
  const inFolder = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  let served: Served
  let prometheus: RunningPrometheus

  beforeAll(async () => {
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    const subject = ['-subj', '/CN=monitor', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-x509']
    execFileSync('openssl', ['req', ...kind, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' })
    served = await serveCaptures({ filled: false })
    await plant(served)
    // Beyond loopback, where a token is needed for metrics as well.
    const { url } = await served.start({
      listen: { host: '0.0.0.0', port: 0 },
      tls: { cert: readFileSync(cert), key: readFileSync(key) },
      tokens,
    })
    const target = `127.0.0.1:${new URL(url).port}`
    const scraped = (job: string, how: Record<string, unknown>) => ({
      ...{ job_name: job, scheme: 'https', static_configs: [{ targets: [target] }] },
      tls_config: { ca_file: cert },
      ...how,
    })
    prometheus = await runPrometheus({
      global: { scrape_interval: '5s', scrape_timeout: '5s', evaluation_interval: '1s' },
      rule_files: quickRules().map((text, i) => inFolder(`rules-${i}.yml`, text)),
      scrape_configs: [
        scraped('intransit', {
          authorization: { credentials_file: inFolder('token', bearer.viewer['authorization']?.slice(7) ?? '') },
        }),
        scraped('without-token', {}),
        scraped('without-ca', { tls_config: {} }),
      ],
    })
  })
  afterAll(async () => {
    await prometheus.end()
    await served.end()
    rmSync(folder, { recursive: true })
  })

  it('scrapes with the token and the certificate, and not without', { timeout: 260_000 }, async () => {
    const { query } = prometheus
    await expect.poll(async () => (await query('up{job="intransit"}'))[0]?.value, { timeout: 180_000 }).toBe(1)
    // Each target has its own offset in the interval: the others may not have been asked yet.
    const lastErrors = async () => {
      const { activeTargets } = await prometheus.api<{
        activeTargets: { labels: { job: string }; lastError: string }[]
      }>('targets')
      return Object.fromEntries(activeTargets.map(({ labels, lastError }) => [labels.job, lastError]))
    }
    await expect.poll(lastErrors, { timeout: 60_000 }).toEqual({
      intransit: '',
      'without-token': expect.stringContaining('401'),
      'without-ca': expect.stringContaining('certificate'),
    })
  })

  it('has the types and helps of the table', async () => {
    const metadata = await prometheus.api<Record<string, { type: string; help: string }[]>>('metadata')
    for (const { name, type, help, of } of METRICS) {
      if (of !== 'run') expect(metadata[name], name).toEqual([{ type, help, unit: '' }])
    }
  })

  it('fires its alerts on what was planted, and no others', async () => {
    await served.store.insertHealth(madeHealth({ frames_received: 900, kernel_drops: 100 }), 1, 'later')
    const wanted = ['CertificateExpired', 'CoverageLow', 'CoverageUncertain', 'LosesPackets', 'PlaintextSeen']
    const firing = async () =>
      [...new Set((await prometheus.firing()).map(({ alertname = '' }) => alertname.replace('Intransit', '')))].sort()
    await expect.poll(firing, { timeout: 240_000, interval: 500 }).toEqual([...wanted, 'SensorBlind', 'SensorDown'])
    const [drops] = await prometheus.query('instance:intransit_capture_packets:drop_ratio_rate5m{job="intransit"}')
    expect(drops?.value).toBeCloseTo(0.1)
  }, 300_000)
})

/** In the past day: 1 plaintext flow and 1 strong one, 2 unknown, an expired certificate, a blind sensor of which the link is down. */
async function plant({ store }: Served): Promise<void> {
  const now = new Date().toISOString()
  const seen = { first_seen: now, last_seen: now }
  const lines = [
    flowLine({ name: 'a', verdict: 'plaintext', ...seen }),
    flowLine({ name: 'b', verdict: 'strong', server_certificates: [DER], ...seen }),
    flowLine({ name: 'c', verdict: 'unknown', ...seen }),
    flowLine({ name: 'd', verdict: 'unknown', ...seen }),
  ]
  await store.insertFlows(lines.join(''), lines.length, 'planted')
  const certificate = { fingerprint_sha256: DER, der: '', self_issued: false, subject: 'CN=old' }
  await store.insertCertificates(JSON.stringify({ ...certificate, not_after: '2020-01-01T00:00:00Z' }), 1, 'planted')
  const interval = { from: new Date(Date.now() - 60_000).toISOString(), to: now }
  await store.insertHealth(madeHealth({ ...interval, source: 'eth9', state: 'down' }), 1, 'planted')
}

/** The rules, but for how long something must have been so. */
const quickRules = (): string[] =>
  readdirSync(RULES).map((name) => {
    const text = readFileSync(new URL(name, RULES), 'utf8').replace(/^( +for:) \w+$/gm, '$1 1s')
    expect(parse(text).groups.length).toBeGreaterThan(0)
    return text
  })
