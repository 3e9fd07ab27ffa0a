/**
 * Mirrors that show every packet twice in one context: both ways of a port that a packet passes twice, a router's two
 * sides, and both ends of a conversation under one network identifier. What they show is one conversation.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { replayCapture } from '../../captures/make/records.ts'
import { openSource } from '../../src/source/index.ts'
import { readFrames } from '../source/captures.ts'
import { captureOf, removeCaptures, tagged } from './frames.ts'
import { Hosts, SERVER_IP, whyNoHosts } from './hosts.ts'
import { CAPTURES } from './net.ts'
import { conclusions, lastReports, lastSummary, type Row, type Summary, startCapture } from './running-capture.ts'
import { HOST, makeKeys, serveNginx } from './servers.ts'
import type { VxlanMirrorOptions, VxlanMirrorReport } from './vxlan-mirror.ts'

const why = whyNoHosts()
const MIRROR = new URL('./vxlan-mirror.ts', import.meta.url).pathname
const VNI = 7

const TLS = ['-sk', '--resolve', `${HOST}:443:${SERVER_IP}`, `https://${HOST}/`]
const REQUESTS: readonly string[][] = [
  ['--tls-max', '1.2', ...TLS],
  ['--tls-max', '1.3', ...TLS],
  ['-s', '-u', 'alice:wonderland', `http://${SERVER_IP}/`],
  ['--tls-max', '1.3', ...TLS],
]

/** In Ethernet. */
const HOP_LIMIT = 14 + 7
const TTL = 14 + 8
const IP_CHECKSUM = 14 + 10
const ROUTER = '02000000000902000000000a'

/** The frame on the other side of a router: other addresses of the link, another VLAN, a TTL counted down. */
function routed(frame: Buffer): Buffer {
  const copy = Buffer.from(frame)
  copy.write(ROUTER, 'hex')
  if (copy.readUInt16BE(12) === 0x86dd) {
    copy[HOP_LIMIT] = (copy[HOP_LIMIT] as number) - 1
    return tagged(copy, 0x8100, 20)
  }
  copy[TTL] = (copy[TTL] as number) - 1
  // RFC 1624 §3: the checksum's complement grows by what the word loses.
  const sum = copy.readUInt16BE(IP_CHECKSUM) + 0x0100
  copy.writeUInt16BE((sum & 0xffff) + (sum >>> 16), IP_CHECKSUM)
  return tagged(copy, 0x8100, 20)
}

const packetsOf = (rows: readonly Row[]): number =>
  lastReports(rows).reduce((sum, row) => sum + Number(row['packets_client']) + Number(row['packets_server']), 0)

/** What the mirror decides. */
const OF_THE_MIRROR = ['vni', 'tunnel', 'vlan']

describe.skipIf(why !== null)(`a mirror that shows all twice${why === null ? '' : ` (skipped: ${why})`}`, () => {
  let hosts: Hosts
  let folder: string

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'intransit-twice-'))
    makeKeys(folder)
    hosts = new Hosts()
    await serveNginx(hosts, folder)
  })
  afterEach(() => {
    hosts.close()
    removeCaptures()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Captures from `source` while real clients ask real servers; a recording has every frame once. */
  async function observe(source: string, isCopied: () => Promise<void>) {
    const file = join(folder, `${source.replaceAll(/\W/g, '-')}.pcapng`)
    const capture = await startCapture(hosts.monitor, ['--source', source, '--format', 'jsonl', '--sensor', 'replay'])
    const end = await hosts.record('server', file)
    for (const request of REQUESTS) await hosts.ask('curl', request)
    await sleep(500)
    await end()
    await isCopied()
    await sleep(500)
    const { status, rows } = await capture.stop()
    expect(status).toBe(0)
    const frames = (await readFrames(await openSource(file))).length
    expect(frames).toBeGreaterThan(REQUESTS.length * 20)
    const summary = lastSummary(capture.said) as Summary
    return { rows, summary, frames, wanted: conclusions((await replayCapture(file)).records, ...OF_THE_MIRROR) }
  }

  it('of the same port twice, by tc: every frame counts once', async () => {
    const from = hosts.mirror('server', 2)
    const { rows, summary, frames, wanted } = await observe(`afpacket:${from}`, async () => undefined)
    expect(summary).toMatchObject({ frames: 2 * frames, decoded: 2 * frames, kernelDrops: 0 })
    expect(summary).toMatchObject({ flows: REQUESTS.length, duplicates: frames })
    expect(conclusions(rows, ...OF_THE_MIRROR)).toEqual(wanted)
    expect(packetsOf(rows)).toBe(frames)
  })

  it('of both ends under one VNI: every frame counts once', async () => {
    const interfaces = (['client', 'server'] as const).map((place) => ({ name: hosts.mirror(place), vni: VNI }))
    const options: VxlanMirrorOptions = { interfaces, targets: ['127.0.0.1'] }
    const mirror = hosts.monitor.spawn(process.execPath, '--import', 'tsx', MIRROR, JSON.stringify(options))
    const closed = once(mirror, 'close')
    let printed = ''
    mirror.stdout?.on('data', (text) => {
      printed += text
    })
    for (const endMs = performance.now() + 20_000; !printed.includes('open'); await sleep(20))
      if (performance.now() > endMs) throw new Error('the mirror does not open')
    const { rows, summary, frames, wanted } = await observe('vxlan:127.0.0.1:4789', async () => {
      mirror.kill('SIGTERM')
      await closed
    })
    const sent = JSON.parse(printed.split('\n')[1] as string) as VxlanMirrorReport
    expect(sent[VNI]).toBe(2 * frames)
    expect(summary).toMatchObject({ frames: 2 * frames, flows: REQUESTS.length, duplicates: frames })
    expect(conclusions(rows, ...OF_THE_MIRROR)).toEqual(wanted)
    expect(packetsOf(rows)).toBe(frames)
  })

  it.each(['http-keepalive', 'tls12-nginx-curl', 'tls13-aes128gcm-secp256r1', 'smtp-starttls-blanked'])(
    'of both sides of a router: %s is as in its file',
    async (name) => {
      const file = `${CAPTURES}${name}.pcap`
      const frames = (await readFrames(await openSource(file))).map(({ hex }) => Buffer.from(hex, 'hex'))
      const { sender, receiver } = hosts.monitor.pair()
      const capture = await startCapture(hosts.monitor, [
        ...['--source', `afpacket:${receiver}`, '--format', 'jsonl', '--sensor', 'replay', '--whole'],
      ])
      await hosts.monitor.replay(sender, [captureOf(frames.flatMap((frame) => [frame, routed(frame)]))])
      await sleep(500)
      const { rows } = await capture.stop()
      const summary = lastSummary(capture.said) as Summary
      expect(summary).toMatchObject({ frames: 2 * frames.length, duplicates: frames.length })
      const { records } = await replayCapture(file)
      expect(conclusions(rows, ...OF_THE_MIRROR)).toEqual(conclusions(records, ...OF_THE_MIRROR))
      expect(rows.filter((row) => row['increment'] === undefined).length).toBeGreaterThan(0)
    },
  )
})
