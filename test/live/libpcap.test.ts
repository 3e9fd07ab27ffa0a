/** The source through libpcap on a network of our own. Skipped, with the reason, where there can be none. */
import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LibpcapOptions, type LibpcapSource, openLibpcap } from '../../src/source/libpcap.ts'
import { loadLibpcap } from '../../src/source/libpcap-library.ts'
import { openLive } from '../../src/source/live.ts'
import type { SeenFrame } from '../source/captures.ts'
import { PROMPT_MS, Reading, refusal, sleep, until } from '../source/live-reading.ts'
import { captureOf, ipv4Frame, removeCaptures, tagged, wholeCaptures } from './frames.ts'
import { createNet, enter, type Net, type Pair, whyNoNet } from './net.ts'
import { openTun } from './tun.ts'

const why =
  whyNoNet() ??
  (await loadLibpcap().then(
    () => null,
    (error: Error) => error.message,
  ))
const SETTINGS = { filter: null, cut: true, fanout: null, ringBytes: null }

let net: Net
let leave: () => void

const open = (pair: Pair, options: Partial<LibpcapOptions> = {}): Promise<LibpcapSource> =>
  openLibpcap({ interface: pair.receiver, ...options })

const udpFrames = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, i) => ipv4Frame('udp', [1, 1000 + i], [2, 53]))
const hex = (frames: readonly Buffer[]): string[] => frames.map((frame) => frame.toString('hex'))

