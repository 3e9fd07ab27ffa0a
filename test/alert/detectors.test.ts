/** Detectors that need a history: a sequence that fires each, and a near miss that does not. */
import { describe, expect, it } from 'vitest'
import {
  type CertificateRecord,
  createAlertEngine,
  DETECTORS,
  type FlowRecord,
  type HealthRecord,
  replayFindings,
} from '../../src/alert/index.ts'
import { certificate, clear, DAY, flow, HOUR, health, MINUTE, many, PUBLIC_DER, tls12 } from './simulate.ts'

interface Case {
  name: string
  rule: string
  /** Severity, or null for a near miss. */
  fires: string | null
  mustFix?: string
  flows?: () => FlowRecord[]
  certificates?: readonly CertificateRecord[]
  health?: () => HealthRecord[]
}

const [good, renewed, other] = ['app.example.org', 'app.example.org', 'app.example.org'].map((name) =>
  certificate(name),
)
const leaf = good as CertificateRecord
const shows = (one: CertificateRecord, different: Partial<FlowRecord> = {}): Partial<FlowRecord> => ({
  ...tls12,
  server_certificates: [one.fingerprint_sha256],
  ...different,
})
const weak = certificate('app.example.org', { key_type: 'rsa', key_bits: 1024, key_curve: undefined as never })
const sha1 = certificate('app.example.org', { signature_hash: 'sha1' })
const root = certificate('Example Root', { signature_hash: 'sha1', self_issued: true, is_ca: true })
const old = certificate('app.example.org', { from: -91 })
const early = certificate('app.example.org', { from: 1 })
const skewed = certificate('app.example.org', { from: -90, days: 90 - 2 / (24 * 60) })
const third = certificate('app.example.org', { from: -65 })
const last = certificate('app.example.org', { from: -80 })
const hours = certificate('app.example.org', { from: -89.5 })
const mesh = certificate('app.example.org', { from: -0.5, days: 1 })
const foreign = certificate('app.example.org', { issuer: 'CN=Somebody Else' })
const selfSigned = certificate('app.example.org', { self_issued: true, issuer: 'CN=app.example.org' })
const elsewhere = certificate('other.example.org')
const wildcard = certificate('*.example.org')
const publicLeaf = certificate('app.example.org', { der: PUBLIC_DER, days: 198 })
const publicLong = certificate('app.example.org', { der: PUBLIC_DER, from: 20, days: 398 })
const privateLong = certificate('app.example.org', { days: 3650 })
const sharedA = certificate('a.example.org', { spki_sha256: 'ab'.repeat(32) })
const sharedB = certificate('b.example.org', { spki_sha256: 'ab'.repeat(32) })
const sharedRenewed = certificate('a.example.org', { spki_sha256: 'ab'.repeat(32), from: -1 })
const amazon = certificate('app.example.org', { issuer: 'C=US, O=Amazon, CN=Amazon RSA 2048 M02' })
const at13 = { named_group: 0x11ec, offered_groups: [0x11ec, 29] }

const failed = (alert = 'server:fatal:40'): Partial<FlowRecord> => ({
  verdict: 'unknown',
  alerts: [alert],
  tls_version: undefined as never,
})
const lowered: Partial<FlowRecord> = { tls_version: 0x0303, cipher_suite: 0xc02f }
const suites12 = { offered_cipher_suites: [0x1301, 0xc02f, 0xc013, 0x000a] }

/** Coverage of a day: `encrypted` of 10 flows, one flow a second for the time given. */
const mix = (from: number, seconds: number, encrypted: number): FlowRecord[] =>
  many(seconds, from, 1, (n) => ((n * 7) % 10 < encrypted ? {} : clear('http', { server_port: 80 })))

