/** A network of 1,000 endpoints for a month: healthy, and with planted faults. */
import { expect, it, vi } from 'vitest'
import { type CertificateRecord, createAlertEngine, type FlowRecord } from '../../src/alert/index.ts'
import { at, certificate, clear, DAY, flow, HOUR, health, tls12 } from './simulate.ts'

// Two months of packet time go by in seconds, on a machine with nothing else to do.
vi.setConfig({ testTimeout: 240_000 })

const DAYS = 30
const SERVERS = 200
const CLIENTS = 800
const FLOWS_A_DAY = 5000
const TOLD = new Set(['critical', 'high', 'medium', 'low'])

/** The same numbers in every run (Park and Miller). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

type Service = (
  seconds: number,
  next: () => number,
) => { flow: Partial<FlowRecord>; certificates?: CertificateRecord[] }

const ip = (n: number): string => `10.0.${10 + Math.floor(n / 200)}.${n % 200}`

/** Certificates of 90 days, renewed with a third and a day left, by the same issuer, with a new key. */
function renewing(name: string, offset: number): (seconds: number) => CertificateRecord {
  const made = new Map<number, CertificateRecord>()
  return (seconds) => {
    const turn = Math.floor((seconds / DAY + offset) / 59)
    const known = made.get(turn) ?? certificate(name, { from: turn * 59 - offset })
    made.set(turn, known)
    return known
  }
}

/** What a server is: a fifth each of five kinds, as they are met in one network. */
function serviceOf(n: number): Service {
  const name = `s${n}.example.org`
  const server = { server_ip: ip(n), server_name: name }
  const leaf = renewing(name, n % 59)
  switch (n % 5) {
    case 0:
      return () => ({ flow: { ...server, named_group: 0x11ec, offered_groups: [0x11ec, 29] } })
    case 1:
      return (seconds, next) => {
        const shown = leaf(seconds)
        const resumed = next() < 0.4
        const chain = resumed ? {} : { server_certificates: [shown.fingerprint_sha256] }
        return { flow: { ...server, ...tls12, resumed, ...chain }, certificates: [shown] }
      }
    case 2:
      return (seconds, next) => {
        const shown = leaf(seconds)
        const how = { ...tls12, server_certificates: [shown.fingerprint_sha256], client_certificate: 'presented' }
        // One client of a hundred is refused for its certificate.
        const refused = next() < 0.01 ? { verdict: 'unknown', alerts: ['server:fatal:46'] } : {}
        return { flow: { ...server, server_port: 8443, ...how, ...refused }, certificates: [shown] }
      }
    case 3:
      return () => ({
        flow: clear('ssh', {
          ...server,
          server_name: undefined as never,
          server_port: 22,
          verdict: 'strong',
          ssh_version: 2,
          ssh_kex: 'curve25519-sha256',
          ssh_host_key: 'ssh-ed25519',
          ssh_cipher: 'aes128-ctr',
        }),
      })
    default:
      return (_, next) => {
        // Old clients meet old and new servers; a web server that also answers in the clear redirects.
        const version = next() < 0.5 ? {} : { tls_version: 0x0303, offered_versions: [0x0303], cipher_suite: 0xc02f }
        return {
          flow:
            next() < 0.2
              ? clear('http', { ...server, server_name: undefined as never, server_port: 80 })
              : { ...server, ...version },
        }
      }
  }
}

interface Fault {
  /** Its number: from the day on it does nothing else. */
  server: number
  rule: string
  subject: string
  from: number
  flows: (next: () => number, seconds: number) => Partial<FlowRecord>
  certificates?: CertificateRecord[]
}