describe.skipIf(why !== null)(why === null ? 'libpcap' : `libpcap (skipped: ${why})`, () => {
  beforeAll(() => {
    net = createNet()
    leave = enter(net)
  })

  afterAll(() => {
    leave()
    net.close()
    removeCaptures()
  })

  it('sees of a capture sent over the wire what is read from the file', async () => {
    const { files, frames: want } = await wholeCaptures()
    expect(want.length).toBeGreaterThan(2000)
    const pair = net.pair()
    for (const end of [pair.sender, pair.receiver]) net.ip('link', 'set', end, 'mtu', '65535')
    const startUs = Date.now() * 1000
    const reading = new Reading(await open(pair))
    await net.replay(pair.sender, files)
    await reading.has(want.length)
    await reading.close()
    const { frames } = reading
    expect(reading.hex).toEqual(want.map(({ hex }) => hex))
    expect(frames.map(({ wire }) => wire)).toEqual(want.map(({ wire }) => wire))
    expect(frames.every(({ link, time }) => link === 1 && time > startUs && time < Date.now() * 1000)).toBe(true)
    expect(frames.every(({ time }, i) => i === 0 || time >= (frames[i - 1] as SeenFrame).time)).toBe(true)
    expect(frames.some(({ time }) => time % 1 !== 0)).toBe(true) // nanoseconds
    const bytes = want.reduce((sum, { wire }) => sum + wire, 0)
    expect(reading.source.stats).toMatchObject({
      frames: want.length,
      bytesRead: bytes,
      drops: { kernel: 0, interface: 0, reader: 0 },
    })
  })

  it('loses none of more frames than one batch has room for', async () => {
    const pair = net.pair()
    const reading = new Reading(await open(pair))
    await net.replay(pair.sender, [captureOf(udpFrames(1000))], '--topspeed', '--loop=5')
    await reading.has(5000)
    await reading.close()
    expect(reading.hex).toEqual(Array.from({ length: 5 }, () => hex(udpFrames(1000))).flat())
  })

  it('counts what the kernel dropped while nobody read', async () => {
    const pair = net.pair()
    const source = await open(pair, { bufferBytes: 512 * 1024 })
    let frames = 0
    let sent = false
    for await (const { count } of source.batches()) {
      frames += count
      if (sent && count === 0) break
      if (!sent) await net.replay(pair.sender, [captureOf(udpFrames(1000))], '--topspeed', '--loop=20')
      sent = true
    }
    expect(frames).toBeLessThan(20_000)
    expect(frames + source.stats.drops.kernel).toBe(20_000)
  })

  it('keeps what its filter may match, also behind a VLAN tag and inside of a tunnel', async () => {
    const pair = net.pair()
    const tcp = ipv4Frame('tcp', [1, 40_000], [2, 443])
    const vxlan = Buffer.concat([ipv4Frame('udp', [3, 40_000], [4, 4789]).subarray(0, 42), Buffer.alloc(8), tcp])
    vxlan.writeUInt16BE(vxlan.length - 14, 16)
    vxlan.writeUInt16BE(vxlan.length - 34, 38)
    vxlan[42] = 8
    const wanted = [tcp, tagged(tcp, 0x8100, 5), vxlan]
    const others = [ipv4Frame('tcp', [1, 40_000], [2, 80]), ...udpFrames(3)]
    const reading = new Reading(await openLive(`libpcap:${pair.receiver}`, { ...SETTINGS, filter: 'tcp and port 443' }))
    await net.replay(pair.sender, [captureOf([...others, ...wanted, ...others])])
    await reading.has(3)
    await reading.close()
    expect(reading.hex).toEqual(hex(wanted))
  })

  it('keeps of a VLAN what the kernel took the tag off', async () => {
    const pair = net.pair()
    const [frame] = udpFrames(1) as [Buffer]
    const reading = new Reading(await openLive(`libpcap:${pair.receiver}`, { ...SETTINGS, filter: 'vlan 7' }))
    await net.replay(pair.sender, [captureOf([frame, tagged(frame, 0x8100, 6), tagged(frame, 0x8100, 7)])])
    await reading.has(1)
    await reading.close()
    expect(reading.hex).toEqual(hex([tagged(frame, 0x8100, 7)]))
  })

  it('yields an empty batch for every quarter of a second without frames', async () => {
    const startMs = performance.now()
    let batches = 0
    for await (const { count } of (await open(net.pair())).batches()) {
      expect(count).toBe(0)
      if (++batches === 3) break
    }
    expect(performance.now() - startMs).toBeGreaterThan(700)
    expect(performance.now() - startMs).toBeLessThan(1500)
  })

  it('ends at once when it is closed while it waits', async () => {
    const reading = new Reading(await open(net.pair()))
    await sleep(60)
    expect(await reading.close()).toBeLessThan(PROMPT_MS)
    await reading.source.close()
    expect(reading.frames).toEqual([])
    expect(reading.source.state).toBe('up') // nothing that an operator should be told of
  })

  it('leaves a batch whole when it is closed meanwhile', async () => {
    const pair = net.pair()
    const frames = udpFrames(1)
    const source = await open(pair)
    const seen: string[] = []
    const reading = (async () => {
      for await (const { bytes, at, captured, count } of source.batches()) {
        if (count === 0) continue
        await source.close()
        await sleep(50)
        const start = at[0] as number
        seen.push(Buffer.from(bytes.subarray(start, start + (captured[0] as number))).toString('hex'))
      }
    })()
    await net.replay(pair.sender, [captureOf(frames)])
    await reading
    expect(seen).toEqual(hex(frames))
  })

  it('goes on with an interface that was switched off and on', async () => {
    const pair = net.pair()
    const reading = new Reading(await open(pair))
    await net.replay(pair.sender, [captureOf(udpFrames(3))])
    net.ip('link', 'set', pair.receiver, 'down')
    await sleep(300)
    net.ip('link', 'set', pair.receiver, 'up')
    await until(() => reading.source.state === 'up')
    await sleep(100)
    await net.replay(pair.sender, [captureOf(udpFrames(4))])
    await reading.has(7)
    await reading.close()
  })

  it('waits for an interface that is down when it is opened', async () => {
    const pair = net.pair()
    net.ip('link', 'set', pair.receiver, 'down')
    const source = await open(pair)
    expect(source).toMatchObject({ state: 'down', notes: [] })
    const reading = new Reading(source)
    net.ip('link', 'set', pair.receiver, 'up')
    await until(() => source.state === 'up')
    await net.replay(pair.sender, [captureOf(udpFrames(3))])
    await reading.has(3)
    await reading.close()
  })

  it('opens an interface again that was deleted and made anew', async () => {
    const pair = net.pair()
    const reading = new Reading(await open(pair))
    await net.replay(pair.sender, [captureOf(udpFrames(30))])
    await reading.has(30)
    net.ip('link', 'del', pair.receiver)
    await until(() => reading.source.state === 'gone')
    await sleep(1500) // long enough to be sought in vain
    expect(reading.source).toMatchObject({ state: 'gone', notes: [] })
    const next = net.pair(pair.receiver)
    await until(() => reading.source.state === 'up')
    await net.replay(next.sender, [captureOf(udpFrames(40))])
    await reading.has(70)
    expect(await reading.close()).toBeLessThan(PROMPT_MS)
  })

  it('notices an interface that was made anew between two looks', async () => {
    const pair = net.pair()
    const reading = new Reading(await open(pair))
    net.ip('link', 'del', pair.receiver)
    const next = net.pair(pair.receiver)
    await sleep(2500)
    await net.replay(next.sender, [captureOf(udpFrames(5))])
    await reading.has(5)
    await reading.close()
  })

  it('sees on loopback each frame once', async () => {
    net.ip('link', 'set', 'lo', 'up')
    const reading = new Reading(await open({ sender: 'lo', receiver: 'lo' }))
    await net.replay('lo', [captureOf(udpFrames(2))])
    await reading.has(2)
    await reading.close()
    expect(reading.hex).toEqual(hex(udpFrames(2)))
  })

  it('reads the packets of a tun interface as raw IP, with the LINKTYPE_ and not the DLT_', async () => {
    const tun = openTun('tun7')
    net.ip('link', 'set', 'tun7', 'up')
    const packet = udpFrames(1)[0]?.subarray(14) as Buffer
    const reading = new Reading(await openLive('libpcap:tun7', { ...SETTINGS, filter: 'tcp' }))
    tun.send(packet)
    await reading.has(1) // the filter is written for Ethernet and left out here
    await reading.close()
    tun.close()
    expect(reading.frames).toMatchObject([{ hex: packet.toString('hex'), link: 101 }])
  })

  it('lists the interfaces there are when one is not', async () => {
    expect(await refusal(openLive('libpcap:nosuch0', SETTINGS))).toMatchObject({
      code: 'ERR_SOURCE_NOT_FOUND',
      what: 'there is no interface nosuch0',
      fix: expect.stringMatching(/there are: lo, rx\d+, /),
    })
    expect(await refusal(openLive('libpcap:', SETTINGS))).toMatchObject({ code: 'ERR_SOURCE_NOT_FOUND' })
  })

  it('tells a user without the privilege how to grant it', async () => {
    const pair = net.pair()
    process.seteuid?.(65534) // takes the capabilities away until root is back
    try {
      expect(await refusal(open(pair))).toMatchObject({
        code: 'ERR_SOURCE_PERMISSION',
        what: expect.stringContaining(`cannot capture on ${pair.receiver}: pcap_activate: `),
        fix: expect.stringContaining('setcap cap_net_raw=ep'),
      })
    } finally {
      process.seteuid?.(0)
    }
  })

  it('leaves nothing behind: descriptors are those of before', async () => {
    const pair = net.pair()
    await (await open(pair)).close()
    const before = readdirSync('/proc/self/fd').length
    for (let i = 0; i < 20; i++) await (await open(pair)).close()
    await refusal(open({ sender: '', receiver: 'nosuch0' }))
    await sleep(20) // handles close on the event loop
    expect(readdirSync('/proc/self/fd').length).toBe(before)
  })

  it('is not what interface: means on Linux', async () => {
    const pair = net.pair()
    const source = await openLive(`interface:${pair.receiver}`, SETTINGS)
    expect(source.name).toBe(`afpacket:${pair.receiver}`)
    await source.close()
  })
})

describe('libpcap that is not there', () => {
  it.each([
    { name: 'libnosuch.so.1', says: 'libpcap cannot be loaded (libnosuch.so.1: ', fix: 'install' },
    { name: 'libc.so.6', says: "libpcap cannot be used: Cannot find function 'pcap_create'", fix: '1.5 or newer' },
  ])('is told of $name with what to do', async ({ name, says, fix }) => {
    await expect(loadLibpcap([name])).rejects.toMatchObject({
      code: 'ERR_SOURCE_UNSUPPORTED',
      message: expect.stringContaining(says),
      fix: expect.stringContaining(fix),
    })
  })
})
