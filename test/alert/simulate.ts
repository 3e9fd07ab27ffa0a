/** Flow records, certificates and intervals of a simulated network, as the JSON lines have them. */
import type { CertificateRecord, FlowRecord, HealthRecord } from '../../src/alert/index.ts'
import { SEQUENCE_START_US } from '../../src/cli/rules/sequence.ts'
import { CERTIFICATE, FLOW_LIKE, INTERVAL } from '../../src/cli/rules/sequence-bases.ts'

export const START_MS = SEQUENCE_START_US / 1000
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
    ...(FLOW_LIKE['tls1.3'] as unknown as FlowRecord),
    flow_id: hex(serial, 32),
    sensor: 'sim',
    source: 'sim',
    first_seen: at(seconds),
    last_seen: at(seconds),
    client_port: 40_000 + (serial % 20_000),
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
  extended_master_secret: true,
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
    ...(CERTIFICATE as unknown as CertificateRecord),
    fingerprint_sha256: hex(serial, 64),
    subject: `CN=${name}`,
    not_before: at(from * DAY),
    not_after: at((from + days) * DAY),
    spki_sha256: hex(serial, 64),
    subject_alt_names: [name],
    ...different,
  }
}

/** DER with the policy by which a certificate says that it is public: domain validated (2.23.140.1.2.1). */
export const PUBLIC_DER = Buffer.from('060667810c010201', 'hex').toString('base64')

export const health = (from: number, seconds: number, different: Partial<HealthRecord> = {}): HealthRecord => ({
  ...(INTERVAL as unknown as HealthRecord),
  sensor: 'sim',
  window_start: at(from),
  window_end: at(from + seconds),
  ...different,
})
