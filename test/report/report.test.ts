/** The report of flows that the store really holds: one folder, as the embedded engine opens one a process. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { printReport, reportJson } from '../../src/report/index.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { madeHealth } from '../store/health-lines.ts'
import { flowLine } from '../store/lines.ts'

const PACK = 'sec09-recommended'
const WEB = '10.0.1.1'
const V6 = '2001:db8:85a3:1234:5678:8a2e:370:7334'
const TLS12 = { app_protocol: 'tls', tls_version: 771, tls_version_name: 'TLS 1.2' }
const TLS13 = { app_protocol: 'tls', tls_version: 772, tls_version_name: 'TLS 1.3' }
const AES = { cipher_suite: 4866, cipher_suite_name: 'TLS_AES_256_GCM_SHA384' }
const RC4 = { cipher_suite: 5, cipher_suite_name: 'TLS_RSA_WITH_RC4_128_SHA' }
const X25519 = { named_group: 29, named_group_name: 'x25519' }
const HYBRID = { named_group: 0x11ec, named_group_name: 'X25519MLKEM768' }

/** 3 strong, 1 weak, 2 plaintext, 2 unknown, 1 exempt; all expectations are counted from here by hand. */
const FLOWS = [
  flowLine({ name: 's1', verdict: 'strong', bytes: 1_000_000, ...TLS13, ...AES, ...X25519 }),
  flowLine({ name: 's2', verdict: 'strong', client: '10.0.0.2', bytes: 500_000, ...TLS13, ...AES, ...X25519 }),
  flowLine({ name: 's3', verdict: 'strong', client: '10.0.0.3', bytes: 300_000, ...TLS13, ...AES, ...HYBRID }),
  flowLine({
    name: 'w1',
    verdict: 'weak',
    port: 8443,
    bytes: 50_000,
    server_name: `${'long-label.'.repeat(20)}example`,
    violations: [`${PACK}/no-forward-secrecy`, `${PACK}/suite-rc4`],
    ...TLS12,
    ...RC4,
  }),
  flowLine({
    name: 'p1',
    verdict: 'plaintext',
    server: V6,
    port: 80,
    bytes: 20_000,
    app_protocol: 'http',
    http_host: 'shop.example',
    credentials_exposed: ['http-basic'],
    violations: [`${PACK}/cleartext`, `${PACK}/credentials-in-clear`],
  }),
  flowLine({
    name: 'p2',
    verdict: 'plaintext',
    server: WEB,
    port: 8080,
    bytes: 10_000,
    app_protocol: 'http',
    http_host: '\u001b]0;owned\u0007\u009b2J',
    violations: [`${PACK}/cleartext`],
  }),
  flowLine({ name: 'u1', verdict: 'unknown', reason: 'gap', port: 9000, bytes: 60_000 }),
  flowLine({ name: 'u2', verdict: 'unknown', reason: 'unrecognised', port: 9001, bytes: 60_000, source: 'other.pcap' }),
  flowLine({ name: 'e1', verdict: 'exempt', server: '169.254.169.254', port: 80, bytes: 5 }),
]

let folder: string
let store: Store

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-report-'))
  store = await openStore({ data: folder })
  await store.migrate()
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('an empty store', () => {
  it('is said to be one', async () => {
    expect(await printReport(store, { colour: true })).toMatch(/^No flows: /)
  })

  it('is a whole report for machines, with null for what cannot be divided', async () => {
    const report = await reportJson(store)
    expect(report.time_range).toEqual({ first_seen: null, last_seen: null, flows: 0, sources: 0 })
    expect(report.coverage.map(({ low, point, high }) => [low, point, high])).toEqual(
      Array.from({ length: 3 }, () => [null, null, null]),
    )
    expect(report).toMatchObject({
      tls_versions: [],
      post_quantum: null,
      weak_endpoints: [],
      rules: [],
      unseen: [],
      sensor_health: [],
    })
  })
})