const CASES: readonly Case[] = [
  {
    name: '20 encrypted, then 3 answered in the clear',
    rule: 'A1',
    fires: 'critical',
    mustFix: 'server',
    flows: () => [...many(20, 0, 60), ...many(3, 2000, 60, clear('http'))],
  },
  {
    name: '2 in the clear are a mistake',
    rule: 'A1',
    fires: null,
    flows: () => [...many(20, 0, 60), ...many(2, 2000, 60, clear('http'))],
  },
  {
    name: 'what nobody answers is a scan',
    rule: 'A1',
    fires: null,
    flows: () => [...many(20, 0, 60), ...many(9, 2000, 60, clear('http', { bytes_server: 0 }))],
  },
  {
    name: 'a server that always did both',
    rule: 'A1',
    fires: null,
    flows: () =>
      many(80, 0, 600, (n) =>
        n % 3 === 0 ? clear('smtp', { server_port: 25 }) : { server_port: 25, upgrade: 'starttls' },
      ),
  },
  {
    name: 'the history is older than a week',
    rule: 'A1',
    fires: null,
    flows: () => [...many(20, 0, 60), ...many(3, 9 * DAY, 60, clear('http'))],
  },
  {
    name: 'one flow reported three times',
    rule: 'A1',
    fires: null,
    flows: () => {
      const one = flow(2000, clear('http'))
      return [...many(20, 0, 60), one, { ...one, increment: 1 }, { ...one, increment: 2 }]
    },
  },
  {
    name: 'an offer made five times is gone',
    rule: 'A4',
    fires: 'critical',
    mustFix: 'attack',
    flows: () => [
      ...many(5, 0, 60, { server_port: 25, app_protocol: 'smtp', upgrade: 'starttls', upgrade_state: 'accepted' }),
      flow(900, clear('smtp', { server_port: 25, upgrade_state: 'not_offered' })),
    ],
  },
  {
    name: 'a server that never offered it',
    rule: 'A4',
    fires: null,
    flows: () => many(9, 0, 60, clear('smtp', { server_port: 25, upgrade_state: 'not_offered' })),
  },
  {
    name: '20 of TLS 1.3, then 3 of 1.2',
    rule: 'A7',
    fires: 'high',
    mustFix: 'server',
    flows: () => [...many(20, 0, 60), ...many(3, 2000, 60, lowered)],
  },
  {
    name: 'the clients offer no more than 1.2',
    rule: 'A7',
    fires: null,
    flows: () => [...many(20, 0, 60), ...many(9, 2000, 60, tls12)],
  },
  {
    name: 'a pair of servers behind one address',
    rule: 'A7',
    fires: null,
    flows: () => many(90, 0, 60, (n) => (n % 5 < 3 ? {} : lowered)),
  },
  {
    name: 'the sentinel though 1.3 was offered',
    rule: 'A8',
    fires: 'critical',
    mustFix: 'attack',
    flows: () => [flow(0, { ...lowered, downgrade_sentinel: 'tls12' })],
  },
  {
    name: 'the client aborts, as it must',
    rule: 'A8',
    fires: 'high',
    mustFix: 'attack',
    flows: () => [
      flow(0, { ...lowered, downgrade_sentinel: 'tls12', verdict: 'unknown', alerts: ['client:fatal:47'] }),
    ],
  },
  {
    name: 'the sentinel alone: the client is the limit',
    rule: 'A8',
    fires: 'info',
    mustFix: 'client',
    flows: () => [flow(0, { ...tls12, downgrade_sentinel: 'tls12' })],
  },
  {
    name: 'RSA of 1024 bits',
    rule: 'A11',
    fires: 'high',
    mustFix: 'server',
    certificates: [weak],
    flows: () => [flow(0, shows(weak))],
  },
  { name: 'signed with SHA-1', rule: 'A11', fires: 'high', certificates: [sha1], flows: () => [flow(0, shows(sha1))] },
  {
    name: 'a root that signed itself with SHA-1',
    rule: 'A11',
    fires: null,
    certificates: [leaf, root],
    flows: () => [flow(0, shows(leaf, { server_certificates: [leaf.fingerprint_sha256, root.fingerprint_sha256] }))],
  },
  { name: 'expired', rule: 'A12', fires: 'critical', certificates: [old], flows: () => [flow(0, shows(old))] },
  { name: 'not yet valid', rule: 'A12', fires: 'high', certificates: [early], flows: () => [flow(0, shows(early))] },
  {
    name: 'expired two minutes ago: clocks differ',
    rule: 'A12',
    fires: null,
    certificates: [skewed],
    flows: () => [flow(0, shows(skewed))],
  },
  {
    name: 'expired today, but not when it was shown',
    rule: 'A12',
    fires: null,
    certificates: [leaf],
    flows: () => [flow(0, shows(leaf))],
  },
  {
    name: 'the handshake failed',
    rule: 'A12',
    fires: null,
    certificates: [old],
    flows: () => [flow(0, shows(old, failed('client:fatal:45')))],
  },
  {
    name: 'a third of its life left',
    rule: 'A13',
    fires: 'info',
    certificates: [third],
    flows: () => [flow(0, shows(third))],
  },
  { name: 'a tenth left', rule: 'A13', fires: 'medium', certificates: [last], flows: () => [flow(0, shows(last))] },
  { name: 'hours left', rule: 'A13', fires: 'critical', certificates: [hours], flows: () => [flow(0, shows(hours))] },
  {
    name: 'a certificate of one day at noon',
    rule: 'A13',
    fires: null,
    certificates: [mesh],
    flows: () => [flow(0, shows(mesh))],
  },
  {
    name: 'another key of another issuer',
    rule: 'A14',
    fires: 'high',
    certificates: [leaf, foreign],
    flows: () => [flow(0, shows(leaf)), flow(60, shows(foreign))],
  },
  {
    name: 'another key of the same issuer',
    rule: 'A14',
    fires: null,
    certificates: [leaf, renewed as CertificateRecord],
    flows: () => [flow(0, shows(leaf)), flow(60, shows(renewed as CertificateRecord))],
  },
  {
    name: 'another issuer when the old one was due',
    rule: 'A14',
    fires: null,
    certificates: [third, foreign],
    flows: () => [flow(0, shows(third)), flow(60, shows(foreign))],
  },
  {
    name: 'three in turn for two days',
    rule: 'A15',
    fires: 'medium',
    certificates: [leaf, renewed as CertificateRecord, other as CertificateRecord],
    flows: () => many(96, 0, HOUR / 2, (n) => shows([leaf, renewed, other][n % 3] as CertificateRecord)),
  },
  {
    name: 'two: RSA and ECDSA',
    rule: 'A15',
    fires: null,
    certificates: [leaf, renewed as CertificateRecord],
    flows: () => many(96, 0, HOUR / 2, (n) => shows([leaf, renewed][n % 2] as CertificateRecord)),
  },
  {
    name: 'a rollout of a day',
    rule: 'A15',
    fires: null,
    certificates: [leaf, renewed as CertificateRecord, other as CertificateRecord],
    flows: () => many(44, 0, HOUR / 2, (n) => shows([leaf, renewed, other][n % 3] as CertificateRecord)),
  },
  {
    name: 'self-signed after issued',
    rule: 'A16',
    fires: 'high',
    certificates: [leaf, selfSigned],
    flows: () => [...many(3, 0, 60, shows(leaf)), flow(600, shows(selfSigned))],
  },
  {
    name: 'self-signed from the beginning',
    rule: 'A16',
    fires: null,
    certificates: [selfSigned],
    flows: () => many(9, 0, 60, shows(selfSigned)),
  },
  {
    name: 'three clients do not mind the name',
    rule: 'A17',
    fires: 'medium',
    certificates: [elsewhere],
    flows: () => many(3, 0, 60, shows(elsewhere)),
  },
  {
    name: 'a wildcard covers it',
    rule: 'A17',
    fires: null,
    certificates: [wildcard],
    flows: () => many(9, 0, 60, shows(wildcard)),
  },
  {
    name: 'public and alone',
    rule: 'A18',
    fires: 'low',
    certificates: [publicLeaf],
    flows: () => many(3, 0, 60, shows(publicLeaf)),
  },
  {
    name: 'private and alone: issued by the root',
    rule: 'A18',
    fires: null,
    certificates: [leaf],
    flows: () => many(9, 0, 60, shows(leaf)),
  },
  {
    name: '398 days since 2026-03-15',
    rule: 'A19',
    fires: 'medium',
    certificates: [publicLong],
    flows: () => [flow(21 * DAY, shows(publicLong))],
  },
  {
    name: 'ten years, but private',
    rule: 'A19',
    fires: null,
    certificates: [privateLong],
    flows: () => [flow(0, shows(privateLong))],
  },
  {
    name: 'a wildcard on six servers',
    rule: 'A20',
    fires: 'medium',
    certificates: [wildcard],
    flows: () => many(6, 0, 60, (n) => shows(wildcard, { server_ip: `10.0.2.${n + 1}` })),
  },
  {
    name: 'one key of two identities',
    rule: 'A20',
    fires: 'medium',
    certificates: [sharedA, sharedB],
    flows: () => [flow(0, shows(sharedA)), flow(1, shows(sharedB))],
  },
  {
    name: 'one key kept at the renewal',
    rule: 'A20',
    fires: null,
    certificates: [sharedA, sharedRenewed],
    flows: () => [flow(0, shows(sharedA)), flow(1, shows(sharedRenewed))],
  },
  {
    name: 'client certificates are no longer asked for',
    rule: 'A21',
    fires: 'critical',
    mustFix: 'server',
    flows: () => [...many(200, 0, 10, { ...tls12, client_certificate: 'presented' }), ...many(20, 3000, 10, tls12)],
  },
  {
    name: 'clients without a certificate are let in',
    rule: 'A21',
    fires: 'critical',
    flows: () => [
      ...many(60, 0, 10, { ...tls12, client_certificate: 'presented' }),
      ...many(3, 3000, 10, { ...tls12, client_certificate: 'empty' }),
    ],
  },
  {
    name: 'resumed handshakes ask for none',
    rule: 'A21',
    fires: null,
    flows: () => [
      ...many(200, 0, 10, { ...tls12, client_certificate: 'presented' }),
      ...many(99, 3000, 10, { ...tls12, resumed: true }),
    ],
  },
  {
    name: 'half of the handshakes fail',
    rule: 'A22',
    fires: 'high',
    mustFix: 'client',
    flows: () => [...many(600, 0, 6), ...many(60, 2 * HOUR, 4, (n) => (n % 2 === 0 ? failed() : {}))],
  },
  {
    name: 'two of a hundred fail',
    rule: 'A22',
    fires: null,
    flows: () => many(900, 0, 2, (n) => (n % 50 === 0 ? failed() : {})),
  },
  {
    name: 'a quarter fails, as always',
    rule: 'A22',
    fires: 'high',
    flows: () => many(900, 0, 2, (n) => (n % 4 === 0 ? failed() : {})),
  },
  { name: 'few handshakes, all of them failed', rule: 'A22', fires: null, flows: () => many(20, 0, 60, failed()) },
  {
    name: '80 % becomes 40 %',
    rule: 'A23',
    fires: 'high',
    flows: () => [...mix(0, 6 * HOUR, 8), ...mix(6 * HOUR, HOUR, 4)],
  },
  { name: '80 % stays', rule: 'A23', fires: null, flows: () => mix(0, 8 * HOUR, 8) },
  {
    name: '80 % becomes 70 % for five minutes',
    rule: 'A23',
    fires: null,
    flows: () => [...mix(0, 6 * HOUR, 8), ...mix(6 * HOUR, 5 * MINUTE, 7), ...mix(6 * HOUR + 5 * MINUTE, HOUR, 8)],
  },
  {
    name: 'a client of another kind after 15 days',
    rule: 'A24',
    fires: 'low',
    flows: () => [...many(120, 0, 3 * HOUR), flow(15 * DAY + 1, { ja4: 't13d0000h1_000000000000_000000000000' })],
  },
  {
    name: 'a client of another kind on the second day',
    rule: 'A24',
    fires: null,
    flows: () => [...many(120, 0, 60), flow(2 * DAY, { ja4: 't13d0000h1_000000000000_000000000000' })],
  },
  {
    name: 'strong, then ten weak of clients that offer better',
    rule: 'A25',
    fires: 'medium',
    mustFix: 'server',
    flows: () => [
      ...many(20, 0, 60),
      ...many(10, 3000, 60, { ...lowered, ...suites12, verdict: 'weak', cipher_suite: 0x000a }),
    ],
  },
  {
    name: 'clients that offer nothing better',
    rule: 'A25',
    fires: null,
    flows: () => [
      ...many(20, 0, 60),
      ...many(20, 3000, 60, { ...tls12, verdict: 'weak', cipher_suite: 0x000a, offered_cipher_suites: [0x000a] }),
    ],
  },
  {
    name: 'post-quantum, then not',
    rule: 'A26',
    fires: 'medium',
    flows: () => [...many(20, 0, 60, at13), ...many(3, 3000, 60, { ...at13, named_group: 29 })],
  },
  {
    name: 'clients that do not offer it',
    rule: 'A26',
    fires: null,
    flows: () => [...many(20, 0, 60, at13), ...many(9, 3000, 60)],
  },
  { name: 'compression', rule: 'A29', fires: 'low', flows: () => [flow(0, { ...tls12, compression_method: 1 })] },
  {
    name: 'some that name no server, where others do',
    rule: 'A28',
    fires: 'info',
    mustFix: 'client',
    flows: () => [...many(3, 0, 60), ...many(3, 1000, 60, { server_name: undefined as never })],
  },
  {
    name: 'a server that nobody names',
    rule: 'A28',
    fires: null,
    flows: () => many(50, 0, 60, { server_name: undefined as never }),
  },
  {
    name: 'TLS on a new port',
    rule: 'A30',
    fires: 'info',
    flows: () => [flow(0), ...many(3, 2 * DAY, 60, { server_port: 7777 })],
  },
  {
    name: 'TLS on a port that was always there',
    rule: 'A30',
    fires: null,
    flows: () => many(200, 0, HOUR, { server_port: 7777 }),
  },
  {
    name: 'RSA by Amazon, CBC with SHA-1',
    rule: 'A34',
    fires: 'high',
    certificates: [amazon],
    flows: () => [flow(0, shows(amazon, { cipher_suite: 0xc013, verdict: 'weak' }))],
  },
  {
    name: 'RSA by Amazon, GCM',
    rule: 'A34',
    fires: null,
    certificates: [amazon],
    flows: () => [flow(0, shows(amazon))],
  },
  {
    name: 'dropped frames',
    rule: 'A35',
    fires: 'high',
    mustFix: 'network',
    health: () => [health(0, 10, { kernel_drops: 500 })],
  },
  { name: 'a few dropped frames', rule: 'A35', fires: null, health: () => [health(0, 10, { kernel_drops: 50 })] },
  {
    name: 'no packet for five minutes',
    rule: 'A35',
    fires: 'high',
    health: () => Array.from({ length: 31 }, (_, n) => health(n * 10, 10, { frames_received: 0 })),
  },
  {
    name: 'no packet for a minute',
    rule: 'A35',
    fires: null,
    health: () => Array.from({ length: 6 }, (_, n) => health(n * 10, 10, { frames_received: 0 })),
  },
  {
    name: 'one direction is missing',
    rule: 'A35',
    fires: 'high',
    flows: () => many(300, 0, 1, (n) => (n % 10 === 0 ? { visibility: 'client_only', verdict: 'unknown' } : {})),
  },
  {
    name: 'something is missing in one conversation of a hundred',
    rule: 'A35',
    fires: 'high',
    flows: () => many(400, 0, 1, (n) => (n % 100 === 0 ? { verdict: 'unknown', reason: 'gap' } : {})),
  },
  {
    name: 'something is missing in one conversation of four hundred',
    rule: 'A35',
    fires: null,
    flows: () => many(800, 0, 1, (n) => (n % 400 === 0 ? { verdict: 'unknown', reason: 'gap' } : {})),
  },
  {
    name: 'a scan has one side',
    rule: 'A35',
    fires: null,
    flows: () => many(600, 0, 1, { visibility: 'client_only', verdict: 'unknown', bytes_client: 0, bytes_server: 0 }),
  },
]

