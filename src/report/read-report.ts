/** What the report is made of, read from the store by its queries. The members are named as in the JSON report. */
import type { Severity } from '../classify/policy.ts'
import { type HealthCounters, type HealthState, NOTHING_COUNTED } from '../record/health-line.ts'
import { namedGroup } from '../registry/named-groups.ts'
import type { Store } from '../store/index.ts'
import { explainReason, type RuleBook } from './words.ts'

/** Before the first and after the last packet that a capture can hold. */
const FROM = '1970-01-01T00:00:00.000000Z'
const TO = '2262-01-01T00:00:00.000000Z'
/** Rows of a list, for machines; people are shown the first few. */
export const MAX_ROWS = 1000

export interface TimeRange {
  /** RFC 3339; null without flows. */
  first_seen: string | null
  last_seen: string | null
  flows: number
  sources: number
}

export interface Coverage {
  unit: 'flows' | 'bytes' | 'edges'
  total: number
  plaintext: number
  weak: number
  strong: number
  opaque: number
  unknown: number
  exempt: number
  /** Estimate of what dropped frames took away; null where all may have been lost. */
  lost: number | null
  /** 0..1; null where nothing can be judged. */
  low: number | null
  point: number | null
  high: number | null
}

export interface VerdictRow {
  verdict: string
  flows: number
  bytes: number
  edges: number
}

/** How many flows negotiated the same: `name` is null where the sensor had none for the code point. */
export interface Share {
  name: string | null
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

export interface FailedRule {
  violation: string
  flows: number
  endpoints: number
  /** As the pack has it; null where the pack is not at hand. */
  severity: Severity | null
  title: string | null
  fix: string | null
}

export interface Unseen {
  reason: string | null
  flows: number
  bytes: number
  /** Server ports with the most such flows. */
  ports: number[]
  why: string | null
  remedy: string | null
}

/** What a sensor received and lost of one source, in all its intervals. */
export interface SensorHealth extends HealthCounters {
  sensor: string
  source: string
  workers: number
  /** At the end. */
  state: HealthState
  /** RFC 3339. */
  window_start: string
  window_end: string
  /** RFC 3339: since when no frame came, null where they come. */
  blind_since: string | null
  down_s: number
  /** By kernel and interface together. */
  dropped: number
  /** 0..1; null where nothing came and nothing was dropped. */
  dropped_share: number | null
  /** Flows of which packets were missing before a verdict. */
  gap_flows: number
  /** Flows that hit a memory cap before a verdict. */
  cap_flows: number
}

export interface Report {
  time_range: TimeRange
  coverage: Coverage[]
  verdicts: VerdictRow[]
  tls_versions: (Share & { tls_version: number })[]
  cipher_suites: (Share & { cipher_suite: number })[]
  named_groups: (Share & { named_group: number })[]
  /** Of the flows whose key exchange group was seen, those with a post-quantum one. Null when none was seen. */
  post_quantum: { flows: number; of_flows: number } | null
  plaintext_services: Service[]
  weak_endpoints: Endpoint[]
  rules: FailedRule[]
  unseen: Unseen[]
  sensor_health: SensorHealth[]
}

export async function readReport(store: Store, rules: RuleBook): Promise<Report> {
  const select = async <T>(query: string, params: Record<string, unknown> = {}): Promise<T[]> =>
    (await store.select<Record<string, unknown>>(query, { from: FROM, to: TO, ...params })).map(withNumbers) as T[]
  const [timeRange] = await select<TimeRange>('time-range')
  const groups = await select<Report['named_groups'][number]>('named-groups')
  return {
    time_range: timeRange ?? { first_seen: null, last_seen: null, flows: 0, sources: 0 },
    coverage: await select('coverage'),
    verdicts: await select('verdicts'),
    tls_versions: await select('tls-versions'),
    cipher_suites: await select('cipher-suites', { limit: MAX_ROWS }),
    named_groups: groups,
    post_quantum: postQuantum(groups),
    plaintext_services: await select('plaintext-services', { limit: MAX_ROWS }),
    weak_endpoints: await select('weak-endpoints', { limit: MAX_ROWS }),
    rules: (await select<RuleRow>('rules')).map((row) => inWords(row, rules)),
    unseen: (await select<UnseenRow>('unseen')).map(explained),
    sensor_health: await select('sensor-health', { limit: MAX_ROWS }),
  }
}

const COUNTS = new Set([
  ...['total', 'flows', 'bytes', 'edges', 'clients', 'endpoints', 'sources'],
  ...['plaintext', 'weak', 'strong', 'opaque', 'unknown', 'exempt'],
  ...[...Object.keys(NOTHING_COUNTED), 'workers', 'dropped', 'gap_flows', 'cap_flows'],
])

/** Some servers send 64-bit integers as text; beyond 2^53 the last digits do not matter here. */
function withNumbers(row: Record<string, unknown>): Record<string, unknown> {
  const read = ([name, value]: [string, unknown]): [string, unknown] =>
    typeof value === 'string' && COUNTS.has(name) ? [name, Number(value)] : [name, value]
  return Object.fromEntries(Object.entries(row).map(read))
}

function postQuantum(groups: Report['named_groups']): Report['post_quantum'] {
  if (groups.length === 0) return null
  const sum = (rows: readonly Share[]): number => rows.reduce((total, { flows }) => total + flows, 0)
  return { flows: sum(groups.filter((row) => namedGroup(row.named_group)?.postQuantum)), of_flows: sum(groups) }
}

type RuleRow = Pick<FailedRule, 'violation' | 'flows' | 'endpoints'>

function inWords(row: RuleRow, rules: RuleBook): FailedRule {
  const rule = rules(row.violation)
  return { ...row, severity: rule?.severity ?? null, title: rule?.title ?? null, fix: rule?.fix ?? null }
}

type UnseenRow = Pick<Unseen, 'reason' | 'flows' | 'bytes'> & { example: number[] }

function explained({ reason, flows, bytes, example }: UnseenRow): Unseen {
  const words = explainReason(reason)
  return { reason, flows, bytes, ports: example, why: words?.why ?? null, remedy: words?.remedy ?? null }
}
