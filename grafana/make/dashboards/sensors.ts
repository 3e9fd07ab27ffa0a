import type { Dashboard } from '../dashboard.ts'
import { graph, NONE_STEPS, rows, stat, unitOf } from '../panel.ts'
import { ofStore, prom, series, table } from '../query.ts'
import { clickhouse, prometheus } from '../variable.ts'

const OVERLAPS = 'window_start <= $__toTime AND window_end >= $__fromTime'
const RUN = 'only intransit run has it'
const figure = (title: string, description: string, what: string, more: Record<string, unknown> = {}) =>
  stat({
    ...{ title, description, width: 6, thresholds: NONE_STEPS },
    ...more,
    targets: [table(`SELECT ${what} FROM sensor_health FINAL WHERE ${OVERLAPS}`)],
  })
const counters = (title: string, columns: readonly string[]) =>
  graph({
    ...{ title, description: 'In each interval of ten seconds, added up over sensors', width: 12, unit: 'short' },
    targets: [
      series(`
        SELECT
            $__timeInterval(window_end) AS time,
            ${columns.map((column) => `sum(${column}) AS ${column}`).join(',\n            ')}
        FROM sensor_health FINAL
        WHERE $__timeFilter(window_end)
        GROUP BY time
        ORDER BY time`),
    ],
  })

export const sensors: Dashboard = {
  uid: 'intransit-sensors',
  title: 'Sensor health',
  description:
    'What sensors received, lost and could not read: a blind sensor widens the bounds, it does not raise the score.',
  variables: [clickhouse, prometheus],
  panels: [
    figure('Frames', 'Received by all sensors', 'sum(frames_received) AS frames', { thresholds: [[null, 'blue']] }),
    figure(
      'Lost',
      'Dropped by kernel and interface, of all that came',
      'sum(kernel_drops + interface_drops) / nullIf(sum(kernel_drops + interface_drops + frames_received), 0) AS share',
      {
        unit: 'percentunit',
        decimals: 3,
        thresholds: [
          [null, 'green'],
          [0.001, 'red'],
        ],
      },
    ),
    figure(
      'Not decoded',
      'Frames that are cut short, contradict themselves or are of a kind that is not read',
      'sum(frames_not_decoded) AS frames',
    ),
    figure(
      'Flows given up',
      'Ended or read no further for want of room, or lost with their worker',
      'sum(flows_evicted + sessions_evicted + flows_lost) AS flows',
    ),
    rows({
      title: 'Sources',
      description: 'The blind first, then those that lost most',
      width: 24,
      height: 10,
      overrides: [unitOf('dropped_share', 'percentunit'), unitOf('wire_bytes', 'bytes'), unitOf('down_s', 's')],
      targets: [table(ofStore('sensor-health', 500))],
    }),
    counters('Frames', ['frames_received']),
    counters('Losses', ['kernel_drops', 'interface_drops', 'frames_not_decoded', 'fragments_dropped', 'malformed']),
    counters('Flows', ['flows_started', 'flows_ended', 'flows_evicted', 'flows_lost', 'records']),
    graph({
      title: 'Loss by Prometheus',
      description: 'Of all that came, over five minutes',
      width: 12,
      unit: 'percentunit',
      targets: [prom('instance:intransit_capture_packets:drop_ratio_rate5m', '{{instance}}')],
    }),
    graph({
      title: 'What cannot be read',
      description: 'A second',
      width: 12,
      unit: 'cps',
      targets: [prom('sum by (reason) (rate(intransit_parser_errors_total[$__rate_interval]))', '{{reason}}')],
    }),
    graph({
      title: 'Memory',
      description: 'Of the process that serves',
      width: 12,
      unit: 'bytes',
      targets: [prom('process_resident_memory_bytes{job="intransit"}', '{{instance}}')],
    }),
    graph({
      title: 'Processor',
      description: 'Cores that the process that serves takes',
      width: 12,
      unit: 'short',
      targets: [prom('rate(process_cpu_seconds_total{job="intransit"}[$__rate_interval])', '{{instance}}')],
    }),
    graph({
      title: 'Rows that wait for the store',
      description: RUN,
      width: 12,
      mayBeEmpty: RUN,
      targets: [
        prom('intransit_spool_rows', '{{instance}}'),
        prom('increase(intransit_lost_rows_total[$__rate_interval])', 'lost {{instance}}'),
      ],
    }),
    graph({
      title: 'Scrapes',
      description: '1 = intransit answered Prometheus',
      width: 12,
      targets: [prom('up{job="intransit"}', '{{instance}}')],
    }),
    graph({
      title: 'Open flows',
      description: RUN,
      width: 12,
      mayBeEmpty: RUN,
      targets: [prom('intransit_open_flows', '{{instance}}')],
    }),
  ],
}
