/**
 * Figures for Prometheus: metric-table.ts has what they are. Gauges tell of what was seen in a window that ends now: a store
 * forgets what is old and judges anew, and a counter that shrinks is taken for one that began again. How many series there are
 * is bounded, whatever is on the wire.
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Metric } from './metric.ts'
import { FigureReader, type Figures, type FiguresSettings } from './metric-figures.ts'
import { METRICS } from './metric-table.ts'
import type { Route } from './route.ts'

/** Scrapes that come sooner get the same figures: they cost queries. */
const FRESH_MS = 10_000

export function metrics(settings: FiguresSettings): Route {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const reader = new FigureReader(settings)
  const present = METRICS.filter(({ of }) => of !== 'run' || settings.capture !== null)
  const metersOf = present.map((metric) => ({ metric, meter: meterIn(registry, metric) }))
  let fresh: { text: Promise<string>; atMs: number } | null = null
  return {
    path: '/metrics',
    summary: `Prometheus metrics: gauges over the last ${settings.metricsWindowHours} h, and counters since the start`,
    demand: { role: 'viewer', isOpenOnLoopback: true },
    query: {},
    answers: { 'text/plain': { type: 'string' } },
    answer: async (context, _query, reply) => {
      const nowMs = performance.now()
      if (fresh === null || nowMs - fresh.atMs > FRESH_MS) {
        const text = reader.read(context).then((figures) => {
          for (const { metric, meter } of metersOf) set(meter, metric, figures)
          // Good from when it was there: a store under load takes its time.
          reading.atMs = performance.now()
          return registry.metrics()
        })
        const reading = { text, atMs: Number.POSITIVE_INFINITY }
        fresh = reading
        // A failure is told to whoever waits for it, and not kept.
        text.catch(() => {
          if (fresh === reading) fresh = null
        })
      }
      return reply.type(registry.contentType).send(await fresh.text)
    },
  }
}

type Meter = Gauge | Counter

function meterIn(registry: Registry, { name, type, help, labels }: Metric): Meter {
  const configuration = { name, help, labelNames: Object.keys(labels), registers: [registry] }
  return type === 'gauge' ? new Gauge(configuration) : new Counter(configuration)
}

/** A counter is counted elsewhere, and told here. */
function set(meter: Meter, { series, most }: Metric, figures: Figures): void {
  meter.reset()
  let left = most
  for (const [labels, value] of series(figures)) {
    if (left-- === 0) return
    meter.inc(labels, value)
  }
}
