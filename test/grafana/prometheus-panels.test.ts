/** Every panel's PromQL, asked of a real Prometheus that scrapes a server over a replay of captures/. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DASHBOARDS } from '../../grafana/make/dashboards/index.ts'
import type { PromTarget } from '../../grafana/make/query.ts'
import { JudgedFlows } from '../../src/agent-judged.ts'
import type { CaptureFigures } from '../../src/api/metric-figures.ts'
import { METRICS } from '../../src/api/metric-table.ts'
import { FlowFacts, TlsFacts } from '../../src/core/facts.ts'
import { type Served, serveCaptures } from '../api/served.ts'
import { type RunningPrometheus, runPrometheus, whyNoPrometheus } from '../prometheus/running-prometheus.ts'

const RULES = fileURLToPath(new URL('../../prometheus/rules/', import.meta.url))
const YEARS = 24 * 366 * 100

const panels = DASHBOARDS.flatMap(({ uid, panels: all }) =>
  all.flatMap(({ title, targets, mayBeEmpty }) =>
    targets
      .filter((target): target is PromTarget => target.kind === 'promql')
      .map((target) => ({ uid, title, target, mayBeEmpty })),
  ),
)
/** Grafana's own: four times the interval of scrapes, at least. */
const expanded = ({ expr }: PromTarget): string => expr.replaceAll('$__rate_interval', '1m')

/** As a capture counts: between two scrapes there is always something. */
function captures(): () => CaptureFigures {
  const judged = new JudgedFlows()
  const judgement = { verdict: 'plaintext', violations: [], tolerated: [], reason: null } as const
  const facts = new FlowFacts()
  facts.tls = Object.assign(new TlsFacts(), { version: 0x0304, cipherSuite: 0x1301, namedGroup: 29 })
  const rows = { openFlows: 0, restarts: 0, storedRows: 0, spooledRows: 0, lostRows: 0 }
  return () => {
    const place = judged.place('lab -> prod', 'http', 'plaintext')
    judged.note(place, facts, judgement)
    judged.noteBytes(place, 100)
    return { sensor: 'here', judged, ...rows, alerts: null }
  }
}

describe('panels of Prometheus', () => {
  it.each(panels)('$uid: $title asks for what there is', ({ target }) => {
    const names = target.expr.match(/\b(?:instance:)?intransit_[\w:]+/g) ?? []
    const known = METRICS.map(({ name }) => name)
    for (const name of names.filter((one) => !one.startsWith('instance:'))) expect(known).toContain(name)
    expect(expanded(target)).not.toContain('$')
  })
})

describe.skipIf(whyNoPrometheus !== null)(`Prometheus (${whyNoPrometheus ?? 'of Debian'})`, () => {
  let served: Served
  let prometheus: RunningPrometheus

  beforeAll(async () => {
    served = await serveCaptures()
    const { url } = await served.start({ metricsWindowHours: YEARS, capture: captures() })
    prometheus = await runPrometheus({
      global: { scrape_interval: '5s', scrape_timeout: '5s', evaluation_interval: '1s' },
      rule_files: readdirSync(RULES).map((name) => `${RULES}${name}`),
      scrape_configs: [{ job_name: 'intransit', static_configs: [{ targets: [url.slice('http://'.length)] }] }],
    })
    const { health } = await import('../store/captured-lines.ts').then(({ capturedLines }) => capturedLines())
    // Counters begin with the first scrape, and then rows come.
    while ((await prometheus.query('intransit_build_info')).length === 0) await new Promise((go) => setTimeout(go, 200))
    await served.store.insertHealth(
      health.map((line) => line.replace('"test"', '"later"')).join('\n'),
      health.length,
      'l',
    )
  })
  afterAll(async () => {
    await prometheus.end()
    await served.end()
  })

  it.each(panels)(
    'answers $uid: $title',
    async ({ target, mayBeEmpty }) => {
      const answer = () => prometheus.query(expanded(target))
      if (mayBeEmpty !== null) {
        await answer()
        return
      }
      await expect.poll(async () => (await answer()).length, { timeout: 180_000, interval: 500 }).toBeGreaterThan(0)
      const samples = await answer()
      expect(samples.some(({ value }) => !Number.isNaN(value))).toBe(true)
      // Labels that the legend names are there.
      for (const [, label] of target.legend.matchAll(/\{\{(\w+)\}\}/g))
        expect(Object.keys(samples[0]?.metric ?? {})).toContain(label)
    },
    200_000,
  )
})
