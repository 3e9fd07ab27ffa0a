import { describe, expect, it } from 'vitest'
import { decodeIpPayload } from '../../src/decode/decode.ts'
import { DECODE_STATUS_NAMES, PacketMeta } from '../../src/decode/packet-meta.ts'
import { type Bytes, hex, u16be } from '../wire/tls-bytes.ts'
import {
  DATA,
  decode,
  ethernet,
  IPV4,
  IPV6,
  ipv4,
  ipv6,
  SEEN_PACKET,
  SEEN_PACKET6,
  seen,
  tcp,
  u32be,
  udp,
  V6_CLIENT,
} from './frames.ts'

const over4 = (packet: Bytes, wireLength?: number) => decode(ethernet(IPV4, packet), 1, wireLength)
const over6 = (packet: Bytes, wireLength?: number) => decode(ethernet(IPV6, packet), 1, wireLength)

describe('IPv4', () => {
  it.each([
    { name: 'no options', options: [] },
    { name: 'a router alert', options: hex('94040000') },
    { name: 'as many options as fit', options: new Array(40).fill(1) },
  ])('reads a header with $name', ({ options }) =>
    expect(over4(ipv4(tcp(DATA), { options }))).toMatchObject({ ...SEEN_PACKET, ipVersion: 4 }),
  )

  it('reads an address above 127.255.255.255 as the same 32 bits', () =>
    expect(over4(ipv4(tcp(DATA), { src: 0xc0a80001, dst: 0xffffffff }))).toMatchObject({
      status: 'decoded',
      src: [0, 0, 0xffff, 0xc0a80001],
      dst: [0, 0, 0xffff, 0xffffffff],
    }))

  it.each([
    { name: 'below 20 bytes', packet: ipv4(tcp(DATA), { ihl: 4 }), status: 'malformed' },
    { name: 'of nothing', packet: ipv4(tcp(DATA), { ihl: 0 }), status: 'malformed' },
    { name: 'past the frame', packet: ipv4([1, 2, 3], { ihl: 15 }), status: 'truncated' },
    { name: 'above the total length', packet: ipv4(tcp(DATA), { total: 19 }), status: 'malformed' },
  ])('a header length $name is $status', ({ packet, status }) => expect(over4(packet).status).toBe(status))

  // The segment has 20 + 5 bytes, the header 20.
  it.each([
    { name: 'a total length that ends inside the frame', total: 43, payload: DATA.slice(0, 3), missing: 0 },
    { name: 'a total length that ends with the headers', total: 40, payload: [], missing: 0 },
    { name: 'a total length past the frame', total: 145, payload: DATA, missing: 100 },
    { name: 'a total length of zero, as segmentation offload leaves it', total: 0, payload: DATA, missing: 0 },
  ])('bounds the payload by $name', ({ total, payload, missing }) =>
    expect(over4(ipv4(tcp(DATA), { total }))).toMatchObject({ ...SEEN_PACKET, payload, missing }),
  )

  it('counts bytes that were on the wire but not captured', () => {
    const frame = ethernet(IPV4, ipv4(tcp([...DATA, ...new Array(95).fill(0)])))
    expect(decode(frame.slice(0, 14 + 40 + 2), 1, frame.length)).toMatchObject({
      ...SEEN_PACKET,
      payload: DATA.slice(0, 2),
      missing: 98,
    })
  })

  it('does not count padding that was not captured', () => {
    const frame = ethernet(IPV4, ipv4(tcp(DATA)))
    expect(decode(frame, 1, frame.length + 10)).toMatchObject({ ...SEEN_PACKET, missing: 0 })
  })

  it('counts by the wire length where the total length is zero', () => {
    const frame = ethernet(IPV4, ipv4(tcp(DATA), { total: 0 }))
    expect(decode(frame, 1, frame.length + 10)).toMatchObject({ ...SEEN_PACKET, missing: 10 })
  })

  // RFC 791 §3.1: the offset counts eight bytes, the flag More Fragments is 0x2000.
  it.each([
    { name: 'the first', fragment: 0x2000, offset: 0, more: 1 },
    { name: 'one in the middle', fragment: 0x2001, offset: 8, more: 1 },
    { name: 'the last', fragment: 0x00b9, offset: 1480, more: 0 },
    { name: 'the furthest there can be', fragment: 0x1fff, offset: 65_528, more: 0 },
  ])('tells $name fragment', ({ fragment, offset, more }) =>
    expect(over4(ipv4(DATA, { fragment, id: 0xfedc, proto: 17 }))).toMatchObject({
      status: 'fragment',
      proto: 17,
      payload: DATA,
      fragment: { id: 0xfedc, offset, more },
    }),
  )

  it.each([
    { name: "don't fragment", fragment: 0x4000 },
    { name: 'the reserved bit', fragment: 0x8000 },
    { name: 'no flag', fragment: 0 },
  ])('a packet with $name is whole', ({ fragment }) =>
    expect(over4(ipv4(tcp(DATA), { fragment }))).toMatchObject(SEEN_PACKET),
  )
})

/** An extension header (RFC 8200 §4): next header, length in eight bytes beyond the first eight, and content. */
const extension = (next: number, more: number): Bytes => [next, more, ...new Array(6 + more * 8).fill(0)]
const fragmentHeader = (next: number, field: number, id = 0xabcdef01): Bytes => [next, 0, ...u16be(field), ...u32be(id)]
/** RFC 4302 §2: the length counts four bytes, less two. */
const authentication = (next: number, digest: number): Bytes => [
  next,
  (12 + digest) / 4 - 2,
  ...new Array(10 + digest).fill(0),
]

