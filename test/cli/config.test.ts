/** Settings of a file and of the environment: what they may say, what they may not, and who wins. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withSettingsTables } from '../../scripts/settings-table.ts'
import { type CaptureOptions, needRestart } from '../../src/cli/capture-options.ts'
import { readConfig, strangeVariables } from '../../src/cli/config/read-config.ts'
import { ALL_SETTINGS, namesOf } from '../../src/cli/config/settings.ts'
import { lookAtServe, withConfig } from '../../src/cli/config/with-config.ts'
import type { OperatorError } from '../../src/core/errors.ts'
import { mistakesOf, throwAll } from '../../src/core/mistakes.ts'
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
function inForce(yaml: string, given: Partial<CaptureOptions> = {}, environment = {}): CaptureOptions {
  writeFileSync(file, yaml)
  return withConfig({ ...DEFAULTS, ...given }, file, (name) => name in given, environment)
}

const SERVE_DEFAULTS = {
  listen: '127.0.0.1:8443',
  metricsWindow: '24',
  oidcRoleClaim: 'roles',
  judgeEvery: '10',
  fetchRate: '5',
}
function inForceOfServe(yaml: string, given: Record<string, string> = {}, environment = {}) {
  writeFileSync(file, yaml)
  const { options, mistakes } = lookAtServe({ ...SERVE_DEFAULTS, ...given }, file, (name) => name in given, environment)
  throwAll(mistakes)
  return options
}

describe('a configuration file', () => {
  it.each(['capture', 'serve'] as const)('may say whatever the command line of %s may', (command) => {
    const words = [...(commandOptions().get(command) ?? [])]
      .map((option) => option.replace(/^--(no-)?/, ''))
      .filter((name) => name !== 'config' && name !== 'help')
    expect(words.length).toBeGreaterThan(5)
    expect(namesOf(command).sort()).toEqual(words.sort())
  })

  it('has an example that says everything and is valid', () => {
    const text = readFileSync(EXAMPLE, 'utf8')
    for (const { path } of ALL_SETTINGS) {
      expect(text).toMatch(new RegExp(path.length === 1 ? `^(# )?${path[0]}:` : `^  (# )?${path[1]}:`, 'm'))
    }
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
      says: /:2: polcy: the configuration has no such option; did you mean policy\?/,
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
    {
      name: 'lists in lists without end',
      yaml: `policy: ${'['.repeat(50_000)}`,
      says: /nested deeper than 200 levels/,
    },
    { name: 'lists by dashes without end', yaml: '- '.repeat(50_000), says: /nested deeper than 200 levels/ },
    {
      name: 'more and more by indentation',
      yaml: Array.from({ length: 300 }, (_, n) => `${' '.repeat(n)}a:`).join('\n'),
      says: /nested deeper than 200 levels/,
    },
    { name: 'more than anybody writes', yaml: '# no\n'.repeat(1_000_000), says: /larger than 4 MiB/ },
  ])('that says $name is refused by line and name', ({ yaml, says }) => {
    expect(() => inForce(yaml)).toThrow(
      expect.objectContaining({ code: 'ERR_USAGE', message: expect.stringMatching(says) }),
    )
  })

  it('is told all its mistakes at once, by line, and those of the environment', () => {
    const yaml = `workres: 2
ring: 4
policy: [a]
ring: 5
sensor:
source: 7
spool-size: none
data: d
clickhouse: http://c
serve:
  lisen: x
  tokenz: t
  metrics-window: 0
`
    writeFileSync(file, yaml)
    const environment = { INTRANSIT_WORKERS: 'many', INTRANSIT_SERVE_DATA: 'd', INTRANSIT_SERVE_CLICKHOUSE: 'c' }
    let told: readonly OperatorError[] = []
    try {
      readConfig(file, environment)
    } catch (error) {
      told = mistakesOf(error as OperatorError)
    }
    const places = told.map(({ message }) => message.replace(`${file}:`, '').replace(/: (expected|Invalid|Too).*/, ''))
    expect(places).toEqual([
      '1: workres: the configuration has no such option; did you mean workers?',
      '4: Map keys must be unique',
      '5: sensor',
      '6: source',
      '7: spool-size',
      '9: clickhouse: data, clickhouse and store: false exclude each other',
      '11: serve: lisen: the configuration has no such option; did you mean listen?',
      '12: serve: tokenz: the configuration has no such option; did you mean tokens?',
      '13: serve: metrics-window',
      'INTRANSIT_WORKERS',
      'INTRANSIT_SERVE_DATA and INTRANSIT_SERVE_CLICKHOUSE exclude each other',
    ])
    for (const { code, fix } of told) expect([code, fix]).toEqual(['ERR_USAGE', expect.stringMatching(/docs|one of/)])
  })

  it('of nothing but mistakes is told 50 of them, and how many more there are', () => {
    writeFileSync(file, Array.from({ length: 70 }, (_, i) => `x${i}: 1\n`).join(''))
    const { status, stderr } = intransit(['config', 'check', file])
    const lines = stderr.trimEnd().split('\n')
    expect(lines).toHaveLength(51)
    expect(lines[49]).toMatch(/:50: x49: the configuration has no such option\. Fix: /)
    expect(lines[50]).toBe('ERR_USAGE: and 20 more. Fix: mend these first.')
    expect(status).toBe(2)
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

describe('the environment', () => {
  it.each([
    { name: 'a text', environment: { INTRANSIT_SENSOR: 'b' }, want: { sensor: 'b' } },
    { name: 'digits where a text is meant', environment: { INTRANSIT_SENSOR: '7' }, want: { sensor: '7' } },
    { name: 'a number', environment: { INTRANSIT_SPOOL_SIZE: '7' }, want: { spoolSize: '7' } },
    {
      name: 'a list',
      environment: { INTRANSIT_SOURCE: 'afpacket:a  afpacket:b' },
      want: { source: ['afpacket:a', 'afpacket:b'] },
    },
    { name: 'a switch', environment: { INTRANSIT_WHOLE: 'true' }, want: { whole: true } },
    { name: 'nothing', environment: { INTRANSIT_SENSOR: ' ' }, want: DEFAULTS },
    {
      name: "the unit's own words",
      environment: { INTRANSIT_STORE: '--data /d', INTRANSIT_OPTIONS: '' },
      want: DEFAULTS,
    },
  ])('is taken at its word: $name', ({ environment, want }) => expect(inForce('', {}, environment)).toMatchObject(want))

  it('wins over the file, and loses to the command line', () => {
    const yaml = 'workers: 2\nsensor: file\nring: 8'
    const environment = { INTRANSIT_WORKERS: '3', INTRANSIT_SENSOR: 'environment' }
    expect(inForce(yaml, { workers: '4' }, environment)).toMatchObject({
      workers: '4',
      sensor: 'environment',
      ring: '8',
    })
  })

  it('that says where rows go has decided it', () => {
    expect(inForce('data: d', {}, { INTRANSIT_CLICKHOUSE: 'http://c' })).toEqual({
      ...DEFAULTS,
      clickhouse: 'http://c',
    })
    expect(inForce('', { data: 'x' }, { INTRANSIT_CLICKHOUSE: 'http://c' })).toEqual({ ...DEFAULTS, data: 'x' })
  })

  it.each([
    { environment: { INTRANSIT_WORKERS: 'many' }, says: /^INTRANSIT_WORKERS: .*number/ },
    { environment: { INTRANSIT_RING: '99999' }, says: /^INTRANSIT_RING: Too big/ },
    { environment: { INTRANSIT_WHOLE: 'yes' }, says: /^INTRANSIT_WHOLE: / },
    {
      environment: { INTRANSIT_DATA: 'd', INTRANSIT_CLICKHOUSE: 'c' },
      says: /^INTRANSIT_DATA and INTRANSIT_CLICKHOUSE exclude/,
    },
  ])('that says $environment is refused by name', ({ environment, says }) =>
    expect(() => inForce('', {}, environment)).toThrow(
      expect.objectContaining({ code: 'ERR_USAGE', message: expect.stringMatching(says) }),
    ),
  )

  it('with a name that is nearly a setting is told', () => {
    const environment = { INTRANSIT_WORKER: '1', INTRANSIT_WORKERS: '1', INTRANSIT_STORE: 'x', PATH: '' }
    expect(strangeVariables(environment)).toEqual([{ name: 'INTRANSIT_WORKER', meant: 'INTRANSIT_WORKERS' }])
  })
})

describe('serve', () => {
  const yaml = 'data: d\nserve:\n  listen: 0.0.0.0:1\n  metrics-window: 48'
  it('has a section of its own, and answers from the store of the capture', () =>
    expect(inForceOfServe(yaml)).toEqual({
      ...SERVE_DEFAULTS,
      data: 'd',
      listen: '0.0.0.0:1',
      metricsWindow: '48',
    }))
  it('may have a store of its own', () =>
    expect(inForceOfServe(`${yaml}\n  clickhouse: http://reader@c`)).toMatchObject({ clickhouse: 'http://reader@c' }))
  it('loses to the environment and to the command line', () => {
    const environment = { INTRANSIT_SERVE_LISTEN: '127.0.0.1:2', INTRANSIT_SERVE_METRICS_WINDOW: '3' }
    expect(inForceOfServe(yaml, { metricsWindow: '4', clickhouse: 'c' }, environment)).toEqual({
      ...SERVE_DEFAULTS,
      listen: '127.0.0.1:2',
      metricsWindow: '4',
      clickhouse: 'c',
    })
  })
  it('takes nothing of the capture, and the capture nothing of it', () => {
    expect(inForceOfServe('sensor: s\nserve: {}')).toEqual(SERVE_DEFAULTS)
    expect(inForce('serve: { data: x }')).toEqual(DEFAULTS)
  })
  it.each([
    { yaml: 'serve:\n  lisen: x', says: /:2: serve: lisen: .*did you mean listen\?/ },
    { yaml: '[serve]\nlisten = "127.0.0.1:0"', says: /:1: .* is written in YAML, and this looks like TOML/ },
    { yaml: 'policy = "sec09-literal"', says: /:1: .* is written in YAML, and this looks like TOML/ },
    { yaml: 'serve:\n  data: a\n  clickhouse: b', says: /:3: serve: clickhouse: .*exclude each other/ },
    { yaml: 'serve: x', says: /:1: serve: .*expected object/ },
  ])('refuses $yaml', ({ yaml: wrong, says }) => expect(() => inForceOfServe(wrong)).toThrow(says))
})

describe('config', () => {
  const run = (command: string, yaml: string, env: Record<string, string> = {}, ...more: string[]) => {
    writeFileSync(file, yaml)
    return intransit(['config', command, file, ...more], { env: { ...process.env, ...env } })
  }

  it('check says that all is well, and what only looks like a setting', () => {
    const { status, stdout, stderr } = run('check', 'workers: 2\nfilter: tcp', { INTRANSIT_SENSR: 'x' })
    expect(stdout).toMatch(/capture\.yaml: 2 settings, valid\n$/)
    expect(stderr).toBe('note: INTRANSIT_SENSR is no setting; did you mean INTRANSIT_SENSOR?\n')
    expect(status).toBe(0)
  })

  it.each([
    { yaml: 'workres: 2', status: 2, says: /^ERR_USAGE: .*:1: workres: .*did you mean workers\?/ },
    { yaml: 'filter: tcp and', status: 2, says: /^ERR_FILTER: / },
    { yaml: 'policy: gone', status: 6, says: /^ERR_POLICY_NOT_FOUND: / },
    { yaml: 'vpc: x', status: 2, says: /^ERR_USAGE: / },
    { yaml: 'serve: { listen: nowhere }', status: 2, says: /^ERR_USAGE: .*no address/ },
  ])('check refuses $yaml', ({ yaml, status, says }) => {
    const ran = run('check', yaml)
    expect(ran.stderr).toMatch(says)
    expect(ran.status).toBe(status)
  })

  it('check tells every mistake of a file at once, each with its line and setting', () => {
    const yaml = `workres: 2
policy: [gone, sec09-recommended, ./none.json]
filter: tcp and
vpc: x
ring-block-size: 1000
alerts: ./none.yaml
zones: ./none.yaml
serve:
  listen: nowhere
  tls-cert: ./none.pem
  tokens: ./none
  oidc-role: [a=boss, b=viewer]
  client-role: [a=viewer]
  probe-allow: 10.0.0.0/64
  fetch-allow: [x]
  roots: ./none.pem
  metrics-window: none
`
    const { status, stdout, stderr } = run('check', yaml, { INTRANSIT_WORKERS: 'many', INTRANSIT_POLICYDATE: 'x' })
    const [note, ...lines] = stderr.trimEnd().split('\n')
    expect(note).toBe('note: INTRANSIT_POLICYDATE is no setting; did you mean INTRANSIT_POLICY_DATE?')
    for (const line of lines) expect(line).toMatch(/^ERR_[A-Z_]+: .+[.?] Fix: .+\.$/)
    const places = lines.map((line) =>
      line.replace(`${file}:`, '').replace(/^(\w+: (?:\d+: (?:serve: )?)?[\w-]+): .*/, '$1'),
    )
    expect(places).toEqual([
      'ERR_USAGE: 1: workres',
      'ERR_USAGE: 17: serve: metrics-window',
      'ERR_USAGE: INTRANSIT_WORKERS',
      'ERR_POLICY_NOT_FOUND: 2: policy',
      'ERR_POLICY_NOT_FOUND: 2: policy',
      'ERR_USAGE: 7: zones',
      'ERR_USAGE: 6: alerts',
      'ERR_FILTER: 3: filter',
      'ERR_USAGE: 4: vpc',
      'ERR_USAGE: 5: ring-block-size',
      'ERR_USAGE: 9: serve: listen',
      'ERR_USAGE: 10: serve: tls-cert',
      'ERR_USAGE: 11: serve: tokens',
      'ERR_USAGE: 12: serve: oidc-role',
      'ERR_USAGE: 13: serve: client-role',
      'ERR_USAGE: 16: serve: roots',
      'ERR_USAGE: 15: serve: fetch-allow',
      'ERR_USAGE: 14: serve: probe-allow',
      expect.stringContaining('a certificate needs its key'),
      expect.stringContaining('is not known by halves'),
      expect.stringContaining('need who vouches for them'),
    ])
    expect(stdout).toBe('')
    expect(status).toBe(2)
  })

  it('check tells what is wrong only together, and the command that starts tells the same', () => {
    const yaml = `source: afpacket:lo
ring: 8
ring-block-count: 4
crl: ${EXAMPLE}
serve:
  tls-cert: ${EXAMPLE}
  oidc-issuer: https://id.example
  client-role: dns:a=viewer
  probe-every: 4
`
    const ofServe = [
      'a certificate needs its key',
      'an OpenID provider is not known by halves',
      'clients with certificates need who vouches for them, and roles',
      'nothing may be probed that is not allowed',
    ]
    const told = (stderr: string) =>
      stderr
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/^ERR_USAGE: (.*?)\. Fix: .*/, '$1'))
    const checked = run('check', yaml)
    expect(told(checked.stderr)).toEqual([
      `${file}:4: crl: --crl ${EXAMPLE} has no revocation list`,
      '--ring and --ring-block-count both say how large a ring is',
      '--crl is for alerts, and --alerts names no file',
      ...ofServe,
    ])
    const served = intransit(['serve', '--config', file, '--metrics-window', '0', '--judge-every', 'x'])
    expect(told(served.stderr)).toEqual([
      ...ofServe.slice(0, 3),
      '--metrics-window 0 is not a whole number from 1 to 8784',
      '--judge-every x is not a whole number from 0 to 1440',
      ...ofServe.slice(3),
    ])
    const ran = intransit(['run', '--config', file, '--workers', '0', '--judge-every', 'x'])
    expect(told(ran.stderr)).toEqual(
      expect.arrayContaining(['--workers 0 is not a whole number from 1 to 64', ...ofServe]),
    )
    expect(told(ran.stderr)).toHaveLength(8)
    for (const { status } of [checked, served, ran]) expect(status).toBe(2)
  })

  it('a command that starts is told no mistake of a setting that its command line overrides', () => {
    const { stderr } = run('check', 'policy: gone\nfilter: tcp and')
    expect(stderr.match(/^ERR_/gm)).toHaveLength(2)
    const started = intransit(['capture', '--config', file, '--policy', 'sec09-literal'])
    expect(started.stderr).toMatch(/^ERR_FILTER: .*:2: filter: .*\nERR_USAGE: no source is named/)
    expect(started.status).toBe(2)
  })

  it('dump shows what is in force, by whom, and no password', () => {
    const yaml = 'clickhouse: https://me:secret@ch:8443/x\npolicy: [a, b]\nserve: { listen: 127.0.0.1:1 }'
    const { stdout } = run('dump', yaml, { INTRANSIT_WORKERS: '5' })
    expect(stdout).not.toContain('secret')
    expect(stdout).toMatch(/^clickhouse: https:\/\/me:\*\*\*@ch:8443\/x$/m)
    expect(stdout).toMatch(/^workers: 5 {2}# INTRANSIT_WORKERS$/m)
    expect(stdout).toMatch(/^# spool-size: 1024$/m)
    expect(stdout).toMatch(/^serve:\n {2}listen: 127\.0\.0\.1:1$/m)
    const all = JSON.parse(run('dump', yaml, {}, '--json').stdout)
    expect(all).toHaveLength(ALL_SETTINGS.length)
    expect(all).toContainEqual({ path: 'policy', value: ['a', 'b'], origin: 'file', variable: null })
  })

  it('dump of a dump is the same', () => {
    for (const yaml of ['workers: 2\npolicy: [a, b]\nwhole: true\nserve:\n  metrics-window: 4', 'sensor: "7"', '']) {
      const first = run('dump', yaml).stdout
      expect(first).toMatch(/^(# )?sensor: /m)
      expect(run('dump', first).stdout).toBe(first)
    }
  })

  it('is what doctor looks at', () => {
    writeFileSync(file, 'store: false\nsource: afpacket:none-such')
    const { stdout, status } = intransit(['doctor', '--config', file, '--json'])
    expect(stdout).toContain('afpacket:none-such')
    expect(status).toBe(8)
  })
})

describe('docs/config.md', () => {
  const text = readFileSync(new URL('../../docs/config.md', import.meta.url), 'utf8')
  it('has every setting of the schema (npm run settings)', () => expect(withSettingsTables(text)).toBe(text))
  it('has the defaults of the command line', () => {
    for (const command of ['capture', 'serve']) {
      const help = intransit([command, '--help']).stdout.replace(/\s+/g, ' ')
      const told = Array.from(help.matchAll(/--([a-z-]+) <[^>]+> (?:(?! -{1,2}[a-z]).)*?\(default: "([^"]+)"\)/g))
      expect(told.length).toBeGreaterThan(1)
      for (const [, name, value] of told) {
        if (name === 'sensor') continue
        const setting = ALL_SETTINGS.find(
          ({ path }) => path.at(-1) === name && (path.length === 2) === (command === 'serve'),
        )
        expect(`${name} ${setting?.standard}`).toBe(`${name} ${value}`)
      }
    }
  })
})

it('what a restart is needed for is all that is not about judging', () => {
  const wanted = { ...DEFAULTS, policy: ['x'], policyDate: '2027-01-01', spoolSize: '1', filter: 'udp' }
  expect(needRestart(DEFAULTS, wanted)).toEqual(['filter', 'spool-size'])
  expect(needRestart(wanted, DEFAULTS)).toEqual(['filter', 'spool-size'])
})
