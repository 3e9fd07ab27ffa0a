/** `intransit kpi` over captures, as a process. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { KPIS } from '../../src/kpi/index.ts'
import { CAPTURES, intransit, records } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'cli-kpi-'))
const data = join(folder, 'data')
const FILES = ['tls12-client-cert-presented', 'tls-expired-cert', 'http-plain'].map((name) =>
  join(CAPTURES, `${name}.pcap`),
)

beforeAll(() => {
  const files = FILES.filter((file) => existsSync(file))
  expect(files.length).toBeGreaterThan(1)
  expect(intransit(['replay', ...files, '--data', data]).status).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const kpi = (...args: string[]) => intransit(['kpi', ...args, '--data', data])

it('lists every KPI, in 80 columns, and as JSON lines with the same names', () => {
  const { stdout, stderr, status } = kpi()
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  for (const { name } of KPIS) expect(stdout).toMatch(new RegExp(`^${name} `, 'm'))
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  const rows = records(kpi('--json').stdout)
  expect(rows.map(({ name }) => name)).toEqual(KPIS.map(({ name }) => name))
  const [mtls] = rows.filter(({ name }) => name === 'mtls-success')
  expect(mtls).toMatchObject({ numerator: 1, denominator: 1, point: 1, unit: 'share', practice: 'BP03' })
})

it('tells of one what it is, and its course over time', () => {
  const { stdout } = kpi('mtls-success', '--from', '2026-11-20', '--to', '2026-11-26', '--interval', 'day')
  expect(stdout).toMatch(/^value +100\.0 %/m)
  expect(stdout.match(/^2026-11-2\dT00:00Z /gm)).toHaveLength(7)
})

it('names zones anew, and cuts by them', () => {
  const file = join(folder, 'zones.yaml')
  writeFileSync(file, 'zones:\n  - name: everything\n    cidrs: [0.0.0.0/0, "::/0"]\n')
  const [all] = records(kpi('coverage-flows', '--json').stdout)
  const [cut] = records(kpi('coverage-flows', '--json', '--zones', file, '--zone', 'everything>everything').stdout)
  expect(Number(all?.['denominator'])).toBeGreaterThan(1)
  expect(cut?.['denominator']).toBe(all?.['denominator'])
  expect(records(kpi('coverage-flows', '--json', '--zone', 'internal').stdout)).toMatchObject([{ denominator: 0 }])
})

it('tells the maturity', () => {
  expect(kpi('maturity').stdout).toMatch(/^Maturity: level \d by evidence\n/)
  expect(records(kpi('maturity', '--json').stdout)).toMatchObject([{ level: expect.any(Number) }])
})

it.each([
  { args: ['none'], says: 'there is no KPI none' },
  { args: ['--from', 'yesterday'], says: '--from yesterday is no time' },
  { args: ['--from', '2026-02-01', '--to', '2026-01-01'], says: '--from is after --to' },
  { args: ['--interval', 'day'], says: '--interval is of one KPI and a time' },
  { args: ['opaque-share', '--interval', 'hour', '--from', '2020-01-01'], says: 'that is more than 100 times' },
])('refuses $args in one line', ({ args, says }) => {
  const { stdout, stderr, status } = kpi(...args)
  expect({ stdout, status }).toEqual({ stdout: '', status: 2 })
  expect(stderr).toMatch(/^ERR_USAGE: [^\n]+\n$/)
  expect(stderr).toContain(says)
})

it('makes no folder by asking', () => {
  const { stderr, status } = intransit(['kpi', '--data', join(folder, 'none')])
  expect(status).toBe(5)
  expect(stderr).toContain('is not there')
  expect(existsSync(join(folder, 'none'))).toBe(false)
})
