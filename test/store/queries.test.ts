import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore, type Store } from '../../src/store/index.ts'
import { ALL_TIME, flowLine } from './lines.ts'

const TLS12 = { app_protocol: 'tls', tls_version: 771, tls_version_name: 'TLS 1.2' }
const TLS13 = { app_protocol: 'tls', tls_version: 772, tls_version_name: 'TLS 1.3' }
const AES_256_GCM = { cipher_suite: 4866, cipher_suite_name: 'TLS_AES_256_GCM_SHA384' }
const RSA_3DES = { cipher_suite: 10, cipher_suite_name: 'TLS_RSA_WITH_3DES_EDE_CBC_SHA' }
const RSA_RC4 = { cipher_suite: 5, cipher_suite_name: 'TLS_RSA_WITH_RC4_128_SHA' }
const X25519 = { named_group: 29, named_group_name: 'x25519' }
const P256 = { named_group: 23, named_group_name: 'secp256r1' }
const HTTP = { app_protocol: 'http', violations: ['pack/cleartext'] }

const [C1, C2, C3] = ['10.0.0.1', '10.0.0.2', '10.0.0.3']
const [WEB, SSH, DNS, V6, METADATA] = ['10.0.1.1', '10.0.1.2', '10.0.1.3', '2001:db8::80', '169.254.169.254']

/** Ten flows; all expectations below are counted from this list by hand. */
const FLOWS = [
  // Edge C1 → WEB:443 is plaintext, for its worst flow. The first line is replaced by the second.
  flowLine({ name: 'a', verdict: 'unknown', reason: 'gap', client: C1, server: WEB, bytes: 10 }),
  flowLine({
    name: 'a',
    verdict: 'strong',
    client: C1,
    server: WEB,
    bytes: 100,
    bytes_server: 200,
    increment: 1,
    ...TLS13,
    ...AES_256_GCM,
    ...X25519,
  }),
  flowLine({ name: 'b', verdict: 'plaintext', client: C1, server: WEB, bytes: 50, http_host: 'web.example', ...HTTP }),
  // C2 → WEB:443: weak.
  flowLine({
    name: 'c',
    verdict: 'weak',
    client: C2,
    server: WEB,
    bytes: 40,
    server_name: 'old.example',
    violations: ['pack/3des', 'pack/no-fs'],
    ...TLS12,
    ...RSA_3DES,
  }),
  flowLine({
    name: 'd',
    verdict: 'weak',
    client: C2,
    server: WEB,
    bytes: 10,
    server_name: 'old.example',
    violations: ['pack/no-fs', 'pack/rc4'],
    ...TLS12,
    ...RSA_RC4,
    ...P256,
  }),
  // C2 → SSH:22: opaque, better than what was not seen.
  flowLine({ name: 'e', verdict: 'opaque', client: C2, server: SSH, port: 22, bytes: 60 }),
  flowLine({ name: 'f', verdict: 'unknown', reason: 'gap', client: C2, server: SSH, port: 22, bytes: 5 }),
  // C3 → DNS:53: unknown. C3 → METADATA:80: exempt.
  flowLine({
    name: 'g',
    verdict: 'unknown',
    reason: 'no_payload',
    client: C3,
    server: DNS,
    port: 53,
    source: 'other.pcap',
  }),
  flowLine({ name: 'h', verdict: 'exempt', client: C3, server: METADATA, port: 80, bytes: 7 }),
  // C1 and C2 → V6:80: plaintext, and credentials were seen.
  flowLine({
    name: 'i',
    verdict: 'plaintext',
    client: C1,
    server: V6,
    port: 80,
    bytes: 20,
    credentials_exposed: ['http-basic'],
    ...HTTP,
  }),
  flowLine({
    name: 'j',
    verdict: 'plaintext',
    client: C2,
    server: V6,
    port: 80,
    bytes: 25,
    ...HTTP,
    credentials_exposed: ['http-basic', 'http-bearer'],
    violations: ['pack/cleartext', 'pack/credentials'],
    first_seen: '2026-03-02T00:00:00.500000Z',
    last_seen: '2026-03-02T00:00:01.123456Z',
  }),
]

