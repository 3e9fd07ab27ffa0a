/** Faults planted in a simulated network, one of each detector. */
import type { CertificateRecord, FlowRecord, HealthRecord } from '../../src/alert/index.ts'
import { ip, nameOf } from './network.ts'
import { certificate, clear, PUBLIC_DER, tls12 } from './simulate.ts'

export interface Fault {
  readonly rule: string
  readonly subject: string
  /** As it is told first. */
  readonly severity: string
  /** From this day on these servers do nothing else. */
  readonly servers: readonly number[]
  readonly from: number
  /** On this day it is mended. */
  readonly until?: number
  readonly flows?: (next: () => number, n: number) => Partial<FlowRecord>
  /** On its first day so many come at once, one a second. */
  readonly burst?: number
  readonly certificates?: readonly CertificateRecord[]
  readonly health?: Partial<HealthRecord>
}

const at = (n: number, port = 443): string => `${ip(n)}:${port}`
const named = (n: number, port = 443): string => `${nameOf(n)}:${port}`
const to = (n: number, port = 443) => ({ server_ip: ip(n), server_name: nameOf(n), server_port: port })
const clearTo = (n: number, port: number, protocol: string, different: Partial<FlowRecord> = {}) =>
  clear(protocol, { server_ip: ip(n), server_port: port, ...different })

/** A certificate that one server shows from some day on. */
function shown(
  rule: string,
  severity: string,
  [n, from, until]: readonly [number, number, number?],
  one: CertificateRecord,
  different: Partial<FlowRecord> = {},
): Fault {
  const flow = { ...to(n), ...tls12, server_certificates: [one.fingerprint_sha256], ...different }
  const end = until === undefined ? {} : { until }
  return { rule, subject: named(n), severity, servers: [n], from, ...end, flows: () => flow, certificates: [one] }
}

/** Flows of another kind to one server. */
function flows(
  rule: string,
  severity: string,
  [n, from, until]: readonly [number, number, number?],
  make: (next: () => number) => Partial<FlowRecord>,
  port = 443,
): Fault {
  const end = until === undefined ? {} : { until }
  return { rule, subject: at(n, port), severity, servers: [n], from, ...end, flows: make }
}

const turns = [0, 1, 2].map(() => certificate(nameOf(36)))
const wildcard = certificate('*.example.org')
const issuer = certificate('Example Issuing CA', { is_ca: true, days: 3650 })
const tooLong = certificate(nameOf(81), { der: PUBLIC_DER, from: 14, days: 398 })
const SPREAD = [51, 56, 61, 66, 71, 76]
/** Web servers that answered in the clear now and then. */
const WEB = Array.from({ length: 40 }, (_, n) => 5 * n + 4).filter((n) => ![9, 14, 19, 24, 29, 34].includes(n))
export const REVOKED = certificate(nameOf(101))

