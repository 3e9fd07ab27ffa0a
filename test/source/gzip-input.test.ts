import { PassThrough } from 'node:stream'
import { constants, createGzip, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openSource } from '../../src/source/index.ts'
import { PcapWriter } from '../../src/source/pcap-write.ts'
import { readBytes, splitAt } from './captures.ts'

/** Frames that do not compress away, so that a cut of the gzip is a cut of the capture. */
function capture(frames: number): Buffer {
  const writer = new PcapWriter(1)
  let noise = 1
  for (let i = 0; i < frames; i++) {
    const frame = Buffer.alloc(60 + (i % 40))
    for (let j = 0; j < frame.length; j++) {
      noise = (Math.imul(noise, 1_103_515_245) + 12_345) >>> 0
      frame[j] = noise >>> 24
    }
    writer.append(1_700_000_000, i, frame)
  }
  return writer.take()
}

describe('a gzip-compressed capture', () => {
  const plain = capture(3000)
  const packed = gzipSync(plain)

  it('reads as the capture inside', async () => {
    const { source, frames } = await readBytes(packed)
    expect(frames).toEqual((await readBytes(plain)).frames)
    expect(source.damage).toBeNull()
    expect(source.stats.bytesRead).toBe(packed.length)
  })

  it('reads concatenated members as one stream, wherever they meet', async () => {
    const small = capture(5)
    const want = (await readBytes(small)).frames
    for (let cut = 0; cut <= small.length; cut += 7) {
      const members = Buffer.concat([gzipSync(small.subarray(0, cut)), gzipSync(small.subarray(cut))])
      const { source, frames } = await readBytes(members)
      expect(frames).toEqual(want)
      expect(source.damage).toBeNull()
    }
  })

  it('gives the same frames however the stream is split', async () => {
    const small = gzipSync(capture(8))
    const want = (await readBytes(small)).frames
    expect(want).toHaveLength(8)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: small.length }), { maxLength: 8 }), async (places) => {
        expect((await readBytes(...splitAt(small, places))).frames).toEqual(want)
      }),
      { numRuns: 50 },
    )
  })

  it('may be padded with zeros', async () => {
    const { source, frames } = await readBytes(packed, Buffer.alloc(700))
    expect(frames).toHaveLength(3000)
    expect(source.damage).toBeNull()
  })

  it('cut off yields the frames before the cut and says so', async () => {
    const { source, frames } = await readBytes(packed.subarray(0, packed.length >> 1))
    expect(frames.length).toBeGreaterThan(1300)
    expect(frames.length).toBeLessThan(1600)
    expect(source.damage).toEqual({ offset: expect.any(Number), what: 'the gzip data is cut off' })
    const before = await readBytes(plain.subarray(0, source.damage?.offset))
    expect(before.frames).toEqual(frames)
    expect(before.source.damage).toBeNull()
  })

  it('with a wrong check sum yields every frame and says so', async () => {
    const small = gzipSync(capture(4))
    small[small.length - 8] = (small[small.length - 8] ?? 0) ^ 0xff
    const { source, frames } = await readBytes(small)
    expect(frames).toHaveLength(4)
    expect(source.damage).toMatchObject({
      offset: capture(4).length,
      what: expect.stringContaining('incorrect data check'),
    })
  })

  it('followed by something else yields every frame and says so', async () => {
    const { source, frames } = await readBytes(packed, Buffer.from('and here is something else entirely'))
    expect(frames).toHaveLength(3000)
    expect(source.damage).toMatchObject({
      offset: plain.length,
      what: expect.stringContaining('the gzip data is damaged'),
    })
  })

  it('broken in the middle never throws, and loses little of what is before', async () => {
    const broken = Buffer.from(packed)
    broken.fill(0xff, 100_000, 100_400)
    const { source, frames } = await readBytes(broken)
    expect(source.damage).not.toBeNull()
    const want = (await readBytes(plain)).frames
    const sound = frames.findIndex((frame, i) => frame.hex !== want[i]?.hex)
    // Noise is stored, so 100,000 compressed bytes hold some 1,045 frames; a piece of zlib input holds 43.
    expect(sound === -1 ? frames.length : sound).toBeGreaterThan(990)
  })

  it('delivers what a live compressor has flushed', async () => {
    const stream = new PassThrough()
    const gzip = createGzip({ level: 1 })
    gzip.pipe(stream)
    gzip.write(capture(50))
    gzip.flush(constants.Z_SYNC_FLUSH)
    const source = await openSource('-', stream)
    const batches = source.batches()[Symbol.asyncIterator]()
    expect((await batches.next()).value?.count).toBeGreaterThan(0)
    await source.close()
  })
})