const NAME = (n: number): string => `s${n}.example.org`
const expired = certificate(NAME(11), { from: -100 })
const foreign = certificate(NAME(16), { issuer: 'CN=Somebody Else' })
const selfSigned = certificate(NAME(21), { self_issued: true, issuer: `CN=${NAME(21)}` })
const rsa1024 = certificate(NAME(26), { key_type: 'rsa', key_bits: 1024 })
const shown = (one: CertificateRecord) => ({ ...tls12, server_certificates: [one.fingerprint_sha256] })
const to = (n: number, port = 443) => ({ server_ip: ip(n), server_name: NAME(n), server_port: port })
const clearTo = (n: number, port: number, protocol: string, different: Partial<FlowRecord> = {}) =>
  clear(protocol, { server_ip: ip(n), server_port: port, ...different })

const FAULTS: readonly Fault[] = [
  { server: 0, rule: 'A1', subject: `${ip(0)}:443`, from: 8, flows: () => clearTo(0, 443, 'http') },
  { server: 5, rule: 'A2', subject: `${ip(5)}:443`, from: 9, flows: () => clearTo(5, 443, 'mqtt') },
  {
    server: 7,
    rule: 'A3',
    subject: `${ip(7)}:21`,
    from: 3,
    flows: () => clearTo(7, 21, 'ftp', { credentials_exposed: ['ftp-pass'] }),
  },
  {
    server: 9,
    rule: 'A4',
    subject: `${ip(9)}:25`,
    from: 4,
    flows: (next) =>
      next() < 0.5
        ? { ...to(9, 25), upgrade: 'starttls', upgrade_state: 'accepted', app_protocol: 'smtp' }
        : clearTo(9, 25, 'smtp', { upgrade_state: 'stripped' }),
  },
  {
    server: 14,
    rule: 'A5',
    subject: `${ip(14)}:5432`,
    from: 5,
    flows: () => clearTo(14, 5432, 'postgresql', { upgrade_state: 'refused' }),
  },
  {
    server: 19,
    rule: 'A6',
    subject: `${ip(19)}:443`,
    from: 6,
    flows: () => ({ ...to(19), tls_version: 0x0301, verdict: 'weak', offered_versions: [0x0301] }),
  },
  {
    server: 10,
    rule: 'A7',
    subject: `${ip(10)}:443`,
    from: 11,
    flows: () => ({ ...to(10), tls_version: 0x0303, cipher_suite: 0xc02f }),
  },
  {
    server: 24,
    rule: 'A8',
    subject: `${ip(24)}:443`,
    from: 12,
    flows: () => ({ ...to(24), tls_version: 0x0303, downgrade_sentinel: 'tls12' }),
  },
  {
    server: 29,
    rule: 'A9',
    subject: `${ip(29)}:443`,
    from: 13,
    flows: () => ({ ...to(29), ...tls12, cipher_suite: 0x0005, verdict: 'weak' }),
  },
  {
    server: 34,
    rule: 'A10',
    subject: `${ip(34)}:443`,
    from: 13,
    flows: () => ({ ...to(34), ...tls12, dh_bits: 1024, verdict: 'weak' }),
  },
  {
    server: 26,
    rule: 'A11',
    subject: `${NAME(26)}:443`,
    from: 14,
    flows: () => ({ ...to(26), ...shown(rsa1024) }),
    certificates: [rsa1024],
  },
  {
    server: 11,
    rule: 'A12',
    subject: `${NAME(11)}:443`,
    from: 15,
    flows: () => ({ ...to(11), ...shown(expired) }),
    certificates: [expired],
  },
  {
    server: 16,
    rule: 'A14',
    subject: `${NAME(16)}:443`,
    from: 16,
    flows: () => ({ ...to(16), ...shown(foreign) }),
    certificates: [foreign],
  },
  {
    server: 21,
    rule: 'A16',
    subject: `${NAME(21)}:443`,
    from: 17,
    flows: () => ({ ...to(21), ...shown(selfSigned) }),
    certificates: [selfSigned],
  },
  { server: 2, rule: 'A21', subject: `${ip(2)}:8443`, from: 18, flows: () => ({ ...to(2, 8443), ...tls12 }) },
  {
    server: 15,
    rule: 'A26',
    subject: `${ip(15)}:443`,
    from: 19,
    flows: () => ({ ...to(15), offered_groups: [0x11ec, 29] }),
  },
  {
    server: 20,
    rule: 'A27',
    subject: `10.1.9.9 -> ${ip(20)}:443`,
    from: 21,
    flows: () => ({ ...to(20), client_ip: '10.1.9.9', oddities: ['client_hello_in_records'] }),
  },
  {
    server: 25,
    rule: 'A32',
    subject: `${ip(25)}:443`,
    from: 22,
    flows: (next) => ({ ...to(25), ...(next() < 0.1 ? { oddities: ['heartbeat_overread'] } : {}) }),
  },
  {
    server: 3,
    rule: 'A31',
    subject: `${ip(3)}:22`,
    from: 20,
    flows: () =>
      clearTo(3, 22, 'ssh', {
        verdict: 'weak',
        ssh_version: 2,
        ssh_kex: 'diffie-hellman-group1-sha1',
        ssh_host_key: 'ssh-rsa',
      }),
  },
]

