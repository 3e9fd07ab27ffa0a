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

  it('is over when every byte up to the FIN went by', () => {
    const reader = new Collector()
    const stream = new TcpStream(0, new ByteBudget(1 << 20))
    stream.startAt(-50)
    stream.endAt(50)
    stream.segment(0, DATA, 50, 100, 0, reader)
    expect(stream.isOver).toBe(false)
    stream.segment(-50, DATA, 0, 50, 0, reader)
    expect(stream.isOver).toBe(true)
    stream.reset()
    stream.startAt(50)
    expect(stream.isOver).toBe(false)
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

/** Logs what it is offered and what it is told; `answer` says how many bytes it is done with. */
class Log implements StreamReader {
  readonly offered: number[] = []
  readonly losses: number[] = []
  answer: (length: number, first: number) => number
  constructor(answer: (length: number, first: number) => number = (length) => length) {
    this.answer = answer
  }
  read(_side: number, buf: Uint8Array, at: number, end: number): number {
    this.offered.push(end - at)
    return this.answer(end - at, buf[at] as number)
  }
  lost(_side: number, bytes: number): void {
    this.losses.push(bytes)
  }
}

const NOTHING = (): number => 0
const MIB = 1 << 20
const started = (budget = new ByteBudget(MIB)): TcpStream => {
  const stream = new TcpStream(0, budget)
  stream.startAt(0)
  return stream
}

describe('a stream without its SYN', () => {
  it('starts with the first segment that comes', () => {
    const log = new Collector()
    const stream = new TcpStream(1, new ByteBudget(MIB))
    expect(stream.started).toBe(false)
    stream.segment(0x7ffffff0, DATA, 0, 100, 0, log)
    expect(stream.started).toBe(true)
    // The number wraps into the negative half of 32 bits on the way.
    stream.segment((0x7ffffff0 + 100) | 0, DATA, 100, 200, 0, log)
    expect(log.bytes).toEqual([...DATA.slice(0, 200)])
    expect(log.lostBytes).toBe(0)
  })

  it('takes what lay before its start for a retransmission', () => {
    const log = new Log()
    const stream = new TcpStream(0, new ByteBudget(MIB))
    stream.segment(500, DATA, 0, 100, 0, log)
    stream.segment(400, DATA, 0, 100, 0, log)
    expect([stream.retransmissions, log.offered, log.losses]).toEqual([1, [100], []])
  })
})

describe('retransmissions', () => {
  it.each([
    { name: 'the same segment', seq: 0, length: 100, fresh: [], count: 1 },
    { name: 'a part of it', seq: 50, length: 20, fresh: [], count: 1 },
    { name: 'a segment that goes on behind it', seq: 50, length: 100, fresh: [50], count: 0 },
    { name: 'a segment that encloses it', seq: -10, length: 120, fresh: [10], count: 0 },
  ])('of $name, only fresh bytes are offered', ({ seq, length, fresh, count }) => {
    const log = new Log()
    const stream = started()
    stream.segment(0, DATA, 0, 100, 0, log)
    stream.segment(seq, DATA, 0, length, 0, log)
    expect(log.offered).toEqual([100, ...fresh])
    expect([stream.retransmissions, log.losses]).toEqual([count, []])
  })

  it('do not fill in what was not captured the first time', () => {
    const log = new Log()
    const stream = started()
    stream.segment(0, DATA, 0, 40, 60, log)
    stream.segment(0, DATA, 0, 100, 0, log)
    expect([log.offered, log.losses, stream.retransmissions]).toEqual([[40], [60], 1])
  })
})

describe('bytes a reader wants to skip', () => {
  it('are skipped over segments, to the byte', () => {
    const log = new Log((length, first) => (first === DATA[0] ? 250 : length))
    const stream = started()
    for (const at of [0, 100, 200]) stream.segment(at, DATA, at, at + 100, 0, log)
    expect([log.offered, log.losses]).toEqual([[100, 50], []])
  })

  it('are no loss when they are lost', () => {
    const log = new Log((length, first) => (first === DATA[0] ? 250 : length))
    const stream = started()
    stream.segment(0, DATA, 0, 100, 0, log)
    // 100 to 200 never come; all of them were to be skipped, and 50 more still are.
    stream.segment(200, DATA, 200, 300, 0, log)
    stream.flush(log)
    expect([log.offered, log.losses]).toEqual([[100, 50], []])
  })

  it('leave what is lost behind them a loss', () => {
    const log = new Log((length, first) => (first === DATA[0] ? 130 : length))
    const stream = started()
    stream.segment(0, DATA, 0, 100, 0, log)
    stream.segment(200, DATA, 200, 300, 0, log)
    stream.flush(log)
    expect([log.offered, log.losses]).toEqual([[100, 100], [70]])
  })

  it('may be told while bytes are held back', () => {
    const log = new Log(NOTHING)
    const stream = started()
    stream.segment(0, DATA, 0, 100, 0, log)
    log.answer = (length) => (length === 200 ? 220 : length)
    stream.segment(100, DATA, 100, 200, 0, log)
    stream.segment(200, DATA, 200, 300, 0, log)
    expect([log.offered, log.losses]).toEqual([[100, 200, 80], []])
  })
})

describe('bytes a reader is not done with', () => {
  it('are offered again with what follows', () => {
    const log = new Log(NOTHING)
    const stream = started()
    for (const at of [0, 100, 200]) stream.segment(at, DATA, at, at + 100, 0, log)
    expect(log.offered).toEqual([100, 200, 300])
  })

  it('are offered again on demand, until the reader took them', () => {
    const budget = new ByteBudget(MIB)
    const log = new Log(NOTHING)
    const stream = started(budget)
    stream.segment(0, DATA, 0, 100, 0, log)
    stream.offerAgain(log)
    expect(budget.used).toBe(2048)
    log.answer = (length) => length
    stream.offerAgain(log)
    stream.offerAgain(log)
    expect([log.offered, budget.used]).toEqual([[100, 100, 100], 0])
  })

  it('are lost with the hole behind them', () => {
    const log = new Log(NOTHING)
    const stream = started()
    stream.segment(0, DATA, 0, 100, 0, log)
    log.answer = (length) => length
    stream.segment(150, DATA, 150, 200, 0, log)
    stream.flush(log)
    expect([log.offered, log.losses]).toEqual([[100, 50], [150]])
  })

  it('are given up above 96 KiB, and the stream goes on', () => {
    const budget = new ByteBudget(MIB)
    const log = new Log(NOTHING)
    const stream = started(budget)
    const segment = new Uint8Array(1024)
    for (let n = 0; n < 96; n++) stream.segment(n * 1024, segment, 0, 1024, 0, log)
    expect([stream.overflowed, budget.used, log.losses]).toEqual([false, 128 * 1024, []])
    stream.segment(96 * 1024, segment, 0, 1, 0, log)
    expect([stream.overflowed, budget.used, log.losses.length]).toEqual([true, 0, 1])
    log.answer = (length) => length
    stream.segment(96 * 1024 + 1, segment, 0, 7, 0, log)
    expect([log.offered.at(-1), log.losses.length]).toEqual([7, 1])
  })

  it('are given up when the budget is spent', () => {
    const budget = new ByteBudget(2047)
    const log = new Log(NOTHING)
    const stream = started(budget)
    stream.segment(0, DATA, 0, 100, 0, log)
    expect([stream.overflowed, budget.used, budget.refused, log.losses.length]).toEqual([true, 0, 1, 1])
  })
})

describe('segments behind a hole', () => {
  it('wait for it, in the order of their numbers', () => {
    const budget = new ByteBudget(MIB)
    const log = new Collector()
    const stream = started(budget)
    for (const at of [400, 200, 300, 100]) stream.segment(at, DATA, at, at + 100, 0, log)
    expect([log.bytes, budget.used]).toEqual([[], 400])
    stream.segment(0, DATA, 0, 100, 0, log)
    expect([log.bytes, log.lostBytes, budget.used]).toEqual([[...DATA.slice(0, 500)], 0, 0])
  })

  it('may have holes between them', () => {
    const log = new Log()
    const stream = started()
    stream.segment(100, DATA, 100, 150, 0, log)
    stream.segment(200, DATA, 200, 300, 10, log)
    stream.flush(log)
    expect([log.offered, log.losses]).toEqual([
      [50, 100],
      [100, 50, 10],
    ])
  })

  it('are at most 256; one more gives up the first hole', () => {
    const log = new Log()
    const stream = started()
    for (let n = 0; n < 256; n++) stream.segment(1000 + n * 20, DATA, 0, 10, 0, log)
    expect([log.offered, log.losses]).toEqual([[], []])
    stream.segment(1000 + 256 * 20, DATA, 0, 10, 0, log)
    expect([log.offered, log.losses]).toEqual([[10], [1000]])
  })

  it('hold at most 256 KiB; one byte more gives up the first hole', () => {
    const budget = new ByteBudget(MIB)
    const log = new Log()
    const stream = started(budget)
    const segment = new Uint8Array(65_536)
    for (let n = 0; n < 4; n++) stream.segment(1000 + n * 65_536, segment, 0, 65_536, 0, log)
    expect([log.offered, log.losses, budget.used]).toEqual([[], [], 4 * 65_536])
    // The hole before the first goes, and then all of them are in order.
    stream.segment(1000 + 4 * 65_536, segment, 0, 1, 0, log)
    expect([log.offered, log.losses, budget.used]).toEqual([[65_536, 65_536, 65_536, 65_536, 1], [1000], 0])
  })

  it('do not wait when the budget is spent', () => {
    const budget = new ByteBudget(99)
    const log = new Log()
    const stream = started(budget)
    stream.segment(50, DATA, 50, 150, 0, log)
    stream.segment(150, DATA, 150, 200, 0, log)
    expect([log.offered, log.losses, budget.used]).toEqual([[100, 50], [50], 0])
  })

  it('of which some wait give way when the budget is spent', () => {
    const budget = new ByteBudget(150)
    const log = new Log()
    const stream = started(budget)
    stream.segment(100, DATA, 100, 200, 0, log)
    stream.segment(300, DATA, 300, 400, 0, log)
    expect([log.offered, log.losses, budget.used]).toEqual([[100], [100], 100])
    stream.flush(log)
    expect([log.offered, log.losses, budget.used]).toEqual([[100, 100], [100, 100], 0])
  })
})

it('a stream that was reset knows nothing of its last connection', () => {
  const budget = new ByteBudget(MIB)
  const log = new Log(NOTHING)
  const stream = started(budget)
  const segment = new Uint8Array(1024)
  for (let n = 0; n < 97; n++) stream.segment(n * 1024, segment, 0, 1024, 0, log)
  stream.segment(0, segment, 0, 10, 0, log)
  stream.segment(97 * 1024, segment, 0, 10, 0, log)
  stream.segment(200_000, segment, 0, 10, 0, log)
  expect([stream.overflowed, stream.retransmissions, budget.used]).toEqual([true, 1, 2048 + 10])
  stream.reset()
  expect([stream.overflowed, stream.retransmissions, stream.started, budget.used]).toEqual([false, 0, false, 0])
  const next = new Collector()
  stream.segment(7, DATA, 0, 100, 0, next)
  stream.flush(next)
  expect([next.bytes, next.lostBytes]).toEqual([[...DATA.slice(0, 100)], 0])
})
