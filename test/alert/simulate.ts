/** Flow records, certificates and intervals of a simulated network, as the JSON lines have them. */
import type { CertificateRecord, FlowRecord, HealthRecord } from '../../src/alert/index.ts'

/** Monday, 2026-03-02. */
export const START_MS = Date.UTC(2026, 2, 2)
export const HOUR = 3600
export const DAY = 86_400

let serial = 0

/** `seconds` after the start. */
export const at = (seconds: number): string => new Date(START_MS + seconds * 1000).toISOString()

const hex = (n: number, width: number): string => n.toString(16).padStart(width, '0')

/** A healthy flow of TLS 1.3 with what is different in it. */
export function flow(seconds: number, different: Partial<FlowRecord> = {}): FlowRecord {
  serial += 1
  const record: FlowRecord = {
    flow_id: hex(serial, 32),
    sensor: 'sim',
    source: 'sim',
    first_seen: at(seconds),
    last_seen: at(seconds),
    transport: 'tcp',
    client_ip: '10.0.1.10',
    client_port: 40_000 + (serial % 20_000),
    server_ip: '10.0.2.20',
    server_port: 443,
    packets_client: 8,
    packets_server: 8,
    bytes_client: 900,
    bytes_server: 5000,
    visibility: 'both',
    verdict: 'strong',
    app_protocol: 'tls',
    tls_version: 0x0304,
    cipher_suite: 0x1301,
    named_group: 29,
    server_name: 'app.example.org',
    offered_versions: [0x0304, 0x0303],
    offered_cipher_suites: [0x1301, 0x1302, 0xc02f, 0xc030],
    offered_groups: [29, 23],
    ja4: 't13d1516h2_8daaf6152771_02713d6af862',
    resumed: false,
    client_certificate: 'unobservable',
    ...different,
  }
  // As a line has it: what was not seen is left out.
  const isUnseen = Object.values(record).includes(undefined)
  return isUnseen ? JSON.parse(JSON.stringify(record)) : record
}

/** TLS 1.2, where certificates are in the clear. */
export const tls12: Partial<FlowRecord> = {
  tls_version: 0x0303,
  cipher_suite: 0xc02f,
  offered_versions: [0x0303],
  client_certificate: 'none',
}

/** What is no TLS. */
export const clear = (protocol: string, different: Partial<FlowRecord> = {}): Partial<FlowRecord> => ({
  app_protocol: protocol,
  verdict: 'plaintext',
  tls_version: undefined as never,
  cipher_suite: undefined as never,
  named_group: undefined as never,
  server_name: undefined as never,
  offered_versions: undefined as never,
  offered_cipher_suites: undefined as never,
  offered_groups: undefined as never,
  ja4: undefined as never,
  resumed: undefined as never,
  client_certificate: undefined as never,
  ...different,
})

/** `count` flows, `step` seconds apart. */
export const many = (
  count: number,
  from: number,
  step: number,
  different: Partial<FlowRecord> | ((n: number) => Partial<FlowRecord>) = {},
): FlowRecord[] =>
  Array.from({ length: count }, (_, n) =>
    flow(from + n * step, typeof different === 'function' ? different(n) : different),
  )

/** A certificate of 90 days that began a week before the start. */
export function certificate(
  name: string,
  { from = -7, days = 90, ...different }: Partial<CertificateRecord> & { from?: number; days?: number } = {},
): CertificateRecord {
  serial += 1
  return {
    fingerprint_sha256: hex(serial, 64),
    subject: `CN=${name}`,
    issuer: 'CN=Example Issuing CA',
    not_before: at(from * DAY),
    not_after: at((from + days) * DAY),
    key_type: 'ec',
    key_bits: 256,
    key_curve: 'secp256r1',
    spki_sha256: hex(serial, 64),
    signature_hash: 'sha256',
    is_ca: false,
    self_issued: false,
    subject_alt_names: [name],
    ...different,
  }
}

/** DER with the policy by which a certificate says that it is public: domain validated (2.23.140.1.2.1). */
export const PUBLIC_DER = Buffer.from('060667810c010201', 'hex').toString('base64')

export const health = (from: number, seconds: number, different: Partial<HealthRecord> = {}): HealthRecord => ({
  sensor: 'sim',
  source: 'eth1',
  worker: 0,
  window_start: at(from),
  window_end: at(from + seconds),
  state: 'up',
  frames_received: 100_000,
  kernel_drops: 0,
  interface_drops: 0,
  frames_not_decoded: 0,
  fragments_dropped: 0,
  flows_evicted: 0,
  sessions_evicted: 0,
  ...different,
})
