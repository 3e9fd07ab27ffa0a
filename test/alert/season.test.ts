/** What comes at the same hour of each week is no drop of coverage once it is known, and hides none at other hours. */
import { describe, expect, it } from 'vitest'
import { createAlertEngine } from '../../src/alert/index.ts'
import { clear, flow, HOUR, START_MS } from './simulate.ts'

const FLOWS_AN_HOUR = 60
const MS_PER_DAY = 86_400_000
const config = { rules: { A23: { settings: { flows: 50 } } }, zones: {}, suppressions: [] }

/** Eight of ten flows are encrypted, four in the hours that are low; the days of what is told, and whether it is open at the end. */
function run(days: number, isLow: (hour: number) => boolean): { began: number[]; ended: number[]; state: string } {
  const engine = createAlertEngine(config)
  for (let hour = 0; hour < days * 24; hour++) {
    const encrypted = isLow(hour) ? 4 : 8
    for (let n = 0; n < FLOWS_AN_HOUR; n++) {
      const seconds = hour * HOUR + (n * HOUR) / FLOWS_AN_HOUR
      engine.flow(flow(seconds, (n * 7) % 10 < encrypted ? {} : clear('http', { server_port: 80 })))
    }
  }
  const events = engine.takeEvents().filter(({ finding }) => finding.rule === 'A23')
  const daysOf = (kinds: readonly string[]): number[] =>
    events
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ at }) => Math.floor((Date.parse(at) - START_MS) / MS_PER_DAY))
  const state = engine.findings().find(({ rule }) => rule === 'A23')?.state ?? 'none'
  return { began: daysOf(['opened', 'reopened']), ended: daysOf(['resolved']), state }
}

/** A copy in the clear, four hours each Sunday, which is the seventh day. */
const sundays = (hour: number): boolean => hour % 168 >= 146 && hour % 168 < 150

describe('coverage-drop', () => {
  it('tells of a Sunday until it has seen two of them', () => {
    expect(run(28, sundays)).toEqual({ began: [6, 13], ended: [6, 13], state: 'resolved' })
  })

  it('tells of the same fall on another day', () => {
    const tuesday = 22 * 24 + 10
    const { began } = run(28, (hour) => sundays(hour) || (hour >= tuesday && hour < tuesday + 4))
    expect(began).toEqual([6, 13, 22])
  })

  it('does not take for a season what began before it knew one, and lasts', () => {
    expect(run(21, (hour) => hour >= 10 * 24)).toEqual({ began: [10], ended: [], state: 'open' })
  })
})
