/** The driver over the package `cap`, by a package and a process of our own: the real ones are measured by bench/cap.ts. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCap } from '../../src/source/cap.ts'
import { CapFrames, type CapModule } from '../../src/source/cap-frames.ts'
import type { Source } from '../../src/source/source.ts'
import { buildPcap, readBytes } from './captures.ts'
import { PROMPT_MS, Reading, refusal, sleep, until } from './live-reading.ts'

/** Behaves as the package's documentation says. `refusal`: what open() throws. */
function fakeCap({ kind = 'ETHERNET', refusal }: { kind?: string; refusal?: string } = {}) {
  const fake = {
    opened: null as { device: string; filter: string; bufferBytes: number } | null,
    closed: 0,
    send: (_bytes: Uint8Array): void => {},
  }
  class Cap {
    #frame: Buffer = Buffer.alloc(0)
    open(device: string, filter: string, bufferBytes: number, frame: Buffer): string {
      if (refusal !== undefined) throw new Error(refusal)
      fake.opened = { device, filter, bufferBytes }
      this.#frame = frame
      return kind
    }
    on(_event: 'packet', listener: (bytes: number, isCut: boolean) => void): void {
      fake.send = (bytes) => {
        this.#frame.set(bytes)
        listener(bytes.length, false)
      }
    }
    close(): void {
      fake.closed += 1
    }
  }
  const module: CapModule = { Cap }
  return { module, fake }
}

const sinkOf = (written: Buffer[], backlogBytes = 0) => ({
  write: (bytes: Uint8Array): void => void written.push(Buffer.from(bytes)),
  backlogBytes,
})

describe('frames of cap', () => {
  it('become a capture, each copied before the next is written over it', async () => {
    const { module, fake } = fakeCap({ kind: 'RAW' })
    const written: Buffer[] = []
    const startUs = Date.now() * 1000 - 1000
    const frames = new CapFrames(module, 'eth0', 1024, sinkOf(written))
    expect(fake.opened).toEqual({ device: 'eth0', filter: '', bufferBytes: 1024 })
    for (let i = 0; i < 300; i++) fake.send(Buffer.alloc(60, i))
    await sleep(20)
    for (let i = 0; i < 10; i++) fake.send(Buffer.alloc(65_535, i))
    frames.checkClock()
    frames.close()
    const { frames: seen } = await readBytes(...written)
    expect(seen.map(({ hex }) => hex.slice(0, 4))).toEqual(
      [...Array(300).keys(), ...Array(10).keys()].map((i) => Buffer.alloc(2, i).toString('hex')),
    )
    expect(seen.every(({ link, time }) => link === 101 && time > startUs && time <= Date.now() * 1000 + 1000)).toBe(
      true,
    )
    expect(written.length).toBeLessThan(10)
    expect(fake.closed).toBe(1)
  })

  it('are counted when nobody takes what was written', () => {
    const { module, fake } = fakeCap()
    const written: Buffer[] = []
    const frames = new CapFrames(module, 'eth0', 1024, sinkOf(written, 64 * 1024 * 1024))
    for (let i = 0; i < 5; i++) fake.send(Buffer.alloc(60))
    frames.close()
    expect(frames.dropped).toBe(5)
    expect(Buffer.concat(written)).toHaveLength(24)
  })

  it.each([
    ['eth7: No such device exists', 'ERR_SOURCE_NOT_FOUND'],
    ['socket: Operation not permitted', 'ERR_SOURCE_PERMISSION'],
    ['Unable to set buffer size', 'ERR_SOURCE_REFUSED'],
  ])('that are refused with "%s" are %s', (text, code) => {
    const { module } = fakeCap({ refusal: text })
    expect(() => new CapFrames(module, 'eth7', 1024, sinkOf([]))).toThrow(expect.objectContaining({ code }))
  })

  it('of a kind that is not told are refused, and nothing stays open', () => {
    const { module, fake } = fakeCap({ kind: 'Unknown linktype 113' })
    expect(() => new CapFrames(module, 'any', 1024, sinkOf([]))).toThrow(
      'cap does not know the frames of any: Unknown linktype 113',
    )
    expect(fake.closed).toBe(1)
  })
})

describe('cap', () => {
  let folder: string
  let file: string
  const main = new URL('./cap-stand-in.mjs', import.meta.url)
  const frames = [1, 2, 3].map((i) => ({ seconds: i, subseconds: 0, frame: Buffer.alloc(60, i) }))
  const open = (does: string, times = join(folder, 'times')): Promise<Source> =>
    openCap({ interface: `${does} ${file} ${times}`, bufferBytes: 4096, main })

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'intransit-cap-'))
    file = join(folder, 'a.pcap')
    writeFileSync(file, buildPcap({ magic: 0xa1b2c3d4, big: false }, frames))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is read from a process of its own, and ends at once when it is closed', async () => {
    const reading = new Reading(await open('capture'))
    await reading.has(3)
    await sleep(600)
    expect(reading.quiet).toBeGreaterThan(0)
    expect(reading.source).toMatchObject({ state: 'up', stats: { frames: 3, drops: { reader: 2 } } })
    expect(await reading.close()).toBeLessThan(PROMPT_MS)
    expect(reading.hex).toEqual(frames.map(({ frame }) => frame.toString('hex')))
  })

  it('is started again when it was ended by what it does to its heap', async () => {
    const times = join(folder, 'crashes')
    const reading = new Reading(await open('crash', times))
    await until(() => reading.source.state === 'down')
    expect(reading.source.notes).toContain('the process of cap ended with SIGABRT')
    await until(() => reading.frames.length === 6)
    expect(readFileSync(times, 'utf8').split('\n')).toHaveLength(3)
    expect(reading.source.stats).toMatchObject({ drops: { reader: 4 }, captures: { opened: 2 } })
    await reading.close()
  })

  it('says what it was refused', async () => {
    expect(await refusal(open('refuse'))).toEqual({ code: 'ERR_SOURCE_PERMISSION', what: 'not with 4096', fix: 'ask' })
  })

  it('is refused when its process ends at once', async () => {
    expect(await refusal(open('die'))).toMatchObject({
      code: 'ERR_SOURCE_REFUSED',
      what: 'the process of cap ended with SIGABRT',
    })
  })

  it('is not there unless somebody installed it, and then says what to take instead', async () => {
    const compiled = new URL('../../dist/source/cap-main.js', import.meta.url)
    expect(await refusal(openCap({ interface: 'lo', main: compiled }))).toMatchObject({
      code: 'ERR_SOURCE_UNSUPPORTED',
      what: expect.stringContaining('the package cap cannot be loaded'),
      fix: expect.stringContaining('interface:IFACE'),
    })
  })
})
