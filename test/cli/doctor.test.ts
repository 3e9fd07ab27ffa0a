import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { CHECKS } from '../../src/cli/doctor/checks.ts'
import { SampleCounter } from '../../src/cli/doctor/sample.ts'
import { StreamHoles } from '../../src/cli/doctor/stream-holes.ts'
import { decodeFrame } from '../../src/decode/decode.ts'
import { ACK, PacketMeta, SYN } from '../../src/decode/packet-meta.ts'
import { openSource } from '../../src/source/index.ts'
import { CAPTURES, intransit, MAIN } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'cli-doctor-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Finding {
  id: string
  source: string | null
  verdict: string
  text: string
  fix: string | null
}

function examine(...args: string[]) {
  const { status, stdout, stderr } = intransit(['doctor', ...args, '--json'], { cwd: folder })
  const { verdict, findings } = JSON.parse(stdout) as { verdict: string; findings: Finding[] }
  const find = (id: string) => findings.find((one) => one.id === id)
  return { status, stderr, verdict, findings, find }
}

describe('the table of checks', () => {
  const doc = readFileSync(new URL('../../docs/doctor.md', import.meta.url), 'utf8')
  const documented = [...doc.matchAll(/^\| `([a-z][a-z-]+)` \| ([^|]+) \|/gm)].map(
    ([, id, looksAt]) => `${id}: ${looksAt}`,
  )

  it('is that of docs/doctor.md, row by row', () => {
    expect(CHECKS.length).toBeGreaterThan(15)
    expect(documented).toEqual(CHECKS.map(({ id, looksAt }) => `${id}: ${looksAt}`))
  })

  it('makes one finding a row, with a fix where something is wrong and only there', () => {
    const { findings } = examine('--data', '/dev/null/data')
    expect(findings.map(({ id }) => id)).toEqual(CHECKS.map(({ id }) => id))
    for (const { id, verdict, fix } of findings)
      expect(`${id}: ${fix !== null}`).toBe(`${id}: ${['warn', 'fail'].includes(verdict)}`)
    expect(findings.filter(({ fix }) => fix !== null).length).toBeGreaterThan(0)
  })

  it('makes one finding a source in the rows about sources', () => {
    const { findings } = examine('--no-store', '--source', 'afpacket:lo', 'nonsense:1')
    expect(findings.filter(({ id }) => id === 'opens').map(({ source }) => source)).toEqual([
      'afpacket:lo',
      'nonsense:1',
    ])
  })
})

