/** The configuration file of a capture: what it may say, what it may not, and who wins. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CONFIG_NAMES, withConfig } from '../../src/cli/capture-config.ts'
import { type CaptureOptions, needRestart } from '../../src/cli/capture-options.ts'
import { commandOptions } from './commands.ts'
import { intransit } from './run.ts'

const EXAMPLE = fileURLToPath(new URL('../../docs/capture.yaml', import.meta.url))
const DEFAULTS: CaptureOptions = {
  format: 'none',
  policy: ['sec09-recommended'],
  sensor: 'host',
  workers: '1',
  store: true,
  spoolSize: '1024',
}

let folder: string
let file: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-config-'))
  file = join(folder, 'capture.yaml')
})
afterAll(() => rmSync(folder, { recursive: true }))

/** What is in force with this file, and these options on the command line. */
function inForce(yaml: string, given: Partial<CaptureOptions> = {}): CaptureOptions {
  writeFileSync(file, yaml)
  return withConfig({ ...DEFAULTS, ...given }, file, (name) => name in given)
}

describe('a configuration file', () => {
  it('may say whatever the command line may', () => {
    const words = [...(commandOptions().get('capture') ?? [])]
      .map((option) => option.replace(/^--(no-)?/, ''))
      .filter((name) => name !== 'config' && name !== 'help')
    expect(words.length).toBeGreaterThan(10)
    expect([...CONFIG_NAMES].sort()).toEqual(words.sort())
  })

  it('has an example that says everything and is valid', () => {
    const text = readFileSync(EXAMPLE, 'utf8')
    for (const name of CONFIG_NAMES) expect(text).toMatch(new RegExp(`^(# )?${name}:`, 'm'))
    // As it stands, and with one after the other of what is commented out.
    expect(inForce(text)).toMatchObject({ source: ['afpacket:eth1'], workers: '2', vpc: ['prod=4711,4712'] })
    for (const [, name] of text.matchAll(/^# ([a-z-]+):/gm)) {
      const without = name === 'clickhouse' || name === 'store' ? text.replace(/^data:.*$/m, '') : text
      expect(inForce(without.replace(new RegExp(`^# ${name}:`, 'm'), `${name}:`))).toBeDefined()
    }
  })

  it.each([
    { name: 'a text where a list may be', yaml: 'source: afpacket:lo', want: { source: ['afpacket:lo'] } },
    { name: 'a list', yaml: 'policy: [a, b.json]', want: { policy: ['a', 'b.json'] } },
    { name: 'a number', yaml: 'spool-size: 7', want: { spoolSize: '7' } },
    { name: 'a date', yaml: 'policy-date: 2027-03-15', want: { policyDate: '2027-03-15' } },
    { name: 'no store', yaml: 'store: false', want: { store: false } },
    { name: 'nothing', yaml: '', want: DEFAULTS },
    { name: 'comments', yaml: '# nothing\n', want: DEFAULTS },
  ])('is taken at its word: $name', ({ yaml, want }) => expect(inForce(yaml)).toMatchObject(want))

  it.each([
    { name: 'an option', yaml: 'workers: 4\nsensor: b', given: { workers: '2' }, want: { workers: '2', sensor: 'b' } },
    { name: 'no store', yaml: 'clickhouse: http://ch', given: { store: false }, want: { store: false } },
  ])('loses to the command line: $name', ({ yaml, given, want }) => {
    expect(inForce(yaml, given)).toEqual({ ...DEFAULTS, ...given, ...want })
  })

  it.each([
    {
      name: 'an option that there is none',
      yaml: 'source: a:b\npolcy: x',
      says: /:2: polcy: capture has no such option/,
    },
    { name: 'what is no number', yaml: '\n\nworkers: many', says: /:3: workers: .*expected number/ },
    { name: 'too much', yaml: 'ring: 2048', says: /:1: ring: Too big/ },
    {
      name: 'a part of a list',
      yaml: 'source:\n  - afpacket:lo\n  - 5',
      says: /:[12]: source: expected a text, or a list/,
    },
    { name: 'what is no day', yaml: 'policy-date: 2027-02-30', says: /:1: policy-date: / },
    { name: 'two stores', yaml: 'data: d\nclickhouse: http://c', says: /:2: clickhouse: .*exclude each other/ },
    { name: 'a store and none', yaml: 'data: d\nstore: false', says: /:2: store: .*exclude each other/ },
    { name: 'what is no YAML', yaml: 'source: [a', says: /:\d: .*flow/i },
    { name: 'the same twice', yaml: 'ring: 4\nring: 5', says: /:2: .*unique/ },
    { name: 'a list of options', yaml: '- source', says: /:1: .*expected object/ },
  ])('that says $name is refused by line and name', ({ yaml, says }) => {
    expect(() => inForce(yaml)).toThrow(
      expect.objectContaining({ code: 'ERR_USAGE', message: expect.stringMatching(says) }),
    )
  })

  it('may be missing, or name no source, which ends the command with one line', () => {
    for (const args of [['--config', join(folder, 'none')], ['--config', file], []]) {
      writeFileSync(file, 'workers: 2')
      const { status, stderr } = intransit(['capture', ...args])
      expect(status).toBe(2)
      expect(stderr).toMatch(/^ERR_USAGE: .*(ENOENT|no source is named).*\. Fix: .*\n$/)
    }
  })
})

it('what a restart is needed for is all that is not about judging', () => {
  const wanted = { ...DEFAULTS, policy: ['x'], policyDate: '2027-01-01', spoolSize: '1', filter: 'udp' }
  expect(needRestart(DEFAULTS, wanted)).toEqual(['filter', 'spool-size'])
  expect(needRestart(wanted, DEFAULTS)).toEqual(['filter', 'spool-size'])
})
