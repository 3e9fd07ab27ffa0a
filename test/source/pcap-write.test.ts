import { describe, expect, it } from 'vitest'
import { PcapWriter } from '../../src/source/pcap-write.ts'
import { readBytes } from './captures.ts'

describe('PcapWriter', () => {
  it.each([
    { precision: 'microsecond', subseconds: 250_000 },
    { precision: 'nanosecond', subseconds: 250_000_000 },
  ] as const)('writes $precision captures that read back', async ({ precision, subseconds }) => {
    const writer = new PcapWriter(276, precision)
    writer.append(1_700_000_000, subseconds, Buffer.from('aabb', 'hex'))
    writer.append(1_700_000_001, subseconds, Buffer.from('cc', 'hex'), 99)
    const { source, frames } = await readBytes(writer.take())
    expect(frames).toEqual([
      { hex: 'aabb', wire: 2, time: 1_700_000_000_250_000, link: 276 },
      { hex: 'cc', wire: 99, time: 1_700_000_001_250_000, link: 276 },
    ])
    expect(source.damage).toBeNull()
  })

  it('gives a long capture in parts that join to the whole', async () => {
    const writer = new PcapWriter(1)
    const parts: Buffer[] = []
    for (let i = 0; i < 3000; i++) {
      writer.append(i, 0, Buffer.alloc(i % 90, i & 0xff))
      if (i % 700 === 0) parts.push(writer.take())
    }
    const { source, frames } = await readBytes(...parts, writer.take())
    expect(frames).toHaveLength(3000)
    expect(source.damage).toBeNull()
  })
})