function month(faults: readonly Fault[]): {
  opened: { day: number; key: string; severity: string }[]
  flows: number
  ms: number
} {
  const next = random(20_260_302)
  const services = Array.from({ length: SERVERS }, (_, n) => serviceOf(n))
  const engine = createAlertEngine()
  const opened: { day: number; key: string; severity: string }[] = []
  const began = performance.now()
  let flows = 0
  for (let day = 0; day < DAYS; day++) {
    for (let n = 0; n < FLOWS_A_DAY; n++) {
      const seconds = day * DAY + Math.floor((n * DAY) / FLOWS_A_DAY)
      if (n % 100 === 0) engine.healthInterval(health(seconds, DAY / 60))
      // Less by night.
      if (Math.floor(seconds / HOUR) % 24 < 6 && next() < 0.7) continue
      const server = Math.floor(next() * SERVERS)
      const fault = faults.find((one) => one.server === server && day >= one.from)
      const client = { client_ip: `10.1.${Math.floor((next() * CLIENTS) / 200)}.${Math.floor(next() * 200)}` }
      const { flow: what, certificates } =
        fault === undefined
          ? (services[server] as Service)(seconds, next)
          : { flow: fault.flows(next, seconds), certificates: fault.certificates }
      for (const one of certificates ?? []) engine.certificate(one)
      engine.flow(flow(seconds, { ...client, ...what }))
      flows += 1
    }
    for (const { kind, finding } of engine.takeEvents()) {
      if (kind === 'opened' || kind === 'reopened' || kind === 'worsened')
        opened.push({ day, key: finding.key, severity: finding.severity })
    }
  }
  return { opened: opened.filter(({ severity }) => TOLD.has(severity)), flows, ms: performance.now() - began }
}

it('has no alert in a healthy month', () => {
  const { opened, flows } = month([])
  expect(opened).toEqual([])
  expect(flows).toBeGreaterThan(100_000)
  expect(at(DAYS * DAY)).toBe('2026-04-01T00:00:00.000Z')
})

it('finds every planted fault, and no more than five a day beyond them', () => {
  const { opened } = month(FAULTS)
  const found = new Set(opened.map(({ key }) => key))
  expect(FAULTS.map(({ rule, subject }) => `${rule}|${subject}`).filter((key) => !found.has(key))).toEqual([])
  const subjects = new Set(FAULTS.map(({ subject }) => subject))
  const beyond = opened.filter(({ key }) => !subjects.has(key.split('|')[1] ?? ''))
  for (let day = 0; day < DAYS; day++) expect(beyond.filter((one) => one.day === day).length).toBeLessThanOrEqual(5)
  // What a planted fault brings beside itself is told once, not every day.
  expect(opened.length).toBeLessThanOrEqual(3 * FAULTS.length)
})
