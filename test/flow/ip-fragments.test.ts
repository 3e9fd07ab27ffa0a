import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PacketMeta, PROTO_TCP, PROTO_UDP } from '../../src/decode/packet-meta.ts'
import { ByteBudget } from '../../src/flow/byte-budget.ts'
import { IpFragments } from '../../src/flow/ip-fragments.ts'
import { packet, packet6 } from './packets.ts'

const SECOND = 1_000_000
const bytesOf = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => (from + i) & 255)

interface Fragment {
  from: number
  to: number
  /** 1 = further fragments follow. */
  more: 0 | 1
  changes?: Partial<PacketMeta>
  bytes?: number[]
}

/** Hands over a fragment that lies in the middle of a borrowed buffer, which is overwritten afterwards. */
function add(
  fragments: IpFragments,
  { from, to, more, changes = {}, bytes = bytesOf(from, to) }: Fragment,
  base = BASE(),
) {
  const buf = Uint8Array.from([0xee, 0xee, 0xee, ...bytes, 0xee])
  const m = Object.assign(base, {
    at: 3,
    end: 3 + bytes.length,
    fragmentId: 7,
    fragmentOffset: from,
    moreFragments: more,
  })
  const whole = fragments.add(buf, Object.assign(m, changes))
  buf.fill(0xdd)
  return whole === null ? null : [...whole]
}

const BASE = (): PacketMeta => Object.assign(packet(1, 2, 0, 0), { proto: PROTO_UDP })

const make = (cap = 1 << 20) => {
  const budget = new ByteBudget(cap)
  return { budget, fragments: new IpFragments(budget) }
}

const FIRST: Fragment = { from: 0, to: 16, more: 1 }
const MIDDLE: Fragment = { from: 16, to: 32, more: 1 }
const LAST: Fragment = { from: 32, to: 37, more: 0 }
const WHOLE = bytesOf(0, 37)

describe('joining', () => {
  it.each([
    { name: 'in order', order: [FIRST, MIDDLE, LAST] },
    { name: 'reversed', order: [LAST, MIDDLE, FIRST] },
    { name: 'with the middle last', order: [FIRST, LAST, MIDDLE] },
    { name: 'with the middle first', order: [MIDDLE, LAST, FIRST] },
    { name: 'with the first twice', order: [FIRST, FIRST, LAST, MIDDLE] },
    { name: 'with the last twice', order: [LAST, FIRST, LAST, MIDDLE] },
    // Three times the last bytes are as many as the whole has, and still leave a hole.
    { name: 'with as many bytes repeated as are missing', order: [FIRST, FIRST, FIRST, LAST, MIDDLE] },
  ])('gives the whole once it is there: $name', ({ order }) => {
    const { budget, fragments } = make()
    const results = order.map((fragment) => add(fragments, fragment))
    expect(results.slice(0, -1).every((result) => result === null)).toBe(true)
    expect(results.at(-1)).toEqual(WHOLE)
    expect(fragments.stats).toEqual({ fragments: order.length, joined: 1, dropped: 0 })
    expect([fragments.size, budget.used]).toEqual([0, 0])
  })

  it('gives the same bytes for any cuts in any order', () => {
    const property = fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 8 }),
      fc.infiniteStream(fc.nat()),
      (cuts, tail, random) => {
        const { budget, fragments } = make()
        const size = 61 * 8 + tail
        const places = [0, ...cuts.map((cut) => cut * 8), size].sort((a, b) => a - b)
        const pieces = places
          .slice(1)
          .map((to, i): Fragment => ({ from: places[i] ?? 0, to, more: to === size ? 0 : 1 }))
        const shuffled = pieces.map((piece) => ({ piece, by: random.next().value })).sort((a, b) => a.by - b.by)
        const results = shuffled.map(({ piece }) => add(fragments, piece))
        expect(results.filter((result) => result !== null)).toEqual([bytesOf(0, size)])
        expect(results.at(-1)).not.toBeNull()
        expect(budget.used).toBe(0)
      },
    )
    fc.assert(property, { numRuns: 200, seed: 1 })
  })

  it('where fragments overlap, the bytes that came first stand', () => {
    const { fragments } = make()
    add(fragments, { from: 8, to: 24, more: 1, bytes: new Array(16).fill(0xaa) })
    add(fragments, { from: 0, to: 16, more: 1, bytes: new Array(16).fill(0xbb) })
    expect(add(fragments, { from: 16, to: 32, more: 0, bytes: new Array(16).fill(0xcc) })).toEqual([
      ...new Array(8).fill(0xbb),
      ...new Array(16).fill(0xaa),
      ...new Array(8).fill(0xcc),
    ])
  })

  it('bytes past the end that the last fragment tells are no part of the whole', () => {
    const { fragments } = make()
    add(fragments, FIRST)
    add(fragments, { from: 24, to: 48, more: 1 })
    expect(add(fragments, { from: 16, to: 32, more: 0 })).toEqual(bytesOf(0, 32))
  })

  it('is not fooled by a repetition after the whole was given', () => {
    const { fragments } = make()
    for (const fragment of [FIRST, MIDDLE, LAST]) add(fragments, fragment)
    expect(add(fragments, LAST)).toBeNull()
    expect(fragments.size).toBe(1)
  })

  it('without the first fragment nothing is given', () => {
    const { fragments } = make()
    expect([add(fragments, MIDDLE), add(fragments, LAST), add(fragments, LAST)]).toEqual([null, null, null])
    expect(fragments.stats).toEqual({ fragments: 3, joined: 0, dropped: 0 })
  })
})

