import { describe, expect, it } from 'vitest'
import { PacketMeta, PROTO_TCP } from '../../src/decode/packet-meta.ts'
import { FlowTable } from '../../src/flow/flow-table.ts'

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

function packet(source: number, target: number, sourcePort: number, targetPort: number, vni = -1): PacketMeta {
  const m = new PacketMeta()
  m.proto = PROTO_TCP
  m.ipVersion = 4
  m.src3 = source | 0
  m.dst3 = target | 0
  m.srcPort = sourcePort
  m.dstPort = targetPort
  m.vni = vni
  return m
}

const flip = (m: PacketMeta): PacketMeta => packet(m.dst3, m.src3, m.dstPort, m.srcPort, m.vni)

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
      const found = table.find(seen)
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
    table.find(m)
    const flow = table.create(m)
    const side = table.side
    table.countPacket(flow, m)
    const answer = flip(m)
    answer.time = 90
    answer.end = 15
    answer.missing = 5
    table.find(answer)
    table.countPacket(flow, answer)
    const other = side === 0 ? 1 : 0
    expect([table.packetsOf(flow, side), table.packetsOf(flow, other)]).toEqual([1, 1])
    expect([table.bytesOf(flow, side), table.bytesOf(flow, other)]).toEqual([10, 20])
    expect([table.firstSeenOf(flow), table.lastSeenOf(flow)]).toEqual([100, 100])
  })

  it('keeps equal addresses of two tunnels apart, and joins a direction that only one context shows', () => {
    const table = new FlowTable(16, 1)
    const make = (m: PacketMeta): number => (table.find(m) < 0 ? table.create(m) : table.find(m))
    const a = make(packet(1, 2, 5000, 443, 7))
    expect(table.find(flip(packet(1, 2, 5000, 443, 7)))).toBe(a)
    const b = make(packet(1, 2, 5000, 443, 8))
    expect(b).not.toBe(a)
    expect(table.find(flip(packet(1, 2, 5000, 443, 8)))).toBe(b)
    const wrapped = make(packet(3, 4, 5000, 443, 9))
    expect(table.find(flip(packet(3, 4, 5000, 443, -1)))).toBe(wrapped)
    expect(table.vniOf(wrapped)).toBe(9)
    expect(table.find(packet(3, 4, 5000, 443, -1))).toBe(-1)
  })

  it('is full at its capacity', () => {
    const table = new FlowTable(2, 1)
    for (const port of [1, 2]) {
      const m = packet(1, 2, port, 443)
      table.find(m)
      expect(table.isFull).toBe(false)
      table.create(m)
    }
    expect(table.isFull).toBe(true)
  })
})
