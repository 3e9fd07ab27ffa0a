import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Pcapng, readBytes, splitAt, u32, u64 } from './captures.ts'

const NOW = 1_700_000_000_000_000n
const bytesOf = (hex: string): Buffer => Buffer.from(hex, 'hex')
const TSRESOL = 9
const TSOFFSET = 14

describe.each([
  { order: 'little-endian', big: false },
  { order: 'big-endian', big: true },
])('a $order pcapng', ({ big }) => {
  const ng = new Pcapng(big)
  const opening = Buffer.concat([ng.section(), ng.interface(1)])

  it('yields the frames of enhanced packet blocks, options or none', async () => {
    const comment = ng.option(1, Buffer.from('a comment'))
    const { source, frames } = await readBytes(
      ng.section(1, ng.option(4, Buffer.from('a tool')), ng.option(0, Buffer.alloc(0))),
      ng.interface(1, 65535, ng.option(2, Buffer.from('eth0'))),
      ng.enhanced(0, NOW, bytesOf('0102030405'), 1500, comment),
      ng.enhanced(0, NOW + 7n, Buffer.alloc(0)),
    )
    expect(frames).toEqual([
      { hex: '0102030405', wire: 1500, time: Number(NOW), link: 1 },
      { hex: '', wire: 0, time: Number(NOW) + 7, link: 1 },
    ])
    expect(source.damage).toBeNull()
    expect(source.stats.skippedBlocks).toEqual({})
  })

  it('gives each frame the link type and the clock of its interface', async () => {
    const offset = ng.option(TSOFFSET, u64(3600n, big))
    const { frames } = await readBytes(
      ng.section(),
      ng.interface(1),
      ng.interface(101, 0, ng.option(TSRESOL, Buffer.from([9]))),
      ng.interface(276, 0, ng.option(TSRESOL, Buffer.from([0x80 | 20])), offset),
      ng.enhanced(1, NOW * 1000n + 500n, bytesOf('bb')),
      ng.enhanced(0, NOW, bytesOf('aa')),
      ng.enhanced(2, (1_700_000_000n << 20n) + (1n << 19n), bytesOf('cc')),
    )
    expect(frames).toEqual([
      { hex: 'bb', wire: 1, time: Number(NOW) + 0.5, link: 101 },
      { hex: 'aa', wire: 1, time: Number(NOW), link: 1 },
      { hex: 'cc', wire: 1, time: Number(NOW) + 3_600_500_000, link: 276 },
    ])
  })

  it('reads obsolete packet blocks, whose interface has 16 bits', async () => {
    const { frames } = await readBytes(opening, ng.interface(113), ng.obsolete(1, 0xffff, NOW, bytesOf('0a0b0c'), 90))
    expect(frames).toEqual([{ hex: '0a0b0c', wire: 90, time: Number(NOW), link: 113 }])
  })

  it('cuts simple packet blocks by the snapshot length and gives them the time of the frame before', async () => {
    const { frames } = await readBytes(
      ng.section(),
      ng.interface(1, 5),
      ng.simple(bytesOf('01'), 1),
      ng.enhanced(0, NOW, bytesOf('02')),
      ng.simple(bytesOf('0304050607'), 1400),
    )
    expect(frames).toEqual([
      { hex: '01', wire: 1, time: 0, link: 1 },
      { hex: '02', wire: 1, time: Number(NOW), link: 1 },
      { hex: '0304050607', wire: 1400, time: Number(NOW), link: 1 },
    ])
  })

  it('passes over every other block and counts it by name', async () => {
    const { source, frames } = await readBytes(
      opening,
      ng.block(4, Buffer.alloc(8)),
      ng.block(5, Buffer.alloc(12)),
      ng.block(9, Buffer.from('MESSAGE=x\n')),
      ng.block(9, Buffer.from('MESSAGE=y\n')),
      ng.block(10, u32(0x544c534b, big), u32(14, big), Buffer.from('CLIENT_RANDOM ')),
      ng.block(0xbad, Buffer.alloc(4)),
      ng.block(0x40000bad, Buffer.alloc(4)),
      ng.block(0x80000123, Buffer.alloc(40)),
      ng.enhanced(0, NOW, bytesOf('ff')),
    )
    expect(frames).toHaveLength(1)
    expect(source.damage).toBeNull()
    expect(source.stats.skippedBlocks).toEqual({
      name_resolution: 1,
      interface_statistics: 1,
      systemd_journal: 2,
      decryption_secrets: 1,
      custom: 2,
      block_0x80000123: 1,
    })
  })

  it('names no more kinds of skipped blocks than its cap', async () => {
    const blocks = Array.from({ length: 200 }, (_, i) => ng.block(0x1000 + i, Buffer.alloc(0)))
    const { source } = await readBytes(opening, ...blocks)
    expect(Object.keys(source.stats.skippedBlocks)).toHaveLength(65)
    expect(source.stats.skippedBlocks).toMatchObject({ other: 136 })
  })

  it('passes over a block larger than its window without keeping it', async () => {
    const large = ng.block(9, Buffer.alloc(3_000_000))
    const { source, frames } = await readBytes(opening, large, ng.enhanced(0, NOW, bytesOf('0102')))
    expect(frames.map(({ hex }) => hex)).toEqual(['0102'])
    expect(source.damage).toBeNull()
    expect(source.stats.skippedBlocks).toEqual({ systemd_journal: 1 })
  })

  it('says what is missing of a block that it was passing over', async () => {
    const large = ng.block(9, Buffer.alloc(3_000_000))
    const { source } = await readBytes(opening, large.subarray(0, 2_000_000))
    expect(source.damage).toEqual({
      offset: opening.length,
      what: 'cut off inside a systemd_journal block: 2000000 of 3000012 bytes',
    })
  })

  it('starts each section afresh, in its own byte order and with its own interfaces', async () => {
    const other = new Pcapng(!big)
    const { source, frames } = await readBytes(
      opening,
      ng.enhanced(0, NOW, bytesOf('01')),
      other.section(),
      other.interface(101),
      other.enhanced(0, NOW + 1n, bytesOf('02')),
      ng.section(),
      ng.enhanced(0, NOW + 2n, bytesOf('03')),
    )
    expect(frames.map(({ hex, link }) => `${hex} ${link}`)).toEqual(['01 1', '02 101'])
    expect(source.damage?.what).toBe('a frame names interface 0; the section describes 0')
  })

  it('ignores an option that overruns its block', async () => {
    const overrun = ng.option(TSRESOL, Buffer.from([9])).fill(0xff, 2, 4)
    const { source, frames } = await readBytes(
      ng.section(),
      ng.interface(1, 0, overrun),
      ng.enhanced(0, NOW, bytesOf('01')),
    )
    expect(frames[0]?.time).toBe(Number(NOW))
    expect(source.damage).toBeNull()
  })

  describe('with damage', () => {
    const good = Buffer.concat([opening, ng.enhanced(0, NOW, bytesOf('0102'))])
    const misfit = (length: number): Buffer => Buffer.concat([u32(6, big), u32(length, big), Buffer.alloc(60)])
    const setAt = (block: Buffer, at: number, value: number): Buffer => {
      u32(value, big).copy(block, at)
      return block
    }

    it.each([
      { name: 'a block whose two lengths differ', bad: setAt(ng.enhanced(0, NOW, bytesOf('03')), 32, 99), what: '99' },
      { name: 'a block shorter than any block', bad: misfit(8), what: 'a length of 8 ' },
      { name: 'a block whose length is not a multiple of four', bad: misfit(37), what: 'a length of 37 ' },
      { name: 'a packet block above the cap', bad: misfit(0x7ffffffc), what: '2147483644 bytes; the most' },
      {
        name: 'a frame longer than its block',
        bad: setAt(ng.enhanced(0, NOW, bytesOf('03')), 20, 5),
        what: 'claims 5 ',
      },
      { name: 'a frame of an unknown interface', bad: ng.enhanced(7, NOW, bytesOf('03')), what: 'interface 7' },
      { name: 'a packet block too short for its header', bad: ng.block(6, Buffer.alloc(8)), what: 'too few' },
      { name: 'a simple packet block too short for its header', bad: ng.block(3), what: 'too few' },
      { name: 'an interface description without its fields', bad: ng.block(1, Buffer.alloc(4)), what: 'too few' },
      { name: 'a section of a version to come', bad: ng.section(2), what: 'pcapng version 2' },
      {
        name: 'a section without byte order',
        bad: setAt(ng.section(), 8, 0x01020304),
        what: 'without its byte-order magic',
      },
      {
        name: 'a frame above the cap of an interface without snapshot length',
        bad: ng.enhanced(0, NOW, Buffer.alloc(256 * 1024 + 1)),
        what: 'claims 262145 ',
      },
    ])('stops at $name, after the frames before it', async ({ bad, what }) => {
      const { source, frames } = await readBytes(good, bad, ng.enhanced(0, NOW, bytesOf('04')))
      expect(frames.map(({ hex }) => hex)).toEqual(['0102'])
      expect(source.damage).toMatchObject({ offset: good.length, what: expect.stringContaining(what) })
    })

    it('cut at any byte yields the frames before the cut and says where', async () => {
      const blocks = [
        ng.section(),
        ng.interface(1),
        ng.enhanced(0, NOW, bytesOf('0102')),
        ng.simple(bytesOf('030405')),
        ng.block(9, Buffer.alloc(20)),
        ng.obsolete(0, 0, NOW, bytesOf('06')),
      ]
      const bytes = Buffer.concat(blocks)
      const ends = blocks.map((_, i) => Buffer.concat(blocks.slice(0, i + 1)).length)
      const framesBy = [0, 0, 1, 2, 2, 3]
      for (let cut = ends[0] ?? 0; cut < bytes.length; cut++) {
        const { source, frames } = await readBytes(bytes.subarray(0, cut))
        const whole = ends.findLastIndex((end) => end <= cut)
        expect(frames).toHaveLength(framesBy[whole] ?? -1)
        if (cut === ends[whole]) expect(source.damage).toBeNull()
        else
          expect(source.damage).toMatchObject({ offset: ends[whole], what: expect.stringMatching(/^cut off inside/) })
      }
    })

    it('never throws, whatever follows its first blocks', async () => {
      const blockLike = fc
        .tuple(fc.constantFrom(0x0a0d0d0a, 1, 2, 3, 6, 9), fc.uint8Array({ maxLength: 80 }))
        .map(([type, body]) => ng.block(type, body))
      const noise = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes))
      await fc.assert(
        fc.asyncProperty(fc.array(fc.oneof(blockLike, noise), { maxLength: 8 }), async (parts) => {
          const { frames } = await readBytes(opening, ...parts)
          const room = parts.reduce((sum, part) => sum + part.length, 0)
          expect(frames.reduce((sum, { hex }) => sum + hex.length / 2, 0)).toBeLessThanOrEqual(room)
        }),
        { numRuns: 300 },
      )
    })
  })

  it('gives the same frames however the stream is split', async () => {
    const bytes = Buffer.concat([
      opening,
      ng.enhanced(0, NOW, Buffer.alloc(70, 1)),
      ng.block(5, Buffer.alloc(60)),
      ng.interface(101, 0, ng.option(TSRESOL, Buffer.from([9]))),
      ng.enhanced(1, NOW * 1000n, Buffer.alloc(33, 2)),
      ng.simple(Buffer.alloc(21, 3)),
    ])
    const whole = (await readBytes(bytes)).frames
    expect(whole).toHaveLength(3)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: bytes.length }), { maxLength: 12 }), async (places) => {
        const { source, frames } = await readBytes(...splitAt(bytes, places))
        expect(frames).toEqual(whole)
        expect(source.damage).toBeNull()
        expect(source.stats.skippedBlocks).toEqual({ interface_statistics: 1 })
      }),
      { numRuns: 150 },
    )
    expect((await readBytes(...splitAt(bytes, [...bytes.keys()]))).frames).toEqual(whole)
  })
})