describe('IPv6', () => {
  it('reads addresses word by word', () =>
    expect(over6(ipv6(tcp(DATA)))).toMatchObject({ ...SEEN_PACKET6, ipVersion: 6, src: V6_CLIENT }))

  it.each([
    { name: 'hop-by-hop options', next: 0, headers: extension(6, 0) },
    { name: 'a long routing header', next: 43, headers: extension(6, 4) },
    { name: 'destination options', next: 60, headers: extension(6, 1) },
    { name: 'a mobility header', next: 135, headers: extension(6, 0) },
    { name: 'the host identity protocol', next: 139, headers: extension(6, 0) },
    { name: 'shim6', next: 140, headers: extension(6, 0) },
    { name: 'an atomic fragment', next: 44, headers: fragmentHeader(6, 0) },
    { name: 'an atomic fragment with reserved bits', next: 44, headers: fragmentHeader(6, 6) },
    { name: 'an authentication header', next: 51, headers: authentication(6, 12) },
    {
      name: 'all in the order of RFC 8200 §4.1',
      next: 0,
      headers: [
        ...extension(60, 0),
        ...extension(43, 0),
        ...extension(44, 2),
        ...fragmentHeader(51, 0),
        ...authentication(60, 12),
        ...extension(6, 0),
      ],
    },
  ])('reads through $name', ({ next, headers }) =>
    expect(over6(ipv6([...headers, ...tcp(DATA)], { next }))).toMatchObject(SEEN_PACKET6),
  )

  it.each([
    { name: 'the first', field: 0x0001, offset: 0, more: 1 },
    { name: 'one in the middle', field: 0x0009, offset: 8, more: 1 },
    { name: 'the last', field: 0x05a8, offset: 1448, more: 0 },
  ])('tells $name fragment', ({ field, offset, more }) =>
    expect(over6(ipv6([...extension(44, 0), ...fragmentHeader(6, field), ...DATA], { next: 0 }))).toMatchObject({
      status: 'fragment',
      proto: 6,
      payload: DATA,
      fragment: { id: 0xabcdef01, offset, more },
    }),
  )

  it('joined fragments go on with the extension headers they carry', () => {
    // RFC 8200 §4.5: what follows the fragment header may begin with further extension headers.
    const joined = Uint8Array.from([...extension(6, 0), ...tcp(DATA)])
    const m = new PacketMeta()
    Object.assign(m, { ipVersion: 6, proto: 60 })
    const status = decodeIpPayload(joined, 0, joined.length, m)
    expect(seen(DECODE_STATUS_NAMES[status], joined, m)).toMatchObject({
      status: 'decoded',
      proto: 6,
      ports: [50_000, 443],
      payload: DATA,
    })
  })

  it.each([
    { name: 'past the frame', payloadLength: 125, payload: DATA, missing: 100 },
    { name: 'inside the frame', payloadLength: 23, payload: DATA.slice(0, 3), missing: 0 },
    { name: 'of zero, as jumbograms and offload leave it', payloadLength: 0, payload: DATA, missing: 0 },
  ])('bounds the payload by a length $name', ({ payloadLength, payload, missing }) =>
    expect(over6(ipv6(tcp(DATA), { payloadLength }))).toMatchObject({ ...SEEN_PACKET6, payload, missing }),
  )

  it.each([
    { name: 'an extension header past the packet', packet: ipv6(extension(6, 0), { next: 60, payloadLength: 4 }) },
    { name: 'an extension header longer than the frame', packet: ipv6([6, 9, 0, 0, 0, 0, 0, 0], { next: 60 }) },
    { name: 'a fragment header cut off', packet: ipv6([6, 0, 0, 1], { next: 44 }) },
    { name: 'an authentication header cut off', packet: ipv6(authentication(6, 0).slice(0, 11), { next: 51 }) },
    { name: 'an authentication header longer than the frame', packet: ipv6([6, 99, ...DATA, ...DATA], { next: 51 }) },
  ])('does not run past $name', ({ packet }) => expect(over6(packet).status).toBe('truncated'))

  it('extension headers without end are malformed', () => {
    const headers = Array.from({ length: 40 }, () => extension(60, 0)).flat()
    expect(over6(ipv6([...headers, ...tcp(DATA)], { next: 60 })).status).toBe('malformed')
  })

  it.each([
    { name: 'no next header', next: 59 },
    { name: 'ESP, whose content nobody can see', next: 50 },
  ])('stops at $name', ({ next }) =>
    expect(over6(ipv6(DATA, { next }))).toMatchObject({ status: 'decoded', proto: next, ports: [0, 0], payload: DATA }),
  )
})

describe('the authentication header over IPv4', () => {
  it('is read through, for its content is in the clear', () =>
    expect(over4(ipv4([...authentication(6, 12), ...tcp(DATA)], { proto: 51 }))).toMatchObject(SEEN_PACKET))

  it('in a row without end is malformed', () => {
    const headers = Array.from({ length: 40 }, () => authentication(51, 0)).flat()
    expect(over4(ipv4([...headers, ...udp(DATA)], { proto: 51 })).status).toBe('malformed')
  })
})
