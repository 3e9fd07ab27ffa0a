/** Several interfaces in one ring, on a network of our own. Skipped, with the reason, where there can be none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openShared, type SharedOptions, type SharedSource } from '../../src/source/af-packet-shared.ts'
import { readFrames, type SeenFrame } from '../source/captures.ts'
import { bpf, captureOf, ipv4Frame, removeCaptures, tagged } from './frames.ts'
import { createNet, enter, type Net, type Pair, whyNoNet } from './net.ts'
import { openTun } from './tun.ts'

const why = whyNoNet()
const SMALL = { blockBytes: 64 * 1024, blockCount: 32, blockTimeoutMs: 50 }
/** ldh [12]; jeq #0x800; ldb [23]; jeq #17; ret #262144; ret #0 */
const UDP_ALONE = bpf(
  [0x28, 0, 0, 12],
  [0x15, 0, 3, 0x800],
  [0x30, 0, 0, 23],
  [0x15, 0, 1, 17],
  [6, 0, 0, 0x40000],
  [6, 0, 0, 0],
)

let net: Net
let leave: () => void

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))

async function until(what: () => boolean, ms = 10_000): Promise<void> {
  for (const endMs = performance.now() + ms; !what() && performance.now() < endMs; ) await sleep(20)
  expect(what()).toBe(true)
}

const open = (interfaces: readonly string[], options: Partial<SharedOptions> = {}): Promise<SharedSource> =>
  openShared({ interfaces, ...SMALL, ...options })

const framesOf = (first: number, count: number): Buffer[] =>
  Array.from({ length: count }, (_, i) => ipv4Frame('udp', [1, first + i], [2, 53]))

const send = (pair: Pair, frames: readonly Buffer[]): Promise<void> => net.replay(pair.sender, [captureOf([...frames])])

const hex = (frames: readonly (SeenFrame | Buffer)[]): string[] =>
  frames.map((frame) => (Buffer.isBuffer(frame) ? frame.toString('hex') : frame.hex))

