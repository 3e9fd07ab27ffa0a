import { describe, expect, it } from 'vitest'
import { QuicPacketType, QuicPacketView, readLongHeader, readVersions } from '../../src/wire/quic-packet.ts'
import { varint, varintEnd } from '../../src/wire/quic-varint.ts'
import {
  initialSalt,
  isReservedVersion,
  QUIC_V1,
  QUIC_V2,
  quicVersionName,
  usesQuicCrypto,
} from '../../src/wire/quic-version.ts'
import { clientPacket, EXAMPLES, varint as length, longHeader } from './quic-examples.ts'
import { type Bytes, hex } from './tls-bytes.ts'

const BODY = new Array(40).fill(7)
const read = (bytes: Bytes, view = new QuicPacketView(), end = bytes.length) =>
  readLongHeader(Uint8Array.from(bytes), 0, end, bytes.length, view) ? view : null
const packet = (first: number, version: number, rest: Bytes): Bytes => [
  ...longHeader(first, version, [1, 2, 3], [4, 5]),
  ...rest,
]

describe('readLongHeader', () => {
  it.each([
    { name: 'Initial', v1: 0xc0, v2: 0xd0, type: QuicPacketType.INITIAL, rest: [0, ...length(40), ...BODY] },
    { name: '0-RTT', v1: 0xd0, v2: 0xe0, type: QuicPacketType.ZERO_RTT, rest: [...length(40), ...BODY] },
    { name: 'Handshake', v1: 0xe0, v2: 0xf0, type: QuicPacketType.HANDSHAKE, rest: [...length(40), ...BODY] },
    { name: 'Retry', v1: 0xf0, v2: 0xc0, type: QuicPacketType.RETRY, rest: BODY },
  ])('tells $name in versions 1 and 2', ({ v1, v2, type, rest }) => {
    expect(read(packet(v1, QUIC_V1, rest))?.type).toBe(type)
    expect(read(packet(v2, QUIC_V2, rest))?.type).toBe(type)
  })

  it('says where ids, token, number and end are', () => {
    const bytes = packet(0xc0, QUIC_V1, [2, 9, 9, ...length(40), ...BODY, 1, 2, 3])
    expect(read(bytes)).toMatchObject({
      destinationIdAt: 6,
      destinationIdEnd: 9,
      sourceIdAt: 10,
      sourceIdEnd: 12,
      tokenAt: 13,
      tokenEnd: 15,
      numberAt: 17,
      end: 57,
    })
  })

  it('finds the packet that shares a datagram with another', () => {
    const first = packet(0xc0, QUIC_V1, [0, ...length(40), ...BODY])
    const both = Uint8Array.from([...first, ...packet(0xe0, QUIC_V1, [...length(40), ...BODY])])
    const view = new QuicPacketView()
    readLongHeader(both, 0, both.length, both.length, view)
    expect(view.end).toBe(first.length)
    expect(readLongHeader(both, view.end, both.length, both.length, view)).toBe(true)
    expect([view.type, view.end]).toEqual([QuicPacketType.HANDSHAKE, both.length])
  })

  it('reads a packet that the capture cut off by what it was on the wire', () => {
    const bytes = [...clientPacket(EXAMPLES[0] as (typeof EXAMPLES)[0])]
    expect(read(bytes, new QuicPacketView(), 64)?.end).toBe(1200)
  })

  it.each(EXAMPLES)('reads the published Retry: $name', ({ retry, version }) => {
    const view = read(hex(retry)) as QuicPacketView
    expect(view).toMatchObject({ type: QuicPacketType.RETRY, version })
    expect(Buffer.from(hex(retry)).toString('latin1', view.tokenAt, view.tokenEnd)).toBe('token')
    expect(hex(retry).slice(view.sourceIdAt, view.sourceIdEnd)).toEqual(hex('f067a5502a4262b5'))
  })

  it('reads a header whose fixed bit is greased (RFC 9287)', () => {
    expect(read(packet(0x80, QUIC_V1, [0, ...length(40), ...BODY]))?.type).toBe(QuicPacketType.INITIAL)
  })

  it('lists the versions of a Version Negotiation', () => {
    const bytes = longHeader(0x80, 0, [1], [2]).concat(hex('6b3343cf 00000001 0a1a2a3a'))
    const view = read(bytes) as QuicPacketView
    expect(view.type).toBe(QuicPacketType.VERSION_NEGOTIATION)
    expect(readVersions(Uint8Array.from(bytes), view, 2)).toEqual([QUIC_V2, QUIC_V1])
  })

  it.each([
    { name: 'a short header', bytes: [0x40, ...BODY] },
    {
      name: 'an id of 21 bytes',
      bytes: [...longHeader(0xc0, 1, new Array(21).fill(1), []), 0, ...length(40), ...BODY],
    },
    { name: 'a length beyond the datagram', bytes: packet(0xe0, QUIC_V1, [...length(41), ...BODY]) },
    { name: 'a length too short for a sample', bytes: packet(0xe0, QUIC_V1, [...length(19), ...BODY]) },
    { name: 'a token beyond the datagram', bytes: packet(0xc0, QUIC_V1, [63, ...length(40), ...BODY]) },
    { name: 'a Retry without a token', bytes: packet(0xf0, QUIC_V1, new Array(16).fill(1)) },
    { name: 'a list of versions that is cut', bytes: longHeader(0x80, 0, [1], [2]).concat([0, 0, 0]) },
    { name: 'half a header', bytes: [0xc0, 0, 0, 0, 1, 8, 1] },
  ])('says no to $name', ({ bytes }) => expect(read(bytes)).toBeNull())
})

// The first is 151,288,809,941,952,652, beyond what a double tells apart.
describe('variable-length integers of RFC 9000 §A.1', () => {
  it.each([
    ['c2197c5eff14e88c', 151_288_809_941_952_640],
    ['9d7f3e7d', 494_878_333],
    ['7bbd', 15_293],
    ['25', 37],
    ['4025', 37],
  ])('%s', (text, want) => {
    const bytes = Uint8Array.from(hex(text))
    expect([varint(bytes, 0), varintEnd(bytes, 0, bytes.length)]).toEqual([want, bytes.length])
    expect(varintEnd(bytes, 0, bytes.length - 1)).toBe(-1)
  })
})

describe('versions', () => {
  it.each([
    [QUIC_V1, 'v1'],
    [QUIC_V2, 'v2'],
    [0xff00001d, 'draft-29'],
    [0xfaceb002, 'mvfst-2'],
    [0x51303436, 'Q046'],
    [0x51303530, 'Q050'],
    [0x54303531, 'T051'],
    [0x12345678, '0x12345678'],
  ])('0x%x is %s', (version, name) => expect(quicVersionName(version)).toBe(name))

  it('knows drafts 22 to 34, and what is reserved or has no TLS', () => {
    expect([0xff000015, 0xff000016, 0xff000022, 0xff000023].map((each) => initialSalt(each) !== null)).toEqual([
      false,
      true,
      true,
      false,
    ])
    expect([isReservedVersion(0x1a2a3a4a), isReservedVersion(QUIC_V1)]).toEqual([true, false])
    expect([usesQuicCrypto(0x51303433), usesQuicCrypto(0x54303531), usesQuicCrypto(0x51313233)]).toEqual([
      true,
      false,
      false,
    ])
  })
})
