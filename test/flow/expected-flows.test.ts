import { describe, expect, it } from 'vitest'
import { type AnnouncedFlow, FlowFacts } from '../../src/core/facts.ts'
import type { PacketMeta } from '../../src/decode/packet-meta.ts'
import { ExpectedFlows } from '../../src/flow/expected-flows.ts'
import { FlowTable } from '../../src/flow/flow-table.ts'
import { find, flip, packet } from './packets.ts'

const CLIENT = 10
const SERVER = 20
const OTHER = 30
const SECOND = 1_000_000

/** A control connection that announced something at time 0. */
function announced(flow: Partial<AnnouncedFlow>): ExpectedFlows {
  const table = new FlowTable(4, 1)
  const control = packet(CLIENT, SERVER, 5000, 21)
  find(table, control)
  const index = table.create(control)
  const facts = new FlowFacts()
  const what = {
    appProtocol: 'ftp-data',
    transport: 6,
    end: 'server',
    how: 'accepts',
    address: null,
    port: 7000,
  } as const
  facts.announce({ ...what, ...flow })
  const expected = new ExpectedFlows()
  expected.take(table, index, facts, 0)
  expect(facts.announced).toEqual([])
  return expected
}
const later = (m: PacketMeta, seconds: number): PacketMeta => Object.assign(m, { time: seconds * SECOND })

describe('a port at which a flow will be accepted', () => {
  it('is met by the first packet of either side, once', () => {
    for (const m of [packet(CLIENT, SERVER, 6000, 7000), flip(packet(CLIENT, SERVER, 6000, 7000))]) {
      const expected = announced({})
      expect([expected.meets(m, 3), expected.nameOf(3), expected.nameOf(3)]).toEqual([true, 'ftp-data', null])
      expect([expected.count, expected.meets(m, 3)]).toEqual([0, false])
    }
  })

  it.each([
    { name: 'another port', m: packet(CLIENT, SERVER, 6000, 7001) },
    { name: 'another address', m: packet(CLIENT, OTHER, 6000, 7000) },
    { name: 'another transport', m: Object.assign(packet(CLIENT, SERVER, 6000, 7000), { proto: 17 }) },
    { name: 'a minute later', m: later(packet(CLIENT, SERVER, 6000, 7000), 61) },
  ])('is not met by $name', ({ m }) => {
    expect(announced({}).meets(m, 1)).toBe(false)
  })

  it('is the announced address as well as the own, behind a translator', () => {
    for (const target of [OTHER, SERVER]) {
      const expected = announced({ address: [0, 0, 0, OTHER] })
      expect(expected.meets(packet(CLIENT, target, 6000, 7000), 1)).toBe(true)
    }
  })

  it('is the client’s in active mode', () => {
    expect(announced({ end: 'client' }).meets(packet(SERVER, CLIENT, 20, 7000), 1)).toBe(true)
  })

  it('over UDP is met by every flow that comes in time', () => {
    const expected = announced({ transport: 17 })
    const media = () => Object.assign(packet(CLIENT, SERVER, 6000, 7000), { proto: 17 })
    expect([expected.meets(media(), 1), expected.meets(media(), 2)]).toEqual([true, true])
  })
})

describe('a port from which a server calls', () => {
  const calls = { how: 'calls', port: 20 } as const

  it('is met by every flow to the same client, for as long as an hour', () => {
    const expected = announced(calls)
    expect(expected.meets(packet(SERVER, CLIENT, 20, 40_000), 1)).toBe(true)
    expect(expected.meets(later(packet(SERVER, CLIENT, 20, 40_001), 3000), 2)).toBe(true)
    expect(expected.meets(later(packet(SERVER, CLIENT, 20, 40_002), 3700), 3)).toBe(false)
    expect(expected.count).toBe(0)
  })

  it('is not met by a flow to somebody else', () => {
    expect(announced(calls).meets(packet(SERVER, OTHER, 20, 40_000), 1)).toBe(false)
  })
})

it('forgets the oldest beyond its cap', () => {
  const table = new FlowTable(4, 1)
  const control = packet(CLIENT, SERVER, 5000, 21)
  find(table, control)
  const index = table.create(control)
  const expected = new ExpectedFlows()
  const facts = new FlowFacts()
  for (let port = 1; port <= 5000; port++) {
    facts.announce({ appProtocol: 'ftp-data', transport: 6, end: 'server', how: 'accepts', address: null, port })
    expected.take(table, index, facts, 0)
  }
  expect(expected.count).toBe(4096)
  expect(expected.meets(packet(CLIENT, SERVER, 6000, 1), 1)).toBe(false)
  expect(expected.meets(packet(CLIENT, SERVER, 6000, 5000), 1)).toBe(true)
})
