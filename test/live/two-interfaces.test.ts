/**
 * Conversations that two interfaces of the sensor show: mirrored at both ends, each end to an interface of its own, or one
 * direction on each, as a tap has them. Each is counted once and whole, by one worker and by several.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { replayCapture } from '../../captures/make/records.ts'
import { openSource } from '../../src/source/index.ts'
import { openStore } from '../../src/store/index.ts'
import { readFrames } from '../source/captures.ts'
import { ALL_TIME } from '../store/lines.ts'
import { Hosts, SERVER_IP, whyNoHosts } from './hosts.ts'
import { conclusions, lastReports, type Row, type RunningCapture, startCapture } from './running-capture.ts'
import { HOST, makeKeys, serveNginx } from './servers.ts'

const why = whyNoHosts()

const TLS = ['-sk', '--resolve', `${HOST}:443:${SERVER_IP}`, `https://${HOST}/`]
const KINDS: readonly string[][] = [
  ['--tls-max', '1.2', ...TLS],
  ['--tls-max', '1.3', ...TLS],
  ['-s', '-u', 'alice:wonderland', `http://${SERVER_IP}/`],
]
const REQUESTS: readonly string[][] = Array.from({ length: 12 }, (_, n) => KINDS[n % KINDS.length] as string[])

/** Many blocks: a reader that is late must not make the kernel give a conversation to another worker. */
const RING = ['--ring', '48', '--ring-block-size', '256']

/** Which interface showed a packet first decides nothing. */
const OF_THE_MIRROR = ['vlan']

/** Of the last summary of each worker, all together. */
function total(said: string, what: RegExp): number {
  const lines = new Map(
    [...said.matchAll(/^\S+ (\S+): ([\d,]+ frames, .*)$/gm)].map(([, name, counts]) => [name, counts]),
  )
  return [...lines.values()].reduce(
    (sum, text = '') => sum + Number((what.exec(text)?.[1] ?? '0').replaceAll(',', '')),
    0,
  )
}

const packetsOf = (rows: readonly Row[]): number =>
  lastReports(rows).reduce((sum, row) => sum + Number(row['packets_client']) + Number(row['packets_server']), 0)

describe.skipIf(why !== null)(`two interfaces of one sensor${why === null ? '' : ` (skipped: ${why})`}`, () => {
  let hosts: Hosts
  let folder: string
  let ends: string[]
  let outputs: string[]
  let wanted: string[]
  let frames: number
  const seen = new Map<string, { capture: RunningCapture; status: number | null; rows: Row[] }>()

  const CAPTURES = [
    { name: 'both ends, one worker', of: 'ends', options: [] },
    { name: 'both ends, three workers', of: 'ends', options: ['--workers', '3'] },
    { name: 'both ends, kept', of: 'ends', options: ['--workers', '2', '--data', 'DATA'] },
    { name: 'both ends, apart', of: 'ends', options: ['--apart'] },
    { name: 'a tap, one worker', of: 'outputs', options: [] },
    { name: 'a tap, two workers', of: 'outputs', options: ['--workers', '2'] },
  ] as const

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'intransit-two-'))
    makeKeys(folder)
    hosts = new Hosts()
    await serveNginx(hosts, folder)
    ends = [hosts.mirror('server'), hosts.mirror('client')]
    outputs = hosts.tap('server')
    for (const { name, of, options } of CAPTURES) {
      const sources = (of === 'ends' ? ends : outputs).map((one) => `afpacket:${one}`)
      const more = options.map((option) => (option === 'DATA' ? join(folder, 'data') : option))
      const args = ['--source', ...sources, '--format', 'jsonl', '--sensor', 'replay', ...RING, ...more]
      seen.set(name, { capture: await startCapture(hosts.monitor, args), status: null, rows: [] })
    }
    const file = join(folder, 'one-end.pcapng')
    const end = await hosts.record('server', file)
    for (const request of REQUESTS) await hosts.ask('curl', request)
    await sleep(800)
    await end()
    for (const one of seen.values()) Object.assign(one, await one.capture.stop())
    wanted = conclusions((await replayCapture(file)).records, ...OF_THE_MIRROR)
    frames = (await readFrames(await openSource(file))).length
  }, 300_000)
  afterAll(() => {
    hosts.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const of = (name: string) => {
    const { capture, status, rows } = seen.get(name) as { capture: RunningCapture; status: number | null; rows: Row[] }
    expect(status).toBe(0)
    expect(total(capture.said, /([\d,]+) dropped by the kernel/)).toBe(0)
    return { said: capture.said, rows }
  }

  it('have real conversations', () => {
    expect(wanted).toHaveLength(REQUESTS.length)
    expect(frames).toBeGreaterThan(REQUESTS.length * 10)
  })

  it.each(['both ends, one worker', 'both ends, three workers', 'both ends, kept'])(
    'show it once, whatever shows it first: %s',
    (name) => {
      const { said, rows } = of(name)
      expect(total(said, /([\d,]+) frames/)).toBe(2 * frames)
      for (const end of ends) expect(total(said, new RegExp(`([\\d,]+) from afpacket:${end}`))).toBe(frames)
      expect(total(said, /([\d,]+) flows/)).toBe(REQUESTS.length)
      expect(total(said, /([\d,]+) mirrored twice/)).toBe(frames)
      expect(conclusions(rows, ...OF_THE_MIRROR)).toEqual(wanted)
      expect(packetsOf(rows)).toBe(frames)
      const known = ends.map((end) => `afpacket:${end}`)
      expect(rows.filter((row) => !known.includes(String(row['source'])))).toEqual([])
    },
  )

  it('are shared by workers so that each conversation is whole in one of them', () => {
    const { said } = of('both ends, three workers')
    const busy = [...said.matchAll(/#\d: ([\d,]+) frames, .* ([\d,]+) flows/g)].filter(([, , flows]) => flows !== '0')
    expect(busy.length).toBeGreaterThan(1)
  })

  it('have a row each in the store, which add up', async () => {
    of('both ends, kept')
    const store = await openStore({ data: join(folder, 'data') })
    const health = await store.select<Row>('sensor-health', { ...ALL_TIME, limit: 9 })
    await store.close()
    expect(health.map((row) => [row['source'], row['frames_received'], row['kernel_drops']]).sort()).toEqual(
      ends.map((end) => [`afpacket:${end}`, frames, 0]).sort(),
    )
  })

  it('show it twice where they are said to be of different networks', () => {
    const { rows } = of('both ends, apart')
    for (const end of ends) {
      const own = rows.filter((row) => row['source'] === `afpacket:${end}`)
      expect(conclusions(own, ...OF_THE_MIRROR)).toEqual(wanted)
    }
  })

  it.each(['a tap, one worker', 'a tap, two workers'])('show it whole where each has one direction: %s', (name) => {
    const { said, rows } = of(name)
    expect(total(said, /([\d,]+) frames/)).toBe(frames)
    expect(conclusions(rows, ...OF_THE_MIRROR)).toEqual(wanted)
    expect(rows.filter((row) => row['visibility'] === 'one_sided')).toEqual([])
  })
})
