import { createRequire } from 'node:module'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PcapWriter } from '../../src/source/pcap-write.ts'
import { buildPcap, openBytes, type PcapRecord, type PcapShape, readBytes, splitAt } from './captures.ts'

const require = createRequire(import.meta.url)

interface OraclePacket {
  header: { timestampSeconds: number; timestampMicroseconds: number; originalLength: number }
  data: Buffer
}
interface OracleParser {
  on(event: 'packet', listener: (packet: OraclePacket) => void): OracleParser
  on(event: 'end', listener: () => void): OracleParser
  on(event: 'error', listener: (error: Error) => void): OracleParser
}
const oracle = require('pcap-parser') as { parse(stream: PassThrough): OracleParser }

/** What an independent reader makes of a classic microsecond capture. */
function readByOracle(bytes: Buffer): Promise<{ hex: string; wire: number; time: number }[]> {
  const stream = new PassThrough()
  const frames: { hex: string; wire: number; time: number }[] = []
  return new Promise((resolve, reject) => {
    oracle
      .parse(stream)
      .on('packet', ({ header, data }) =>
        frames.push({
          hex: data.toString('hex'),
          wire: header.originalLength,
          time: header.timestampSeconds * 1e6 + header.timestampMicroseconds,
        }),
      )
      .on('error', reject)
      .on('end', () => resolve(frames))
    stream.end(bytes)
  })
}

const MICRO = 0xa1b2c3d4
const NANO = 0xa1b23c4d
const KUZNETZOV = 0xa1b2cd34

const frameOf = (length: number, fill: number): Buffer => Buffer.alloc(length, fill)
const record = (length: number, fill = length): PcapRecord => ({
  seconds: 1_700_000_000,
  subseconds: fill,
  frame: frameOf(length, fill),
})

const anyRecord: fc.Arbitrary<PcapRecord> = fc.record({
  seconds: fc.integer({ min: 0, max: 0xffffffff }),
  subseconds: fc.integer({ min: 0, max: 999_999 }),
  frame: fc.uint8Array({ maxLength: 300 }),
  wire: fc.integer({ min: 300, max: 70_000 }),
})

