/** Each detector has tests in rules/: one that fires it, one that nearly does. `intransit rules test rules` runs them. */
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createAlertEngine, DETECTORS, replayFindings } from '../../src/alert/index.ts'
import { readAlertsFile } from '../../src/cli/alert-config.ts'
import { ruleTests, sequenceTests } from './rule-tests.ts'

const tests = ruleTests()
const ROOT = new URL('../../', import.meta.url)

describe.each(DETECTORS.map(({ id, name }) => ({ id, name })))('$id $name', ({ id, name }) => {
  const own = tests.filter(({ detectors }) => detectors?.length === 1 && [id, name].includes(detectors[0] as string))

  it('has a test that fires it', () => {
    const firing = own.filter(({ expected }) => expected?.alerts?.some(({ rule }) => rule === id))
    expect(firing.map((one) => one.name)).toContain(`alert-${name}`)
  })

  it('has a near miss', () => {
    const missing = own.filter(({ expected }) => expected?.alerts?.length === 0)
    expect(missing.map((one) => one.name)).toContain(`alert-${name}-near-miss`)
  })
})

describe.each(sequenceTests())('$name', ({ test, records }) => {
  it('shows for itself what its findings are of', () => {
    const config = test.alerts === null ? undefined : readAlertsFile(test.alerts).config
    for (const { what, sql, runbook } of replayFindings(records, config)) {
      expect(what).not.toBe('')
      expect(sql).toMatch(/ FROM (flows|sensor_health) FINAL WHERE \S/)
      expect(existsSync(new URL(runbook, ROOT))).toBe(true)
    }
  })

  it('goes on after a restart as if there had been none', () => {
    const config = test.alerts === null ? undefined : readAlertsFile(test.alerts).config
    const whole = createAlertEngine(config)
    let parts = createAlertEngine(config)
    for (const one of records.certificates) whole.certificate(one)
    const half = Math.floor(records.flows.length / 2)
    records.flows.forEach((flow, n) => {
      whole.flow(flow)
      if (n === half) {
        const saved = JSON.parse(JSON.stringify(parts.save()))
        parts = createAlertEngine(config)
        parts.restore(saved)
      }
      if (n === 0 || n === half) for (const one of records.certificates) parts.certificate(one)
      parts.flow(flow)
    })
    const keysOf = (engine: typeof whole) =>
      engine.findings().map(({ key, severity, flows }) => `${key} ${severity} ${flows}`)
    expect(keysOf(parts).sort()).toEqual(keysOf(whole).sort())
  })
})
