/** Reports made by hand, as the store would have been read. */
import { NOTHING_COUNTED } from '../../src/record/health-line.ts'
import type { Coverage, Report, SensorHealth } from '../../src/report/read-report.ts'

type Counts = Partial<Pick<Coverage, 'plaintext' | 'weak' | 'strong' | 'opaque' | 'unknown' | 'exempt' | 'lost'>>

/** Coverage with its three figures as the query computes them. */
export function coverageOf(unit: Coverage['unit'], counts: Counts): Coverage {
  const { plaintext = 0, weak = 0, strong = 0, opaque = 0, unknown = 0, exempt = 0, lost = 0 } = counts
  const encrypted = weak + strong + opaque
  const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)
  return {
    unit,
    total: encrypted + plaintext + unknown + exempt,
    ...{ plaintext, weak, strong, opaque, unknown, exempt, lost },
    low: lost === null ? 0 : share(encrypted, encrypted + plaintext + unknown + lost),
    point: share(encrypted, encrypted + plaintext),
    high: lost === null ? 1 : share(encrypted + unknown + lost, encrypted + plaintext + unknown + lost),
  }
}

/** A source of which nothing was lost, but for what is given. */
export const healthOf = (more: Partial<SensorHealth>): SensorHealth => ({
  ...NOTHING_COUNTED,
  ...{ sensor: 'edge', source: 'eth1', workers: 1, state: 'up', frames_received: 1000 },
  window_start: '2026-03-01T10:00:00.000000Z',
  window_end: '2026-03-01T11:00:00.000000Z',
  blind_since: null,
  ...{ down_s: 0, dropped: 0, dropped_share: 0, gap_flows: 0, cap_flows: 0 },
  ...more,
})

/** A report of flows of which nothing more is known than their verdicts. */
export const reportOf = (counts: Counts, more: Partial<Report> = {}): Report => ({
  time_range: {
    first_seen: '2026-03-01T10:00:00.000001Z',
    last_seen: '2026-03-02T00:00:01.123456Z',
    flows: coverageOf('flows', counts).total,
    sources: 1,
  },
  coverage: (['flows', 'bytes', 'edges'] as const).map((unit) => coverageOf(unit, counts)),
  verdicts: (['plaintext', 'weak', 'strong', 'opaque', 'unknown', 'exempt'] as const).map((verdict) => ({
    verdict,
    flows: counts[verdict] ?? 0,
    bytes: counts[verdict] ?? 0,
    edges: counts[verdict] ?? 0,
  })),
  tls_versions: [],
  cipher_suites: [],
  named_groups: [],
  post_quantum: null,
  plaintext_services: [],
  weak_endpoints: [],
  rules: [],
  unseen: [],
  sensor_health: [],
  ...more,
})
