/** The servers of a simulated network: what each is when all is well. */
import type { CertificateRecord, FlowRecord } from '../../src/alert/index.ts'
import { certificate, clear, DAY, tls12 } from './simulate.ts'

export const SERVERS = 240
export const CLIENTS = 760

/** The same numbers in every run (Park and Miller). */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

export type Service = (
  seconds: number,
  next: () => number,
) => { flow: Partial<FlowRecord>; certificates?: CertificateRecord[] }

export const ip = (n: number): string => `10.0.${10 + Math.floor(n / 200)}.${n % 200}`
export const nameOf = (n: number): string => `s${n}.example.org`

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

/** A fifth each of five kinds, as they are met in one network, and forty that look worse than they are. */
export const serviceOf = (n: number): Service => (n < 200 ? plainServiceOf(n) : oddServiceOf(n))

function plainServiceOf(n: number): Service {
  const server = { server_ip: ip(n), server_name: nameOf(n) }
  const leaf = renewing(nameOf(n), n % 59)
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

function oddServiceOf(n: number): Service {
  const server = { server_ip: ip(n), server_name: nameOf(n) }
  const [rsa, ecdsa] = [renewing(nameOf(n), n % 59), renewing(nameOf(n), (n + 7) % 59)]
  switch (n % 4) {
    // Mail, and an offer of which nothing came now and then.
    case 0:
      return (_, next) => {
        const mail = { ...server, server_port: 25, app_protocol: 'smtp' }
        const isCutOff = next() < 0.02
        return isCutOff
          ? {
              flow: clear('smtp', {
                server_ip: ip(n),
                server_port: 25,
                verdict: 'unknown',
                upgrade_state: 'advertised',
              }),
            }
          : { flow: { ...mail, upgrade: 'starttls', upgrade_state: 'accepted' } }
      }
    // Certificates of two kinds under one name.
    case 1:
      return (seconds, next) => {
        const shown = (next() < 0.5 ? rsa : ecdsa)(seconds)
        return { flow: { ...server, ...tls12, server_certificates: [shown.fingerprint_sha256] }, certificates: [shown] }
      }
    // Two machines behind one address, of which one knows no TLS 1.3.
    case 2:
      return (_, next) => ({
        flow: { ...server, ...(next() < 0.5 ? {} : { tls_version: 0x0303, cipher_suite: 0xc02f }) },
      })
    // A database to which scans come as well.
    default:
      return (_, next) => {
        const database = { ...server, server_port: 5432, app_protocol: 'postgresql' }
        const scan = {
          ...database,
          ...clear(''),
          verdict: 'unknown',
          bytes_client: 0,
          bytes_server: 0,
          visibility: 'client_only',
        }
        return { flow: next() < 0.03 ? scan : { ...database, upgrade: 'postgresql-ssl', upgrade_state: 'accepted' } }
      }
  }
}
