import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { openvpn } from '../../src/dissect/openvpn.ts'
import { openvpnUdp } from '../../src/dissect/openvpn-udp.ts'
import { type Bytes, hex, serverName, vector16 } from '../wire/tls-bytes.ts'
import { type Conversation, conversation, Reading } from './conversation.ts'
import { readDatagrams } from './datagrams.ts'
import { acknowledgement, clientReset, control, dataPacket, serverReset, tlsPiece } from './openvpn-bytes.ts'
import {
  applicationData,
  certificates,
  clientHello,
  DER_A,
  handshake,
  serverHello,
  serverHelloDone,
  TLS13_ANSWER,
  TLS13_HELLO,
} from './tls-records.ts'

const HELLO = handshake(
  clientHello({ ...TLS13_HELLO, extensions: [...(TLS13_HELLO.extensions ?? []), serverName('vpn.example')] }),
)
const ANSWER = [...handshake(serverHello(TLS13_ANSWER)), ...applicationData()]
/** HMAC-SHA1, packet number and time, as tls-auth adds them. */
const AUTH: Bytes = new Array<number>(28).fill(0x3c)

const read = (turns: Conversation) => {
  const { facts, state } = new Reading(openvpn).hears(turns).finish()
  return { facts, tls: facts.tls, state }
}
const control13 = (auth: Bytes = []) =>
  conversation(
    [CLIENT, clientReset(auth)],
    [SERVER, serverReset(auth)],
    [
      CLIENT,
      [
        ...(auth.length === 0 ? acknowledgement(0) : []),
        ...tlsPiece(1, HELLO.slice(0, 60), auth),
        ...tlsPiece(2, HELLO.slice(60), auth),
      ],
    ],
    [SERVER, tlsPiece(1, ANSWER, auth)],
    [CLIENT, tlsPiece(3, applicationData(), auth)],
  )

describe('the control channel', () => {
  it.each([
    { name: 'without tls-auth', auth: [] },
    { name: 'with tls-auth of SHA-1', auth: AUTH },
    { name: 'with tls-auth of SHA-512', auth: new Array<number>(72).fill(0x3c) },
  ])('shows its TLS handshake, $name', ({ auth }) => {
    const { facts, tls } = read(control13(auth))
    expect(facts).toMatchObject({ appProtocol: 'openvpn', malformed: 0 })
    expect(tls).toMatchObject({ version: 0x0304, cipherSuite: 0x1301, serverName: 'vpn.example', established: true })
  })

  it('never makes the flow more than opaque: what protects the data is agreed inside', () => {
    expect(read(control13()).facts.protection).toBe('opaque')
    const failed = conversation([CLIENT, clientReset()], [CLIENT, tlsPiece(1, HELLO)])
    expect(read(failed).facts.protection).toBe('undetermined')
  })

  it('takes a packet that is sent again once', () => {
    const answer = handshake(serverHello(), certificates(DER_A), serverHelloDone)
    const { facts, tls } = read(
      conversation(
        [CLIENT, clientReset()],
        [
          CLIENT,
          [...tlsPiece(1, HELLO.slice(0, 40)), ...tlsPiece(1, HELLO.slice(0, 40)), ...tlsPiece(2, HELLO.slice(40))],
        ],
        [SERVER, [...serverReset(), ...tlsPiece(1, answer)]],
      ),
    )
    expect(facts).toMatchObject({ malformed: 0, sawGap: false })
    expect(tls).toMatchObject({ serverName: 'vpn.example', cipherSuite: 0xc02f })
  })

  it('takes a packet that is missing for a gap', () => {
    const { facts, tls } = read(
      conversation(
        [CLIENT, clientReset()],
        [CLIENT, [...tlsPiece(1, HELLO.slice(0, 40)), ...tlsPiece(3, HELLO.slice(40))]],
      ),
    )
    expect([facts.sawGap, tls?.offer]).toEqual([true, null])
  })

  it.each([
    {
      name: 'more acknowledgements than fit',
      bytes: control({ opcode: 4, packetId: 1, acknowledges: [1, 2, 3, 4, 5, 6, 7, 8, 9] }),
    },
    { name: 'a packet without its number', bytes: control({ opcode: 4 }) },
    { name: 'a packet without anything', bytes: [0, 3, 4 << 3, 1, 2] },
  ])('counts $name as malformed', ({ bytes }) => {
    expect(read(conversation([CLIENT, clientReset()], [CLIENT, bytes])).facts.malformed).toBe(1)
  })

  it('reads nothing of a server whose client was not seen: tls-auth cannot be told then', () => {
    const { facts, tls } = read(conversation([SERVER, serverReset()], [SERVER, tlsPiece(1, ANSWER)]))
    expect(tls).toMatchObject({ sawServerHello: false })
    expect(facts.malformed).toBe(0)
  })

  it('gives up a piece beyond its cap, and counts it', () => {
    const piece = (length: number) => tlsPiece(1, [22, 3, 3, 0x40, 0, ...new Array<number>(length).fill(1)])
    const within = new Reading(openvpn).says(CLIENT, clientReset()).says(CLIENT, piece(10_000))
    expect([within.facts.capHit, within.state.done]).toEqual([false, false])
    within.says(CLIENT, tlsPiece(2, new Array<number>(30_000).fill(1)))
    expect([within.facts.capHit, within.state.done]).toEqual([true, true])
    within.finish()
  })

  it('holds a record that comes in many pieces until it is whole', () => {
    const chain = handshake(serverHello(), certificates(new Array<number>(9000).fill(0x30)), serverHelloDone)
    const reading = new Reading(openvpn).says(CLIENT, [...clientReset(), ...tlsPiece(1, HELLO)])
    for (let at = 0; at < chain.length; at += 1200) {
      reading.says(SERVER, tlsPiece(1 + at / 1200, chain.slice(at, at + 1200)))
    }
    expect(reading.finish().facts.tls?.serverCertificates[0]?.der).toHaveLength(9000)
  })
})