describe.each(CASES)('$rule: $name', ({ rule, fires, mustFix, flows, certificates, health: intervals }) => {
  it(fires === null ? 'does not fire' : `fires as ${fires}`, () => {
    const records = { flows: flows?.() ?? [], certificates: certificates ?? [], health: intervals?.() ?? [] }
    const found = replayFindings(records).filter((finding) => finding.rule === rule)
    expect(found.map(({ severity }) => severity)).toEqual(fires === null ? [] : [fires])
    if (mustFix !== undefined) expect(found[0]?.must_fix).toBe(mustFix)
    expect(found.every(({ what, sql, runbook }) => what !== '' && sql !== '' && runbook.includes(rule))).toBe(true)
  })
})

it('tells of a coverage drop nothing while capture loses frames', () => {
  const flows = [...mix(0, 6 * HOUR, 8), ...mix(6 * HOUR, HOUR, 4)]
  const engine = createAlertEngine()
  flows.forEach((record, n) => {
    if (n % MINUTE === 0) engine.healthInterval(health(n, MINUTE, { kernel_drops: n >= 6 * HOUR ? 5000 : 0 }))
    engine.flow(record)
  })
  expect(engine.findings().map(({ rule }) => rule)).toEqual(['A35'])
})

it('covers every detector but those that one capture fires', () => {
  const byCapture = new Set(['A2', 'A3', 'A5', 'A6', 'A9', 'A10', 'A27', 'A31', 'A32', 'A33'])
  const fired = new Set(CASES.filter(({ fires }) => fires !== null).map(({ rule }) => rule))
  const missed = new Set(CASES.filter(({ fires }) => fires === null).map(({ rule }) => rule))
  const rest = DETECTORS.map(({ id }) => id).filter((id) => !byCapture.has(id))
  expect(rest.filter((id) => !fired.has(id))).toEqual([])
  expect(rest.filter((id) => !missed.has(id) && id !== 'A8' && id !== 'A29')).toEqual([])
})
