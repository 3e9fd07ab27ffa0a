/** A flow record as it comes from a replay's JSON lines or from the store. docs/flow-record.md has the vocabulary. */
import type { Verdict } from '../core/verdict.ts'

/** What every record has. */
export interface FlowRecord {
  readonly flow_id: string
  readonly sensor: string
  readonly policy: string
  readonly source: string
  readonly first_seen: string
  readonly last_seen: string
  readonly transport: string
  readonly client_ip: string
  readonly client_port: number
  readonly server_ip: string
  readonly server_port: number
  readonly packets_client: number
  readonly packets_server: number
  readonly bytes_client: number
  readonly bytes_server: number
  readonly visibility: string
  readonly verdict: Verdict
  /** What else was seen, by name. */
  readonly [name: string]: unknown
}

/** What IKE offered and agreed on: neither ECS nor OCSF has a place for it. */
export const IKE_FIELDS = [
  ...['ike_version', 'ike_mode', 'ike_authentication', 'ike_encryption', 'ike_key_bits', 'ike_integrity', 'ike_prf'],
  ...['ike_group', 'ike_offered_proposals'],
] as const

/** What is known of a certificate, as `record/certificate-line.ts` writes it or the store has it; without the DER. */
export interface CertificateRecord {
  readonly fingerprint_sha256: string
  readonly [name: string]: unknown
}

/** Records of whole JSON lines in ASCII. */
export const recordsOf = <T extends FlowRecord | CertificateRecord>(lines: Uint8Array): T[] =>
  Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength)
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)

/** Some servers write 64-bit integers as text. */
const COUNTERS = ['packets_client', 'packets_server', 'bytes_client', 'bytes_server'] as const

/** As a replay would have written it: what was not seen is left out. Lists of a ClientHello are not in the store's rows. */
export function recordOfRow(row: Readonly<Record<string, unknown>>): FlowRecord {
  const record: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(row)) {
    const isNothing = value === null || (Array.isArray(value) && value.length === 0)
    if (!isNothing) record[name] = value
  }
  for (const name of COUNTERS) record[name] = Number(row[name])
  return record as FlowRecord
}

/** A text, or undefined. */
export function textOf(record: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = record[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function numberOf(record: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = record[name]
  return typeof value === 'number' ? value : undefined
}

/** A list of texts, empty where there is none. */
export function textsOf(record: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const value = record[name]
  return Array.isArray(value) ? (value as string[]) : []
}

export function numbersOf(record: Readonly<Record<string, unknown>>, name: string): readonly number[] {
  const value = record[name]
  return Array.isArray(value) ? (value as number[]) : []
}