const PING = hex('2a187bf3641eb4cb07ed2d0a981fc748')
/** 20 bytes of IPv4 that hold their own checksum, and nothing in them. */
const IPV4 = hex('4500001400004000400126cd0a0c00020a0c0003')
const IPV6 = [0x60, 0, 0, 0, 0, 4, 59, 64, ...new Array<number>(36).fill(0)]
const ETHERNET = [...new Array<number>(12).fill(2), 0x08, 0]

describe('the data channel', () => {
  it('is opaque, and ends the reading once both sides have used it a while', () => {
    const reading = new Reading(openvpn).hears(control13())
    for (let n = 0; n < 16; n++) reading.says(CLIENT, dataPacket(100))
    expect(reading.state.done).toBe(false)
    reading.says(SERVER, dataPacket(100))
    expect([reading.state.done, reading.facts.protection]).toEqual([true, 'opaque'])
  })

  it('is passed over without waiting for long packets, and not for ever', () => {
    const reading = new Reading(openvpn).hears(control13())
    const packet = Uint8Array.from(dataPacket(3000))
    expect(openvpn.feed(reading.state, reading.facts, CLIENT, packet, 0, 20, 0)).toBe(packet.length)
    for (let n = 0; n < 64; n++) reading.says(n % 2 === 0 ? CLIENT : SERVER, packet)
    expect([reading.state.done, reading.facts.protection]).toEqual([true, 'opaque'])
  })

  it.each([
    { what: 'what an idle end says', bytes: PING, packets: 1 },
    { what: 'options that are compared', bytes: [...hex('287f346bd4ef7a812d56b8d3afc5459c'), 0], packets: 1 },
    { what: 'IPv4', bytes: IPV4, packets: 2 },
    { what: 'IPv6', bytes: IPV6, packets: 2 },
    { what: 'Ethernet', bytes: [...ETHERNET, ...IPV4], packets: 2 },
    { what: 'IPv4 that compression left alone', bytes: [0xfa, ...IPV4], packets: 2 },
  ])('is in the clear where it shows $what', ({ bytes, packets }) => {
    for (const hmac of [0, 16, 20, 28, 32, 48, 64]) {
      for (const head of [[0x30], [0x48, 0, 0, 1]]) {
        const packet = vector16([...head, ...new Array<number>(hmac).fill(0xa5), 0, 0, 0, 1, ...bytes])
        const reading = new Reading(openvpn).hears(control13())
        for (let n = 1; n < packets; n++) reading.says(CLIENT, packet)
        expect(reading.facts.protection).toBe('opaque')
        expect(reading.says(SERVER, packet).facts.protection).toBe('cleartext')
        expect(reading.finish().state.done).toBe(true)
      }
    }
  })

  it.each([
    { what: 'an address changed', bytes: IPV4.with(19, 4) },
    { what: 'a byte too many', bytes: [...IPV4, 0] },
    { what: 'a frame of another ethertype', bytes: [...ETHERNET.with(13, 6), ...IPV4.with(19, 4)] },
    { what: 'a magic that is cut', bytes: PING.slice(0, 15) },
    { what: 'an HMAC of a length that none has', bytes: [1, 2, 3, ...PING] },
  ])('is opaque with $what', ({ bytes }) => {
    const reading = new Reading(openvpn).hears(control13())
    for (let n = 0; n < 20; n++) reading.says(CLIENT, vector16([0x48, 0, 0, 1, 0, 0, 0, n, ...bytes]))
    expect(reading.facts.protection).toBe('opaque')
  })
})

