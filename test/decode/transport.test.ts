import { describe, expect, it } from 'vitest'
import { type Bytes, hex, u16be } from '../wire/tls-bytes.ts'
import { DATA, decode, ethernet, IPV4, IPV6, ipv4, ipv6, SEEN_PACKET, tcp, udp } from './frames.ts'

const carried = (proto: number, payload: Bytes): Bytes => ethernet(IPV4, ipv4(payload, { proto }))
const TCP_AT = 14 + 20

describe('TCP', () => {
  it.each([
    { name: 'no options', options: [] },
    { name: 'timestamps', options: hex('0101080a 00000001 00000002') },
    { name: 'as many options as fit', options: new Array(40).fill(1) },
  ])('finds the payload behind $name', ({ options }) =>
    expect(decode(carried(6, tcp(DATA, { options })))).toMatchObject({ ...SEEN_PACKET, seq: 1000, tcpFlags: 0x18 }),
  )

  it.each([0, 1, 4])('a header of %i words is malformed', (dataOffset) =>
    expect(decode(carried(6, tcp(DATA, { dataOffset }))).status).toBe('malformed'),
  )

  it('a header past the end of the packet is malformed', () =>
    expect(decode(carried(6, tcp(DATA, { dataOffset: 15 }))).status).toBe('malformed'))

  it('keeps the sequence number as 32 bits with a sign', () =>
    expect(decode(carried(6, tcp(DATA, { seq: 0xffffffff }))).seq).toBe(-1))

  it.each([
    { name: 'SYN', flags: 0x02 },
    { name: 'all eight control bits', flags: 0xff },
    { name: 'none', flags: 0 },
  ])('keeps the control bits: $name', ({ flags }) =>
    expect(decode(carried(6, tcp([], { flags })))).toMatchObject({ status: 'decoded', tcpFlags: flags, payload: [] }),
  )

  // 20 bytes of options, of which 8 were captured, and a payload of 5 bytes.
  it('options that were not captured in full do not hide how much payload there was', () => {
    const frame = carried(6, tcp(DATA, { options: new Array(20).fill(1) }))
    expect(decode(frame.slice(0, TCP_AT + 28), 1, frame.length)).toMatchObject({
      ...SEEN_PACKET,
      payload: [],
      missing: 5,
    })
  })

  it('a header of which less than 20 bytes were captured is truncated', () => {
    const frame = carried(6, tcp(DATA))
    expect(decode(frame.slice(0, TCP_AT + 19), 1, frame.length).status).toBe('truncated')
  })
})

describe('UDP', () => {
  // DATA has 5 bytes, the header 8.
  it.each([
    { name: 'its own length', length: 13, payload: DATA, missing: 0 },
    { name: 'a length inside the packet', length: 11, payload: DATA.slice(0, 3), missing: 0 },
    { name: 'a length of the header alone', length: 8, payload: [], missing: 0 },
    { name: 'a length past the packet', length: 23, payload: DATA, missing: 10 },
    { name: 'a length of zero, as offload and jumbograms leave it', length: 0, payload: DATA, missing: 0 },
  ])('bounds the payload by $name', ({ length, payload, missing }) =>
    expect(decode(carried(17, udp(DATA, { length })))).toMatchObject({
      status: 'decoded',
      proto: 17,
      ports: [50_000, 53],
      tcpFlags: 0,
      payload,
      missing,
    }),
  )

  it.each([1, 7])('a length of %i is malformed', (length) =>
    expect(decode(carried(17, udp(DATA, { length }))).status).toBe('malformed'),
  )

  it('a header of which less than 8 bytes were captured is truncated', () =>
    expect(decode(carried(17, udp([]).slice(0, 7))).status).toBe('truncated'))
})

describe('SCTP', () => {
  /** RFC 9260 §3.1: ports, verification tag, checksum; then chunks. */
  const sctp = (chunks: Bytes): Bytes => [...u16be(36_412), ...u16be(2905), ...hex('01020304 05060708'), ...chunks]

  it('has the ports of its common header, and its chunks as payload', () =>
    expect(decode(carried(132, sctp(DATA)))).toMatchObject({
      status: 'decoded',
      proto: 132,
      ports: [36_412, 2905],
      payload: DATA,
    }))

  const INIT = hex('01 00 0014 0000abcd 0000ffff 000a 000a 00000001')
  const SACK = hex('03 00 0010 00000001 0000ffff 0000 0000')
  const DATA_CHUNK = hex('00 03 0013 00000001 0000 0000 00000000 aabbcc 00')

  it('has no payload where its chunks set up and acknowledge alone', () => {
    for (const chunks of [INIT, SACK, [...SACK, ...hex('04 00 0008 00010004')], hex('c0 00 0008 00000001')])
      expect(decode(carried(132, sctp(chunks)))).toMatchObject({ ports: [36_412, 2905], payload: [], missing: 0 })
    expect(decode(carried(132, sctp([...SACK, ...DATA_CHUNK]))).payload).toEqual([...SACK, ...DATA_CHUNK])
  })

  it('may have payload in what was cut off of it', () => {
    const frame = carried(132, sctp([...SACK, ...DATA_CHUNK]))
    expect(decode(frame.slice(0, -DATA_CHUNK.length), 1, frame.length)).toMatchObject({
      payload: SACK,
      missing: DATA_CHUNK.length,
    })
  })

  it('a common header cut off is truncated', () =>
    expect(decode(carried(132, sctp([]).slice(0, 11))).status).toBe('truncated'))
})

describe('protocols without ports', () => {
  it.each([
    { name: 'ICMP', frame: carried(1, DATA), proto: 1 },
    { name: 'ICMPv6', frame: ethernet(IPV6, ipv6(DATA, { next: 58 })), proto: 58 },
    { name: 'IGMP', frame: carried(2, DATA), proto: 2 },
    { name: 'ESP', frame: carried(50, DATA), proto: 50 },
    { name: 'a protocol nobody assigned', frame: carried(200, DATA), proto: 200 },
    { name: 'ICMP without a byte', frame: carried(1, []), proto: 1 },
  ])('$name is payload from its first byte', ({ frame, proto }) =>
    expect(decode(frame)).toMatchObject({
      status: 'decoded',
      proto,
      ports: [0, 0],
      tcpFlags: 0,
      payload: frame.slice(14 + (proto === 58 ? 40 : 20)),
    }),
  )
})
