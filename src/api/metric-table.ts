/** THE TABLE of metrics: /metrics serves these, and docs/metrics.md lists them (npm run metrics). */
import { VERDICTS } from '../core/verdict.ts'
import { KPIS } from '../kpi/index.ts'
import { OUTCOMES } from '../probe/handshake.ts'
import { counter, gauge, type Metric, type Series } from './metric.ts'
import { ALERT_METRICS } from './metric-alerts.ts'
import { type Figures, MAX_CERTIFICATES, MAX_CIPHERS, MAX_RULES } from './metric-figures.ts'
import { JUDGED_METRICS, ruleLabels } from './metric-judged.ts'

const MAX_IDENTITY_CHARACTERS = 120
const MAX_VERSIONS = 16
const MAX_GROUPS = 64
const VERDICT = { verdict: VERDICTS.join(', ') }
const KPI = { kpi: 'name of the KPI (kpis.md)', bound: 'low, point, high' }
const RULE = { pack: 'policy pack', clause: 'rule of the pack' }
const STATES = ['up', 'down', 'gone', 'ended'] as const

export const METRICS: readonly Metric[] = [
  {
    ...gauge,
    name: 'intransit_build_info',
    help: 'Always 1; the version that serves this',
    labels: { version: 'of intransit' },
    series: ({ version }) => [[{ version }, 1]],
  },
  {
    ...gauge,
    name: 'intransit_metrics_window_seconds',
    help: 'How far back the gauges look',
    series: ({ windowHours }) => [[{}, windowHours * 3600]],
  },
  {
    ...gauge,
    name: 'intransit_metrics_age_seconds',
    help: 'Since when the store was asked last for what is told here of it',
    series: ({ ageSeconds }) => [[{}, ageSeconds]],
  },
  {
    ...gauge,
    name: 'intransit_encryption_coverage_ratio',
    help: 'Share of what was seen in the window that is encrypted, 0 to 1; none where nothing can be judged',
    labels: { scope: 'all', weight: 'flows, bytes, edges', bound: 'low, point, high' },
    most: 9,
    *series({ coverage }) {
      for (const row of coverage) {
        for (const bound of ['low', 'point', 'high'] as const) {
          const share = row[bound]
          if (share !== null) yield [{ scope: 'all', weight: row.unit, bound }, share]
        }
      }
    },
  },
  {
    ...gauge,
    name: 'intransit_kpi_ratio',
    help: 'KPIs that are shares or ratios, of what began in the window; none where there is no figure',
    labels: KPI,
    most: 3 * KPIS.length,
    series: ({ kpis }) => ofKpis(kpis.filter(([{ unit }]) => unit !== 'seconds')),
  },
  {
    ...gauge,
    name: 'intransit_kpi_seconds',
    help: 'KPIs that are times, of what began in the window; none where there is no figure',
    labels: KPI,
    most: 3 * KPIS.length,
    series: ({ kpis }) => ofKpis(kpis.filter(([{ unit }]) => unit === 'seconds')),
  },
  {
    ...gauge,
    name: 'intransit_flows',
    help: 'Flows seen in the window',
    labels: VERDICT,
    most: VERDICTS.length,
    series: ({ verdicts }) => byVerdict(verdicts, 'flows'),
  },
  {
    ...gauge,
    name: 'intransit_bytes',
    help: 'L4 payload bytes of flows seen in the window',
    labels: VERDICT,
    most: VERDICTS.length,
    series: ({ verdicts }) => byVerdict(verdicts, 'bytes'),
  },
  {
    ...gauge,
    name: 'intransit_tls_flows',
    help: 'Flows seen in the window of which the negotiated TLS version was seen',
    labels: { version: 'as negotiated' },
    most: MAX_VERSIONS,
    series: ({ tlsVersions }) => named(tlsVersions, 'version', MAX_VERSIONS),
  },
  {
    ...gauge,
    name: 'intransit_tls_group_flows',
    help: 'Flows seen in the window of which the key exchange group was seen',
    labels: { group: 'name at IANA; the most used' },
    most: MAX_GROUPS,
    series: ({ namedGroups }) => named(namedGroups, 'group', MAX_GROUPS),
  },
  {
    ...gauge,
    name: 'intransit_tls_cipher_flows',
    help: 'Flows seen in the window of which the negotiated cipher suite was seen',
    labels: { cipher: 'name at IANA; the most used' },
    most: MAX_CIPHERS,
    series: ({ cipherSuites }) => named(cipherSuites, 'cipher', MAX_CIPHERS),
  },
  {
    ...gauge,
    name: 'intransit_policy_violations',
    help: 'Flows seen in the window that fail a rule',
    labels: RULE,
    most: MAX_RULES,
    series: ({ rules }) => rules.slice(0, MAX_RULES).map(({ violation, flows }) => [ruleLabels(violation), flows]),
  },
  {
    ...gauge,
    name: 'intransit_cert_not_after_timestamp_seconds',
    help: 'End of a leaf certificate that a server presented in the window; those that end first',
    labels: { identity: 'the subject', fp8: 'first 8 digits of its SHA-256' },
    most: MAX_CERTIFICATES,
    series: ({ certificates }) =>
      certificates.map(({ fingerprint_sha256, subject, end_s }) => [
        { identity: (subject ?? '').slice(0, MAX_IDENTITY_CHARACTERS), fp8: fingerprint_sha256.slice(0, 8) },
        end_s,
      ]),
  },
  {
    ...gauge,
    name: 'intransit_capture_packets',
    help: 'Frames that sensors received, lost or could not read in the window',
    labels: { result: 'received, kernel_dropped, interface_dropped, not_decoded' },
    most: 4,
    *series({ sensors }) {
      const sum = (column: 'frames_received' | 'kernel_drops' | 'interface_drops' | 'frames_not_decoded'): number =>
        sensors.reduce((total, row) => total + row[column], 0)
      yield [{ result: 'received' }, sum('frames_received')]
      yield [{ result: 'kernel_dropped' }, sum('kernel_drops')]
      yield [{ result: 'interface_dropped' }, sum('interface_drops')]
      yield [{ result: 'not_decoded' }, sum('frames_not_decoded')]
    },
  },
  {
    ...gauge,
    name: 'intransit_sensor_sources',
    help: 'Sources of sensors that reported in the window, by their state',
    labels: { state: STATES.join(', ') },
    most: STATES.length,
    series: ({ sensors }) => STATES.map((state) => [{ state }, sensors.filter((row) => row.state === state).length]),
  },
  {
    ...gauge,
    name: 'intransit_sensor_sources_blind',
    help: 'Sources of sensors that get no frames, of those that reported in the window',
    series: ({ sensors }) => [[{}, sensors.filter(({ blind_since }) => blind_since !== null).length]],
  },
  {
    ...counter,
    name: 'intransit_capture_packets_total',
    help: 'Frames that sensors received, and what became of those that were not read',
    labels: { result: 'received, kernel_dropped, interface_dropped, not_decoded, duplicate' },
    most: 5,
    series: ({ counted }) => [
      [{ result: 'received' }, counted.frames_received],
      [{ result: 'kernel_dropped' }, counted.kernel_drops],
      [{ result: 'interface_dropped' }, counted.interface_drops],
      [{ result: 'not_decoded' }, counted.frames_not_decoded],
      [{ result: 'duplicate' }, counted.duplicates],
    ],
  },
  {
    ...counter,
    name: 'intransit_capture_bytes_total',
    help: 'Bytes on the wire of the frames that sensors received',
    series: ({ counted }) => [[{}, counted.wire_bytes]],
  },
  {
    ...counter,
    name: 'intransit_parser_errors_total',
    help: 'What could not be read: frames, datagrams whose fragments were not joined, messages that contradict their grammar',
    labels: { reason: 'frame, fragment, message' },
    most: 3,
    series: ({ counted }) => [
      [{ reason: 'frame' }, counted.frames_not_decoded],
      [{ reason: 'fragment' }, counted.fragments_dropped],
      [{ reason: 'message' }, counted.malformed],
    ],
  },
  {
    ...counter,
    name: 'intransit_flow_events_total',
    help: 'Flows that began and ended, were ended or read no further to make room, or were lost with their worker',
    labels: { event: 'started, ended, evicted, unread, lost' },
    most: 5,
    series: ({ counted }) => [
      [{ event: 'started' }, counted.flows_started],
      [{ event: 'ended' }, counted.flows_ended],
      [{ event: 'evicted' }, counted.flows_evicted],
      [{ event: 'unread' }, counted.sessions_evicted],
      [{ event: 'lost' }, counted.flows_lost],
    ],
  },
  {
    ...counter,
    name: 'intransit_flow_records_total',
    help: 'Flow records that sensors wrote; a long flow has several',
    series: ({ counted }) => [[{}, counted.records]],
  },
  {
    ...counter,
    name: 'intransit_probes_total',
    help: 'Probes of endpoints by this process, by what they came to',
    labels: { outcome: OUTCOMES.join(', ') },
    most: OUTCOMES.length,
    series: ({ probes }) => OUTCOMES.map((outcome) => [{ outcome }, probes?.byOutcome[outcome] ?? 0]),
  },
  {
    ...counter,
    name: 'intransit_probe_handshakes_total',
    help: 'Connections that these probes made',
    series: ({ probes }) => [[{}, probes?.handshakes ?? 0]],
  },
  ...JUDGED_METRICS,
  {
    ...gauge,
    name: 'intransit_open_flows',
    of: 'run',
    help: 'Flows in the tables of the workers',
    series: ({ capture }) => (capture === null ? [] : [[{}, capture.openFlows]]),
  },
  {
    ...counter,
    name: 'intransit_worker_restarts_total',
    of: 'run',
    help: 'Times that a worker died and was started again',
    series: ({ capture }) => (capture === null ? [] : [[{}, capture.restarts]]),
  },
  {
    ...counter,
    name: 'intransit_stored_rows_total',
    of: 'run',
    help: 'Rows that the store has acknowledged',
    series: ({ capture }) => (capture === null ? [] : [[{}, capture.storedRows]]),
  },
  {
    ...gauge,
    name: 'intransit_spool_rows',
    of: 'run',
    help: 'Rows that wait on disk for the store',
    series: ({ capture }) => (capture === null ? [] : [[{}, capture.spooledRows]]),
  },
  {
    ...counter,
    name: 'intransit_lost_rows_total',
    of: 'run',
    help: 'Rows for which the spool had no room, or whose file in it was damaged',
    series: ({ capture }) => (capture === null ? [] : [[{}, capture.lostRows]]),
  },
  ...ALERT_METRICS,
]

function* ofKpis(kpis: Figures['kpis']): Generator<Series> {
  for (const [{ name }, value] of kpis) {
    for (const bound of ['low', 'point', 'high'] as const) {
      const figure = value[bound]
      if (figure !== null) yield [{ kpi: name, bound }, figure]
    }
  }
}

const byVerdict = (rows: Figures['verdicts'], weight: 'flows' | 'bytes'): Series[] =>
  VERDICTS.map((verdict) => [{ verdict }, rows.find((row) => row.verdict === verdict)?.[weight] ?? 0])

/** What has the same name is one series. */
function named(rows: readonly { name: string | null; flows: number }[], label: string, most: number): Series[] {
  const sums = new Map<string, number>()
  for (const { name, flows } of rows) {
    const key = name ?? 'unknown'
    if (sums.has(key) || sums.size < most) sums.set(key, (sums.get(key) ?? 0) + flows)
  }
  return Array.from(sums, ([name, flows]) => [{ [label]: name }, flows])
}
