import { describe, expect, it } from 'vitest'
import { type PacketMeta, PROTO_UDP } from '../../src/decode/packet-meta.ts'
import { HIGH, LOW } from '../../src/flow/flow-flags.ts'
import { FlowTable } from '../../src/flow/flow-table.ts'
import { isInShard } from '../../src/flow/key-order.ts'
import { find, flip, packet, packet6 } from './packets.ts'

/** xorshift32: the same seed gives the same packets. */
function random(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

describe('FlowTable', () => {
  it('finds what a Map finds, through growth, removal and reuse', () => {
    const table = new FlowTable(100_000, 7)
    const oracle = new Map<string, number>()
    const next = random(42)
    for (let step = 0; step < 200_000; step++) {
      const m = packet(next() % 500, 1000 + (next() % 20), 1024 + (next() % 8), 443)
      const key = `${m.src3} ${m.dst3} ${m.srcPort}`
      const seen = next() % 2 === 0 ? m : flip(m)
      const known = oracle.get(key)
      const found = find(table, seen)
      expect(found).toBe(known ?? -1)
      if (known === undefined) {
        seen.time = step
        const flow = table.create(seen)
        table.wheel.arm(flow, step)
        oracle.set(key, flow)
      } else if (next() % 4 === 0) {
        table.remove(known)
        oracle.delete(key)
      } else table.countPacket(known, seen)
    }
    expect(table.count).toBe(oracle.size)
    expect(oracle.size).toBeGreaterThan(20_000)
  })

  it('counts each side by itself, and keeps the latest time', () => {
    const table = new FlowTable(16, 1)
    const m = packet(1, 2, 5000, 443)
    m.time = 100
    m.end = 10
    find(table, m)
    const flow = table.create(m)
    const side = table.side
    table.countPacket(flow, m)
    const answer = flip(m)
    answer.time = 90
    answer.end = 15
    answer.missing = 5
    find(table, answer)
    table.countPacket(flow, answer)
    const other = side === 0 ? 1 : 0
    expect([table.packetsOf(flow, side), table.packetsOf(flow, other)]).toEqual([1, 1])
    expect([table.bytesOf(flow, side), table.bytesOf(flow, other)]).toEqual([10, 20])
    expect([table.firstSeenOf(flow), table.lastSeenOf(flow)]).toEqual([100, 100])
  })

  it('keeps equal addresses of two tunnels apart, and joins a direction that only one context shows', () => {
    const table = new FlowTable(16, 1)
    const make = (m: PacketMeta): number => (find(table, m) < 0 ? table.create(m) : find(table, m))
    const a = make(packet(1, 2, 5000, 443, 7))
    expect(find(table, flip(packet(1, 2, 5000, 443, 7)))).toBe(a)
    const b = make(packet(1, 2, 5000, 443, 8))
    expect(b).not.toBe(a)
    expect(find(table, flip(packet(1, 2, 5000, 443, 8)))).toBe(b)
    const wrapped = make(packet(3, 4, 5000, 443, 9))
    expect(find(table, flip(packet(3, 4, 5000, 443, -1)))).toBe(wrapped)
    expect(table.vniOf(wrapped)).toBe(9)
    expect(find(table, packet(3, 4, 5000, 443, -1))).toBe(-1)
  })

  it('is full at its capacity', () => {
    const table = new FlowTable(2, 1)
    for (const port of [1, 2]) {
      const m = packet(1, 2, port, 443)
      find(table, m)
      expect(table.isFull).toBe(false)
      table.create(m)
    }
    expect(table.isFull).toBe(true)
  })

  it.each([
    { name: 'an address', other: packet(3, 2, 5000, 443) },
    { name: 'a port', other: packet(1, 2, 5001, 443) },
    { name: 'swapped ports', other: packet(1, 2, 443, 5000) },
    { name: 'the protocol', other: Object.assign(packet(1, 2, 5000, 443), { proto: PROTO_UDP }) },
    { name: 'an IPv6 address with the same last word', other: packet6([0x20010db8, 0, 0, 1], [0x20010db8, 0, 0, 2]) },
  ])('a packet that differs in $name is of another flow', ({ other }) => {
    const table = new FlowTable(16, 1)
    const m = packet(1, 2, 5000, 443)
    find(table, m)
    const flow = table.create(m)
    expect(find(table, flip(m))).toBe(flow)
    expect(find(table, other)).toBe(-1)
  })

  it.each([0, 1, 2, 3])('tells IPv6 addresses apart by word %i, and finds both directions', (word) => {
    const table = new FlowTable(16, 1)
    const server = [0x20010db8, 5, 6, 7]
    const flows = [1, -1, 0x7fffffff].map((value) => {
      const client = [...server]
      client[word] = value
      const m = packet6(client, server)
      expect(find(table, m)).toBe(-1)
      return { m, flow: table.create(m), side: table.side }
    })
    for (const { m, flow, side } of flows) {
      expect([find(table, m), table.side]).toEqual([flow, side])
      expect([find(table, flip(m)), table.side]).toEqual([flow, side === LOW ? HIGH : LOW])
    }
  })

  it('a flow between two ports of one address has two sides', () => {
    const table = new FlowTable(16, 1)
    const m = packet(1, 1, 5000, 443)
    find(table, m)
    const flow = table.create(m)
    expect(table.side).toBe(HIGH)
    expect([find(table, flip(m)), table.side]).toEqual([flow, LOW])
    // Low port in the upper half: the side with the lower port is LOW here.
    expect(table.portsOf(flow) >>> 16).toBe(443)
  })

  it('keeps protocol, IP version and tunnel of a flow', () => {
    const table = new FlowTable(16, 1)
    const m = packet6([1, 2, 3, 4], [5, 6, 7, 8])
    m.tunnel = 4
    m.vlan = 100
    find(table, m)
    const flow = table.create(m, 65_535)
    expect([table.protoOf(flow), table.ipVersionOf(flow), table.tunnelOf(flow)]).toEqual([6, 6, 4])
    expect([table.vlanOf(flow), table.sourceOf(flow)]).toEqual([100, 65_535])
    expect(table.vniOf(flow)).toBeLessThan(0)
  })

  it('a removed flow leaves nothing to the next in its place', () => {
    const table = new FlowTable(16, 1)
    const m = packet(1, 2, 5000, 443)
    m.end = 10
    find(table, m)
    const flow = table.create(m)
    table.countPacket(flow, m)
    table.setFlags(flow, 0xfff)
    table.noteReport(flow, 77_000_000)
    table.setRtt(flow, 5)
    table.setIsn(flow, HIGH, -6)
    table.wheel.arm(flow, 0)
    expect(table.isLive(flow)).toBe(true)
    table.remove(flow)
    expect([table.isLive(flow), table.protoOf(flow), table.count]).toEqual([false, 0, 0])
    const next = packet(3, 4, 5000, 443)
    next.time = 9
    find(table, next)
    expect(table.create(next)).toBe(flow)
    expect([table.flagsOf(flow), table.rttOf(flow), table.incrementOf(flow)]).toEqual([0, 0, 0])
    expect([table.isnOf(flow, HIGH), table.vlanOf(flow), table.sourceOf(flow)]).toEqual([0, -1, 0])
    expect([
      table.packetsOf(flow, 0),
      table.packetsOf(flow, 1),
      table.bytesOf(flow, 0),
      table.bytesOf(flow, 1),
    ]).toEqual([0, 0, 0, 0])
    expect([table.firstSeenOf(flow), table.lastSeenOf(flow), table.reportedAtOf(flow)]).toEqual([9, 9, 9])
    expect(table.used).toBe(1)
  })

  it('keeps what is rarely asked for: round trip, sequence numbers, reports', () => {
    const table = new FlowTable(16, 1)
    const m = packet(1, 2, 5000, 443)
    m.time = 1_767_225_600_000_123
    find(table, m)
    const flow = table.create(m)
    table.setRtt(flow, 0xffff_ffff + 10)
    table.setIsn(flow, LOW, -2_147_483_648)
    table.setIsn(flow, HIGH, 2_147_483_647)
    expect(table.rttOf(flow)).toBe(0xffff_ffff)
    expect([table.isnOf(flow, LOW), table.isnOf(flow, HIGH)]).toEqual([-2_147_483_648, 2_147_483_647])
    expect([table.reportedAtOf(flow), table.incrementOf(flow)]).toEqual([m.time, 0])
    // Ten years on, to the second.
    table.noteReport(flow, m.time + 315_360_000_400_000)
    expect([table.reportedAtOf(flow), table.incrementOf(flow)]).toEqual([m.time + 315_360_000_000_000, 1])
    table.setRtt(flow, -1)
    expect(table.rttOf(flow)).toBe(0)
    expect([table.firstSeenOf(flow), table.lastSeenOf(flow)]).toEqual([m.time, m.time])
  })

  it('gives each flow to one shard, whatever its direction, ports and protocol', () => {
    const flows = Array.from({ length: 400 }, (_, n) =>
      packet(0x0a000000 + n, 0x0a010000 + ((n * 7) % 13), 1024 + n, 443),
    )
    const shares = [0, 0, 0, 0]
    for (const m of flows) {
      const part = [0, 1, 2, 3].filter((candidate) => isInShard(m, { part: candidate, of: 4 }))
      expect(part).toHaveLength(1)
      const share = part[0] as number
      shares[share] = (shares[share] ?? 0) + 1
      const fragment = Object.assign(flip(m), { srcPort: 0, dstPort: 0, proto: PROTO_UDP })
      expect(isInShard(fragment, { part: share, of: 4 })).toBe(true)
    }
    // A fair split is 100 each.
    for (const share of shares) expect(share).toBeGreaterThan(50)
  })
})
