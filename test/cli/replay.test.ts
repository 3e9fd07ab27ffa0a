import { spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { CAPTURES, intransit, MAIN, records } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const capture = (name: string): string => join(CAPTURES, name)
const TLS13 = capture('tls13-openssl-x25519.pcap')
const jsonl = (...args: string[]) => intransit(['replay', ...args, '--format', 'jsonl'])

describe('records', () => {
  it('are printed one JSON object a line, with the file they came from', () => {
    const { status, stdout, stderr } = jsonl(TLS13)
    expect(status).toBe(0)
    expect(stderr).toBe('')
    const tls = records(stdout).find((flow) => flow['app_protocol'] === 'tls')
    expect(tls).toMatchObject({
      source: 'tls13-openssl-x25519.pcap',
      transport: 'tcp',
      verdict: 'strong',
      tls_version: 0x0304,
      cipher_suite_name: 'TLS_AES_256_GCM_SHA384',
      named_group_name: 'x25519',
      server_name: 'web.example.test',
    })
  })

  it('are the same from standard input, from a folder and from several threads', () => {
    const alone = records(jsonl(TLS13).stdout)
    const piped = intransit(['replay', '-', '--format', 'jsonl'], { input: readFileSync(TLS13) as never })
    expect(piped.status).toBe(0)
    expect(records(piped.stdout)).toEqual(alone.map((flow) => ({ ...flow, source: '-' })))
    const sorted = (stdout: string) => stdout.split('\n').sort()
    const whole = jsonl(CAPTURES)
    const shared = jsonl(CAPTURES, '--workers', '3')
    expect(whole.stdout.length).toBeGreaterThan(10_000)
    expect(sorted(shared.stdout)).toEqual(sorted(whole.stdout))
  })

  it('are only of packets that pass the filter', () => {
    expect(records(jsonl(TLS13, '--filter', 'udp').stdout)).toEqual([])
    const all = records(jsonl(TLS13).stdout).length
    expect(records(jsonl(TLS13, '--filter', 'tcp or udp or icmp or icmp6').stdout)).toHaveLength(all)
  })

  it('follow the policy pack', () => {
    const flow = records(jsonl(TLS13, '--policy', 'sec09-literal').stdout)[0]
    expect(flow).toMatchObject({ policy: 'sec09-literal' })
    const both = records(jsonl(TLS13, '--policy', 'sec09-recommended', 'sec09-literal').stdout)[0]
    expect(both).toMatchObject({ policy: 'sec09-recommended,sec09-literal' })
  })

  it('stop quietly when their reader goes away', async () => {
    const child = spawn(process.execPath, [MAIN, 'replay', CAPTURES, '--format', 'jsonl'])
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    child.stdout.once('data', () => child.stdout.destroy())
    const status = await new Promise((resolve) => child.on('close', resolve))
    expect(stderr).not.toMatch(/EPIPE|Error/)
    expect(status).toBe(0)
  })
})

describe('damage', () => {
  it('is told with its offset, costs a status, and spares what came before and the other files', () => {
    const cut = join(folder, 'cut.pcap')
    copyFileSync(TLS13, cut)
    const size = readFileSync(cut).length
    truncateSync(cut, size - 7)
    const { status, stdout, stderr } = jsonl(cut, TLS13)
    expect(status).toBe(4)
    expect(stderr).toMatch(/^ERR_SOURCE_DAMAGED: cut\.pcap is damaged at byte \d+: cut off inside a frame/m)
    const sources = new Set(records(stdout).map((flow) => flow['source']))
    expect(sources).toEqual(new Set(['cut.pcap', 'tls13-openssl-x25519.pcap']))
  })

  it('of a file that is no capture does not stop the others', () => {
    const text = join(folder, 'notes.pcap')
    writeFileSync(text, 'these are notes, not packets, and long enough to be looked at')
    const { status, stdout, stderr } = jsonl(text, TLS13)
    expect(status).toBe(3)
    expect(stderr).toMatch(/^ERR_SOURCE_FORMAT: .*notes\.pcap.*Fix: /m)
    expect(records(stdout).length).toBeGreaterThan(0)
  })
})

describe('mistakes', () => {
  it.each([
    { args: ['replay', 'no-such-file.pcap'], status: 3, says: /^ERR_SOURCE_NOT_FOUND: .*no-such-file\.pcap.*Fix: / },
    { args: ['replay', TLS13, '--policy', 'no-such-pack'], status: 6, says: /^ERR_POLICY_NOT_FOUND: .*Fix: / },
    { args: ['replay', TLS13, '--filter', 'tcp and and'], status: 2, says: /^ERR_FILTER: .*Fix: / },
    { args: ['replay', TLS13, '--workers', 'many'], status: 2, says: /^ERR_USAGE: .*Fix: / },
    {
      args: ['replay', TLS13, '--community-id'],
      status: 2,
      says: /^ERR_USAGE: --community-id .*--format is table.*Fix: /,
    },
    { args: ['replay', '-', '--workers', '2', '--format', 'jsonl'], status: 2, says: /^ERR_USAGE: .*standard input/ },
    { args: ['replay', TLS13, '--format', 'xml'], status: 2, says: /xml/ },
    { args: ['replay'], status: 2, says: /missing required argument/ },
    {
      args: ['replay', TLS13, '--data', 'x', '--clickhouse', 'http://127.0.0.1'],
      status: 2,
      says: /cannot be used with/,
    },
    {
      args: ['replay', TLS13, '--clickhouse', 'http://127.0.0.1:1'],
      status: 5,
      says: /^ERR_STORE_UNREACHABLE: .*Fix: /,
    },
    { args: ['migrate'], status: 2, says: /^ERR_USAGE: .*--data DIR or --clickhouse URL/ },
    { args: ['policy', 'show', 'no-such-pack'], status: 6, says: /^ERR_POLICY_NOT_FOUND: .*Fix: / },
    { args: ['unknown'], status: 2, says: /^ERR_USAGE: unknown command 'unknown'\. Fix: / },
    { args: ['serv'], status: 2, says: /^ERR_USAGE: unknown command 'serv'; did you mean serve\? Fix: .*\.\n$/ },
    {
      args: ['serve', '--dta', 'x'],
      status: 2,
      says: /^ERR_USAGE: unknown option '--dta'; did you mean --data\? Fix: .*\.\n$/,
    },
    { args: ['kpi', 'coverag-flows'], status: 2, says: /^ERR_USAGE: .*; did you mean coverage-flows\? Fix: / },
    {
      args: ['serve', '--data', '/nowhere/data'],
      status: 5,
      says: /^ERR_DATA_FOLDER: \/nowhere\/data is not there\. /,
    },
    {
      args: ['replay', TLS13, '--data', '/proc/none'],
      status: 5,
      says: /^ERR_DATA_FOLDER: .*no folder can be made there/,
    },
    {
      args: ['run', '--source', 'afpackt:lo', '--user', 'no-such-user', '--workers', '99', '--listen', '0.0.0.0:1'],
      status: 2,
      says: /^(ERR_USAGE: .*(--workers 99 is|afpackt:lo is no live source|no user no-such-user|served in clear|open to all).*\n){5}$/,
    },
  ])('$args are one clear error', ({ args, status, says }) => {
    const ran = intransit(args)
    expect(ran.stderr).toMatch(says)
    expect(ran.stderr).not.toMatch(/ at .*\.js:\d+/)
    expect(ran.stdout).toBe('')
    expect(ran.status).toBe(status)
  })
})

describe('help', () => {
  it.each([[], ['replay'], ['migrate'], ['policy'], ['policy', 'list'], ['policy', 'show'], ['policy', 'check']])(
    'of %s %s has an example',
    (...command) => {
      const { status, stdout } = intransit([...command, '--help'])
      expect(status).toBe(0)
      expect(stdout).toMatch(/^Examples?:\n {2}\$ .*intransit/m)
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    },
  )

  it('has the version of the package', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(intransit(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
  })
})

describe('policy', () => {
  it('lists, shows and checks packs within 80 columns', () => {
    for (const args of [['list'], ['show', 'sec09-recommended'], ['show', 'sec09-literal']]) {
      const { status, stdout } = intransit(['policy', ...args])
      expect(status).toBe(0)
      expect(stdout).toContain('sec09-')
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    }
    const pack = join(folder, 'pack.json')
    writeFileSync(pack, intransit(['policy', 'show', 'sec09-literal', '--json']).stdout)
    expect(intransit(['policy', 'check', pack])).toMatchObject({ status: 0, stderr: '' })
    writeFileSync(pack, '{"id":"broken"}')
    const broken = intransit(['policy', 'check', pack])
    expect(broken.status).toBe(6)
    expect(broken.stderr).toMatch(/^ERR_POLICY_INVALID: .*Fix: /)
  })
})