it('a gap loses where packets begin, so nothing more is read', () => {
  const reading = new Reading(openvpn)
    .hears(control13().slice(0, 3))
    .says(SERVER, [], 50)
    .says(SERVER, tlsPiece(1, ANSWER))
  const { facts, state } = reading.finish()
  expect([facts.sawGap, state.done, facts.tls?.sawServerHello]).toEqual([true, true, false])
  expect(facts.tls?.serverName).toBe('vpn.example')
})

describe('probe', () => {
  const probe = (bytes: Bytes) => openvpn.probe(Uint8Array.from(bytes), 0, bytes.length, CLIENT)
  it.each([
    { name: 'a reset', bytes: clientReset(), want: 'match' },
    { name: 'a reset with tls-auth', bytes: clientReset(AUTH), want: 'match' },
    { name: 'half a reset', bytes: clientReset().slice(0, 9), want: 'unsure' },
    { name: 'the first length byte', bytes: [0], want: 'unsure' },
    { name: 'a reset of the server', bytes: serverReset(), want: 'no_match' },
    { name: 'a reset that is not the first packet', bytes: control({ opcode: 7, packetId: 5 }), want: 'no_match' },
    { name: 'a packet of another length', bytes: clientReset([1, 2, 3]), want: 'no_match' },
    { name: 'text', bytes: [0x47], want: 'no_match' },
  ])('of $name', ({ bytes, want }) => expect(probe(bytes)).toBe(want))

  it('tells that the client sends the reset', () => {
    expect(openvpn.opener?.(Uint8Array.from(clientReset()), 0, clientReset().length)).toBe(CLIENT)
    expect(openvpn.opener?.(Uint8Array.from(serverReset()), 0, serverReset().length)).toBeNull()
  })
})

describe('over UDP', () => {
  const bare = (packet: Bytes): Bytes => packet.slice(2)
  /** A reset as tls-crypt sends it: numbered from 1, with a time, and the rest not to be read. */
  const cryptReset = [0x38, ...new Array<number>(8).fill(7), 0, 0, 0, 1, ...new Array<number>(41).fill(0x5a)]
  const cryptV2Reset = [0x50, ...cryptReset.slice(1), ...new Array<number>(300).fill(0x5a), 1, 46]
  const opens = (bytes: Bytes) => openvpnUdp.probe(Uint8Array.from(bytes), 0, bytes.length, 0, CLIENT)

  it.each([
    { name: 'without tls-auth', auth: [], security: null },
    { name: 'with tls-auth', auth: AUTH, security: 'tls-auth' },
  ])('shows the TLS handshake of its control channel, $name', ({ auth, security }) => {
    const { facts } = readDatagrams(openvpnUdp, [
      [CLIENT, bare(clientReset(auth))],
      [SERVER, bare(serverReset(auth))],
      [CLIENT, bare(tlsPiece(1, HELLO.slice(0, 60), auth))],
      [CLIENT, bare(tlsPiece(2, HELLO.slice(60), auth))],
      [CLIENT, bare(tlsPiece(2, HELLO.slice(60), auth))],
      [SERVER, bare(tlsPiece(1, ANSWER, auth))],
      [CLIENT, bare(dataPacket(80))],
      [SERVER, bare(dataPacket(80))],
    ])
    expect(facts).toMatchObject({ appProtocol: 'openvpn', protection: 'opaque', protocolSecurity: security })
    expect(facts.tls).toMatchObject({ version: 0x0304, cipherSuite: 0x1301, serverName: 'vpn.example' })
  })

  it.each([
    { name: 'tls-crypt', reset: cryptReset },
    { name: 'tls-crypt-v2', reset: cryptV2Reset },
  ])('shows with $name no more than that', ({ reset }) => {
    const { facts } = readDatagrams(openvpnUdp, [
      [CLIENT, reset],
      [CLIENT, bare(dataPacket(80))],
      [SERVER, bare(dataPacket(80))],
    ])
    expect(facts).toMatchObject({ appProtocol: 'openvpn', protection: 'opaque', protocolSecurity: 'tls-crypt' })
    expect(
      openvpn.probe(Uint8Array.from([reset.length >>> 8, reset.length & 255, ...reset]), 0, reset.length + 2, CLIENT),
    ).toBe('match')
  })

  it.each([
    { name: 'a reset that acknowledges something', bytes: [...bare(clientReset())].with(9, 1) },
    { name: 'a reset with bytes that no HMAC has', bytes: bare(clientReset([1, 2, 3])) },
    { name: 'tls-crypt numbered as no first packet is', bytes: cryptReset.with(11, 9) },
    { name: "tls-crypt-v2 whose key's length does not add up", bytes: cryptV2Reset.with(cryptV2Reset.length - 1, 45) },
    { name: 'data', bytes: bare(dataPacket(80)) },
  ])('does not begin with $name', ({ bytes }) => {
    expect(opens(bytes)).toBe(false)
  })
})
