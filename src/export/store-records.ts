/** All flows and certificates of a store, in pages. */
import type { Store } from '../store/index.ts'
import { type CertificateRecord, type FlowRecord, recordOfRow } from './record.ts'

export interface TimeRange {
  /** RFC 3339 in UTC. */
  readonly from: string
  readonly to: string
}

const PAGE = 5000

/** Those that overlap the range, oldest first. */
export async function* storedFlows(store: Store, range: TimeRange): AsyncGenerator<FlowRecord[]> {
  let after = { after_first_seen: '1970-01-01T00:00:00.000000Z', after_flow_id: '0'.repeat(32) }
  for (;;) {
    const rows = await store.select<Record<string, unknown>>('flows', {
      ...range,
      ...EVERYTHING,
      ...after,
      limit: PAGE,
    })
    if (rows.length > 0) yield rows.map(recordOfRow)
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE) return
    after = { after_first_seen: String(last['first_seen']), after_flow_id: String(last['flow_id']) }
  }
}

const EVERYTHING = {
  verdicts: [],
  app_protocols: [],
  server_ips: [],
  server_ports: [],
  sensors: [],
  server_names: [],
  server_name_suffixes: [],
}

/** Those that were shown in the range. */
export async function* storedCertificates(store: Store, range: TimeRange): AsyncGenerator<CertificateRecord[]> {
  let after = { after_end_s: '-99999999999', after_fingerprint: '' }
  for (;;) {
    const asked = { ...range, ...after, server_ips: [], roles: [], provenances: [], expires_before: LAST, limit: PAGE }
    const rows = await store.select<Record<string, unknown>>('certificates', asked)
    if (rows.length > 0) yield rows.map((row) => row as CertificateRecord)
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE) return
    after = { after_end_s: String(last['end_s']), after_fingerprint: String(last['fingerprint_sha256']) }
  }
}

const LAST = '2262-01-01T00:00:00.000000Z'

/** Names of the store's own. */
const UNTOLD = ['client_hello_hash', 'stored_at']

export async function storedColumns(store: Store): Promise<string[]> {
  const columns = await store.select<{ name: string }>('flow-columns')
  return columns.map(({ name }) => name).filter((name) => !UNTOLD.includes(name))
}