describe('intransit doctor', () => {
  it('tells a source of no known kind, and looks at no store where nothing is kept', () => {
    const { status, stderr, find } = examine('--no-store', '--source', 'afpacket-none')
    expect(find('store')).toMatchObject({ verdict: 'skipped', text: 'nothing is kept' })
    expect(find('opens')).toMatchObject({ verdict: 'fail', text: expect.stringContaining('ERR_USAGE') })
    expect([status, stderr]).toEqual([8, expect.stringMatching(/^ERR_DOCTOR: .*\. Fix: .*\.\n$/)])
    expect(existsSync(join(folder, 'intransit-data'))).toBe(false)
  })

  it('looks at the folders that capture would take, without making them', () => {
    const { find } = examine()
    expect(find('data-folder')?.text).toContain(`${join(folder, 'intransit-data')} will be made in ${folder}`)
    expect(find('spool-folder')?.text).toContain(join(folder, 'intransit-data-spool'))
    expect(find('store')).toMatchObject({ verdict: 'ok', text: 'there is none yet: a capture makes it' })
    expect(existsSync(join(folder, 'intransit-data'))).toBe(false)
  })

  it('tells the version and the schema of a store that is there', () => {
    const data = join(folder, 'kept')
    expect(intransit(['migrate', '--data', data]).status).toBe(0)
    expect(examine('--data', data).find('store')).toMatchObject({
      verdict: 'ok',
      text: expect.stringMatching(/^ClickHouse \d+\.\d+.* with schema \d+$/),
    })
  })

  it('tells a data folder that is a file', () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    const { status, find } = examine('--data', file)
    expect(find('data-folder')).toMatchObject({ verdict: 'fail', text: expect.stringContaining('it is a file') })
    expect(status).toBe(8)
  })

  it.skipIf(process.getuid?.() !== 0)('tells a data folder that --user cannot write, and who may', () => {
    chmodSync(folder, 0o755)
    const data = join(folder, 'of-root')
    mkdirSync(data, { mode: 0o755 })
    const { status, find } = examine('--data', data, '--user', 'nobody')
    expect(find('data-folder')).toMatchObject({
      verdict: 'fail',
      text: `nobody cannot use ${data}: it is not writable`,
      fix: expect.stringContaining(`sudo chown -R nobody ${data}`),
    })
    expect(find('spool-folder')).toMatchObject({ verdict: 'fail', fix: expect.stringContaining('install -d') })
    expect(status).toBe(8)
  })

  it.skipIf(process.getuid?.() !== 0)('tells what --user takes away, and a user that is none', () => {
    expect(examine('--no-store', '--user', 'nobody').find('user')).toMatchObject({
      verdict: 'warn',
      fix: expect.stringContaining('AmbientCapabilities=CAP_NET_RAW'),
    })
    const { status, find } = examine('--no-store', '--user', 'nobody-of-that-name')
    expect([status, find('user')?.verdict]).toEqual([8, 'fail'])
  })

  it.skipIf(process.getuid?.() !== 0)('leaves nothing of root in the store of another user', () => {
    const shared = join(folder, 'shared')
    mkdirSync(shared)
    chmodSync(shared, 0o777)
    const data = join(shared, 'of-nobody')
    const migrated = intransit(['migrate', '--data', data], { uid: 65534, gid: 65534, cwd: shared })
    expect(migrated.stdout).toMatch(/^schema brought from 0/)
    expect(examine('--data', data).find('store')).toMatchObject({ verdict: 'ok' })
    const entries = readdirSync(data, { recursive: true, encoding: 'utf8' })
    expect(entries.length).toBeGreaterThan(10)
    expect(entries.filter((name) => lstatSync(join(data, name)).uid !== 65534)).toEqual([])
  })

  it('does not open what can be read only once', () => {
    const { find } = examine('--no-store', '--source', 'pcap-stream:-', '--sample', '1')
    for (const id of ['opens', 'sample-frames'])
      expect(find(id)).toMatchObject({ verdict: 'skipped', text: expect.stringContaining('take its bytes') })
  })

  it('tells a store that is away', () => {
    const { status, find } = examine('--clickhouse', 'http://127.0.0.1:1/intransit')
    expect(find('store')).toMatchObject({
      verdict: 'fail',
      text: expect.stringMatching(/nothing listens there \(ERR_STORE_UNREACHABLE\)$/),
    })
    expect(status).toBe(8)
  })

  it('does not wait for a store that never answers', async () => {
    const silent = createServer(() => undefined)
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    const sinceMs = performance.now()
    const child = spawn(process.execPath, [MAIN, 'doctor', '--clickhouse', `http://127.0.0.1:${port}/x`, '--json'])
    let out = ''
    child.stdout.on('data', (text) => {
      out += text
    })
    const [status] = await once(child, 'close')
    const tookMs = performance.now() - sinceMs
    silent.close()
    expect(status).toBe(8)
    expect(JSON.parse(out).findings).toContainEqual(
      expect.objectContaining({ id: 'store', verdict: 'fail', text: expect.stringContaining('did not answer') }),
    )
    expect(tookMs).toBeLessThan(8000)
  })

  it.skipIf(!existsSync('/proc/sys/net/core/rmem_max'))(
    'holds net.core.rmem_max against what a listener asks for',
    () => {
      const most = Number(readFileSync('/proc/sys/net/core/rmem_max', 'latin1'))
      expect(examine('--no-store', '--source', 'vxlan:127.0.0.1:0').find('receive-buffer')).toMatchObject(
        most < 33_554_432
          ? { verdict: 'warn', fix: 'sudo sysctl -w net.core.rmem_max=33554432' }
          : { verdict: 'ok', fix: null },
      )
    },
  )

  it('fits 80 columns and has no colour in a pipe', () => {
    const { stdout } = intransit(['doctor', '--source', 'afpacket:lo', '--data', '/dev/null/data'])
    expect(stdout).toMatch(/^fail {5}data-folder: /m)
    expect(stdout).toMatch(/^ {9}Fix: /m)
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(stdout).not.toContain('\u001b')
  })

  it('says the same for people as for machines', () => {
    const { findings } = examine('--data', '/dev/null/data')
    const words = intransit(['doctor', '--data', '/dev/null/data'], { cwd: folder }).stdout.replace(/\s+/g, ' ')
    for (const { id, verdict, text } of findings.filter((one) => one.verdict === 'fail' || one.id === 'filter-memory'))
      expect(words).toContain(`${verdict} ${id}: ${text}`)
  })

  it.each([
    { name: 'a sample of no length', args: ['--sample', '0'], code: 'ERR_USAGE' },
    { name: 'a ring that is no number', args: ['--ring', 'big'], code: 'ERR_USAGE' },
    { name: 'a filter with a mistake', args: ['--filter', 'port x'], code: 'ERR_FILTER' },
  ])('refuses $name as capture does', ({ args, code }) => {
    const { status, stdout, stderr } = intransit(['doctor', '--no-store', ...args])
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining(code)])
  })
})