describe('nine flows', () => {
  beforeAll(() => {
    // The store takes ASCII alone, as records are written.
    const lines = FLOWS.join('').replaceAll('\u009b', '\\u009b')
    return store.insertFlows(lines, FLOWS.length, 'nine')
  })

  it('are one page in words', async () => {
    const text = await printReport(store, { colour: false })
    const said = text.replace(/\s+/g, ' ')
    expect(said).toContain(
      '66.7 % of the flows that can be judged are encrypted; between 50.0 % and 75.0 % counting the 2 flows that ' +
        'could not be judged, as plaintext or as encrypted. To fix: 2 flows in the clear, 1 encrypted weakly. ' +
        '9 flows from 2 sources, 2026-03-01T10:00:00Z to 2026-03-01T10:00:05Z',
    )
    expect(text).toMatch(/^by bytes {6}92\.5 % {4}98\.4 % {4}98\.5 % {2}█+▒+░+$/m)
    expect(text).toMatch(/^by edges {6}50\.0 % {4}66\.7 % {4}75\.0 % {2}█+▒+░+$/m)
    expect(text).toMatch(/^strong {5}encrypted, no rule fails +3 +33\.3 % +1\.80 MB +3$/m)
    expect(text).toMatch(/^TLS 1\.3 +3 +75\.0 % +1\.80 MB$/m)
    expect(text).toMatch(/^TLS_RSA_WITH_RC4_128_SHA +1 +25\.0 % +50\.0 kB$/m)
    expect(text).toContain('Post-quantum key exchange: 1 of 3 flows (33.3 %).\n')
    expect(text).toContain(`plaintext  [${V6}]:80  http  shop.example\n`)
    expect(text).toContain('  credentials exposed: http-basic\n')
    expect(text).toMatch(/^weak {2}10\.0\.1\.1:8443 {2}long-label\..*…$/m)
    expect(text).toContain('  TLS 1.2\n  TLS_RSA_WITH_RC4_128_SHA\n')
    expect(text).toContain('  - The cipher suite uses RC4, whose key stream leaks the plaintext\n')
    expect(text).toContain('Fix: Server owner: remove RC4 suites.\n')
    expect(text).toContain('gap: 1 flow, 60.0 kB, most on port 9000\n  Packets were lost before the verdict.\n')
  })

  it('fit 80 columns, and no name steers the terminal', async () => {
    const text = await printReport(store, { colour: false })
    for (const line of text.split('\n')) expect([...line].length).toBeLessThanOrEqual(80)
    expect(stripVTControlCharacters(text)).toBe(text)
    expect(text).toContain('\\x1b]0;owned\\x07\\x9b2J')
  })

  it('in colour say the same', async () => {
    const coloured = await printReport(store, { colour: true })
    expect(coloured).toContain('\u001b[31m')
    expect(stripVTControlCharacters(coloured)).toBe(await printReport(store, { colour: false }))
  })

  it('are figures for machines', async () => {
    const report = await reportJson(store)
    expect(report.time_range).toEqual({
      first_seen: '2026-03-01T10:00:00.000001Z',
      last_seen: '2026-03-01T10:00:05.250000Z',
      flows: 9,
      sources: 2,
    })
    expect(report.coverage[0]).toEqual({
      unit: 'flows',
      ...{ total: 9, plaintext: 2, weak: 1, strong: 3, opaque: 0, unknown: 2, exempt: 1, lost: 0 },
      ...{ low: 4 / 8, point: 4 / 6, high: 6 / 8 },
    })
    expect(report.named_groups).toEqual([
      { named_group: 29, name: 'x25519', flows: 2, bytes: 1_500_000 },
      { named_group: 4588, name: 'X25519MLKEM768', flows: 1, bytes: 300_000 },
    ])
    expect(report.post_quantum).toEqual({ flows: 1, of_flows: 3 })
    expect(report.plaintext_services.map((one) => one.http_host)).toEqual([
      'shop.example',
      '\u001b]0;owned\u0007\u009b2J',
    ])
    expect(report.rules.find(({ violation }) => violation === `${PACK}/suite-rc4`)).toEqual({
      violation: `${PACK}/suite-rc4`,
      flows: 1,
      endpoints: 1,
      severity: 'high',
      title: 'The cipher suite uses RC4, whose key stream leaks the plaintext',
      fix: 'Server owner: remove RC4 suites.',
    })
    expect(report.unseen.map(({ reason, flows, bytes, ports }) => [reason, flows, bytes, ports])).toEqual([
      ['gap', 1, 60_000, [9000]],
      ['unrecognised', 1, 60_000, [9001]],
    ])
  })

  it('have members in snake_case alone', async () => {
    const names = JSON.stringify(await reportJson(store)).match(/"[^"]*"(?=:)/g) ?? []
    expect(names.length).toBeGreaterThan(50)
    for (const name of names) expect(name).toMatch(/^"[a-z][a-z0-9_]*"$/)
  })
})

describe('a sensor that lost frames', () => {
  const health = (lines: string, token: string) => store.insertHealth(lines, lines.split('\n').length - 1, token)

  it('widens the bounds and is told in words and figures, in 80 columns', async () => {
    const before = await printReport(store, { colour: false })
    await health(madeHealth({ source: 'whole.pcap', frames_received: 900, state: 'ended' }), 'fine')
    expect(await printReport(store, { colour: false })).toBe(before)

    // 300 beside 900 + 300: a quarter of the 8 flows, 2.00 MB and 8 edges that count.
    const from = '2026-03-01T10:00:10Z'
    const lossy = madeHealth({ from, frames_received: 300, kernel_drops: 200, interface_drops: 100, ring_freezes: 1 })
    const blind = madeHealth({ source: `mirror-of-${'x'.repeat(100)}`, from })
    await health(lossy + blind, 'lossy')
    const text = await printReport(store, { colour: false })
    const said = text.replace(/\s+/g, ' ')
    expect(said).toContain(
      'between 40.0 % and 80.0 % counting the 2 flows that could not be judged and about 2 flows lost',
    )
    expect(said).toContain('Frames were dropped, and with them about 2 flows, about 500 kB, about 2 edges: they may be')
    expect(said).toContain('eth1 of sensor test: 300 frames received, 300 dropped (50.0 %), 1 ring freeze Mirror less')
    expect(said).toMatch(/ALARM mirror-of-x+… of sensor test saw nothing since 2026-03-01T10:00:10Z\. Look/)
    for (const line of text.split('\n')) expect([...line].length).toBeLessThanOrEqual(80)

    const report = await reportJson(store)
    expect(report.coverage[0]).toMatchObject({ lost: 2, low: 4 / 10, point: 4 / 6, high: 8 / 10 })
    expect(
      report.sensor_health.map(({ source, dropped, dropped_share, blind_since }) => [
        source.slice(0, 9),
        dropped,
        dropped_share,
        blind_since,
      ]),
    ).toEqual([
      ['mirror-of', 0, null, '2026-03-01T10:00:10.000000Z'],
      ['eth1', 300, 0.5, null],
      ['whole.pca', 0, 0, null],
    ])
  })
})