describe('which datagram a fragment is of', () => {
  it.each([
    { name: 'another identification', changes: { fragmentId: 8 } },
    { name: 'another source', changes: { src3: 9 } },
    { name: 'another destination', changes: { dst3: 9 } },
    { name: 'another protocol', changes: { proto: PROTO_TCP } },
    { name: 'another tunnel', changes: { vni: 5 } },
  ])('$name is another datagram', ({ changes }) => {
    const { fragments } = make()
    add(fragments, FIRST)
    add(fragments, MIDDLE)
    expect(add(fragments, { ...LAST, changes })).toBeNull()
    expect(fragments.size).toBe(2)
    expect(add(fragments, LAST)).toEqual(WHOLE)
  })

  it('of IPv6 only the first fragment tells the protocol', () => {
    // RFC 8200 §4.5: the next header of the others may differ, and is ignored.
    const { fragments } = make()
    const base = () => packet6([1, 2, 3, 4], [5, 6, 7, 8])
    add(fragments, { ...LAST, changes: { proto: 60 } }, base())
    add(fragments, { ...FIRST, changes: { proto: PROTO_UDP } }, base())
    const m = base()
    expect(add(fragments, { ...MIDDLE, changes: { proto: 59 } }, m)).toEqual(WHOLE)
    expect(m.proto).toBe(PROTO_UDP)
  })
})

describe('fragments of IPv6 that overlap', () => {
  const base = () => packet6([1, 2, 3, 4], [5, 6, 7, 8])
  const overlapping: Fragment = { from: 8, to: 24, more: 1 }

  it.each([
    { name: 'in part', second: overlapping },
    { name: 'in whole', second: { from: 0, to: 8, more: 1 as const } },
    { name: 'in place, with other bytes', second: { ...FIRST, bytes: new Array(16).fill(0xaa) } },
    { name: 'with another end', second: { from: 8, to: 12, more: 0 as const } },
  ])('$name drop the datagram and all that is still to come of it (RFC 5722 §4)', ({ second }) => {
    const { budget, fragments } = make()
    for (const fragment of [FIRST, second, MIDDLE, LAST, FIRST]) expect(add(fragments, fragment, base())).toBeNull()
    expect(fragments.stats).toEqual({ fragments: 5, joined: 0, dropped: 1 })
    expect(budget.used).toBe(0)
  })

  it('are forgotten when they are too old, and counted once', () => {
    const { fragments } = make()
    add(fragments, FIRST, base())
    add(fragments, overlapping, base())
    const later = { changes: { time: 100 * SECOND } }
    for (const fragment of [FIRST, MIDDLE]) expect(add(fragments, { ...fragment, ...later }, base())).toBeNull()
    expect(add(fragments, { ...LAST, ...later }, base())).toEqual(WHOLE)
    expect(fragments.stats.dropped).toBe(1)
  })

  it('are not those that only come twice', () => {
    const { budget, fragments } = make()
    const order = [FIRST, FIRST, MIDDLE, FIRST]
    for (const fragment of order) expect(add(fragments, fragment, base())).toBeNull()
    expect(add(fragments, LAST, base())).toEqual(WHOLE)
    expect(budget.used).toBe(0)
  })
})

