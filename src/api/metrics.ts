/**
 * Figures for Prometheus: metric-table.ts has what they are. Gauges tell of what was seen in a window that ends now: a store
 * forgets what is old and judges anew, and a counter that shrinks is taken for one that began again. How many series there are
 * is bounded, whatever is on the wire.
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { KeptFigures } from './kept-figures.ts'
import type { Metric } from './metric.ts'
import { FigureReader, type Figures, type FiguresSettings } from './metric-figures.ts'
import { METRICS } from './metric-table.ts'
import type { Route } from './route.ts'

export function metrics(settings: FiguresSettings): Route {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const reader = new FigureReader(settings)
  const kept = new KeptFigures((context) => reader.read(context))
  const present = METRICS.filter(({ of }) => of !== 'run' || settings.capture !== null)
  const metersOf = present.map((metric) => ({ metric, meter: meterIn(registry, metric) }))
  return {
    path: '/metrics',
    summary: `Prometheus metrics: gauges over the last ${settings.metricsWindowHours} h, and counters since the start`,
    demand: { role: 'viewer', isOpenOnLoopback: true },
    query: {},
    answers: { 'text/plain': { type: 'string' } },
    answer: async (context, _query, { reply }) => {
      const { figures: stored, ageSeconds } = await kept.take(context)
      const figures = { ...stored, ageSeconds, ...reader.live() }
      for (const { metric, meter } of metersOf) set(meter, metric, figures)
      return reply.type(registry.contentType).send(await registry.metrics())
    },
    end: () => kept.end(),
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
