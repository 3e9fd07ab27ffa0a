import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { CAPTURES, intransit, records } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'cli-store-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const report = (...args: string[]) => JSON.parse(intransit(['replay', ...args, '--format', 'json']).stdout)

it('replaying twice into one folder doubles nothing, and the report covers what is kept', () => {
  const data = join(folder, 'data')
  const printed = records(intransit(['replay', CAPTURES, '--format', 'jsonl']).stdout)
  const first = report(CAPTURES, '--data', data)
  const second = report(CAPTURES, '--data', data)
  expect(second).toEqual(first)
  expect(JSON.stringify(first)).toContain(String(printed.length))
  const plaintext = printed.filter((flow) => flow['verdict'] === 'plaintext').length
  expect(plaintext).toBeGreaterThan(5)
  const { verdicts } = first as { verdicts: { verdict: string; flows: number | string }[] }
  expect(Number(verdicts.find(({ verdict }) => verdict === 'plaintext')?.flows)).toBe(plaintext)
})

it('keeps what it read of each file, once, and tells which was damaged', () => {
  const data = join(folder, 'health')
  const once = report(CAPTURES, '--data', data)
  const { sensor_health: health } = report(CAPTURES, '--data', data, '--workers', '2')
  expect(health).toEqual(once.sensor_health)
  const states = (health as { source: string; state: string }[]).map(({ source, state }) => `${state} ${source}`)
  expect(states.length).toBeGreaterThan(100)
  expect(states.filter((one) => !one.startsWith('ended '))).toEqual([expect.stringMatching(/^gone .*cut-off\.pcap$/)])
})

it('--no-store prints a report and leaves nothing behind', () => {
  const temporary = join(folder, 'temporary')
  mkdirSync(temporary)
  const { status, stdout } = intransit(['replay', join(CAPTURES, 'http-plain-get.pcap'), '--no-store'], {
    cwd: folder,
    env: { ...process.env, TMPDIR: temporary },
  })
  expect(status).toBe(0)
  expect(stdout).toMatch(/plaintext/)
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  expect(existsSync(join(folder, 'intransit-data'))).toBe(false)
  expect(readdirSync(temporary)).toEqual([])
})

it('migrate says what it did', () => {
  const data = join(folder, 'migrated')
  expect(intransit(['migrate', '--data', data]).stdout).toMatch(/^schema brought from 0 to \d+\n$/)
  expect(intransit(['migrate', '--data', data]).stdout).toMatch(/^schema \d+ is up to date\n$/)
})

it('no secret of the captures is kept, printed or told', () => {
  const data = join(folder, 'private')
  const { stdout, stderr } = intransit(['replay', CAPTURES, '--data', data, '--format', 'jsonl'])
  for (const secret of ['not-a-secret', 'example-token', Buffer.from('alice:not-a-secret').toString('base64')]) {
    expect(stdout + stderr).not.toContain(secret)
  }
  expect(stdout).toContain('"credentials_exposed"')
})
