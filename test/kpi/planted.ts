/** For each KPI a few flows, seen by a sensor of its name, and what it must say of them, counted by hand. */
import type { KpiValue } from '../../src/kpi/kpi.ts'
import { flowLine, type MadeFlow } from '../store/lines.ts'

export interface Planted {
  readonly flows: readonly Readonly<Record<string, unknown>>[]
  readonly want: Omit<KpiValue, 'unit'>
  /** Share of it by which its sketch may err. */
  readonly within?: number
}

type Figure = number | null
const want = (
  numerator: Figure,
  denominator: Figure,
  unobservable: Figure,
  low: Figure,
  point: Figure,
  high: Figure,
) => ({
  ...{ numerator, denominator, unobservable, low, point, high },
})

const TLS = { app_protocol: 'tls', ja4: 't13d1516h2_x_y' }
const TLS10 = { ...TLS, tls_version: 769, resumed: false, hello_retry: false }
const TLS12 = { ...TLS, tls_version: 771, resumed: false, hello_retry: false }
const TLS13 = { ...TLS, tls_version: 772, resumed: false, hello_retry: false, client_certificate: 'unobservable' }
const UNNEGOTIATED = { ...TLS, verdict: 'unknown', reason: 'one_sided' }
const HTTP = { app_protocol: 'http', verdict: 'plaintext', port: 80, http_method: 'GET' }
const strong = (members: object) => ({ verdict: 'strong', ...members })
const weak = (members: object) => ({ verdict: 'weak', ...members })

/** At noon of a day of March 2026. */
const on = (day: string, minute = '00') => {
  const time = `2026-03-${day}T12:${minute}:00.000000Z`
  return { first_seen: time, last_seen: time }
}
/** Ten encrypted flows of an edge on a day. */
const ten = (day: string, server: string) =>
  Array.from({ length: 10 }, (_, i) => strong({ ...on(day, String(20 + i)), server, port: 80 }))

const HOUR = 3600

/** Edge A speaks plaintext on the 1st, proves itself on the 2nd and 3rd, and relapses on the 10th, for good. */
const EPISODES = [
  { ...HTTP, ...on('01'), server: '10.0.9.1' },
  { ...HTTP, ...on('01', '10'), server: '10.0.9.1' },
  ...[...ten('02', '10.0.9.1'), ...ten('03', '10.0.9.1')],
  { ...HTTP, ...on('10'), server: '10.0.9.1' },
  // B has 19 encrypted flows only, C's come within a day, D has never any; of D nothing is heard for a week.
  { ...HTTP, ...on('01'), server: '10.0.9.2' },
  ...[
    ...ten('02', '10.0.9.2'),
    ...ten('03', '10.0.9.2').slice(1),
    { ...UNNEGOTIATED, ...on('11'), server: '10.0.9.2', port: 80 },
  ],
  { ...HTTP, ...on('09'), server: '10.0.9.3' },
  ...[...ten('10', '10.0.9.3'), ...ten('10', '10.0.9.3').map((flow, i) => ({ ...flow, client_port: 41_000 + i }))],
  { ...HTTP, ...on('04'), server: '10.0.9.4' },
]

const MEASURED = [100, 200, 300, 400, 900]

