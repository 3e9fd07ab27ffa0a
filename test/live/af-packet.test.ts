/** The live source on a network of our own. Skipped, with the reason, where there can be none. */
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AfPacketSource, openAfPacket } from '../../src/source/af-packet.ts'
import type { AfPacketOptions } from '../../src/source/af-packet-settings.ts'
import type { Stamps } from '../../src/source/source.ts'
import { readFrames, type SeenFrame } from '../source/captures.ts'
import { bpf, captureOf, ipv4Frame, removeCaptures, tagged, wholeCaptures } from './frames.ts'
import { createNet, enter, type Net, type Pair, whyNoNet } from './net.ts'
import { openTun } from './tun.ts'

const why = whyNoNet()
const SMALL = { blockBytes: 64 * 1024, blockCount: 16, blockTimeoutMs: 50 }
const DROP_ALL = bpf([0x06, 0, 0, 0])
/** ldh [12]; jeq #0x800; ldb [23]; jeq #6; ret #60; ret #0 */
const TCP_60_BYTES = bpf(
  [0x28, 0, 0, 12],
  [0x15, 0, 3, 0x800],
  [0x30, 0, 0, 23],
  [0x15, 0, 1, 6],
  [6, 0, 0, 60],
  [6, 0, 0, 0],
)

const CAPTURE_WORKER = new URL('./capture-worker.ts', import.meta.url).href

let net: Net
let leave: () => void

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))

async function until(what: () => boolean, ms = 5000): Promise<void> {
  for (const endMs = performance.now() + ms; !what() && performance.now() < endMs; ) await sleep(20)
  expect(what()).toBe(true)
}

const open = (pair: Pair, options: Partial<AfPacketOptions> = {}): Promise<AfPacketSource> =>
  openAfPacket({ interface: pair.receiver, ...SMALL, ...options })

/** What a source sees of what is sent meanwhile, which must be `frames` frames. */
async function seen(source: AfPacketSource, frames: number, send: () => Promise<unknown>): Promise<SeenFrame[]> {
  const reading = readFrames(source)
  await send()
  await until(() => source.stats.frames >= frames)
  await sleep(100) // more than was expected would come now
  await source.close()
  return reading
}

const hex = (frames: readonly SeenFrame[]): string[] => frames.map((frame) => frame.hex)
const udpFrames = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, i) => ipv4Frame('udp', [1, 1000 + i], [2, 53]))

/** 40 conversations of five frames each way. */
const CONVERSATIONS = Array.from({ length: 400 }, (_, i) => {
  const client: [number, number] = [1, 20_000 + (i % 40)]
  return Math.floor(i / 40) % 2 === 0 ? ipv4Frame('tcp', client, [2, 443]) : ipv4Frame('tcp', [2, 443], client)
})

