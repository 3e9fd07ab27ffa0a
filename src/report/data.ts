/** What the report is made of, read from the store by its queries. */
import type { Store } from '../store/index.ts'

/** Before the first and after the last packet that a capture can hold. */
const FROM = '1970-01-01T00:00:00.000000Z'
const TO = '2262-01-01T00:00:00.000000Z'
const WORST = 8
const COMMON = 8

export interface Coverage {
  unit: 'flows' | 'bytes' | 'edges'
  total: number
  plaintext: number
  weak: number
  strong: number
  opaque: number
  unknown: number
  exempt: number
  /** 0..1; null where nothing can be judged. */
  low: number | null
  point: number | null
  high: number | null
}

export interface Share {
  name: string
  flows: number
  bytes: number
}

export interface Service {
  server_ip: string
  server_port: number
  app_protocol: string | null
  server_name: string | null
  http_host: string | null
  flows: number
  bytes: number
  clients: number
  credentials: string[]
  violations: string[]
}

export interface Endpoint {
  server_ip: string
  server_port: number
  server_name: string | null
  tls_versions: string[]
  cipher_suites: string[]
  violations: string[]
  flows: number
  bytes: number
}

export interface ReportData {
  range: { first_seen: string | null; last_seen: string | null; flows: number; sources: number }
  coverage: Coverage[]
  verdicts: { verdict: string; flows: number; bytes: number; edges: number }[]
  tls_versions: Share[]
  cipher_suites: Share[]
  named_groups: Share[]
  plaintext_services: Service[]
  weak_endpoints: Endpoint[]
  rules: { violation: string; flows: number; endpoints: number }[]
  unseen: { reason: string; flows: number; bytes: number; example: number[] }[]
}

export async function readReport(store: Store): Promise<ReportData> {
  const select = async <T>(query: string, params: Record<string, unknown> = {}): Promise<T[]> =>
    (await store.select<Record<string, unknown>>(query, { from: FROM, to: TO, ...params })).map(withNumbers) as T[]
  const [range] = await select<ReportData['range']>('time-range')
  return {
    range: range ?? { first_seen: null, last_seen: null, flows: 0, sources: 0 },
    coverage: await select('coverage'),
    verdicts: await select('verdicts'),
    tls_versions: await select('tls-versions'),
    cipher_suites: await select('cipher-suites', { limit: COMMON }),
    named_groups: await select('named-groups'),
    plaintext_services: await select('plaintext-services', { limit: WORST }),
    weak_endpoints: await select('weak-endpoints', { limit: WORST }),
    rules: await select('rules'),
    unseen: await select('unseen'),
  }
}

/** 64-bit integers may come as text; beyond 2^53 the last digits do not matter here. */
const COUNTS = new Set(['total', 'flows', 'bytes', 'edges', 'clients', 'endpoints', 'sources'])
const VERDICT_COUNTS = new Set(['plaintext', 'weak', 'strong', 'opaque', 'unknown', 'exempt'])

function withNumbers(row: Record<string, unknown>): Record<string, unknown> {
  const read = ([name, value]: [string, unknown]): [string, unknown] =>
    typeof value === 'string' && (COUNTS.has(name) || VERDICT_COUNTS.has(name)) ? [name, Number(value)] : [name, value]
  return Object.fromEntries(Object.entries(row).map(read))
}