let folder: string
let store: Store

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-queries-'))
  store = await openStore({ data: folder })
  await store.migrate()
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const ask = (name: string, params: Record<string, unknown> = {}) => store.select(name, { ...ALL_TIME, ...params })

describe('an empty store', () => {
  it('has no coverage rather than none', async () => {
    const nothing = {
      total: 0,
      plaintext: 0,
      weak: 0,
      strong: 0,
      opaque: 0,
      unknown: 0,
      exempt: 0,
      lost: 0,
      low: null,
      point: null,
      high: null,
    }
    expect(await ask('coverage')).toEqual(['flows', 'bytes', 'edges'].map((unit) => ({ unit, ...nothing })))
  })

  it('has no time range', async () => {
    expect(await ask('time-range')).toEqual([{ first_seen: null, last_seen: null, flows: 0, sources: 0 }])
  })

  it.each([
    'tls-versions',
    'cipher-suites',
    'named-groups',
    'plaintext-services',
    'weak-endpoints',
    'rules',
    'unseen',
    'sensor-health',
  ])('has no rows of %s', async (name) => expect(await ask(name, { limit: 5 })).toEqual([]))
})

describe('ten flows', () => {
  beforeAll(() => store.insertFlows(FLOWS.join(''), FLOWS.length, 'ten'))

  it('coverage counts flows, bytes and edges', async () => {
    expect(await ask('coverage')).toEqual([
      {
        unit: 'flows',
        total: 10,
        plaintext: 3,
        weak: 2,
        strong: 1,
        opaque: 1,
        unknown: 2,
        exempt: 1,
        lost: 0,
        low: 4 / 9,
        point: 4 / 7,
        high: 6 / 9,
      },
      {
        unit: 'bytes',
        total: 517,
        plaintext: 95,
        weak: 50,
        strong: 300,
        opaque: 60,
        unknown: 5,
        exempt: 7,
        lost: 0,
        low: 410 / 510,
        point: 410 / 505,
        high: 415 / 510,
      },
      {
        unit: 'edges',
        total: 7,
        plaintext: 3,
        weak: 1,
        strong: 0,
        opaque: 1,
        unknown: 1,
        exempt: 1,
        lost: 0,
        low: 2 / 6,
        point: 2 / 5,
        high: 3 / 6,
      },
    ])
  })

  it('verdicts have a row each', async () => {
    expect(await ask('verdicts')).toEqual([
      { verdict: 'plaintext', flows: 3, bytes: 95, edges: 3 },
      { verdict: 'weak', flows: 2, bytes: 50, edges: 1 },
      { verdict: 'strong', flows: 1, bytes: 300, edges: 0 },
      { verdict: 'opaque', flows: 1, bytes: 60, edges: 1 },
      { verdict: 'unknown', flows: 2, bytes: 5, edges: 1 },
      { verdict: 'exempt', flows: 1, bytes: 7, edges: 1 },
    ])
  })

  it('versions, suites and groups count what was negotiated', async () => {
    expect(await ask('tls-versions')).toEqual([
      { tls_version: 771, name: 'TLS 1.2', flows: 2, bytes: 50 },
      { tls_version: 772, name: 'TLS 1.3', flows: 1, bytes: 300 },
    ])
    expect(await ask('cipher-suites', { limit: 2 })).toEqual([
      { cipher_suite: 4866, name: 'TLS_AES_256_GCM_SHA384', flows: 1, bytes: 300 },
      { cipher_suite: 10, name: 'TLS_RSA_WITH_3DES_EDE_CBC_SHA', flows: 1, bytes: 40 },
    ])
    expect(await ask('named-groups')).toEqual([
      { named_group: 29, name: 'x25519', flows: 1, bytes: 300 },
      { named_group: 23, name: 'secp256r1', flows: 1, bytes: 10 },
    ])
  })

  it('plaintext services come with exposed credentials first', async () => {
    const services = [
      {
        server_ip: V6,
        server_port: 80,
        app_protocol: 'http',
        server_name: null,
        http_host: null,
        flows: 2,
        bytes: 45,
        clients: 2,
        credentials: ['http-basic', 'http-bearer'],
        violations: ['pack/cleartext', 'pack/credentials'],
      },
      {
        server_ip: WEB,
        server_port: 443,
        app_protocol: 'http',
        server_name: null,
        http_host: 'web.example',
        flows: 1,
        bytes: 50,
        clients: 1,
        credentials: [],
        violations: ['pack/cleartext'],
      },
    ]
    expect(await ask('plaintext-services', { limit: 10 })).toEqual(services)
    expect(await ask('plaintext-services', { limit: 1 })).toEqual(services.slice(0, 1))
  })

  it('weak endpoints name their versions, suites and rules', async () => {
    expect(await ask('weak-endpoints', { limit: 10 })).toEqual([
      {
        server_ip: WEB,
        server_port: 443,
        server_name: 'old.example',
        tls_versions: ['TLS 1.2'],
        cipher_suites: ['TLS_RSA_WITH_3DES_EDE_CBC_SHA', 'TLS_RSA_WITH_RC4_128_SHA'],
        violations: ['pack/3des', 'pack/no-fs', 'pack/rc4'],
        flows: 2,
        bytes: 50,
      },
    ])
  })

  it('rules count flows and endpoints', async () => {
    expect(await ask('rules')).toEqual([
      { violation: 'pack/cleartext', flows: 3, endpoints: 2 },
      { violation: 'pack/no-fs', flows: 2, endpoints: 1 },
      { violation: 'pack/3des', flows: 1, endpoints: 1 },
      { violation: 'pack/credentials', flows: 1, endpoints: 1 },
      { violation: 'pack/rc4', flows: 1, endpoints: 1 },
    ])
  })

  it('what could not be judged has a reason and ports', async () => {
    expect(await ask('unseen')).toEqual([
      { reason: 'gap', flows: 1, bytes: 5, example: [22] },
      { reason: 'no_payload', flows: 1, bytes: 0, example: [53] },
    ])
  })

  it('the time range is exact to the microsecond', async () => {
    expect(await ask('time-range')).toEqual([
      { first_seen: '2026-03-01T10:00:00.000001Z', last_seen: '2026-03-02T00:00:01.123456Z', flows: 10, sources: 2 },
    ])
  })

  it.each([
    { name: 'from the last packet on', from: '2026-03-02T00:00:01.123456Z', to: '2026-03-03T00:00:00Z', flows: 1 },
    { name: 'just after it', from: '2026-03-02T00:00:01.123457Z', to: '2026-03-03T00:00:00Z', flows: 0 },
    { name: 'to the first packet', from: '2026-02-01T00:00:00Z', to: '2026-03-01T10:00:00.000001Z', flows: 9 },
    { name: 'just before it', from: '2026-02-01T00:00:00Z', to: '2026-03-01T10:00:00.000000Z', flows: 0 },
    {
      name: 'inside the flows',
      from: new Date('2026-03-01T10:00:01Z'),
      to: new Date('2026-03-01T10:00:02Z'),
      flows: 9,
    },
  ])('a window counts the flows that overlap it: $name', async ({ from, to, flows }) => {
    expect(await store.select('time-range', { from, to })).toMatchObject([{ flows }])
  })
})

it('a wrong query name or parameter is an error, not an empty answer', async () => {
  await expect(store.select('no-such-query')).rejects.toThrow('no-such-query')
  await expect(store.select('coverage', { from: 'x', to: 'y' })).rejects.toThrow('cannot be parsed')
})
