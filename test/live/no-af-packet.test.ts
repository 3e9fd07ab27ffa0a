/**
 * A capture on a system that it takes for one without AF_PACKET: by itself it reads through libpcap. The library is this
 * system's, under FreeBSD's name. Skipped, with the reason, where there can be no network of our own.
 */
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CAPTURES, createNet, type Net, whyNoNet } from './net.ts'
import { conclusions, lastSummary, RunningCapture, startCapture } from './running-capture.ts'

const AS_FREEBSD = new URL('./as-freebsd.mjs', import.meta.url).href
const LIBRARY = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/libpcap.so.0.8`)
  .find((path) => existsSync(path))
const why = whyNoNet() ?? (LIBRARY === undefined ? 'needs libpcap.so.0.8' : null)

describe.skipIf(why !== null)(`a system without AF_PACKET${why === null ? '' : ` (skipped: ${why})`}`, () => {
  let net: Net
  let folder: string
  const before = process.env['LD_LIBRARY_PATH']

  beforeAll(() => {
    net = createNet()
    folder = mkdtempSync(join(tmpdir(), 'intransit-freebsd-'))
    symlinkSync(LIBRARY as string, join(folder, 'libpcap.so.8'))
    process.env['LD_LIBRARY_PATH'] = folder
  })
  afterAll(() => {
    if (before === undefined) delete process.env['LD_LIBRARY_PATH']
    else process.env['LD_LIBRARY_PATH'] = before
    net.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const captureAs = (source: string, node: readonly string[]) =>
    startCapture(net, ['--source', source, '--format', 'jsonl', '--sensor', 'replay'], undefined, node)

  it('reads interface: through libpcap, and says of every conversation what AF_PACKET says', async () => {
    const { sender, receiver } = net.pair()
    const captures = [
      await captureAs(`interface:${receiver}`, ['--import', AS_FREEBSD]),
      await captureAs(`interface:${receiver}`, []),
    ]
    await net.replay(sender, [`${CAPTURES}http-keepalive.pcap`, `${CAPTURES}tls12-nginx-curl.pcap`], '--pps=2000')
    await sleep(1500)
    const [libpcap, afpacket] = await Promise.all(captures.map((capture) => capture.stop()))
    expect([libpcap?.status, afpacket?.status]).toEqual([0, 0])
    const sourcesOf = (rows: readonly object[] = []) => [...new Set(rows.map((row) => Reflect.get(row, 'source')))]
    expect(sourcesOf(libpcap?.rows)).toEqual([`libpcap:${receiver}`])
    expect(sourcesOf(afpacket?.rows)).toEqual([`afpacket:${receiver}`])
    expect(conclusions(libpcap?.rows ?? [])).toEqual(conclusions(afpacket?.rows ?? []))
    expect(conclusions(libpcap?.rows ?? [])).not.toEqual([])
    const frames = captures.map(({ said }) => lastSummary(said)?.frames)
    expect(frames[0]).toBe(frames[1])
  })

  it('names what there is instead where afpacket: was asked for', async () => {
    const capture = new RunningCapture(net, ['--source', 'afpacket:lo', '--no-store'], undefined, [
      '--import',
      AS_FREEBSD,
    ])
    await capture.says(/ERR_SOURCE_UNSUPPORTED: AF_PACKET sockets need a 64-bit Linux, and this is freebsd/, 40_000)
    expect(capture.said).toMatch(/Fix: take interface:IFACE, or libpcap:IFACE/)
  })
})
