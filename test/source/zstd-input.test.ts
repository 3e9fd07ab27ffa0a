import { execFileSync, spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PcapWriter } from '../../src/source/pcap-write.ts'
import { openBytes, readBytes, splitAt } from './captures.ts'

const hasZstd = spawnSync('zstd', ['--version']).status === 0

function capture(frames: number): Buffer {
  const writer = new PcapWriter(1)
  for (let i = 0; i < frames; i++) writer.append(1_700_000_000, i, Buffer.from(`frame ${i} of a capture, ${i * 7919}`))
  return writer.take()
}

const MAGIC = Buffer.from('28b52ffd', 'hex')
const block = (body: Buffer, type: number, size: number, last: boolean): Buffer => {
  const header = Buffer.alloc(3)
  header.writeUIntLE((size << 3) | (type << 1) | (last ? 1 : 0), 0, 3)
  return Buffer.concat([header, body])
}
const raw = (body: Buffer, last: boolean): Buffer => block(body, 0, body.length, last)
const repeated = (byte: number, count: number, last: boolean): Buffer => block(Buffer.from([byte]), 1, count, last)
/** A frame with a window of 1 MiB and no check sum, its blocks given. */
const frame = (...blocks: Buffer[]): Buffer => Buffer.concat([MAGIC, Buffer.from([0x00, 10 << 3]), ...blocks])
const skippable = (bytes: number): Buffer => {
  const head = Buffer.alloc(8)
  head.writeUInt32LE(0x184d2a5a, 0)
  head.writeUInt32LE(bytes, 4)
  return Buffer.concat([head, Buffer.alloc(bytes, 0x28)])
}

describe('a zstd-compressed capture, frame by frame', () => {
  const plain = capture(40)
  const cut = 500
  const packed = frame(raw(plain.subarray(0, cut), false), raw(plain.subarray(cut), true))

  it('reads as the capture inside', async () => {
    const { source, frames } = await readBytes(packed)
    expect(frames).toEqual((await readBytes(plain)).frames)
    expect(source.damage).toBeNull()
    expect(source.stats.bytesRead).toBe(packed.length)
  })

  it('reads runs of one byte', async () => {
    const zeros = new PcapWriter(1)
    zeros.append(0, 0, Buffer.alloc(5000))
    const bytes = zeros.take()
    const { frames } = await readBytes(frame(raw(bytes.subarray(0, 40), false), repeated(0, 5000, true)))
    expect(frames).toEqual((await readBytes(bytes)).frames)
  })

  it('reads several frames, and skippable ones anywhere', async () => {
    const parts = [
      skippable(9),
      frame(raw(plain.subarray(0, 30), true)),
      skippable(300_000),
      frame(raw(Buffer.alloc(0), true)),
      frame(raw(plain.subarray(30), true)),
      skippable(0),
    ]
    const { source, frames } = await readBytes(...parts)
    expect(frames).toHaveLength(40)
    expect(source.damage).toBeNull()
  })

  it('cut at any byte never throws, and yields whole blocks before the cut', async () => {
    const secondBlock = packed.length - (plain.length - cut) - 3
    const before = (await readBytes(plain.subarray(0, cut))).frames
    for (let at = secondBlock; at < packed.length; at += 3) {
      const { source, frames } = await readBytes(packed.subarray(0, at))
      expect(frames).toEqual(before)
      expect(source.damage?.what).toBe('the zstd data is cut off')
    }
  })

  it.each([
    { name: 'a reserved block', bad: block(Buffer.alloc(9), 3, 9, true), what: 'no such block' },
    { name: 'a block above 128 KiB', bad: block(Buffer.alloc(9), 0, 200_000, true), what: 'no such block' },
    { name: 'a compressed block of noise', bad: block(Buffer.alloc(64, 0xff), 2, 64, true), what: 'is damaged' },
  ])('stops at $name, after the frames before it', async ({ bad, what }) => {
    const { source, frames } = await readBytes(frame(raw(plain, false), bad))
    expect(frames).toHaveLength(40)
    expect(source.damage).toMatchObject({ offset: plain.length, what: expect.stringContaining(what) })
  })

  it('stops where a frame should start and something else does', async () => {
    const { source, frames } = await readBytes(frame(raw(plain, true)), Buffer.from('something else'))
    expect(frames).toHaveLength(40)
    expect(source.damage).toMatchObject({ offset: plain.length, what: expect.stringContaining('no frame starts') })
  })

  it.each([
    { name: 'more memory than is granted', head: Buffer.from([0x00, 30 << 3]), what: 'asks for a window of' },
    {
      name: 'more memory, as the size of a single segment',
      head: Buffer.from('e0ffffffffff000000', 'hex'),
      what: 'asks for a window of',
    },
    { name: 'a dictionary', head: Buffer.from('01500a', 'hex'), what: 'needs a dictionary' },
  ])('refuses a file that wants $name', async ({ head, what }) => {
    const bytes = Buffer.concat([MAGIC, head, raw(plain, true)])
    await expect(openBytes(bytes)).rejects.toMatchObject({
      code: 'ERR_SOURCE_FORMAT',
      message: expect.stringContaining(what),
    })
  })
})

describe.skipIf(!hasZstd)('a capture compressed by the zstd program (skipped where it is not installed)', () => {
  const plain = capture(20_000)
  const compress = (bytes: Buffer, ...options: string[]): Buffer =>
    execFileSync('zstd', ['-q', '-c', ...options], { input: bytes, maxBuffer: 1 << 28 })

  it.each([['-1'], ['-3'], ['-19'], ['--no-check'], ['--long=24']])('reads %s', async (option) => {
    const { source, frames } = await readBytes(compress(plain, option))
    expect(frames).toEqual((await readBytes(plain)).frames)
    expect(source.damage).toBeNull()
  })

  it('reports a wrong check sum, after every frame', async () => {
    const packed = compress(capture(300), '--check')
    packed.writeUInt32LE((packed.readUInt32LE(packed.length - 4) ^ 1) >>> 0, packed.length - 4)
    const { source, frames } = await readBytes(packed)
    expect(frames).toHaveLength(300)
    expect(source.damage).toEqual({
      offset: capture(300).length,
      what: 'the zstd data is damaged: its check sum is wrong',
    })
  })

  it('accepts the check sum of content of any length', async () => {
    for (let length = 0; length < 70; length++) {
      const writer = new PcapWriter(1)
      writer.append(0, 0, Buffer.alloc(length, 'check sums'))
      expect((await readBytes(compress(writer.take(), '--check'))).source.damage).toBeNull()
    }
  })

  it('reads concatenated files', async () => {
    const { frames } = await readBytes(compress(plain.subarray(0, 12_345)), compress(plain.subarray(12_345)))
    expect(frames).toHaveLength(20_000)
  })

  it('gives the same frames however the stream is split', async () => {
    const packed = compress(capture(30))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: packed.length }), { maxLength: 8 }), async (places) => {
        expect((await readBytes(...splitAt(packed, places))).frames).toHaveLength(30)
      }),
      { numRuns: 40 },
    )
  })

  it('never throws or hangs on a broken file', async () => {
    const packed = compress(capture(200))
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 60, max: packed.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, flip) => {
          const broken = Buffer.from(packed)
          broken[at] = (broken[at] ?? 0) ^ flip
          const result = await readBytes(broken).catch((error: { code?: string }) => error.code)
          if (typeof result === 'string') expect(result).toBe('ERR_SOURCE_FORMAT')
          else expect(result?.frames.length).toBeLessThan(10_000)
        },
      ),
      { numRuns: 200 },
    )
  })
})
