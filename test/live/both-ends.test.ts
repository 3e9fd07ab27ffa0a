/** Two hosts whose interfaces are both mirrored in VXLAN, as VPC traffic mirroring does it: one session, and one VNI, each. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { replayCapture } from '../../captures/make/records.ts'
import { openSource } from '../../src/source/index.ts'
import { readFrames } from '../source/captures.ts'
import { Hosts, SERVER_IP, whyNoHosts } from './hosts.ts'
import { conclusions, lastReports, lastSummary, type Row, type Summary, startCapture } from './running-capture.ts'
import { HOST, makeKeys, serveNginx } from './servers.ts'
import type { VxlanMirrorOptions, VxlanMirrorReport } from './vxlan-mirror.ts'

const why = whyNoHosts()
const MIRROR = new URL('./vxlan-mirror.ts', import.meta.url).pathname
const SERVER_VNI = 1
const CLIENT_VNI = 2

/** The mirror's own wire: its datagrams are longer than the frames in them. */
const MIRROR_MTU = '1700'
const MIRROR_TARGET = '10.99.0.2'

const CAPTURES = [
  { name: 'a VXLAN listener', source: 'vxlan:127.0.0.1:4789', knowsVpc: true },
  { name: 'a VXLAN listener', source: 'vxlan:127.0.0.2:4789', knowsVpc: false },
  { name: 'an interface', source: 'afpacket:wire-in', knowsVpc: true },
  { name: 'an interface', source: 'afpacket:wire-in', knowsVpc: false },
] as const

interface Seen {
  status: number | null
  rows: Row[]
  summary: Summary
}

const TLS = ['-sk', '--resolve', `${HOST}:443:${SERVER_IP}`, `https://${HOST}/`]
const VERSIONS = ['1.2', '1.3']
const PLAIN = ['-s', '-u', 'alice:wonderland', `http://${SERVER_IP}/`]
const REQUESTS: readonly string[][] = Array.from({ length: 8 }, (_, n) =>
  n % 2 === 0 ? ['--tls-max', VERSIONS[(n / 2) % 2] as string, ...TLS] : PLAIN,
)

/** Which end showed a packet decides nothing about a conversation that is counted once. */
const OF_THE_MIRROR = ['vni', 'tunnel']

const numbers = (rows: readonly Row[], member: string): number[] => rows.map((row) => Number(row[member]))
const packetsOf = (rows: readonly Row[]): number =>
  [...numbers(rows, 'packets_client'), ...numbers(rows, 'packets_server')].reduce((sum, packets) => sum + packets, 0)

