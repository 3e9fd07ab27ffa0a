import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { CAPTURES, intransit } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'intransit-mistaken-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const REPLAY = ['replay', join(CAPTURES, 'http-plain-get.pcap')]
const CAPTURE = ['capture', '--source', 'tcp://127.0.0.1:9']

describe.each([
  { command: 'replay', words: REPLAY },
  { command: 'capture', words: CAPTURE },
])('$command', ({ words }) => {
  it.each([
    { name: 'a day that there is not', options: ['--no-store', '--policy-date', '2027-02-30'], says: "'2027-02-30'" },
    { name: 'no day', options: ['--no-store', '--policy-date', ''], says: '--policy-date' },
    { name: 'a sensor without a name', options: ['--no-store', '--sensor', ''], says: '--sensor' },
    { name: 'a folder without a name', options: ['--data', ''], says: '--data' },
    { name: 'to keep nothing in a folder', options: ['--no-store', '--data', 'data'], says: '--no-store' },
    { name: 'a filter too deep', options: ['--no-store', '--filter', '('.repeat(20_000)], says: 'more than 100 deep' },
  ])('refuses $name, and leaves nothing behind', ({ options, says }) => {
    const { status, stdout, stderr } = intransit([...words, ...options], { cwd: folder, timeout: 20_000 })
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^ERR_(USAGE|FILTER): .*\n$/)
    expect(stderr).toContain(says)
    expect(existsSync(join(folder, 'data')) || existsSync(join(folder, 'store'))).toBe(false)
  })
})

describe('serve', () => {
  it.each(['--judge-every', '--probe-every'])('says that %s may be 0', (option) => {
    const { status, stderr } = intransit(['serve', '--data', folder, option, '-1'])
    expect(status).toBe(2)
    expect(stderr).toMatch(new RegExp(`^ERR_USAGE: ${option} -1 is not a whole number from 0 to \\d+\\. Fix: use 0 to`))
  })
})
