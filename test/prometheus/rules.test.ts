import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { withMetricTable } from '../../scripts/metric-table.ts'
import { METRICS } from '../../src/api/metric-table.ts'
import { whyNoPrometheus } from './running-prometheus.ts'

interface Rule {
  alert?: string
  record?: string
  expr: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
}

const FOLDER = fileURLToPath(new URL('../../prometheus/', import.meta.url))
const files = (folder: string): string[] =>
  readdirSync(`${FOLDER}${folder}`).map((name) => `${FOLDER}${folder}/${name}`)
const rules: Rule[] = files('rules').flatMap((file) =>
  parse(readFileSync(file, 'utf8')).groups.flatMap((group: { rules: Rule[] }) => group.rules),
)
const alerts = rules.filter(({ alert }) => alert !== undefined)
const promtool = (...args: string[]) => spawnSync('promtool', args, { encoding: 'utf8' })

describe('rules', () => {
  it.each(rules)('$alert$record asks for metrics and recordings that there are', ({ expr }) => {
    const known = new Set(['up', ...METRICS.map(({ name }) => name), ...rules.map(({ record }) => record)])
    const asked = expr.match(/\b(?:instance:)?intransit_[\w:]+|\bup\b/g) ?? []
    expect(asked.length).toBeGreaterThan(0)
    for (const name of asked) expect(known).toContain(name)
  })

  it.each(alerts)('$alert says how bad it is, and what it is', ({ alert, labels, annotations }) => {
    expect(alert).toMatch(/^Intransit[A-Z]\w+$/)
    expect(labels?.['severity']).toMatch(/^(info|warning|critical)$/)
    expect(Object.keys(annotations ?? {})).toEqual(['summary', 'description'])
  })

  it('have a unit test for each alert, in which it fires', () => {
    const tests = files('tests').flatMap((file) => parse(readFileSync(file, 'utf8')).tests)
    const fired = new Set(
      tests.flatMap(({ alert_rule_test = [] }: { alert_rule_test?: { alertname: string; exp_alerts: unknown[] }[] }) =>
        alert_rule_test.filter(({ exp_alerts }) => exp_alerts.length > 0).map(({ alertname }) => alertname),
      ),
    )
    expect([...fired].sort()).toEqual(alerts.map(({ alert }) => alert).sort())
  })
})

describe.skipIf(whyNoPrometheus !== null)(`promtool (${whyNoPrometheus ?? 'of Debian'})`, () => {
  it('takes the rules', () => {
    const { status, stderr } = promtool('check', 'rules', ...files('rules'))
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  // Weeks of history: 23 s of CPU.
  it('finds that they do what their tests say', { timeout: 180_000 }, () => {
    const { status, stdout, stderr } = promtool('test', 'rules', ...files('tests'))
    expect({ status, told: stdout + stderr }).toEqual({ status: 0, told: expect.stringContaining('SUCCESS') })
  })
})

describe('docs/metrics.md', () => {
  it('has the metrics and alerts that there are (npm run metrics)', () => {
    const document = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
    expect(withMetricTable(document)).toBe(document)
    for (const { name } of METRICS) expect(document).toContain(`| \`${name}\` |`)
    for (const { alert } of alerts) expect(document).toContain(`| \`${alert}\` |`)
  })
})