describe('classic pcap', () => {
  it.each<{ name: string; shape: PcapShape; time: number }>([
    { name: 'little-endian microseconds', shape: { magic: MICRO, big: false }, time: 1_700_000_000_000_750 },
    { name: 'big-endian microseconds', shape: { magic: MICRO, big: true }, time: 1_700_000_000_000_750 },
    { name: 'little-endian nanoseconds', shape: { magic: NANO, big: false }, time: 1_700_000_000_000_000 + 0.75 },
    { name: 'big-endian nanoseconds', shape: { magic: NANO, big: true }, time: 1_700_000_000_000_000 + 0.75 },
    {
      name: "Kuznetzov's variant, whose record header has 24 bytes",
      shape: { magic: KUZNETZOV, big: false, extra: 8 },
      time: 1_700_000_000_000_750,
    },
    {
      name: "Kuznetzov's variant, big-endian",
      shape: { magic: KUZNETZOV, big: true, extra: 8 },
      time: 1_700_000_000_000_750,
    },
  ])('reads $name', async ({ shape, time }) => {
    const frame = Buffer.from('0102030405', 'hex')
    const bytes = buildPcap({ ...shape, link: 113 }, [
      { seconds: 1_700_000_000, subseconds: 750, frame, wire: 1500 },
      { seconds: 0, subseconds: 0, frame: Buffer.alloc(0) },
    ])
    const { source, frames } = await readBytes(bytes)
    expect(frames).toEqual([
      { hex: '0102030405', wire: 1500, time, link: 113 },
      { hex: '', wire: 0, time: 0, link: 113 },
    ])
    expect(source.damage).toBeNull()
    expect(source.stats).toMatchObject({ frames: 2, bytesRead: bytes.length })
  })

  it('never rounds nanoseconds up into a microsecond not yet reached', async () => {
    const nano = { seconds: 1_700_000_000, subseconds: 123_456_999, frame: frameOf(1, 1) }
    const { frames } = await readBytes(buildPcap({ magic: NANO, big: false }, [nano]))
    expect(frames[0]?.time).toBe(1_700_000_000_123_456 + 0.75)
  })

  it('masks the FCS and reserved bits of the link type', async () => {
    const bytes = buildPcap({ magic: MICRO, big: false, link: 0xf4ff0001 }, [record(4)])
    expect((await readBytes(bytes)).frames[0]?.link).toBe(1)
  })

  it('passes on link types that nothing here knows', async () => {
    const bytes = buildPcap({ magic: MICRO, big: true, link: 282 }, [record(4)])
    expect((await readBytes(bytes)).frames[0]?.link).toBe(282)
  })

  it('reads the two lengths of versions before 2.3 the other way round', async () => {
    const bytes = buildPcap({ magic: MICRO, big: false, version: [2, 2] }, [])
    const old = Buffer.from('000000000000000060000000020000000708', 'hex')
    const { frames } = await readBytes(bytes, old)
    expect(frames).toEqual([{ hex: '0708', wire: 0x60, time: 0, link: 1 }])
  })

  it('takes a wire length below the captured one for the captured one', async () => {
    const bytes = buildPcap({ magic: MICRO, big: false }, [{ ...record(40), wire: 10 }])
    expect((await readBytes(bytes)).frames[0]?.wire).toBe(40)
  })

  it('keeps a wire length that a signed number of 32 bits cannot hold as large as it can', async () => {
    const bytes = buildPcap({ magic: MICRO, big: false }, [{ ...record(40), wire: 0xffffffff }])
    expect((await readBytes(bytes)).frames[0]?.wire).toBe(0x7fffffff)
  })

  it('takes a capture without frames for whole', async () => {
    const { source, frames } = await readBytes(buildPcap({ magic: MICRO, big: false }, []))
    expect(frames).toEqual([])
    expect(source.damage).toBeNull()
  })

  it('agrees with pcap-parser, frame by frame', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { maxLength: 30 }), fc.boolean(), async (records, big) => {
        const bytes = buildPcap({ magic: MICRO, big }, records)
        const ours = (await readBytes(bytes)).frames.map(({ hex, wire, time }) => ({ hex, wire, time }))
        expect(ours).toEqual(await readByOracle(bytes))
      }),
      { numRuns: 60 },
    )
  })

  it('agrees with pcap-parser on a capture larger than a batch and than the window', async () => {
    const writer = new PcapWriter(1)
    for (let i = 0; i < 20_000; i++) writer.append(1_600_000_000 + i, i, frameOf(i % 200, i & 0xff))
    const bytes = writer.take()
    const { frames } = await readBytes(bytes)
    expect(frames.map(({ hex, wire, time }) => ({ hex, wire, time }))).toEqual(await readByOracle(bytes))
  })
})