describe.skipIf(why !== null)(`interfaces that share a ring${why === null ? '' : ` (skipped: ${why})`}`, () => {
  beforeAll(() => {
    net = createNet()
    leave = enter(net)
  })
  afterAll(() => {
    leave()
    net.close()
    removeCaptures()
  })

  it('bring their frames in the order of their arrival, and those of no other interface', async () => {
    const [one, two, other] = [net.pair(), net.pair(), net.pair()] as const
    const source = await open([one.receiver, two.receiver])
    const reading = readFrames(source)
    const wanted: Buffer[] = []
    for (let n = 0; n < 6; n++) {
      const frames = framesOf(1000 + n * 10, 3)
      await send(n % 2 === 0 ? one : two, frames)
      await send(other, framesOf(5000, 3))
      wanted.push(...frames)
    }
    await until(() => source.stats.frames >= wanted.length)
    await source.close()
    const got = await reading
    expect(hex(got)).toEqual(hex(wanted))
    expect(got.every(({ time }, i) => i === 0 || time >= (got[i - 1] as SeenFrame).time)).toBe(true)
    expect(source.members.map(({ name, frames, state }) => ({ name, frames, state }))).toEqual([
      { name: `afpacket:${one.receiver}`, frames: 9, state: 'up' },
      { name: `afpacket:${two.receiver}`, frames: 9, state: 'up' },
    ])
    expect(source.members.reduce((sum, { wireBytes }) => sum + wireBytes, 0)).toBe(source.stats.bytesRead)
  })

  it('say of each frame whose it is, in a tunnel without Ethernet too, each by its own rules', async () => {
    const tun = openTun('tun5')
    net.ip('link', 'set', 'tun5', 'up')
    net.ip('link', 'set', 'lo', 'up')
    const pair = net.pair()
    const [udp] = framesOf(7, 1) as [Buffer]
    const tcp = ipv4Frame('tcp', [1, 7], [2, 80])
    const source = await open([pair.receiver, 'tun5', 'lo'], { filter: UDP_ALONE })
    const seen: [string, number, number][] = []
    const reading = (async () => {
      for await (const { origins, link, captured, count } of source.batches())
        for (let i = 0; i < count; i++)
          seen.push([String(origins?.names[origins.of[i] as number]), link[i] as number, captured[i] as number])
    })()
    await send(pair, [udp, tcp, tagged(udp, 0x8100, 9)])
    tun.send(tcp.subarray(14))
    await net.replay('lo', [captureOf([udp])])
    await until(() => source.stats.frames >= 4)
    await sleep(200)
    await source.close()
    await reading
    tun.close()
    expect(seen.sort()).toEqual(
      [
        // Of a tunnel the kernel's filter can say nothing.
        ['afpacket:tun5', 101, tcp.length - 14],
        [`afpacket:${pair.receiver}`, 1, udp.length],
        [`afpacket:${pair.receiver}`, 1, udp.length + 4],
        ['afpacket:lo', 1, udp.length],
      ].sort(),
    )
  })

  it('are survived: one that goes down, one that is deleted and made anew', async () => {
    const [one, two] = [net.pair(), net.pair()] as const
    const source = await open([one.receiver, two.receiver], { fanout: { group: 77 } })
    const reading = readFrames(source)
    const states = (): string[] => source.members.map(({ state }) => state)
    net.ip('link', 'set', one.receiver, 'down')
    await until(() => states()[0] === 'down')
    expect(source.state).toBe('down')
    await send(two, framesOf(1, 5))
    net.ip('link', 'set', one.receiver, 'up')
    net.ip('link', 'del', two.receiver)
    await until(() => states().join() === 'up,gone')
    expect(source.state).toBe('gone')
    const again = net.pair(two.receiver)
    await until(() => states().join() === 'up,up')
    await send(again, framesOf(20, 5))
    await send(one, framesOf(40, 5))
    await until(() => source.stats.frames >= 15)
    await source.close()
    expect(hex(await reading)).toEqual(hex([...framesOf(1, 5), ...framesOf(20, 5), ...framesOf(40, 5)]))
    expect(source.notes).toEqual([])
  })

  it('take up again what came back, also when the privilege is gone', async () => {
    const [one, two] = [net.pair(), net.pair()] as const
    const source = await open([one.receiver, two.receiver])
    const reading = readFrames(source)
    net.ip('link', 'del', two.receiver)
    await until(() => source.state === 'gone')
    const again = net.pair(two.receiver)
    process.seteuid?.(65534) // takes the capabilities away until root is back
    try {
      await until(() => source.state === 'up')
    } finally {
      process.seteuid?.(0)
    }
    await send(again, framesOf(1, 5))
    await until(() => source.stats.frames >= 5)
    await source.close()
    expect(hex(await reading)).toEqual(hex(framesOf(1, 5)))
  })

  it('share out what the ring lost, to the frame', async () => {
    const [one, two] = [net.pair(), net.pair()] as const
    const source = await open([one.receiver, two.receiver], { blockBytes: 16 * 1024, blockCount: 2 })
    let frames = 0
    let sent = false
    for await (const { count } of source.batches()) {
      frames += count
      if (sent && count === 0) break
      if (!sent) await Promise.all([send(one, framesOf(1, 1000)), send(two, framesOf(1, 500))])
      sent = true
    }
    const { kernel, freezes } = source.stats.drops
    expect(kernel).toBeGreaterThan(0)
    expect(frames + kernel).toBe(1500)
    const lost = source.members.map(({ drops }) => drops)
    expect(lost.reduce((sum, drops) => sum + drops.kernel, 0)).toBe(kernel)
    expect(lost.reduce((sum, drops) => sum + drops.freezes, 0)).toBe(freezes)
  })

  it('are refused together when one of them is not there', async () => {
    const pair = net.pair()
    await expect(open([pair.receiver, 'nosuch0'])).rejects.toMatchObject({
      code: 'ERR_SOURCE_NOT_FOUND',
      message: 'there is no interface nosuch0',
    })
  })
})