export const FAULTS: readonly Fault[] = [
  flows('A1', 'critical', [0, 8], () => clearTo(0, 443, 'http')),
  flows('A2', 'high', [5, 9], () => clearTo(5, 443, 'mqtt')),
  flows('A3', 'critical', [7, 3], () => clearTo(7, 21, 'ftp', { credentials_exposed: ['ftp-pass'] }), 21),
  flows(
    'A4',
    'critical',
    [9, 4],
    (next) =>
      next() < 0.5
        ? { ...to(9, 25), upgrade: 'starttls', upgrade_state: 'accepted', app_protocol: 'smtp' }
        : clearTo(9, 25, 'smtp', { upgrade_state: 'stripped' }),
    25,
  ),
  flows('A5', 'high', [14, 5], () => clearTo(14, 5432, 'postgresql', { upgrade_state: 'refused' }), 5432),
  flows('A6', 'high', [19, 6], () => ({ ...to(19), tls_version: 0x0301, verdict: 'weak', offered_versions: [0x0301] })),
  flows('A7', 'high', [10, 11, 24], () => ({ ...to(10), tls_version: 0x0303, cipher_suite: 0xc02f })),
  flows('A8', 'critical', [24, 12], () => ({ ...to(24), tls_version: 0x0303, downgrade_sentinel: 'tls12' })),
  flows('A9', 'high', [29, 13, 20], () => ({ ...to(29), ...tls12, cipher_suite: 0x0005, verdict: 'weak' })),
  flows('A10', 'high', [34, 13], () => ({ ...to(34), ...tls12, dh_bits: 1024, verdict: 'weak' })),
  shown('A11', 'high', [26, 14], certificate(nameOf(26), { key_type: 'rsa', key_bits: 1024 })),
  shown('A12', 'critical', [11, 15, 22], certificate(nameOf(11), { from: -100 })),
  // It ends on the day after the month; other servers renew in time.
  shown('A13', 'medium', [31, 18], certificate(nameOf(31), { from: -59 })),
  shown('A14', 'high', [16, 16], certificate(nameOf(16), { issuer: 'CN=Somebody Else' })),
  {
    ...{ rule: 'A15', subject: named(36), severity: 'medium', servers: [36], from: 5, certificates: turns },
    flows: (next) => {
      const one = turns[Math.floor(next() * turns.length)] as CertificateRecord
      return { ...to(36), ...tls12, server_certificates: [one.fingerprint_sha256] }
    },
  },
  shown('A16', 'high', [21, 17], certificate(nameOf(21), { self_issued: true, issuer: `CN=${nameOf(21)}` })),
  shown('A17', 'medium', [41, 7], certificate('elsewhere.example.net')),
  shown('A18', 'low', [46, 10], certificate(nameOf(46), { der: PUBLIC_DER })),
  {
    ...shown('A19', 'medium', [81, 15], tooLong),
    flows: () => ({ ...to(81), ...tls12, server_certificates: [tooLong, issuer].map((one) => one.fingerprint_sha256) }),
    certificates: [tooLong, issuer],
  },
  {
    ...{ rule: 'A20', subject: wildcard.spki_sha256 ?? '', severity: 'medium', servers: SPREAD, from: 9 },
    flows: (_, n) => ({ ...to(n), ...tls12, server_certificates: [wildcard.fingerprint_sha256] }),
    certificates: [wildcard],
  },
  flows('A21', 'critical', [2, 12], () => ({ ...to(2, 8443), ...tls12 }), 8443),
  {
    ...flows('A22', 'high', [86, 13, 14], (next) => ({
      ...{ ...to(86), ...tls12 },
      ...(next() < 0.5 ? { verdict: 'unknown', alerts: ['client:fatal:48'], tls_version: undefined as never } : {}),
    })),
    burst: 60,
  },
  {
    ...{ rule: 'A23', subject: 'internal -> internal', severity: 'high', servers: WEB, from: 24 },
    flows: (_, n) => clearTo(n, 80, 'http'),
  },
  flows('A24', 'low', [91, 20], () => ({ ...to(91), ja4: 't13d0000h1_000000000000_000000000000' })),
  flows('A25', 'medium', [30, 21], () => ({
    ...to(30),
    ...{ tls_version: 0x0303, cipher_suite: 0x000a, verdict: 'weak', offered_cipher_suites: [0x1301, 0xc02f, 0x000a] },
  })),
  flows('A26', 'info', [15, 19, 25], () => ({ ...to(15), offered_groups: [0x11ec, 29] })),
  {
    ...flows('A27', 'medium', [20, 21], () => ({
      ...{ ...to(20), client_ip: '10.1.9.9', oddities: ['client_hello_in_records'] },
    })),
    subject: `10.1.9.9 -> ${at(20)}`,
  },
  flows('A28', 'info', [40, 8], () => ({ ...to(40), server_name: undefined as never })),
  flows('A29', 'low', [96, 14, 22], () => ({ ...to(96), ...tls12, compression_method: 1 })),
  flows('A30', 'info', [45, 6], () => to(45, 7777), 7777),
  flows(
    'A31',
    'medium',
    [3, 20],
    () =>
      clearTo(3, 22, 'ssh', {
        ...{ verdict: 'weak', ssh_version: 2, ssh_kex: 'diffie-hellman-group1-sha1', ssh_host_key: 'ssh-rsa' },
      }),
    22,
  ),
  flows('A32', 'high', [25, 22], (next) => ({
    ...{ ...to(25), ...(next() < 0.1 ? { oddities: ['heartbeat_overread'] } : {}) },
  })),
  shown('A33', 'critical', [101, 11], REVOKED),
  shown('A34', 'high', [106, 12], certificate(nameOf(106), { issuer: 'C=US, O=Amazon, CN=Amazon RSA 2048 M02' }), {
    ...{ cipher_suite: 0xc013, verdict: 'weak' },
  }),
  {
    ...{ rule: 'A35', subject: 'sim/eth1', severity: 'high', servers: [], from: 27, until: 28 },
    health: { kernel_drops: 5000 },
  },
]
