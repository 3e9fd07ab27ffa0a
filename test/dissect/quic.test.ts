import { describe, expect, it } from 'vitest'
import { FlowFacts } from '../../src/core/facts.ts'
import { CLIENT, type Direction, SERVER } from '../../src/dissect/dissector.ts'
import { CaptureMemory } from '../../src/dissect/memory.ts'
import { quic } from '../../src/dissect/quic.ts'
import { clientPacket, cryptoFrame, EXAMPLES, initialPacket, longHeader, varint } from '../wire/quic-examples.ts'
import { ascii, type Bytes, hex, keyShares, serverName, supportedVersions } from '../wire/tls-bytes.ts'
import { clientHello, serverHello, TLS13_ANSWER } from './tls-records.ts'

const CLIENT_ID = hex('c1c1c1c1')
const SERVER_ID = hex('5e5e5e5e5e5e5e5e')
const RETRY_ID = hex('7e7e7e7e7e7e7e7e')
const HELLO = clientHello({ extensions: [supportedVersions([0x0304]), keyShares([29]), serverName('a.example')] })
const ANSWER = serverHello(TLS13_ANSWER)
const CLOSE: Bytes = [0x1c, 0x41, 0x28, 6, 0]

/** One flow, datagram by datagram. */
class Flow {
  readonly facts = new FlowFacts()
  readonly state: ReturnType<typeof quic.start>
  #now: number

  constructor(startUs = 1_000_000, memory = new CaptureMemory()) {
    this.#now = startUs
    this.state = quic.start(this.facts, null, memory)
  }

