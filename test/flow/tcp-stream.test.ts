import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteBudget } from '../../src/flow/byte-budget.ts'
import { type StreamReader, TcpStream } from '../../src/flow/tcp-stream.ts'

/** Takes at most `most` bytes at a time, so that the rest has to be offered again. */
class Collector implements StreamReader {
  readonly bytes: number[] = []
  lostBytes = 0
  readonly #most: number
  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most
  }
  read(_side: number, buf: Uint8Array, at: number, end: number): number {
    const take = Math.min(end - at, this.#most)
    for (let i = at; i < at + take; i++) this.bytes.push(buf[i] as number)
    return take
  }
  lost(_side: number, bytes: number): void {
    this.lostBytes += bytes
  }
}

const DATA = Uint8Array.from({ length: 600 }, (_, i) => (i * 7 + (i >> 8)) & 255)

describe('TcpStream', () => {
  it('gives the same bytes for any segmentation, order, repetition and overlap', () => {
    const segments = fc.array(fc.tuple(fc.nat({ max: 599 }), fc.integer({ min: 1, max: 200 })), { maxLength: 40 })
    const property = fc.property(segments, fc.integer(), fc.integer({ min: 1, max: 64 }), (pieces, isn, most) => {
      const reader = new Collector(most)
      const stream = new TcpStream(0, new ByteBudget(1 << 20))
      stream.startAt(isn)
      // Everything comes at the least once, after the disorder.
      const all = [...pieces, ...Array.from({ length: 12 }, (_, i) => [i * 50, 50] as [number, number])]
      for (const [from, size] of all) {
        const end = Math.min(from + size, DATA.length)
        stream.segment((isn + from) | 0, DATA, from, end, 0, reader)
      }
      stream.flush(reader)
      expect(reader.bytes).toEqual([...DATA])
      expect(reader.lostBytes).toBe(0)
    })
    fc.assert(property, { numRuns: 300, seed: 1 })
  })

  it('tells what was lost and goes on behind it', () => {
    const reader = new Collector()
    const stream = new TcpStream(0, new ByteBudget(1 << 20))
    stream.startAt(0)
    stream.segment(0, DATA, 0, 100, 0, reader)
    stream.segment(150, DATA, 150, 200, 0, reader)
    expect(reader.bytes).toHaveLength(100)
    stream.flush(reader)
    expect(reader.lostBytes).toBe(50)
    expect(reader.bytes).toEqual([...DATA.slice(0, 100), ...DATA.slice(150, 200)])
  })

  it('counts bytes that were on the wire but not captured as lost', () => {
    const reader = new Collector()
    const stream = new TcpStream(0, new ByteBudget(1 << 20))
    stream.startAt(0)
    stream.segment(0, DATA, 0, 40, 60, reader)
    stream.segment(100, DATA, 100, 120, 0, reader)
    expect(reader.lostBytes).toBe(60)
    expect(reader.bytes).toEqual([...DATA.slice(0, 40), ...DATA.slice(100, 120)])
  })

  it('gives every byte of the budget back, and never takes more than there is', () => {
    const budget = new ByteBudget(4096)
    const never: StreamReader = { read: () => 0, lost: () => undefined }
    const streams = Array.from({ length: 8 }, () => new TcpStream(0, budget))
    for (const stream of streams) {
      stream.startAt(0)
      for (let at = 0; at < 600; at += 100) stream.segment(at, DATA, at, at + 100, 0, never)
      stream.segment(5000, DATA, 0, 100, 0, never)
      expect(budget.used).toBeLessThanOrEqual(budget.cap)
    }
    expect(budget.refused).toBeGreaterThan(0)
    for (const stream of streams) stream.close()
    expect(budget.used).toBe(0)
  })
})
