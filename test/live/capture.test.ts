/** `intransit capture` as a process, on a network of our own. Skipped, with the reason, where there can be none. */
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { replayCapture } from '../../captures/make/records.ts'
import { openStore } from '../../src/store/index.ts'
import { ALL_TIME } from '../store/lines.ts'
import { CAPTURES, createNet, type Net, type Pair, whyNoNet } from './net.ts'
import { conclusions, type Row, RunningCapture, startCapture } from './running-capture.ts'

const why = whyNoNet()
const SIGHUP = 1

let net: Net
let folder: string
let sent: Sent

const start = (...args: string[]): Promise<RunningCapture> => startCapture(net, args)

/** Classic pcap files of Ethernet frames, which tcpreplay can send. */
const isEthernet = (path: string): boolean => {
  const head = readFileSync(path).subarray(0, 24)
  return path.endsWith('.pcap') && head.readUInt32LE(0) === 0xa1b2c3d4 && head.readUInt32LE(20) === 1
}

const ends = (row: Row): string => `${row['client_ip']} ${row['client_port']} ${row['server_ip']} ${row['server_port']}`

interface Sent {
  files: string[]
  /** What replaying the files says. */
  wanted: string[]
}

/**
 * Captures whose conversations no other capture holds as well: many were made of the same one, cut in another way. Nor those
 * that several workers share: the kernel hands out tunnels' frames by their outside, and FTP's data connections apart from
 * the one that announces them.
 */
async function chooseCaptures(): Promise<Sent> {
  const files: string[] = []
  const rows: Row[] = []
  const known = new Set<string>()
  for (const path of readdirSync(CAPTURES).map((name) => join(CAPTURES, name))) {
    if (!path.endsWith('.pcap') || !isEthernet(path)) continue
    const tcp = (await replayCapture(path)).records.filter((row) => row['transport'] === 'tcp')
    if (tcp.length === 0 || tcp.some((row) => known.has(ends(row)) || isShared(row))) continue
    for (const row of tcp) known.add(ends(row))
    files.push(path)
    rows.push(...tcp)
  }
  return { files, wanted: conclusions(rows) }
}

const isShared = (row: Row): boolean => row['tunnel'] !== undefined || row['app_protocol'] === 'ftp-data'

/** A pair through which frames of offloaded segments fit as well. */
function widePair(): Pair {
  const pair = net.pair()
  for (const end of [pair.sender, pair.receiver]) net.ip('link', 'set', end, 'mtu', '65521')
  return pair
}