describe.skipIf(why !== null)(`a VPC mirrored at both ends${why === null ? '' : ` (skipped: ${why})`}`, () => {
  let hosts: Hosts
  let folder: string
  /** In the order of CAPTURES. */
  let seen: Seen[]
  let sent: VxlanMirrorReport
  /** What one end says of the conversations, and how many frames they were. */
  let wanted: string[]
  let frames: number

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'intransit-vpc-'))
    makeKeys(folder)
    hosts = new Hosts()
    const { monitor } = hosts
    await serveNginx(hosts, folder)
    const interfaces = [
      { name: hosts.mirror('server'), vni: SERVER_VNI },
      { name: hosts.mirror('client'), vni: CLIENT_VNI },
    ]
    monitor.ip('link', 'add', 'wire-out', 'mtu', MIRROR_MTU, 'type', 'veth', 'peer', 'name', 'wire-in')
    monitor.ip('link', 'set', 'wire-in', 'mtu', MIRROR_MTU, 'address', '02:00:0a:63:00:02', 'up')
    monitor.ip('link', 'set', 'wire-out', 'up')
    monitor.ip('addr', 'add', '10.99.0.1/24', 'dev', 'wire-out')
    const neighbour = ['neigh', 'add', MIRROR_TARGET, 'lladdr', '02:00:0a:63:00:02', 'dev', 'wire-out']
    monitor.ip(...neighbour, 'nud', 'permanent')

    const running = await Promise.all(
      CAPTURES.map(({ source, knowsVpc }) => {
        const vpc = knowsVpc ? ['--vpc', `net=${SERVER_VNI},${CLIENT_VNI}`] : []
        return startCapture(monitor, ['--source', source, '--format', 'jsonl', '--sensor', 'replay', ...vpc])
      }),
    )
    const options: VxlanMirrorOptions = { interfaces, targets: ['127.0.0.1', '127.0.0.2', MIRROR_TARGET] }
    const mirror = monitor.spawn(process.execPath, '--import', 'tsx', MIRROR, JSON.stringify(options))
    const closed = once(mirror, 'close')
    let printed = ''
    let said = ''
    mirror.stdout?.on('data', (text) => {
      printed += text
    })
    mirror.stderr?.on('data', (text) => {
      said += text
    })
    for (const endMs = performance.now() + 10_000; !printed.includes('open'); await sleep(20))
      if (performance.now() > endMs) throw new Error(`the mirror does not open: ${said}`)
    const file = join(folder, 'one-end.pcapng')
    const end = await hosts.record('server', file)
    for (const request of REQUESTS) await hosts.ask('curl', request)
    await sleep(500)
    await end()
    mirror.kill('SIGTERM')
    await closed
    sent = JSON.parse(printed.split('\n')[1] as string) as VxlanMirrorReport
    await sleep(500)
    seen = []
    for (const capture of running) {
      const { status, rows } = await capture.stop()
      seen.push({ status, rows, summary: lastSummary(capture.said) as Summary })
    }
    wanted = conclusions((await replayCapture(file)).records)
    frames = (await readFrames(await openSource(file))).length
  })
  afterAll(() => {
    hosts.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('has real conversations, and all their frames were mirrored twice', () => {
    expect(wanted).toHaveLength(REQUESTS.length)
    expect(frames).toBeGreaterThan(REQUESTS.length * 20)
    expect(sent).toEqual({ [SERVER_VNI]: frames, [CLIENT_VNI]: frames })
  })

  it.each(CAPTURES.map(({ name, source, knowsVpc }, n) => ({ name: `${name} (${source})`, knowsVpc, n })))(
    'comes to $name frame by frame, VPC known: $knowsVpc',
    ({ n }) => {
      const { status, summary } = seen[n] as Seen
      expect(status).toBe(0)
      expect(summary).toMatchObject({ frames: 2 * frames, decoded: 2 * frames })
      expect(summary).toMatchObject({ kernelDrops: 0, interfaceDrops: 0, readerDrops: 0 })
    },
  )

  const which = (knows: boolean) =>
    CAPTURES.flatMap(({ name, source, knowsVpc }, n) =>
      knowsVpc === knows ? [{ name: `${name} (${source})`, n }] : [],
    )

  it.each(which(true))('is counted once by $name that knows which VNIs are one VPC', ({ n }) => {
    const { rows, summary } = seen[n] as Seen
    expect(conclusions(rows, ...OF_THE_MIRROR)).toEqual(wanted)
    expect(summary).toMatchObject({ flows: REQUESTS.length, duplicates: frames })
    expect(packetsOf(lastReports(rows)) + summary.duplicates).toBe(summary.decoded)
  })

  it.each(which(false))('is counted twice by $name that does not, and told apart by VNI', ({ n }) => {
    const { rows, summary } = seen[n] as Seen
    const flows = lastReports(rows)
    for (const vni of [SERVER_VNI, CLIENT_VNI]) {
      const ofOneEnd = flows.filter((row) => row['vni'] === vni)
      expect(ofOneEnd.every((row) => row['tunnel'] === 'vxlan')).toBe(true)
      expect(conclusions(ofOneEnd, ...OF_THE_MIRROR)).toEqual(wanted)
    }
    expect(summary).toMatchObject({ flows: 2 * REQUESTS.length, duplicates: 0 })
    expect(packetsOf(flows)).toBe(summary.decoded)
  })
})
