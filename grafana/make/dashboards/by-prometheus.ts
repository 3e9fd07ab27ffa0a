import type { Dashboard } from '../dashboard.ts'
import { BOUND_COLOURS, bars, COVERAGE_STEPS, gauge, graph, NONE_STEPS, rows, stat, VERDICT_COLOURS } from '../panel.ts'
import { prom, promNow } from '../query.ts'
import { prometheus } from '../variable.ts'

const FLOWS = 'intransit_encryption_coverage_ratio{weight="flows"}'

export const byPrometheus: Dashboard = {
  uid: 'intransit-prometheus',
  title: 'At a glance, from Prometheus alone',
  description:
    'For where Grafana may not ask the store. Gauges look back as far as intransit is told to (--metrics-window).',
  variables: [prometheus],
  panels: [
    ...(['low', 'point', 'high'] as const).map((bound) =>
      gauge({
        title: `Coverage by flows: ${bound}`,
        description: 'point: of what could be judged; low and high: with what could not be',
        width: 6,
        unit: 'percentunit',
        decimals: 1,
        thresholds: COVERAGE_STEPS,
        targets: [promNow(`min(intransit_encryption_coverage_ratio{weight="flows", bound="${bound}"})`)],
      }),
    ),
    stat({
      title: 'Plaintext flows',
      description: 'In the window',
      width: 6,
      height: 8,
      thresholds: NONE_STEPS,
      targets: [promNow('sum(intransit_flows{verdict="plaintext"})')],
    }),
    graph({
      title: 'Coverage by flows',
      description: 'In the window that ends at each point',
      width: 12,
      unit: 'percentunit',
      overrides: BOUND_COLOURS,
      targets: [prom(`avg by (bound) (${FLOWS})`, '{{bound}}')],
    }),
    graph({
      title: 'Flows by verdict',
      description: 'In the window that ends at each point',
      width: 12,
      stack: true,
      overrides: VERDICT_COLOURS,
      targets: [prom('sum by (verdict) (intransit_flows)', '{{verdict}}')],
    }),
    bars({
      title: 'Rules that are failed',
      description: 'Flows in the window',
      width: 12,
      targets: [promNow('topk(20, sum by (pack, clause) (intransit_policy_violations))', '{{pack}}/{{clause}}')],
    }),
    rows({
      title: 'Certificates that end first',
      description: 'Seconds from now',
      width: 12,
      targets: [promNow('sort(min by (identity, fp8) (instance:intransit_cert_time_left:seconds))')],
    }),
    graph({
      title: 'TLS versions',
      description: 'Flows in the window',
      width: 12,
      stack: true,
      targets: [prom('sum by (version) (intransit_tls_flows)', '{{version}}')],
    }),
    graph({
      title: 'Plaintext by zone pair',
      description: 'L4 payload a second, of `intransit run`: counted whenever a flow is reported',
      width: 12,
      unit: 'Bps',
      stack: true,
      targets: [
        prom('sum by (zone_pair) (rate(intransit_bytes_total{enc="plaintext"}[$__rate_interval]))', '{{zone_pair}}'),
      ],
    }),
    graph({
      title: 'Handshakes by kind of key exchange',
      description: 'A second, of `intransit run`',
      width: 12,
      unit: 'ops',
      stack: true,
      targets: [prom('sum by (kx_class) (rate(intransit_tls_handshakes_total[$__rate_interval]))', '{{kx_class}}')],
    }),
    graph({
      title: 'Post-quantum key exchange',
      description: 'Of flows whose group was seen',
      width: 12,
      unit: 'percentunit',
      targets: [prom('instance:intransit_tls_group_flows:post_quantum_ratio', '{{instance}}')],
    }),
    graph({
      title: 'Alerts that fire',
      description: 'By name',
      width: 24,
      stack: true,
      mayBeEmpty: 'nothing may be wrong',
      targets: [prom('sum by (alertname) (ALERTS{alertname=~"Intransit.*", alertstate="firing"})', '{{alertname}}')],
    }),
  ],
}