describe.skipIf(why !== null)(`intransit capture${why === null ? '' : ` (skipped: ${why})`}`, () => {
  beforeAll(async () => {
    sent = await chooseCaptures()
    net = createNet()
    folder = mkdtempSync(join(tmpdir(), 'intransit-capture-'))
  })
  afterAll(() => {
    net.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each([
    { name: '2,000 frames a second', speed: '--pps=2000', workers: '1' },
    { name: '20,000 frames a second and two workers', speed: '--pps=20000', workers: '2' },
    { name: 'as fast as it goes', speed: '--topspeed', workers: '1' },
  ])('judges what tcpreplay sends at $name as it judges the files', async ({ speed, workers }) => {
    const { sender, receiver } = widePair()
    const capture = await start('--source', `afpacket:${receiver}`, '--format', 'jsonl', '--workers', workers)
    await net.replay(sender, sent.files, speed)
    await sleep(600)
    const { status, rows } = await capture.stop()
    expect(status).toBe(0)
    expect(sent.wanted.length).toBeGreaterThan(50)
    expect(conclusions(rows)).toEqual(sent.wanted)
    expect(capture.said).toMatch(/ 0 dropped by the kernel/)
  })

  it('prints a conversation within a second of its verdict', async () => {
    const { sender, receiver } = widePair()
    const capture = await start('--source', `afpacket:${receiver}`, '--format', 'jsonl')
    const delays: number[] = []
    for (const file of sent.files.filter((path) => /tls1[23]-[a-z0-9-]+\.pcap$/.test(path)).slice(0, 25)) {
      const [row] = (await replayCapture(file)).records.filter(
        ({ verdict }) => verdict === 'strong' || verdict === 'weak',
      )
      if (row === undefined) continue
      await net.replay(sender, [file], '--topspeed')
      delays.push(await capture.prints(new RegExp(`"client_port":${row['client_port']},`), 5000))
    }
    await capture.stop()
    expect(delays.length).toBeGreaterThan(10)
    const p99 = delays.sort((a, b) => a - b)[Math.floor(delays.length * 0.99)] as number
    console.log(
      `from the last frame to the line: median ${delays[delays.length >> 1]?.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
    )
    expect(p99).toBeLessThan(1000)
  })

  it('ends at SIGTERM at once, with status 0 and every row in the store', async () => {
    const { sender, receiver } = widePair()
    const data = join(folder, 'stored')
    const capture = await start('--source', `afpacket:${receiver}`, '--data', data, '--sensor', 'tap-1')
    await net.replay(sender, sent.files, '--topspeed')
    await sleep(300)
    const { status, ms } = await capture.stop()
    expect([status, ms < 10_000]).toEqual([0, true])
    const store = await openStore({ data })
    const [range] = await store.select<{ flows: string }>('time-range', ALL_TIME)
    const health = await store.select<Row>('sensor-health', { ...ALL_TIME, limit: 10 })
    await store.close()
    expect(Number(range?.flows)).toBeGreaterThanOrEqual(sent.wanted.length)
    expect(health).toMatchObject([{ sensor: 'tap-1', source: `afpacket:${receiver}` }])
  })

  it('becomes another user once everything is open, and its files are that user’s', async () => {
    const { sender, receiver } = widePair()
    const data = join(folder, 'unprivileged')
    chmodSync(folder, 0o777)
    const capture = await start('--source', `afpacket:${receiver}`, '--data', data, '--user', 'nobody')
    const status = readFileSync(`/proc/${capture.child.pid}/status`, 'utf8')
    expect(status).toMatch(/^Uid:\t(\d+)\t\1\t\1\t\1$/m)
    expect(status).not.toMatch(/^Uid:\t0\t/m)
    expect(status).toMatch(/^CapEff:\t0+$/m)
    expect(status).toMatch(/^Groups:\t *$/m)
    await net.replay(sender, sent.files.slice(0, 10), '--topspeed')
    await sleep(300)
    expect((await capture.stop()).status).toBe(0)
    expect(capture.said).not.toMatch(/ERR_/)
    expect(statSync(data).uid).not.toBe(0)
  })

  it('reads its policies again at SIGHUP, and keeps the old ones where the new are wrong', async () => {
    const { receiver } = net.pair()
    const policy = join(folder, 'ours.json')
    const pack = JSON.parse(
      readFileSync(new URL('../../src/classify/policies/sec09-literal.json', import.meta.url), 'utf8'),
    )
    writeFileSync(policy, JSON.stringify({ ...pack, id: 'ours' }))
    const capture = await start('--source', `afpacket:${receiver}`, '--no-store', '--policy', policy)
    writeFileSync(policy, JSON.stringify({ ...pack, id: 'ours-newer' }))
    capture.signal('SIGHUP')
    await capture.says(/judges by ours-newer from now on/)
    writeFileSync(policy, '{ not json')
    capture.signal('SIGHUP')
    await capture.says(/ERR_POLICY_INVALID.* The old policy stays/)
    expect((await capture.stop()).status).toBe(0)
  })

  it('reads its configuration again at SIGHUP: what it can change it does, and names what it cannot', async () => {
    const { receiver } = net.pair()
    const config = join(folder, 'capture.yaml')
    const say = (more: string): void => writeFileSync(config, `source: afpacket:${receiver}\nstore: false\n${more}`)
    say('policy: sec09-literal')
    const capture = await start('--config', config, '--sensor', 'tap-1')
    say('policy: [sec09-recommended, sec09-literal]\npolicy-date: 2027-03-15\nring: 8\nspool-size: 9\nsensor: other')
    capture.signal('SIGHUP')
    await capture.says(/capture.yaml: a restart is needed for what changed in ring, spool-size\n/)
    await capture.says(/judges by sec09-recommended,sec09-literal from now on/)
    say('polcy: sec09-literal')
    capture.signal('SIGHUP')
    await capture.says(/ERR_USAGE: .*capture.yaml:3: polcy: .* The old policy stays/)
    expect((await capture.stop()).status).toBe(0)
  })

  it('is neither ended nor opened to a debugger by a signal that comes before it captures', async () => {
    const { receiver } = net.pair()
    const capture = new RunningCapture(net, ['--source', `afpacket:${receiver}`, '--no-store'])
    // From the moment that node has read its first file on, and all the time until it captures.
    const handles = (signal: number): boolean => {
      const [, mask] = /^SigCgt:\t(\w+)$/m.exec(readFileSync(`/proc/${capture.child.pid}/status`, 'utf8')) ?? []
      return (BigInt(`0x${mask}`) & (1n << BigInt(signal - 1))) !== 0n
    }
    while (!handles(SIGHUP)) await sleep(1)
    while (!capture.said.includes('captures ')) {
      for (const signal of ['SIGHUP', 'SIGUSR1'] as const) capture.signal(signal)
      await sleep(5)
    }
    expect((await capture.stop()).status).toBe(0)
    expect(capture.said).not.toMatch(/Debugger/)
  })

  it('tells its counters at SIGUSR1, and that an interface went down, away and came back', async () => {
    const { sender, receiver } = net.pair()
    const capture = await start('--source', `afpacket:${receiver}`, '--no-store')
    await net.replay(sender, sent.files.slice(0, 1), '--topspeed')
    await sleep(1500)
    capture.signal('SIGUSR1')
    await capture.says(/: [1-9]\d* frames, [1-9]\d* decoded, [1-9]\d* flows/)
    net.ip('link', 'set', receiver, 'down')
    await capture.says(/the interface is down/)
    net.ip('link', 'set', receiver, 'up')
    await capture.says(/the interface is up/)
    net.ip('link', 'del', receiver)
    await capture.says(/the interface is gone/)
    net.pair(receiver)
    await capture.says(/the interface is gone[\s\S]*the interface is up/)
    expect((await capture.stop()).status).toBe(0)
  })

  it.each([
    { name: 'an unknown kind of source', args: ['--source', 'carrier-pigeon:1'], says: /^ERR_USAGE: .*afpacket:IFACE/ },
    { name: 'an unknown interface', args: ['--source', 'afpacket:nope0'], says: /^ERR_SOURCE_NOT_FOUND: / },
    { name: 'a filter that is none', args: ['--source', 'afpacket:lo', '--filter', 'prot 443'], says: /^ERR_FILTER: / },
    {
      name: 'a pack that is none',
      args: ['--source', 'afpacket:lo', '--policy', 'nope'],
      says: /^ERR_POLICY_NOT_FOUND: /,
    },
  ])('refuses $name in one line before anything is opened', async ({ args, says }) => {
    const capture = new RunningCapture(net, [...args, '--no-store'])
    const [status] = await once(capture.child, 'close')
    expect(status).toBeGreaterThan(1)
    expect(capture.said).toMatch(says)
    expect(capture.said.trim().split('\n')).toHaveLength(1)
  })
})