describe.skipIf(why !== null)(why === null ? 'a live source' : `a live source (skipped: ${why})`, () => {
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
    const source = await open(pair)
    const got = await seen(source, want.length, () => net.replay(pair.sender, files))
    expect(hex(got)).toEqual(hex(want))
    expect(got.map(({ wire }) => wire)).toEqual(want.map(({ wire }) => wire))
    expect(got.every(({ link, time }) => link === 1 && time > startUs && time < Date.now() * 1000)).toBe(true)
    expect(got.every(({ time }, i) => i === 0 || time >= (got[i - 1] as SeenFrame).time)).toBe(true)
    const bytes = want.reduce((sum, { wire }) => sum + wire, 0)
    expect(source.stats).toMatchObject({ frames: want.length, bytesRead: bytes, drops: { kernel: 0, freezes: 0 } })
  })

  it('puts back the VLAN tags that the kernel took off', async () => {
    const frame = ipv4Frame('udp', [1, 1], [2, 2])
    const frames = [
      tagged(frame, 0x8100, 0x6064),
      tagged(frame, 0x88a8, 7),
      tagged(tagged(frame, 0x8100, 5), 0x88a8, 0xe00a),
      tagged(frame, 0x8100, 0),
      frame,
    ]
    const pair = net.pair()
    const source = await open(pair)
    const got = await seen(source, 5, () => net.replay(pair.sender, [captureOf(frames)]))
    expect(hex(got)).toEqual(frames.map((frame) => frame.toString('hex')))
    expect(got.map(({ wire }) => wire)).toEqual(frames.map(({ length }) => length))
  })

  it('shares conversations between the sockets of a fanout group, each wholly in one', async () => {
    const pair = net.pair()
    const sources = [await open(pair, { fanout: { group: 7 } }), await open(pair, { fanout: { group: 7 } })]
    const readings = sources.map((source) => readFrames(source))
    await net.replay(pair.sender, [captureOf(CONVERSATIONS)])
    await until(() => sources.reduce((sum, { stats }) => sum + stats.frames, 0) >= 400)
    for (const source of sources) await source.close()
    const [one, other] = await Promise.all(readings)
    const flowsOf = (frames: readonly SeenFrame[] = []): Set<string> =>
      new Set(frames.map(({ hex }) => [hex.slice(68, 72), hex.slice(72, 76)].sort().join('-')))
    expect((one?.length ?? 0) + (other?.length ?? 0)).toBe(400)
    expect(flowsOf(one).size).toBeGreaterThan(0)
    expect(flowsOf(other).size).toBeGreaterThan(0)
    expect(flowsOf(one).size + flowsOf(other).size).toBe(40)
  })

  it('admits no more sockets to a fanout group than its size', async () => {
    const pair = net.pair()
    const fanout = { group: 8, size: 1 }
    const source = await open(pair, { fanout })
    await expect(open(pair, { fanout })).rejects.toMatchObject({
      code: 'ERR_SOURCE_REFUSED',
      message: expect.stringMatching(/PACKET_FANOUT: E[A-Z]+$/),
      fix: expect.stringContaining('another fanout group than 8'),
    })
    await source.close()
  })

  it('works in worker threads, each with a ring of its own', async () => {
    const pair = net.pair()
    const workers = [1, 2].map(
      () =>
        // Node 20 has no loader flag that reaches a thread.
        new Worker(`import('tsx/esm/api').then(({ register }) => (register(), import('${CAPTURE_WORKER}')))`, {
          eval: true,
          workerData: { interface: pair.receiver, ...SMALL, fanout: { group: 9 } },
        }),
    )
    expect(await Promise.all(workers.map((worker) => once(worker, 'message')))).toEqual([['open'], ['open']])
    await net.replay(pair.sender, [captureOf(CONVERSATIONS)])
    await sleep(200)
    const reports = await Promise.all(
      workers.map(async (worker) => {
        const ended = once(worker, 'exit')
        worker.postMessage('stop')
        const [report] = await once(worker, 'message')
        expect(await ended).toEqual([0])
        return report as { flows: Record<string, number>; frames: number }
      }),
    )
    expect(reports.reduce((sum, { frames }) => sum + frames, 0)).toBe(400)
    expect(reports.flatMap(({ flows }) => Object.values(flows))).toEqual(Array(40).fill(10))
  })

  it('keeps what its filter keeps, and that much of a frame', async () => {
    const pair = net.pair()
    const frames = [...udpFrames(5), ...CONVERSATIONS.slice(0, 5)]
    const source = await open(pair, { filter: TCP_60_BYTES })
    const got = await seen(source, 5, () => net.replay(pair.sender, [captureOf(frames)]))
    expect(hex(got)).toEqual(CONVERSATIONS.slice(0, 5).map((frame) => frame.subarray(0, 60).toString('hex')))
    expect(got.map(({ wire }) => wire)).toEqual(Array(5).fill(62))
  })

  it('lets no frame slip in before its filter', async () => {
    const pair = net.pair()
    const flood = net.replay(pair.sender, [captureOf(udpFrames(100))], '--pps=50000', '--loop=250')
    await sleep(50)
    for (const fanout of [null, { group: 10 }]) {
      const source = await open(pair, { filter: DROP_ALL, fanout })
      await seen(source, 0, () => sleep(50))
      expect(source.stats).toMatchObject({ frames: 0, drops: { kernel: 0 } })
    }
    await flood
  })

  it('says which filter program the kernel refused', async () => {
    await expect(open(net.pair(), { filter: bpf([0xffff, 0, 0, 0]) })).rejects.toMatchObject({
      code: 'ERR_FILTER',
      message: expect.stringContaining('SO_ATTACH_FILTER: EINVAL'),
    })
  })

  it('counts what the kernel dropped while nobody read', async () => {
    const pair = net.pair()
    const source = await open(pair, { blockBytes: 16 * 1024, blockCount: 2 })
    let frames = 0
    let sent = false
    for await (const { count } of source.batches()) {
      frames += count
      if (sent && count === 0) break
      if (!sent) await net.replay(pair.sender, [captureOf(udpFrames(1000))])
      sent = true
    }
    const { kernel, freezes } = source.stats.drops
    expect(frames).toBeLessThan(1000)
    expect(frames + kernel).toBe(1000)
    expect(freezes).toBeGreaterThan(0)
  })

  it('yields an empty batch for every quarter of a second without frames', async () => {
    const source = await open(net.pair())
    const startMs = performance.now()
    let batches = 0
    for await (const { count } of source.batches()) {
      expect(count).toBe(0)
      if (++batches === 3) break
    }
    expect(performance.now() - startMs).toBeGreaterThan(700)
    expect(performance.now() - startMs).toBeLessThan(1500)
  })

  it('ends at once when it is closed while it waits', async () => {
    const source = await open(net.pair())
    const reading = readFrames(source)
    await sleep(60)
    const startMs = performance.now()
    await source.close()
    expect(await reading).toEqual([])
    expect(performance.now() - startMs).toBeLessThan(100)
    await source.close()
  })

  it.each([null, { group: 13 }])(
    'hands over what had come before it is drained, and then ends (fanout %j)',
    async (fanout) => {
      const pair = net.pair()
      const source = await open(pair, { fanout })
      await net.replay(pair.sender, [captureOf(udpFrames(600))])
      source.drain?.()
      await net.replay(pair.sender, [captureOf(udpFrames(50))])
      const startMs = performance.now()
      expect(hex(await readFrames(source))).toEqual(
        hex(udpFrames(600).map((frame) => ({ hex: frame.toString('hex') }) as SeenFrame)),
      )
      expect(performance.now() - startMs).toBeLessThan(3000)
      expect(source.stats).toMatchObject({ frames: 600, drops: { kernel: 0 } })
    },
  )

  it('leaves a batch whole when it is closed meanwhile, and nothing after', async () => {
    const pair = net.pair()
    const [frame] = udpFrames(1) as [Buffer]
    const source = await open(pair)
    let bytes: Uint8Array = new Uint8Array()
    let at = 0
    const reading = (async () => {
      for await (const batch of source.batches()) {
        if (batch.count === 0) continue
        await source.close()
        await sleep(50)
        bytes = batch.bytes
        at = batch.at[0] as number
        expect(Buffer.from(bytes.subarray(at, at + frame.length)).equals(frame)).toBe(true)
      }
    })()
    await net.replay(pair.sender, [captureOf([frame])])
    await reading
    expect(bytes.subarray(at, at + frame.length).every((byte) => byte === 0)).toBe(true)
  })

  it('survives an interface that goes down', async () => {
    const pair = net.pair()
    const states: string[] = []
    const source = await open(pair, { onState: (state) => states.push(state) })
    const reading = readFrames(source)
    await net.replay(pair.sender, [captureOf(udpFrames(3))])
    net.ip('link', 'set', pair.receiver, 'down')
    await until(() => source.state === 'down')
    net.ip('link', 'set', pair.receiver, 'up')
    await until(() => source.state === 'up')
    await net.replay(pair.sender, [captureOf(udpFrames(4))])
    await until(() => source.stats.frames === 7)
    await source.close()
    expect(await reading).toHaveLength(7)
    expect(states).toEqual(['down', 'up'])
    expect(source.changes).toEqual({ wentDown: 1, wentAway: 0, reopened: 0 })
  })

  it.each([null, { group: 11 }])(
    'waits for an interface that is down when it is opened (fanout %j)',
    async (fanout) => {
      const pair = net.pair()
      net.ip('link', 'set', pair.receiver, 'down')
      const source = await open(pair, { fanout })
      expect(source.state).toBe('down')
      const got = await seen(source, 3, async () => {
        net.ip('link', 'set', pair.receiver, 'up')
        await until(() => source.state === 'up')
        await net.replay(pair.sender, [captureOf(udpFrames(3))])
      })
      expect(got).toHaveLength(3)
    },
  )

  it('opens an interface again that was deleted and made anew', async () => {
    const pair = net.pair()
    const states: string[] = []
    const options = { onState: (state: string) => states.push(state), fanout: { group: 12 } }
    const sources = [await open(pair, options), await open(pair, options)]
    const readings = sources.map((source) => readFrames(source))
    const all = (state: string): boolean => sources.every((source) => source.state === state)
    const frames = (): number => sources.reduce((sum, { stats }) => sum + stats.frames, 0)
    await net.replay(pair.sender, [captureOf(udpFrames(30))])
    net.ip('link', 'del', pair.receiver)
    await until(() => all('gone'))
    await sleep(1500) // long enough to be sought in vain
    expect(sources.map(({ reopenFailure }) => reopenFailure)).toEqual([null, null])
    const next = net.pair(pair.receiver)
    await until(() => all('up'))
    await net.replay(next.sender, [captureOf(udpFrames(40))])
    await until(() => frames() === 70)
    for (const source of sources) await source.close()
    const got = (await Promise.all(readings)).flatMap(hex)
    expect(got.sort()).toEqual([...udpFrames(30), ...udpFrames(40)].map((frame) => frame.toString('hex')).sort())
    expect(states.slice(-2)).toEqual(['up', 'up'])
    for (const { changes } of sources) expect(changes).toMatchObject({ wentAway: 1, reopened: 1 })
  })

  it('captures on two interfaces at once', async () => {
    const pairs = [net.pair(), net.pair()] as const
    const sources = [await open(pairs[0]), await open(pairs[1])] as const
    const got = await Promise.all([
      seen(sources[0], 30, () => net.replay(pairs[0].sender, [captureOf(udpFrames(30))])),
      seen(sources[1], 50, () => net.replay(pairs[1].sender, [captureOf(udpFrames(50))])),
    ])
    expect(got.map(({ length }) => length)).toEqual([30, 50])
  })

  it('sees on loopback each frame once', async () => {
    net.ip('link', 'set', 'lo', 'up')
    const source = await open({ sender: 'lo', receiver: 'lo' })
    const got = await seen(source, 2, () => net.replay('lo', [captureOf(udpFrames(2))]))
    expect(hex(got)).toEqual(udpFrames(2).map((frame) => frame.toString('hex')))
  })

  it('sees on loopback each frame once in a fan-out group too', async () => {
    net.ip('link', 'set', 'lo', 'up')
    const source = await open({ sender: 'lo', receiver: 'lo' }, { fanout: { group: 4321 } })
    const got = await seen(source, 2, () => net.replay('lo', [captureOf(udpFrames(2))]))
    expect(hex(got)).toEqual(udpFrames(2).map((frame) => frame.toString('hex')))
  })

  it('reads the packets of a tun interface as raw IP', async () => {
    const tun = openTun('tun0')
    net.ip('link', 'set', 'tun0', 'up')
    const packet = udpFrames(1)[0]?.subarray(14) as Buffer
    const got = await seen(await open({ sender: '', receiver: 'tun0' }), 1, async () => tun.send(packet))
    tun.close()
    expect(got).toMatchObject([{ hex: packet.toString('hex'), link: 101 }])
  })

  it('says of an interface of an unknown kind that it cannot be read', async () => {
    const tun = openTun('tun1', 804) // ARPHRD_IEEE802154
    await expect(openAfPacket({ interface: 'tun1' })).rejects.toMatchObject({
      code: 'ERR_SOURCE_UNSUPPORTED',
      message: expect.stringContaining('link-layer type 804'),
    })
    tun.close()
  })

  it('falls back to the time of the kernel where the hardware keeps none, and says so', async () => {
    const pair = net.pair()
    const source = await open(pair, { timestamps: 'hardware' })
    const got = await seen(source, 3, () => net.replay(pair.sender, [captureOf(udpFrames(3))]))
    const cannot = `frames carry the kernel's time, not the card's: ${pair.receiver} cannot stamp every frame that it receives`
    expect(source.timestampsFallback).toBe(`${cannot} (ioctl SIOCGHWTSTAMP: EOPNOTSUPP)`)
    expect(source.notes).toEqual([source.timestampsFallback])
    expect(got).toHaveLength(3)
    expect(source.stats.stamps).toMatchObject({ hardware: 0 })
    const { software, late } = source.stats.stamps as Stamps
    expect(software + late).toBe(3)
  })

  it('lists the interfaces there are when one is not', async () => {
    await expect(openAfPacket({ interface: 'nosuch0' })).rejects.toMatchObject({
      code: 'ERR_SOURCE_NOT_FOUND',
      message: 'there is no interface nosuch0',
      fix: expect.stringMatching(/there are: lo, rx\d+, /),
    })
  })

  it('tells a user without the privilege how to grant it', async () => {
    const pair = net.pair()
    process.seteuid?.(65534) // takes the capabilities away until root is back
    try {
      await expect(open(pair)).rejects.toMatchObject({
        code: 'ERR_SOURCE_PERMISSION',
        message: `cannot capture on ${pair.receiver}: socket: EPERM`,
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
    await sleep(20) // handles close on the event loop
    expect(readdirSync('/proc/self/fd').length).toBe(before)
  })
})
