/** Reports made by hand, as the store would have been read. */
import type { Coverage, Report } from '../../src/report/read-report.ts'

type Counts = Partial<Pick<Coverage, 'plaintext' | 'weak' | 'strong' | 'opaque' | 'unknown' | 'exempt'>>

/** Coverage with its three figures as the query computes them. */
export function coverageOf(unit: Coverage['unit'], counts: Counts): Coverage {
  const { plaintext = 0, weak = 0, strong = 0, opaque = 0, unknown = 0, exempt = 0 } = counts
  const encrypted = weak + strong + opaque
  const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)
  return {
    unit,
    total: encrypted + plaintext + unknown + exempt,
    ...{ plaintext, weak, strong, opaque, unknown, exempt },
    low: share(encrypted, encrypted + plaintext + unknown),
    point: share(encrypted, encrypted + plaintext),
    high: share(encrypted + unknown, encrypted + plaintext + unknown),
  }
}

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
  ...more,
})
