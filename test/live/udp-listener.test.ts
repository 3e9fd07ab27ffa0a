/** What a listener for mirrored traffic does with its socket: loss, silence, time, refusals. On loopback. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openUdpMirror } from '../../src/source/udp-mirror.ts'
import { PROMPT_MS, Reading, refusal, sleep, until } from '../source/live-reading.ts'
import { listen, sendTo } from './mirror-ends.ts'

/** Sends from another process, so that this one may be blocked meanwhile. */
const flood = (port: number, datagrams: number): void => {
  const code = `const s = require('dgram').createSocket('udp4'); const b = Buffer.alloc(1000); let n = ${datagrams}
    const next = () => n-- > 0 ? s.send(b, ${port}, '127.0.0.1', next) : s.close(); next()`
  expect(spawnSync(process.execPath, ['-e', code]).status).toBe(0)
}

describe('what is lost', () => {
  it.skipIf(!existsSync('/proc/self/net/udp'))(
    'is counted by the kernel when a burst meets a blocked reader',
    async () => {
      const source = await listen({ receiveBufferBytes: 65_536 })
      const reading = new Reading(source)
      flood(source.port, 1000)
      await until(() => source.stats.drops.kernel > 0, 3000)
      await reading.close()
      const { kernel, reader } = source.stats.drops
      expect(reader).toBe(0)
      expect(reading.frames.length).toBeGreaterThan(0)
      expect(reading.frames.length + kernel).toBe(1000)
    },
  )

  it('is counted when the consumer keeps its batch and the next one is full', async () => {
    const source = await listen()
    const batches = source.batches()[Symbol.asyncIterator]()
    const sender = sendTo(source)
    await sender.send([Buffer.alloc(10)])
    expect((await batches.next()).value?.count).toBe(1)
    const big = Buffer.alloc(60_000)
    for (let n = 0; n < 100; n++) {
      await sender.send([big])
      await sleep(1)
    }
    await until(() => source.stats.drops.reader > 0)
    const next = (await batches.next()).value
    expect(next?.count).toBe(Math.floor((4 * 1024 * 1024 - 48) / 60_028))
    expect(source.stats.drops.reader).toBe(100 - (next?.count ?? 0))
  })

  it('is foreseen: a buffer smaller than asked for is told with its remedy', async () => {
    const source = await listen({ receiveBufferBytes: 1 << 30 })
    expect(source.receiveBufferBytes).toBeLessThan(1 << 30)
    expect(source.notes).toEqual([
      `the kernel gave a receive buffer of ${source.receiveBufferBytes} bytes, not 1073741824: bursts may be lost; ` +
        'allow more: sysctl -w net.core.rmem_max=1073741824',
    ])
    expect((await listen({ receiveBufferBytes: 65_536 })).notes).toEqual([])
  })
})

describe('the listener', () => {
  it('yields empty batches while nothing comes, and ends at once when closed', async () => {
    const reading = new Reading(await listen())
    await sleep(900)
    expect(reading.quiet).toBeGreaterThanOrEqual(2)
    expect(reading.quiet).toBeLessThanOrEqual(4)
    expect(await reading.close()).toBeLessThan(PROMPT_MS)
    await reading.source.close()
  })

  it('gives frames times in their order, close to now', async () => {
    const source = await listen()
    const reading = new Reading(source)
    await sendTo(source).send(Array.from({ length: 50 }, () => Buffer.alloc(20)))
    await reading.has(50)
    const times = reading.frames.map(({ time }) => time)
    expect([...times].sort((a, b) => a - b)).toEqual(times)
    expect(Math.abs((times[0] as number) / 1000 - Date.now())).toBeLessThan(5000)
  })

  it('refuses an address that is taken, with what to do', async () => {
    const source = await listen()
    const refused = await refusal(openUdpMirror({ tunnel: 'vxlan', host: '127.0.0.1', port: source.port }))
    expect(refused.code).toBe('ERR_SOURCE_ADDRESS')
    expect(refused.what).toBe(`cannot listen on udp 127.0.0.1:${source.port}: the address is in use`)
    expect(refused.fix).toContain(`ss -ulnp sport = :${source.port}`)
  })

  it('refuses an address that is not of this machine', async () => {
    const refused = await refusal(openUdpMirror({ tunnel: 'vxlan', host: '192.0.2.1', port: 0 }))
    expect(refused).toMatchObject({ code: 'ERR_SOURCE_ADDRESS', what: expect.stringContaining('not of this machine') })
  })
})