describe('a damaged pcap', () => {
  const shapes: PcapShape[] = [
    { magic: MICRO, big: false },
    { magic: NANO, big: true },
    { magic: KUZNETZOV, big: false, extra: 8 },
  ]

  it.each(shapes)('cut at any byte yields the frames before the cut and says where ($magic)', async (shape) => {
    const records = [record(0), record(3), record(60), record(1), record(17)]
    const whole = await readBytes(buildPcap(shape, records))
    const starts = records.map((_, i) => buildPcap(shape, records.slice(0, i)).length)
    const bytes = buildPcap(shape, records)
    for (let cut = 24; cut < bytes.length; cut++) {
      const { source, frames } = await readBytes(bytes.subarray(0, cut))
      const before = starts.filter((start) => start <= cut).length - 1
      const start = starts[before] ?? -1
      expect(frames).toEqual(whole.frames.slice(0, before))
      if (cut === start) expect(source.damage).toBeNull()
      else
        expect(source.damage).toMatchObject({ offset: start, what: expect.stringMatching(/^cut off inside a frame/) })
    }
  })

  it('counts what is there of a frame that is cut off', async () => {
    const bytes = buildPcap({ magic: MICRO, big: false }, [record(100)])
    const inFrame = await readBytes(bytes.subarray(0, 24 + 16 + 33))
    expect(inFrame.source.damage).toEqual({ offset: 24, what: 'cut off inside a frame: 33 of 100 bytes' })
    const inHeader = await readBytes(bytes.subarray(0, 24 + 5))
    expect(inHeader.source.damage).toEqual({ offset: 24, what: "cut off inside a frame's header: 5 of 16 bytes" })
  })

  it.each([
    { name: 'the cap', snaplen: 65_535, length: 256 * 1024 + 1 },
    { name: 'the snapshot length', snaplen: 300_000, length: 300_001 },
    { name: 'what any snapshot length may ask for', snaplen: 0xffffffff, length: 16 * 1024 * 1024 + 1 },
  ])('stops at a frame longer than $name', async ({ snaplen, length }) => {
    const good = buildPcap({ magic: MICRO, big: false, snaplen }, [record(9)])
    const bad = Buffer.alloc(16)
    bad.writeUInt32LE(length, 8)
    const { source, frames } = await readBytes(good, bad, Buffer.alloc(400_000))
    expect(frames).toHaveLength(1)
    expect(source.damage).toMatchObject({ offset: good.length, what: expect.stringContaining(`${length}`) })
  })

  it('grows its buffer for frames that the snapshot length allows', async () => {
    const shape = { magic: MICRO, big: false, snaplen: 4_000_000 }
    const { source, frames } = await readBytes(buildPcap(shape, [record(7), record(3_500_000, 5), record(8)]))
    expect(frames.map(({ hex }) => hex.length / 2)).toEqual([7, 3_500_000, 8])
    expect(source.damage).toBeNull()
  })

  it('never throws and never invents bytes, whatever follows the header', async () => {
    const header = buildPcap({ magic: MICRO, big: false }, [])
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (noise) => {
        const { frames } = await readBytes(header, noise)
        expect(frames.reduce((sum, { hex }) => sum + 16 + hex.length / 2, 0)).toBeLessThanOrEqual(noise.length)
      }),
    )
  })
})

describe('a pcap that arrives in pieces', () => {
  it('gives the same frames however the stream is split', async () => {
    const bytes = buildPcap(
      { magic: MICRO, big: false },
      [record(0), record(70), record(5), record(200), record(33)].concat(record(1)),
    )
    const whole = (await readBytes(bytes)).frames
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: bytes.length }), { maxLength: 12 }), async (places) => {
        expect((await readBytes(...splitAt(bytes, places))).frames).toEqual(whole)
      }),
      { numRuns: 200 },
    )
    expect((await readBytes(...splitAt(bytes, [...bytes.keys()]))).frames).toEqual(whole)
  })

  it('delivers a frame before the next one has arrived', async () => {
    const stream = new PassThrough()
    const bytes = buildPcap({ magic: MICRO, big: false }, [record(10)])
    stream.write(bytes)
    const { openSource } = await import('../../src/source/index.ts')
    const source = await openSource('-', stream)
    const batches = source.batches()[Symbol.asyncIterator]()
    expect((await batches.next()).value).toMatchObject({ count: 1 })
    stream.end()
    expect(await batches.next()).toMatchObject({ done: true })
    expect(source.damage).toBeNull()
  })

  it('is closed when its reader leaves early', async () => {
    const source = await openBytes(buildPcap({ magic: MICRO, big: false }, [record(10), record(11)]))
    for await (const _batch of source.batches()) break
    await source.close()
    expect(source.stats.frames).toBe(2)
  })
})
