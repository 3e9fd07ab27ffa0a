import { describe, expect, it } from 'vitest'
import { ACK, FIN, type PacketMeta, PROTO_UDP, RST, SYN } from '../../src/decode/packet-meta.ts'
import * as flow from '../../src/flow/flow-flags.ts'
import { FlowTable } from '../../src/flow/flow-table.ts'
import { clientByPort, continuesHandshake, noteSyn, startsNewConnection } from '../../src/flow/tcp-opening.ts'
import { find, flip, packet } from './packets.ts'

const CLIENT_ISN = 1000
// As decoding gives a number above 2^31.
const SERVER_ISN = -5

/** A flow of which some packets came; `low` is the end with the lower address. */
class Connection {
  readonly table = new FlowTable(4, 1)
  index = -1
  readonly #base: PacketMeta

  constructor(clientIsLow: boolean) {
    this.#base = clientIsLow ? packet(1, 2, 50_000, 443) : packet(2, 1, 50_000, 443)
  }

  get flags(): number {
    return this.table.flagsOf(this.index)
  }

  /** Does the client of the test's story stand in the flow as its client? */
  get clientIsOurs(): boolean {
    find(this.table, this.#base)
    return this.table.clientSide(this.index) === this.table.side
  }

  isnOf(who: 'client' | 'server'): number {
    find(this.table, who === 'client' ? this.#base : flip(this.#base))
    return this.table.isnOf(this.index, this.table.side)
  }

  has(bits: number): boolean {
    return (this.flags & bits) === bits
  }

  close(bits: number): void {
    this.table.setFlags(this.index, this.flags | bits)
  }

  /** Would this packet start a connection of its own? */
  isNew(who: 'client' | 'server', tcpFlags: number, seq = 0): boolean {
    return startsNewConnection(this.table, this.index, this.#packet(who, tcpFlags, seq))
  }

  continues(who: 'client' | 'server', tcpFlags: number): boolean {
    return continuesHandshake(this.table, this.index, this.#packet(who, tcpFlags, 0))
  }

  take(who: 'client' | 'server', tcpFlags: number, seq = 0): this {
    const m = this.#packet(who, tcpFlags, seq)
    if (this.index < 0) this.index = this.table.create(m)
    if ((tcpFlags & SYN) !== 0) noteSyn(this.table, this.index, m)
    return this
  }

  #packet(who: 'client' | 'server', tcpFlags: number, seq: number): PacketMeta {
    const m = Object.assign(who === 'client' ? this.#base : flip(this.#base), { tcpFlags, seq })
    find(this.table, m)
    return m
  }
}

describe.each([
  { name: 'the lower', clientIsLow: true },
  { name: 'the higher', clientIsLow: false },
])('an opening by the end with $name address', ({ clientIsLow }) => {
  const opened = () => new Connection(clientIsLow).take('client', SYN, CLIENT_ISN).take('server', SYN | ACK, SERVER_ISN)

  it('SYN and SYN-ACK tell who the client is, both sequence numbers, and start the round trip', () => {
    const connection = new Connection(clientIsLow).take('client', SYN, CLIENT_ISN)
    expect([connection.clientIsOurs, connection.has(flow.ORIENTED), connection.has(flow.RTT_OPEN)]).toEqual([
      true,
      true,
      false,
    ])
    connection.take('server', SYN | ACK, SERVER_ISN)
    expect([connection.clientIsOurs, connection.has(flow.RTT_OPEN | flow.SYN_LOW | flow.SYN_HIGH)]).toEqual([
      true,
      true,
    ])
    expect([connection.isnOf('client'), connection.isnOf('server')]).toEqual([CLIENT_ISN, SERVER_ISN])
  })

  it.each([
    { name: "the client's acknowledgement", who: 'client' as const, tcpFlags: ACK, want: true },
    { name: 'its acknowledgement with data', who: 'client' as const, tcpFlags: ACK | 0x08, want: true },
    { name: 'its SYN once more', who: 'client' as const, tcpFlags: SYN, want: false },
    { name: 'its reset', who: 'client' as const, tcpFlags: RST, want: false },
    { name: "the server's SYN-ACK once more", who: 'server' as const, tcpFlags: SYN | ACK, want: false },
    { name: "the server's data", who: 'server' as const, tcpFlags: ACK, want: false },
  ])('$name closes the round trip: $want', ({ who, tcpFlags, want }) =>
    expect(opened().continues(who, tcpFlags)).toBe(want),
  )

  it('a SYN-ACK that came first still makes its receiver the client', () => {
    const connection = new Connection(clientIsLow).take('server', SYN | ACK, SERVER_ISN)
    expect([connection.clientIsOurs, connection.has(flow.ORIENTED)]).toEqual([true, true])
    expect(connection.isNew('client', SYN, CLIENT_ISN)).toBe(false)
    connection.take('client', SYN, CLIENT_ISN)
    expect([connection.clientIsOurs, connection.isnOf('client')]).toEqual([true, CLIENT_ISN])
    // The SYN's own time is not known to be before the SYN-ACK's: nothing to measure a round trip from.
    expect(connection.has(flow.RTT_OPEN)).toBe(false)
  })

  it('with a simultaneous open, whoever was first is the client, and all four SYNs are one connection', () => {
    // RFC 9293 §3.5: both send SYN, then both send SYN-ACK with the same sequence number.
    const connection = new Connection(clientIsLow).take('client', SYN, CLIENT_ISN)
    expect(connection.isNew('server', SYN, SERVER_ISN)).toBe(false)
    connection.take('server', SYN, SERVER_ISN)
    expect(connection.isNew('client', SYN | ACK, CLIENT_ISN)).toBe(false)
    expect(connection.isNew('server', SYN | ACK, SERVER_ISN)).toBe(false)
    expect([connection.clientIsOurs, connection.isnOf('server')]).toEqual([true, SERVER_ISN])
  })

  it.each([
    { name: 'the SYN again', who: 'client' as const, tcpFlags: SYN, seq: CLIENT_ISN, want: false },
    { name: 'the SYN-ACK again', who: 'server' as const, tcpFlags: SYN | ACK, seq: SERVER_ISN, want: false },
    { name: 'a SYN of another number', who: 'client' as const, tcpFlags: SYN, seq: CLIENT_ISN + 1, want: true },
    { name: 'a SYN-ACK of another number', who: 'server' as const, tcpFlags: SYN | ACK, seq: 5, want: true },
    { name: 'a SYN the other way', who: 'server' as const, tcpFlags: SYN, seq: 77, want: true },
  ])('after an opening, $name starts a connection: $want', ({ who, tcpFlags, seq, want }) => {
    expect(opened().isNew(who, tcpFlags, seq)).toBe(want)
    const closed = opened()
    closed.close(flow.FIN_LOW | flow.FIN_HIGH)
    expect(closed.isNew(who, tcpFlags, seq)).toBe(want)
  })

  it('the same SYN once more after a reset goes on with its connection', () => {
    const connection = new Connection(clientIsLow).take('client', SYN, CLIENT_ISN)
    connection.close(flow.RESET | flow.FIN_LOW | flow.HAS_PAYLOAD)
    expect(connection.isNew('client', SYN, CLIENT_ISN)).toBe(false)
    connection.take('client', SYN, CLIENT_ISN)
    expect([flow.isClosed(connection.flags), connection.has(flow.FIN_LOW)]).toEqual([false, false])
    expect(connection.has(flow.HAS_PAYLOAD | flow.ORIENTED)).toBe(true)
  })

  it('a SYN after packets from the middle of a connection starts another', () => {
    const connection = new Connection(clientIsLow).take('client', ACK)
    expect([connection.isNew('client', SYN, 1), connection.isNew('server', SYN, 1)]).toEqual([true, true])
  })

  it('a SYN-ACK after packets from the middle starts another only when those ended', () => {
    const connection = new Connection(clientIsLow).take('client', ACK)
    expect(connection.isNew('server', SYN | ACK, SERVER_ISN)).toBe(false)
    connection.close(flow.RESET)
    expect(connection.isNew('server', SYN | ACK, SERVER_ISN)).toBe(true)
  })

  it('a SYN-ACK puts right what the ports had guessed', () => {
    const connection = new Connection(clientIsLow).take('client', ACK)
    // The wrong guess: the server's side.
    connection.close(clientIsLow ? flow.CLIENT_IS_HIGH : 0)
    expect(connection.clientIsOurs).toBe(false)
    connection.take('server', SYN | ACK, SERVER_ISN)
    expect(connection.clientIsOurs).toBe(true)
  })
})

describe('isClosed', () => {
  it.each([
    { name: 'nothing', flags: 0, want: false },
    { name: 'the FIN of one end', flags: flow.FIN_LOW, want: false },
    { name: 'the FIN of the other', flags: flow.FIN_HIGH, want: false },
    { name: 'both FINs', flags: flow.FIN_LOW | flow.FIN_HIGH, want: true },
    { name: 'a reset', flags: flow.RESET, want: true },
    { name: 'everything but', flags: 0xfff & ~(flow.RESET | flow.FIN_LOW | flow.FIN_HIGH), want: false },
  ])('$name: $want', ({ flags, want }) => expect(flow.isClosed(flags)).toBe(want))
})

describe('clientByPort', () => {
  it.each([
    { name: 'a SYN is by the client, whatever the ports', srcPort: 443, dstPort: 50_000, tcpFlags: SYN, want: true },
    { name: 'a SYN-ACK is by the server', srcPort: 50_000, dstPort: 443, tcpFlags: SYN | ACK, want: false },
    { name: 'to a system port', srcPort: 50_000, dstPort: 443, tcpFlags: ACK, want: true },
    { name: 'from a system port', srcPort: 443, dstPort: 50_000, tcpFlags: ACK, want: false },
    { name: 'from a system port to a registered one', srcPort: 1023, dstPort: 1024, tcpFlags: ACK, want: false },
    { name: 'from a registered port to a system one', srcPort: 1024, dstPort: 1023, tcpFlags: ACK, want: true },
    { name: 'to a registered port', srcPort: 40_000, dstPort: 5432, tcpFlags: ACK, want: true },
    { name: 'from a registered port', srcPort: 5432, dstPort: 40_000, tcpFlags: FIN | ACK, want: false },
    { name: 'between registered ports, whoever speaks first', srcPort: 3000, dstPort: 9000, tcpFlags: ACK, want: true },
    { name: 'the same, the other way', srcPort: 9000, dstPort: 3000, tcpFlags: ACK, want: true },
    { name: 'between system ports', srcPort: 22, dstPort: 25, tcpFlags: ACK, want: true },
    { name: 'between ephemeral ports', srcPort: 50_000, dstPort: 60_000, tcpFlags: ACK, want: true },
    { name: 'between equal ports', srcPort: 179, dstPort: 179, tcpFlags: ACK, want: true },
  ])('$name: $want', ({ srcPort, dstPort, tcpFlags, want }) =>
    expect(clientByPort(Object.assign(packet(1, 2, srcPort, dstPort), { tcpFlags }))).toBe(want),
  )

  it('of UDP only the ports tell', () => {
    const answer = Object.assign(packet(1, 2, 53, 50_000), { proto: PROTO_UDP, tcpFlags: SYN })
    expect([clientByPort(answer), clientByPort(flip(answer))]).toEqual([false, true])
  })
})