  says(from: Direction, bytes: ArrayLike<number>, missing = 0): this {
    const datagram = Uint8Array.from(bytes)
    this.#now += 1000
    if (!this.state.done) quic.read(this.state, this.facts, from, datagram, 0, datagram.length, missing, this.#now)
    return this
  }

  finish(): FlowFacts {
    quic.finish(this.state, this.facts)
    return this.facts
  }
}

const initial = (payload: Bytes, parts: Partial<Parameters<typeof initialPacket>[0]> = {}): Uint8Array =>
  initialPacket({ sourceId: CLIENT_ID, payload, pad: 1000, ...parts })
const answer = (payload: Bytes, parts: Partial<Parameters<typeof initialPacket>[0]> = {}): Uint8Array =>
  initialPacket({ from: 'server', destinationId: CLIENT_ID, sourceId: SERVER_ID, payload, ...parts })
const SEALED: Bytes = new Array(40).fill(0x99)
const handshake = (from: Direction, version = 1): Bytes => [
  ...longHeader(
    version === 1 ? 0xe0 : 0xf0,
    version,
    from === CLIENT ? SERVER_ID : CLIENT_ID,
    from === CLIENT ? CLIENT_ID : SERVER_ID,
  ),
  ...varint(SEALED.length),
  ...SEALED,
]
const zeroRtt: Bytes = [...longHeader(0xd0, 1, SERVER_ID, CLIENT_ID), ...varint(SEALED.length), ...SEALED]
const short = (id: Bytes): Bytes => [0x40, ...id, ...SEALED]
const AGREED = { serverName: 'a.example', version: 0x0304, cipherSuite: 0x1301, namedGroup: 29 }

describe('a connection', () => {
  it('is read from both Initials, and established once packets under other keys went both ways', () => {
    const flow = new Flow().says(CLIENT, initial(cryptoFrame(0, HELLO)))
    flow.says(SERVER, [...answer([2, 0, 0, 0, 0, ...cryptoFrame(0, ANSWER)]), ...handshake(SERVER)])
    expect(flow.facts.tls?.established).toBe(false)
    expect(flow.says(CLIENT, handshake(CLIENT)).state.done).toBe(true)
    expect(flow.finish()).toMatchObject({
      appProtocol: 'quic',
      quicVersion: 1,
      protocolVersion: 'v1',
      protection: 'encrypted',
      malformed: 0,
      tls: { ...AGREED, established: true, alpn: null, helloRetry: false, earlyData: false },
    })
    expect(flow.facts.tls?.offer?.ja4).toMatch(/^q13d/)
  })

  it('is not known to protect data where the client goes away before its Finished', () => {
    const flow = new Flow().says(CLIENT, initial(cryptoFrame(0, HELLO)))
    flow.says(SERVER, [...answer(cryptoFrame(0, ANSWER)), ...handshake(SERVER)])
    expect(flow.facts.protection).toBe('encrypted')
    expect(flow.finish()).toMatchObject({ protection: 'undetermined', tls: { ...AGREED, established: false } })
  })

  it.each([0x6b3343cf, 0xff00001d, 0xfaceb002])('is read in version 0x%x', (version) => {
    const flow = new Flow().says(CLIENT, initial(cryptoFrame(0, HELLO), { version }))
    flow.says(SERVER, answer(cryptoFrame(0, ANSWER), { version }))
    expect(flow.finish()).toMatchObject({ quicVersion: version, tls: AGREED })
  })

  it('whose ClientHello comes in shuffled pieces, over packets that overtake each other, some of them twice', () => {
    const piece = (from: number, to: number): Bytes => cryptoFrame(from, HELLO.slice(from, to))
    const later = initial([...piece(60, 90), 1, ...piece(20, 45)])
    const first = initial([...piece(85, HELLO.length), ...piece(0, 20), ...piece(40, 62)])
    const flow = new Flow().says(CLIENT, later).says(CLIENT, later).says(CLIENT, first).says(CLIENT, later)
    expect(flow.facts.tls).toMatchObject({ serverName: 'a.example', helloRetry: false })
  })

  it('goes on under the keys of the Retry', () => {
    const retry = [...longHeader(0xf0, 1, CLIENT_ID, RETRY_ID), ...ascii('token'), ...new Array(16).fill(3)]
    const flow = new Flow().says(CLIENT, initial(cryptoFrame(0, HELLO))).says(SERVER, retry)
    flow.says(CLIENT, initial(cryptoFrame(0, HELLO), { keysOf: RETRY_ID, token: ascii('token') }))
    flow.says(SERVER, answer(cryptoFrame(0, ANSWER), { keysOf: RETRY_ID }))
    expect(flow.finish()).toMatchObject({ malformed: 0, tls: AGREED })
  })

  it('goes on in the version that the server answers with, under the same id (RFC 9368)', () => {
    const flow = new Flow().says(CLIENT, initial(cryptoFrame(0, HELLO)))
    flow.says(SERVER, answer(cryptoFrame(0, ANSWER), { version: 0x6b3343cf }))
    expect(flow.finish()).toMatchObject({ quicVersion: 0x6b3343cf, protocolVersion: 'v2', tls: AGREED })
  })

  it('is one after HelloRetryRequest too: the second hello follows the first in the stream', () => {
    const retry = serverHello({
      ...TLS13_ANSWER,
      random: hex('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c'),
    })
    const flow = new Flow().says(CLIENT, initial(cryptoFrame(0, HELLO))).says(SERVER, answer(cryptoFrame(0, retry)))
    flow.says(CLIENT, initial(cryptoFrame(HELLO.length, HELLO)))
    flow.says(SERVER, answer(cryptoFrame(retry.length, ANSWER)))
    expect(flow.finish().tls).toMatchObject({ ...AGREED, helloRetry: true, renegotiation: false })
  })

  it('with 0-RTT packets has early data', () => {
    const flow = new Flow().says(CLIENT, [...initial(cryptoFrame(0, HELLO)), ...zeroRtt])
    expect(flow.finish().tls).toMatchObject({ earlyData: true, established: false })
  })

  it('that is closed by an alert in an Initial was refused', () => {
    const flow = new Flow().says(CLIENT, initial(cryptoFrame(0, HELLO))).says(SERVER, answer(CLOSE))
    expect(flow.finish()).toMatchObject({ protection: 'undetermined', tls: { alerts: ['server:fatal:40'] } })
  })

  it('whose client was taken for the server is read all the same', () => {
    const flow = new Flow().says(SERVER, initial(cryptoFrame(0, HELLO))).says(CLIENT, answer(cryptoFrame(0, ANSWER)))
    expect(flow.finish().tls).toMatchObject(AGREED)
  })

  it('is opaque when its hellos were not captured', () => {
    const flow = new Flow()
      .says(SERVER, handshake(SERVER))
      .says(CLIENT, handshake(CLIENT))
      .says(SERVER, short(CLIENT_ID))
    expect(flow.finish()).toMatchObject({ appProtocol: 'quic', protection: 'opaque', midstream: true })
  })

  it('shows what the capture kept of a packet that it cut off', () => {
    const whole = initial(cryptoFrame(0, HELLO))
    expect(new Flow().says(CLIENT, whole.slice(0, 400), whole.length - 400).finish().tls?.serverName).toBe('a.example')
  })
})

describe('a connection that goes on from another port', () => {
  const established = (id: Bytes): CaptureMemory => {
    const memory = new CaptureMemory()
    const flow = new Flow(1_000_000, memory).says(CLIENT, initial(cryptoFrame(0, HELLO)))
    flow.says(SERVER, [...answer(cryptoFrame(0, ANSWER), { sourceId: id }), ...short(CLIENT_ID)])
    flow.says(CLIENT, short(id)).finish()
    return memory
  }
  const ID = hex('0102030405060708')
  const packet = Uint8Array.from(short(ID))
  const isKnown = (memory: CaptureMemory, bytes = packet): boolean =>
    quic.probe(bytes, 0, bytes.length, 0, CLIENT, memory)

  it('is known by the id of its server', () => {
    const memory = established(ID)
    expect([isKnown(memory), quic.opener?.(packet, 0, packet.length)]).toEqual([true, CLIENT])
    const flow = new Flow(60_000_000, memory).says(CLIENT, packet)
    expect(flow.state.done).toBe(true)
    expect(flow.finish()).toMatchObject({ quicVersion: 1, protection: 'encrypted', midstream: true, tls: AGREED })
  })

  it('is not the one of another capture, or of one that is over', () => {
    const memory = established(ID)
    expect(isKnown(new CaptureMemory())).toBe(false)
    memory.clear()
    expect(isKnown(memory)).toBe(false)
  })

  it('is not believed where the id is shorter than 8 bytes', () =>
    expect(isKnown(established([9, 9, 9, 9]), Uint8Array.from(short([9, 9, 9, 9])))).toBe(false))

  it('is not the one of an earlier time', () => {
    const facts = new FlowFacts()
    const state = quic.start(facts, null, established(ID))
    quic.read(state, facts, CLIENT, packet, 0, packet.length, 0, 4 * 3600 * 1e6)
    expect([state.refused, facts.appProtocol]).toEqual([true, null])
  })
})

describe('a version that we do not know', () => {
  const VERSION = 0x12345678
  const opening: Bytes = [...longHeader(0xc0, VERSION, SERVER_ID, CLIENT_ID), ...new Array(1200).fill(5)]
  const reply = (version: number, rest: Bytes): Bytes => [...longHeader(0xc0, version, CLIENT_ID, SERVER_ID), ...rest]

  it('is named once the server answers in it, under the same ids', () => {
    const flow = new Flow().says(CLIENT, opening).says(CLIENT, opening)
    expect(flow.facts.appProtocol).toBeNull()
    flow.says(SERVER, reply(VERSION, SEALED))
    expect(flow.finish()).toMatchObject({ appProtocol: 'quic', quicVersion: VERSION, protection: 'opaque' })
  })

  it('is named, and nothing is protected, when the server answers that it does not know it either', () => {
    const flow = new Flow().says(CLIENT, opening).says(SERVER, reply(0, hex('00000001')))
    expect(flow.facts).toMatchObject({ appProtocol: 'quic', quicVersion: VERSION, protection: 'undetermined' })
    flow.says(CLIENT, initial(cryptoFrame(0, HELLO)))
    expect(flow.finish()).toMatchObject({ quicVersion: 1, tls: { serverName: 'a.example' } })
  })

  it.each([
    { name: 'in another version', bytes: reply(0x87654321, SEALED) },
    { name: 'under another id', bytes: [...longHeader(0xc0, VERSION, hex('c2c2c2c2'), SERVER_ID), ...SEALED] },
    { name: 'with something else', bytes: [1, 2, 3, ...SEALED] },
  ])('is not believed when the other end answers $name', ({ bytes }) => {
    const flow = new Flow().says(CLIENT, opening)
    for (let i = 0; i < 8; i++) flow.says(SERVER, bytes)
    expect([flow.state.refused, flow.finish().appProtocol]).toEqual([true, null])
  })
})

describe('Google’s own versions', () => {
  const chlo = [...ascii('CHLO'), 1, 0, 0, 0, ...ascii('SNI\0'), 9, 0, 0, 0, ...ascii('a.example')]
  const hello = [0x09, ...SERVER_ID, ...ascii('Q043'), 1, ...new Array(12).fill(7), 0xa0, 1, 0, ...chlo]

  it('are named with the server that the client asks for, and opaque from some datagram on', () => {
    const flow = new Flow().says(CLIENT, hello)
    expect(flow.facts).toMatchObject({
      protocolVersion: 'Q043',
      protection: 'undetermined',
      tls: { serverName: 'a.example' },
    })
    for (let i = 0; i < 4; i++) flow.says(SERVER, [0, 1, ...SEALED]).says(CLIENT, [8, ...SERVER_ID, ...SEALED])
    expect(flow.finish()).toMatchObject({ appProtocol: 'quic', quicVersion: 0x51303433, protection: 'opaque' })
  })

  it('are found in the encrypted hello of Q050', () => {
    const flow = new Flow().says(CLIENT, initial([8, 0, ...varint(chlo.length), ...chlo], { version: 0x51303530 }))
    flow.says(SERVER, [...longHeader(0xe0, 0x51303530, [], SERVER_ID), ...varint(SEALED.length), ...SEALED])
    flow.says(CLIENT, short(SERVER_ID)).says(SERVER, short([]))
    expect(flow.finish()).toMatchObject({
      protocolVersion: 'Q050',
      protection: 'opaque',
      midstream: false,
      tls: { serverName: 'a.example' },
    })
  })

  it('have TLS in T051, in frames of their own', () => {
    const frame = [8, 0, ...varint(HELLO.length), ...HELLO]
    const flow = new Flow().says(CLIENT, initial(frame, { version: 0x54303531 }))
    flow.says(SERVER, answer([0x40, 1, 0, 0, 1, 0, 8, 0, ...varint(ANSWER.length), ...ANSWER], { version: 0x54303531 }))
    expect(flow.finish()).toMatchObject({ protocolVersion: 'T051', tls: AGREED })
  })
})

describe('probing', () => {
  const probe = (bytes: ArrayLike<number>, missing = 0): boolean =>
    quic.probe(Uint8Array.from(bytes), 0, bytes.length, missing, CLIENT)
  const opener = (bytes: ArrayLike<number>) => quic.opener?.(Uint8Array.from(bytes), 0, bytes.length)

  it.each([
    { name: 'the published packet', bytes: clientPacket(EXAMPLES[0] as (typeof EXAMPLES)[0]), from: CLIENT },
    { name: 'an Initial with bytes behind it', bytes: [...initial(cryptoFrame(0, HELLO)), 0xc8, 0xc8], from: CLIENT },
    { name: 'a server’s Initial', bytes: answer(cryptoFrame(0, ANSWER)), from: null },
    { name: 'a Handshake packet', bytes: handshake(SERVER), from: null },
    { name: 'a Retry', bytes: hex(EXAMPLES[0]?.retry ?? ''), from: SERVER },
    { name: 'a Version Negotiation', bytes: [...longHeader(0x80, 0, [1], [2]), ...hex('00000001')], from: SERVER },
    { name: 'a list of Google’s versions', bytes: [9, ...SERVER_ID, ...ascii('Q039Q043')], from: SERVER },
  ])('knows $name, and who sent it', ({ bytes, from }) => {
    expect([probe(bytes), opener(bytes)]).toEqual([true, from])
  })

  it.each([
    { name: 'a short header', bytes: short(CLIENT_ID) },
    {
      name: 'a long header of an unknown version in a small datagram',
      bytes: longHeader(0xc0, 77, SERVER_ID, CLIENT_ID).concat(SEALED),
    },
    {
      name: 'a Version Negotiation without a version of ours',
      bytes: [...longHeader(0x80, 0, [1], [2]), ...hex('00001234')],
    },
    { name: 'an Initial longer than its datagram', bytes: initial(cryptoFrame(0, HELLO)).slice(0, 500) },
    { name: 'a DNS query', bytes: hex('c0000100000100000000000003777777076578616d706c6503636f6d0000010001') },
    { name: 'nothing', bytes: [] },
  ])('says no to $name', ({ bytes }) => expect(probe(bytes)).toBe(false))

  it('takes the length of a datagram that was cut off for what it was', () => {
    const packet = initial(cryptoFrame(0, HELLO))
    expect([probe(packet.slice(0, 500), packet.length - 500), opener(packet.slice(0, 500))]).toEqual([true, CLIENT])
  })
})

describe('caps', () => {
  it('stop at a stream that is longer than any hello', () => {
    const flow = new Flow().says(CLIENT, initial([6, 0x80, 1, 0x11, 0x70, ...varint(4), 1, 2, 3, 4]))
    expect(flow.finish().capHit).toBe(true)
  })

  it('stop at a client that begins without end', () => {
    const flow = new Flow()
    for (let i = 0; i < 130; i++) flow.says(CLIENT, initial([1]))
    expect(flow.state.done).toBe(true)
  })

  it('stop trying keys that open nothing', () => {
    const flow = new Flow().says(CLIENT, initial(cryptoFrame(0, HELLO)))
    for (let i = 0; i < 20; i++) flow.says(SERVER, answer(cryptoFrame(0, ANSWER), { keysOf: [1, 2, 3, 4, 5, 6, 7, i] }))
    expect(flow.says(SERVER, answer(cryptoFrame(0, ANSWER))).facts.tls?.sawServerHello).toBe(false)
    expect(flow.finish().malformed).toBeGreaterThan(8)
  })
})
