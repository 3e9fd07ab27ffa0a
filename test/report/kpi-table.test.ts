import { describe, expect, it } from 'vitest'
import { KPIS, kpiNamed } from '../../src/kpi/index.ts'
import type { Kpi, KpiValue } from '../../src/kpi/kpi.ts'
import { renderKpi, renderKpis, renderMaturity } from '../../src/report/kpi-table.ts'

const HUGE = 123_456_789_012
const value = (kpi: Kpi, of = HUGE): KpiValue => ({
  ...{ numerator: of, denominator: of, unobservable: of, low: 0.4996, point: 0.75, high: 1, unit: kpi.unit },
})

const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length))

describe('KPIs in words', () => {
  it('fit 80 columns, whatever they are', () => {
    expect(widest(renderKpis(KPIS.map((kpi) => ({ kpi, value: value(kpi) }))))).toBeLessThanOrEqual(80)
    expect(widest(renderKpis(KPIS.map((kpi) => ({ kpi, value: value(kpi, 9_999_999) }))))).toBeLessThanOrEqual(80)
    expect(renderKpis([{ kpi: KPIS[0] as Kpi, value: value(KPIS[0] as Kpi) }])).toContain(' 123 G')
    for (const kpi of KPIS) {
      const points = [{ from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z', ...value(kpi) }]
      expect(widest(renderKpi({ kpi, value: value(kpi) }, points)), kpi.name).toBeLessThanOrEqual(80)
    }
  })

  it('have a line for each, under their practice', () => {
    const text = renderKpis(KPIS.map((kpi) => ({ kpi, value: value(kpi, 1000) })))
    for (const { name } of KPIS) expect(text).toMatch(new RegExp(`^${name} +\\d`, 'm'))
    expect(text).toMatch(/^coverage-flows +75\.0 % +50\.0 % +100\.0 % +1,000 +1,000$/m)
    expect(text).toMatch(/^SEC09-BP03: authentication$/m)
  })

  it('say where there is no figure, and where all may be missing', () => {
    const kpi = kpiNamed('coverage-flows') as Kpi
    const none = { ...value(kpi), point: null, low: 0, high: 1, denominator: 0, unobservable: null }
    expect(renderKpis([{ kpi, value: none }])).toMatch(/^coverage-flows +– +0\.0 % +100\.0 % +0 +all\?$/m)
  })

  it('have units: milliseconds, days in hours, ratios', () => {
    const kpi = kpiNamed('handshake-time') as Kpi
    const one = (point: number) => renderKpis([{ kpi, value: { ...value(kpi, 3), low: null, high: null, point } }])
    expect(one(0.00421)).toContain('4.21 ms')
    expect(one(86_400 * 3)).toContain('72 h')
    const ratio = kpiNamed('handshake-round-trips') as Kpi
    expect(renderKpis([{ kpi: ratio, value: { ...value(ratio, 3), point: 2.804 } }])).toContain('2.80')
  })

  it('over time have a bar with bounds', () => {
    const kpi = kpiNamed('coverage-flows') as Kpi
    const points = [
      { from: '2026-03-01T00:00:00.000Z', to: '', ...value(kpi), low: 0.5, high: 0.75 },
      { from: '2026-03-02T00:00:00.000Z', to: '', ...value(kpi), point: null, low: null, high: null },
    ]
    const text = renderKpi({ kpi, value: value(kpi) }, points)
    expect(text).toContain(`2026-03-01T00:00Z     75.0 %  ${'█'.repeat(16)}${'▒'.repeat(8)}${'░'.repeat(8)}\n`)
    expect(text).toContain(`2026-03-02T00:00Z          –  ${'·'.repeat(32)}\n`)
  })

  it('tell the level of maturity with its evidence, and what must be declared', () => {
    const text = renderMaturity({
      level: 1,
      criteria: [
        {
          level: 1,
          text: 'A',
          state: 'met',
          kpi: 'coverage-edges',
          bound: 'point',
          threshold: 0.8,
          value: 0.85,
          zones: ['external'],
        },
        { level: 2, text: 'B', state: 'declared', kpi: null, bound: null, threshold: null, value: null, zones: [] },
      ],
    })
    expect(text).toContain('Maturity: level 1 by evidence\n')
    expect(text).toContain('1  met       A\n             coverage-edges in external: point 85.0 %, threshold 80.0 %\n')
    expect(text).toContain('2  declare   B\n')
    expect(widest(text)).toBeLessThanOrEqual(80)
  })
})