describe('giving up', () => {
  it.each([
    { name: 'one of which not all was captured', order: [FIRST, { ...MIDDLE, changes: { missing: 1 } }] },
    { name: 'two ends that contradict', order: [LAST, { from: 32, to: 40, more: 0 as const }] },
    // RFC 791 §3.1: a datagram has 65,535 bytes at most.
    { name: 'one past what a datagram can have', order: [FIRST, { from: 65_528, to: 65_536, more: 0 as const }] },
  ])('$name drops the datagram, and counts it', ({ order }) => {
    const { budget, fragments } = make()
    for (const fragment of order) expect(add(fragments, fragment)).toBeNull()
    expect(fragments.stats).toEqual({ fragments: 2, joined: 0, dropped: 1 })
    expect([fragments.size, budget.used]).toEqual([0, 0])
  })

  it('the longest datagram there can be is joined', () => {
    const { fragments } = make()
    add(fragments, { from: 0, to: 65_528, more: 1 })
    expect(add(fragments, { from: 65_528, to: 65_535, more: 0 })).toHaveLength(65_535)
  })

  it('a datagram of more than 512 fragments is dropped', () => {
    const { budget, fragments } = make()
    for (let n = 0; n < 512; n++) add(fragments, { from: n * 8, to: n * 8 + 8, more: 1 })
    expect([fragments.stats.dropped, budget.used]).toEqual([0, 4096])
    add(fragments, { from: 4096, to: 4100, more: 0 })
    expect([fragments.stats.dropped, fragments.size, budget.used]).toEqual([1, 0, 0])
  })

  it('of more than 4096 datagrams the oldest is dropped', () => {
    const { budget, fragments } = make()
    for (let n = 0; n < 4097; n++) add(fragments, { ...FIRST, changes: { fragmentId: n } })
    expect([fragments.size, fragments.stats.dropped, budget.used]).toEqual([4096, 1, 4096 * 16])
    const end: Fragment = { from: 16, to: 20, more: 0 }
    expect(add(fragments, { ...end, changes: { fragmentId: 4096 } })).toEqual(bytesOf(0, 20))
    // Number 0 went, so this is a datagram without its first fragment.
    expect(add(fragments, { ...end, changes: { fragmentId: 0 } })).toBeNull()
  })

  it('a fragment over the budget drops its datagram and leaves the others', () => {
    const { budget, fragments } = make(40)
    add(fragments, FIRST)
    add(fragments, { ...FIRST, changes: { fragmentId: 8 } })
    expect(budget.used).toBe(32)
    add(fragments, MIDDLE)
    expect([fragments.stats.dropped, fragments.size, budget.used, budget.refused]).toEqual([1, 1, 16, 1])
    expect(add(fragments, { from: 16, to: 20, more: 0, changes: { fragmentId: 8 } })).toEqual(bytesOf(0, 20))
  })

  it('a datagram is waited for a minute from its first arrival', () => {
    // RFC 8200 §4.5: 60 seconds.
    const late = (time: number) => {
      const { budget, fragments } = make()
      add(fragments, { ...FIRST, changes: { time: 1 } })
      add(fragments, { ...MIDDLE, changes: { time: 30 * SECOND } })
      const whole = add(fragments, { ...LAST, changes: { time } })
      return { whole, dropped: fragments.stats.dropped, used: budget.used }
    }
    expect(late(60 * SECOND)).toEqual({ whole: WHOLE, dropped: 0, used: 0 })
    expect(late(60 * SECOND + 1)).toEqual({ whole: null, dropped: 1, used: 5 })
  })

  it('expiry takes the old and leaves the young', () => {
    const { budget, fragments } = make()
    for (const n of [0, 1, 2, 3]) add(fragments, { ...FIRST, changes: { fragmentId: n, time: n * 20 * SECOND } })
    expect(fragments.stats.dropped).toBe(1)
    add(fragments, { ...FIRST, changes: { fragmentId: 4, time: 85 * SECOND } })
    expect([fragments.stats.dropped, fragments.size, budget.used]).toEqual([2, 3, 48])
  })
})