describe('what a sample counts', () => {
  async function countsOf(name: string, keep: (tcpFlags: number) => boolean = () => true, times = 1) {
    const counter = new SampleCounter()
    const m = new PacketMeta()
    for await (const batch of (await openSource(join(CAPTURES, name))).batches()) {
      for (let i = 0; i < batch.count; i++) {
        const one = {
          bytes: batch.bytes,
          count: 1,
          at: batch.at.slice(i),
          captured: batch.captured.slice(i),
          wire: batch.wire.slice(i),
          time: batch.time.slice(i),
          link: batch.link.slice(i),
          origins: null,
        }
        const [start, have] = [one.at[0] as number, one.captured[0] as number]
        decodeFrame(batch.bytes, start, start + have, one.wire[0] as number, one.link[0] as number, m)
        if (keep(m.tcpFlags)) for (let again = 0; again < times; again++) counter.add(one)
      }
    }
    return counter.counts()
  }

  it('calls a whole conversation neither one-sided nor cut nor doubled', async () => {
    const counts = await countsOf('http-plain-get.pcap')
    expect(counts).toMatchObject({ conversations: 1, oneSided: 0, truncated: 0, undecoded: 0, duplicates: 0 })
    expect(counts.segments).toBeGreaterThan(1)
  })

  it('knows each segment of a doubled mirror again', async () => {
    const once = await countsOf('http-plain-get.pcap')
    const twice = await countsOf('http-plain-get.pcap', () => true, 2)
    expect(twice).toMatchObject({ segments: 2 * once.segments, duplicates: once.segments })
  })

  it('knows by their holes that every third frame was left out, and that none was', async () => {
    let n = 0
    const sampled = await countsOf('tls12-nginx-curl.pcap', () => n++ % 3 !== 0)
    const whole = await countsOf('tls12-nginx-curl.pcap')
    expect(whole).toMatchObject({ missingBytes: 0, reordered: 0 })
    expect(whole.streamBytes).toBeGreaterThan(0)
    expect(sampled.missingBytes / (sampled.missingBytes + sampled.streamBytes)).toBeGreaterThan(0.2)
  })

  it.each([
    { name: 'in order', segments: [100, 200, 300], want: { seenBytes: 200, missingBytes: 0, reordered: 0 } },
    { name: 'one late', segments: [100, 300, 200], want: { seenBytes: 200, missingBytes: 0, reordered: 1 } },
    { name: 'one never', segments: [100, 300, 400], want: { seenBytes: 200, missingBytes: 100, reordered: 0 } },
    { name: 'one twice', segments: [100, 200, 200], want: { seenBytes: 100, missingBytes: 0, reordered: 0 } },
    { name: 'half a hole', segments: [100, 400, 250], want: { seenBytes: 200, missingBytes: 100, reordered: 1 } },
    { name: 'around 2³²', segments: [-150, -50, 50], want: { seenBytes: 200, missingBytes: 0, reordered: 0 } },
    {
      name: 'another connection',
      segments: [100, 2 ** 30, 200],
      want: { seenBytes: 0, missingBytes: 0, reordered: 0 },
    },
  ])('of streams: $name', ({ segments, want }) => {
    const holes = new StreamHoles()
    for (const [n, seq] of segments.entries()) holes.add(1, seq, 100, n * 1000)
    expect({ ...holes }).toMatchObject(want)
  })

  it('does not call reordered what was sent again', () => {
    const holes = new StreamHoles()
    for (const [seq, atUs] of [
      [0, 0],
      [200, 10],
      [100, 200_000],
    ] as const)
      holes.add(1, seq, 100, atUs)
    expect(holes).toMatchObject({ missingBytes: 0, reordered: 0 })
  })

  it.each([
    { name: 'a SYN that is sent again and again is not one-sided', keep: (flags: number) => flags === SYN, want: 0 },
    { name: 'a side that acknowledges what is not seen is', keep: (flags: number) => flags !== (SYN | ACK), want: 1 },
  ])('$name', async ({ keep, want }) => {
    const { frames, conversations, oneSided } = await countsOf('tls12-client-side-only.pcap', keep, 3)
    expect([frames > 2, conversations, oneSided]).toEqual([true, want, want])
  })
})