export const PLANTED: Readonly<Record<string, Planted>> = {
  'coverage-flows': {
    flows: [strong(TLS12), weak(TLS10), { verdict: 'opaque' }, HTTP, UNNEGOTIATED, { verdict: 'exempt' }],
    want: want(3, 4, 1, 3 / 5, 3 / 4, 4 / 5),
  },
  'coverage-bytes': {
    flows: [
      strong({ ...TLS12, bytes: 60, bytes_server: 40 }),
      { ...HTTP, bytes: 50 },
      { ...UNNEGOTIATED, bytes: 10 },
      { verdict: 'exempt', bytes: 1000 },
    ],
    want: want(100, 150, 10, 100 / 160, 100 / 150, 110 / 160),
  },
  'coverage-edges': {
    flows: [
      // One edge is plaintext, for its worst flow; one is encrypted, one unknown, one exempt.
      strong({ server: '10.0.8.1' }),
      { ...HTTP, server: '10.0.8.1', port: 443 },
      weak({ server: '10.0.8.2' }),
      { ...UNNEGOTIATED, server: '10.0.8.2' },
      { ...UNNEGOTIATED, server: '10.0.8.3' },
      { verdict: 'exempt', server: '10.0.8.4' },
    ],
    want: want(1, 2, 1, 1 / 3, 1 / 2, 2 / 3),
  },
  'tls-version-compliance': {
    flows: [
      ...[strong(TLS12), strong(TLS13), weak(TLS10), UNNEGOTIATED],
      strong({ app_protocol: 'dtls', tls_version: 65_277 }),
      weak({ app_protocol: 'dtls', tls_version: 65_279 }),
      strong({ ...TLS, tls_version: 0x7f1c }),
    ],
    want: want(4, 6, 1, 4 / 7, 4 / 6, 5 / 7),
  },
  'tls13-share': {
    flows: [
      strong(TLS12),
      strong(TLS13),
      strong({ app_protocol: 'dtls', tls_version: 65_276 }),
      weak(TLS10),
      UNNEGOTIATED,
    ],
    want: want(2, 4, 1, 2 / 5, 2 / 4, 3 / 5),
  },
  'strong-encryption': {
    flows: [strong(TLS12), strong(TLS13), weak({ ...TLS10, violations: ['pack/old'] }), { verdict: 'opaque' }, HTTP],
    want: want(2, 3, 1, 2 / 4, 2 / 3, 3 / 4),
  },
  'plaintext-detection-time': {
    // Stored long after, or at once.
    flows: [
      { ...HTTP, ...on('01'), server: '10.0.7.1' },
      {
        ...HTTP,
        first_seen: '2200-01-01T00:00:00.000000Z',
        last_seen: '2200-01-01T00:00:00.000000Z',
        server: '10.0.7.2',
      },
    ],
    want: want(0, 1, 1, null, 0, null),
  },
  'plaintext-remediation-time': {
    flows: EPISODES,
    // Of A, from the 1st 12:00: last plaintext 12:10, proof from the 2nd 12:20 to the 3rd 12:29.
    want: want(24 * HOUR + 20 * 60, 1, 1, 10 * 60, 24 * HOUR + 20 * 60, 48 * HOUR + 29 * 60),
  },
  'plaintext-unresolved': {
    flows: EPISODES,
    // Open: A again, B, C. Resolved: A. Dormant: D.
    want: want(3, 4, 1, 3 / 5, 3 / 4, 4 / 5),
  },
  'handshake-time': {
    flows: [...MEASURED.map((ms) => strong({ ...TLS12, handshake_us: ms * 1000 })), strong(TLS13)],
    want: want(null, 5, 1, null, 0.3, null),
    within: 0.01,
  },
  'handshake-time-p95': {
    flows: Array.from({ length: 20 }, () => strong({ ...TLS12, handshake_us: 250_000 })),
    want: want(null, 20, 0, null, 0.25, null),
    within: 0.01,
  },
  'handshake-round-trips': {
    flows: [
      strong({ ...TLS12, handshake_us: 90_000, rtt_us: 30_000 }),
      strong({ ...TLS13, handshake_us: 50_000, rtt_us: 20_000 }),
      strong({ ...TLS13, handshake_us: 70_000 }),
      strong(TLS13),
    ],
    want: want(0.14, 0.05, 2, null, 2.8, null),
  },
  'resumption-share': {
    flows: [strong(TLS12), strong(TLS13), strong({ ...TLS13, resumed: true }), UNNEGOTIATED],
    want: want(1, 3, 1, 1 / 4, 1 / 3, 2 / 4),
  },
  'hello-retry-share': {
    flows: [strong(TLS12), strong({ ...TLS13, hello_retry: true }), UNNEGOTIATED],
    want: want(1, 2, 1, 1 / 3, 1 / 2, 2 / 3),
  },
  'multiplexing-share': {
    flows: [
      strong({ ...TLS12, alpn: 'h2' }),
      strong({ app_protocol: 'quic', tls_version: 772, alpn: 'h3' }),
      strong({ ...TLS12, alpn: 'http/1.1' }),
      strong(TLS13),
    ],
    want: want(2, 3, 1, 2 / 4, 2 / 3, 3 / 4),
  },
  'ec-certificate-share': {
    flows: [
      strong({ ...TLS12, server_certificates: ['ec', 'issuer'] }),
      strong({ ...TLS12, server_certificates: ['rsa'] }),
      strong({ ...TLS12, server_certificates: ['not-stored'] }),
      strong(TLS13),
    ],
    want: want(1, 2, 2, 1 / 4, 1 / 2, 3 / 4),
  },
  'short-chain-share': {
    flows: [
      strong({ ...TLS12, server_certificates: ['a', 'b', 'c'] }),
      strong({ ...TLS12, server_certificates: ['a', 'b', 'c', 'd'] }),
      strong(TLS13),
      strong({ ...TLS13, resumed: true }),
    ],
    want: want(1, 2, 1, 1 / 3, 1 / 2, 2 / 3),
  },
  'mtls-success': {
    flows: [
      strong({ ...TLS12, client_certificate: 'presented' }),
      strong({ ...TLS12, client_certificate: 'presented', alerts: ['server:fatal:48'] }),
      strong({ ...TLS12, client_certificate: 'presented', alerts: ['client:fatal:48'] }),
      strong({ ...TLS12, client_certificate: 'empty', alerts: ['server:fatal:40'] }),
      strong({ ...TLS12, client_certificate: 'none' }),
      strong(TLS13),
    ],
    want: want(2, 4, 1, 2 / 5, 2 / 4, 3 / 5),
  },
  'mtls-adoption': {
    flows: [
      strong({ ...TLS12, client_certificate: 'presented' }),
      strong({ ...TLS12, client_certificate: 'empty' }),
      strong({ ...TLS12, client_certificate: 'none' }),
      strong(TLS13),
    ],
    want: want(1, 3, 1, 1 / 4, 1 / 3, 2 / 4),
  },
  'sigv4-adoption': {
    flows: [
      { ...HTTP, auth_mechanisms: ['aws-sigv4'] },
      { ...HTTP, auth_mechanisms: ['aws-sigv4a-presigned'] },
      { ...HTTP, auth_mechanisms: ['aws-sigv2'] },
      HTTP,
      strong(TLS13),
    ],
    want: want(2, 4, 1, 2 / 5, 2 / 4, 3 / 5),
  },
  'sigv4-implied': {
    flows: [
      strong({ ...TLS13, server_name: 'S3.eu-west-1.amazonaws.com' }),
      strong({ ...TLS13, server_name: 'amazonaws.com.example.test' }),
      strong(TLS13),
    ],
    want: want(1, 2, 1, 1 / 3, 1 / 2, 2 / 3),
  },
  'authentication-failure-rate': {
    flows: [
      { ...HTTP, auth_mechanisms: ['http-basic'], auth_outcome: 'success' },
      { ...HTTP, auth_mechanisms: ['http-basic'], auth_outcome: 'success' },
      { ...HTTP, auth_mechanisms: ['scram-sha-256'], auth_outcome: 'failure' },
      { ...HTTP, auth_mechanisms: ['http-basic'] },
      { ...HTTP, auth_mechanisms: ['anonymous'], auth_outcome: 'success' },
      strong(TLS13),
    ],
    want: want(1, 3, 2, 1 / 5, 1 / 3, 3 / 5),
  },
  'token-validation': {
    flows: [
      { ...HTTP, auth_mechanisms: ['http-bearer'], http_status: 200 },
      { ...HTTP, auth_mechanisms: ['http-bearer'], http_status: 404 },
      { ...HTTP, auth_mechanisms: ['http-dpop'], http_status: 401 },
      { ...HTTP, auth_mechanisms: ['http-bearer'] },
      { ...HTTP, auth_mechanisms: ['http-basic'], http_status: 401 },
      strong(TLS13),
    ],
    want: want(2, 3, 2, 2 / 5, 2 / 3, 4 / 5),
  },
  'authentication-coverage': {
    flows: [
      { ...HTTP, server: '10.0.6.1', auth_mechanisms: ['http-basic'] },
      { ...HTTP, server: '10.0.6.1' },
      strong({ app_protocol: 'ssh', server: '10.0.6.2', port: 22 }),
      strong({ ...TLS12, server: '10.0.6.3', client_certificate: 'presented' }),
      { ...HTTP, server: '10.0.6.4' },
      { ...HTTP, server: '10.0.6.4', auth_mechanisms: ['anonymous'] },
      strong({ ...TLS13, server: '10.0.6.5' }),
      { verdict: 'exempt', server: '10.0.6.6' },
    ],
    want: want(3, 4, 1, 3 / 5, 3 / 4, 4 / 5),
  },
  'opaque-share': {
    flows: [strong(TLS12), weak(TLS10), { verdict: 'opaque' }, UNNEGOTIATED, HTTP],
    want: want(1, 3, 1, 1 / 4, 1 / 3, 2 / 4),
  },
  'certificate-visibility': {
    flows: [
      strong({ ...TLS12, server_certificates: ['a'] }),
      strong(TLS13),
      strong({ ...TLS13, resumed: true }),
      UNNEGOTIATED,
    ],
    want: want(1, 2, 1, 1 / 3, 1 / 2, 2 / 3),
  },
  'post-quantum-share': {
    flows: [
      strong({ ...TLS13, named_group: 4588, named_group_name: 'X25519MLKEM768' }),
      strong({ app_protocol: 'ssh', ssh_kex: 'sntrup761x25519-sha512' }),
      strong({ ...TLS13, named_group: 29, named_group_name: 'x25519' }),
      weak({ ...TLS12, cipher_suite: 47, cipher_suite_name: 'TLS_RSA_WITH_AES_128_CBC_SHA' }),
      { verdict: 'opaque' },
      HTTP,
    ],
    want: want(2, 4, 1, 2 / 5, 2 / 4, 3 / 5),
  },
  'ech-share': {
    flows: [
      strong({ ...TLS13, ech: 'accepted' }),
      strong({ ...TLS13, ech: 'grease_or_offered' }),
      strong(TLS13),
      strong(TLS12),
    ],
    want: want(1, 3, 1, 1 / 4, 1 / 3, 2 / 4),
  },
}

/** Lines of all of them; the sensor has the KPI's name. */
export const plantedLines = (): string[] =>
  Object.entries(PLANTED).flatMap(([sensor, { flows }]) =>
    flows.map((flow, i) => flowLine({ ...on('01'), ...flow, name: `${sensor}/${i}`, sensor } as unknown as MadeFlow)),
  )

/** The key of a leaf tells which share it is in. */
export const plantedCertificates = (): string[] =>
  [
    ['ec', 'ec'],
    ['rsa', 'rsa'],
  ].map(([fingerprint_sha256, key_type]) =>
    JSON.stringify({ fingerprint_sha256, der: '', key_type, self_issued: false, subject_alt_names: [] }),
  )
