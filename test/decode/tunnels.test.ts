import { describe, expect, it } from 'vitest'
import { PacketMeta } from '../../src/decode/packet-meta.ts'
import { type Bytes, hex, u16be, u24be } from '../wire/tls-bytes.ts'
import {
  DATA,
  decode,
  ethernet,
  IPV4,
  IPV6,
  ipv4,
  ipv6,
  PACKET,
  PACKET6,
  SEEN_PACKET,
  SEEN_PACKET6,
  tcp,
  u32be,
  udp,
} from './frames.ts'

/** The outer packet is between 192.0.2.1 and 192.0.2.2, so that it cannot be taken for the inner one. */
const OUTER = { src: 0xc0000201, dst: 0xc0000202 }
const OUTER_SRC = [0, 0, 0xffff, 0xc0000201]
const outer = (proto: number, payload: Bytes): Bytes => ethernet(IPV4, ipv4(payload, { ...OUTER, proto }))
const inUdp = (dstPort: number, payload: Bytes): Bytes => outer(17, udp(payload, { srcPort: 61_000, dstPort }))

const FRAME = ethernet(IPV4, PACKET)
const ARP = ethernet(0x0806, new Array(28).fill(0))
const TEB = 0x6558

/** What the outer datagram to `port` looks like when it is taken for no tunnel. */
const plain = (port: number) => ({
  status: 'decoded',
  src: OUTER_SRC,
  proto: 17,
  ports: [61_000, port],
  tunnel: null,
  tunnels: 0,
  vni: -1,
})

describe('VXLAN', () => {
  /** RFC 7348 §5: flags, reserved, VNI, reserved. */
  const vxlan = (vni: number, payload: Bytes, flags = 0x08000000): Bytes => [
    ...u32be(flags),
    ...u24be(vni),
    0,
    ...payload,
  ]

  it.each([
    { name: 'on its port', frame: inUdp(4789, vxlan(5001, FRAME)), vni: 5001 },
    { name: "on Linux's older port", frame: inUdp(8472, vxlan(5001, FRAME)), vni: 5001 },
    { name: 'with the highest identifier', frame: inUdp(4789, vxlan(0xffffff, FRAME)), vni: 0xffffff },
    { name: 'with a group policy', frame: inUdp(4789, vxlan(7, FRAME, 0x88000010)), vni: 7 },
    {
      name: 'over IPv6',
      frame: ethernet(IPV6, ipv6(udp(vxlan(7, FRAME), { dstPort: 4789 }), { next: 17 })),
      vni: 7,
    },
  ])('$name is read', ({ frame, vni }) =>
    expect(decode(frame)).toMatchObject({ ...SEEN_PACKET, tunnel: 'vxlan', tunnels: 1, vni }),
  )

  it('keeps the VLAN tag of the outer frame', () => {
    const inner = ethernet(0x8100, [...u16be(20), ...u16be(IPV4), ...PACKET])
    const packet = ipv4(udp(vxlan(7, inner), { dstPort: 4789 }), { ...OUTER, proto: 17 })
    expect(decode(ethernet(0x8100, [...u16be(10), ...u16be(IPV4), ...packet]))).toMatchObject({
      ...SEEN_PACKET,
      vlan: 10,
    })
  })

  it('around what is not IP leaves the outer conversation, which is in no tunnel', () =>
    expect(decode(inUdp(4789, vxlan(7, ARP)))).toMatchObject({ ...plain(4789), tunnels: 1 }))

  it.each([
    { name: 'the flag of a valid identifier', frame: inUdp(4789, vxlan(7, FRAME, 0)) },
    { name: 'a reserved byte that is zero', frame: inUdp(4789, [...hex('08000000 000007 01'), ...FRAME]) },
    { name: 'room for a frame', frame: inUdp(4789, vxlan(7, new Array(13).fill(0))) },
  ])('is not seen without $name', ({ frame }) => expect(decode(frame)).toMatchObject(plain(4789)))

  it('is not seen from its source port alone', () => {
    const answer = outer(17, udp(vxlan(7, FRAME), { srcPort: 4789, dstPort: 61_000 }))
    expect(decode(answer)).toMatchObject({ ports: [4789, 61_000], tunnel: null })
  })

  it('tells what of the innermost payload was not captured', () => {
    const frame = inUdp(4789, vxlan(7, ethernet(IPV4, ipv4(tcp([...DATA, ...new Array(95).fill(0)])))))
    expect(decode(frame.slice(0, -97), 1, frame.length)).toMatchObject({
      ...SEEN_PACKET,
      payload: DATA.slice(0, 3),
      missing: 97,
    })
  })

  it('does not leave its identifier to the next frame', () => {
    const m = new PacketMeta()
    expect(decode(inUdp(4789, vxlan(7, FRAME)), 1, undefined, m).vni).toBe(7)
    expect(decode(ethernet(0x8100, [...u16be(10), ...u16be(IPV4), ...PACKET]), 1, undefined, m).vlan).toBe(10)
    expect(decode(FRAME, 1, undefined, m)).toMatchObject({
      ...SEEN_PACKET,
      vlan: -1,
      vni: -1,
      tunnel: null,
      tunnels: 0,
    })
  })
})

describe('GENEVE', () => {
  /** RFC 8926 §3.4: version and length of the options in words, flags, protocol, VNI, reserved, options. */
  const geneve = (type: number, payload: Bytes, options: Bytes = [], first = options.length / 4): Bytes => [
    first,
    0,
    ...u16be(type),
    ...u24be(0xabcdef),
    0,
    ...options,
    ...payload,
  ]

  it.each([
    { name: 'a frame', payload: geneve(TEB, FRAME), want: SEEN_PACKET },
    { name: 'a frame behind options', payload: geneve(TEB, FRAME, new Array(12).fill(1)), want: SEEN_PACKET },
    {
      name: 'a frame behind all options there can be',
      payload: geneve(TEB, FRAME, new Array(252).fill(1)),
      want: SEEN_PACKET,
    },
    // A gateway load balancer has no inner Ethernet.
    { name: 'IPv4', payload: geneve(IPV4, PACKET), want: SEEN_PACKET },
    { name: 'IPv6', payload: geneve(IPV6, PACKET6), want: SEEN_PACKET6 },
  ])('carries $name', ({ payload, want }) =>
    expect(decode(inUdp(6081, payload))).toMatchObject({ ...want, tunnel: 'geneve', tunnels: 1, vni: 0xabcdef }),
  )

  it.each([
    { name: 'another version', payload: geneve(TEB, FRAME, [], 0x40) },
    { name: 'another protocol', payload: geneve(0x88cc, FRAME) },
    { name: 'options past the datagram', payload: geneve(TEB, [], [], 0x3f) },
    { name: 'less than a header', payload: hex('0000 6558 000007') },
  ])('is not seen in $name', ({ payload }) => expect(decode(inUdp(6081, payload))).toMatchObject(plain(6081)))
})

describe('GTP-U', () => {
  /** 3GPP TS 29.281 §5.1: flags, message type, length, TEID. */
  const gtp = (payload: Bytes, flags = 0x30, type = 0xff): Bytes => [
    flags,
    type,
    ...u16be(payload.length),
    ...u32be(0x11223344),
    ...payload,
  ]

  it.each([
    { name: 'IPv4', payload: gtp(PACKET), want: SEEN_PACKET },
    { name: 'IPv6', payload: gtp(PACKET6), want: SEEN_PACKET6 },
    { name: 'a sequence number', payload: gtp([...hex('0001 00 00'), ...PACKET], 0x32), want: SEEN_PACKET },
    { name: 'an N-PDU number', payload: gtp([...hex('0000 07 00'), ...PACKET], 0x31), want: SEEN_PACKET },
    // The next type stands in the fourth optional byte, and in the last byte of each extension; 0x85 is 5G's container.
    { name: 'an extension', payload: gtp([...hex('0000 00 85 01 0909 00'), ...PACKET], 0x34), want: SEEN_PACKET },
    {
      name: 'two extensions',
      payload: gtp([...hex('0000 00 85 01 0909 c0 02 000000000000 00'), ...PACKET], 0x34),
      want: SEEN_PACKET,
    },
    {
      name: 'an extension type that the flags do not announce',
      payload: gtp([...hex('0001 00 85'), ...PACKET], 0x32),
      want: SEEN_PACKET,
    },
  ])('with $name is read', ({ payload, want }) =>
    // The TEID differs by direction and would tear a conversation in two.
    expect(decode(inUdp(2152, payload))).toMatchObject({ ...want, tunnel: 'gtpu', tunnels: 1, vni: -1 }),
  )

  it.each([
    { name: 'an echo request', payload: gtp(PACKET, 0x30, 1) },
    { name: "GTP'", payload: gtp(PACKET, 0x20) },
    { name: 'version 2', payload: gtp(PACKET, 0x50) },
    { name: 'something that is not IP', payload: gtp([0x00, 1, 2, 3]) },
    { name: 'nothing', payload: gtp([]) },
    { name: 'optional fields cut off', payload: gtp([0, 1, 0], 0x32) },
    { name: 'an extension of no length', payload: gtp([...hex('0000 00 85 00 0909 00'), ...PACKET], 0x34) },
    { name: 'an extension past the datagram', payload: gtp([...hex('0000 00 85 40 0909 00')], 0x34) },
    {
      name: 'extensions without end',
      payload: gtp([...hex('0000 00 85'), ...new Array(40).fill(hex('01 0909 85')).flat(), ...PACKET], 0x34),
    },
  ])('is not seen in $name', ({ payload }) => expect(decode(inUdp(2152, payload))).toMatchObject(plain(2152)))
})

describe('GRE', () => {
  /** RFC 2784 §2 and RFC 2890 §2: flags, protocol, then checksum, key and sequence as the flags say. */
  const gre = (flags: number, type: number, rest: Bytes): Bytes => [...u16be(flags), ...u16be(type), ...rest]
  const KEY = hex('00000a00')

  it.each([
    { name: 'IPv4', payload: gre(0, IPV4, PACKET), want: SEEN_PACKET },
    { name: 'IPv6', payload: gre(0, IPV6, PACKET6), want: SEEN_PACKET6 },
    { name: 'a frame', payload: gre(0, TEB, FRAME), want: SEEN_PACKET },
    { name: 'a checksum', payload: gre(0x8000, IPV4, [...hex('12340000'), ...PACKET]), want: SEEN_PACKET },
    { name: 'a sequence number', payload: gre(0x1000, IPV4, [...hex('00000001'), ...PACKET]), want: SEEN_PACKET },
  ])('with $name is read', ({ payload, want }) =>
    expect(decode(outer(47, payload))).toMatchObject({ ...want, tunnel: 'gre', tunnels: 1, vni: -1 }),
  )

  it.each([
    { name: 'its key', payload: gre(0x2000, IPV4, [...KEY, ...PACKET]), vni: 0x0a00 },
    {
      name: 'its key between checksum and sequence number',
      payload: gre(0xb000, IPV4, [...hex('12340000'), ...KEY, ...hex('00000001'), ...PACKET]),
      vni: 0x0a00,
    },
    // RFC 7637 §3.2: 24 bits of network, then 8 that differ by flow.
    { name: "NVGRE's network", payload: gre(0x2000, TEB, [...hex('001389 5a'), ...FRAME]), vni: 5001 },
    { name: "NVGRE's highest network", payload: gre(0x2000, TEB, [...hex('fffffe 5a'), ...FRAME]), vni: 0xfffffe },
  ])('is told apart by $name', ({ payload, vni }) =>
    expect(decode(outer(47, payload))).toMatchObject({ ...SEEN_PACKET, tunnel: 'gre', vni }),
  )

  it('without a key leaves the identifier of the tunnel around it as it is', () => {
    const inner = ethernet(IPV4, ipv4(gre(0, TEB, FRAME), { ...OUTER, proto: 47 }))
    const vxlan = [...hex('08000000 001389 00'), ...inner]
    expect(decode(inUdp(4789, vxlan))).toMatchObject({ ...SEEN_PACKET, tunnel: 'gre', tunnels: 2, vni: 5001 })
  })

  it('carries MPLS, and that is then the inner tunnel', () =>
    expect(decode(outer(47, gre(0, 0x8847, [...hex('00010140'), ...PACKET])))).toMatchObject({
      ...SEEN_PACKET,
      tunnel: 'mpls',
    }))

  it.each([
    { name: 'a keepalive', payload: gre(0, 0, []), stoppedAt: 0 },
    { name: 'a protocol nobody reads', payload: gre(0, 0x00fe, [1, 2, 3]), stoppedAt: 0x00fe },
    { name: 'a key before it', payload: gre(0x2000, 0x00fe, [...KEY, 1, 2, 3]), stoppedAt: 0x00fe },
    { name: 'ARP', payload: gre(0x2000, TEB, [...KEY, ...ARP]), stoppedAt: 0x0806 },
  ])('with $name is the outer conversation', ({ payload, stoppedAt }) =>
    expect(decode(outer(47, payload))).toMatchObject({
      status: 'decoded',
      src: OUTER_SRC,
      proto: 47,
      ports: [0, 0],
      stoppedAt,
      tunnel: null,
      vni: -1,
    }),
  )

  it('around what is not IP, in another tunnel, leaves the conversation in that one', () => {
    const inner = ethernet(IPV4, ipv4(gre(0x2000, 0x00fe, [...KEY, 1, 2, 3]), { src: 0x0a010203, proto: 47 }))
    const vxlan = [...hex('08000000 001389 00'), ...inner]
    const want = { src: [0, 0, 0xffff, 0x0a010203], proto: 47, tunnel: 'vxlan', tunnels: 2, vni: 5001 }
    expect(decode(inUdp(4789, vxlan))).toMatchObject(want)
  })

  it.each([
    { name: 'a header', payload: hex('0000 08') },
    { name: 'a checksum', payload: gre(0x8000, IPV4, hex('123400')) },
    { name: 'a key', payload: gre(0x2000, IPV4, hex('000000')) },
    { name: 'a sequence number', payload: gre(0x3000, IPV4, [...KEY, 0, 0, 0]) },
  ])('cut off inside $name is truncated', ({ payload }) => expect(decode(outer(47, payload)).status).toBe('truncated'))
})

describe('PPTP', () => {
  /** RFC 2637 §4.1: version 1 with a key of payload length and call id; sequence and acknowledgement as flagged. */
  const pptp = (flags: number, payload: Bytes): Bytes => [...u16be(flags), ...hex('880b 0010 0007'), ...payload]
  const PPP = [...hex('ff03 0021'), ...PACKET]

  it.each([
    { name: 'a sequence number', payload: pptp(0x3001, [...hex('00000001'), ...PPP]) },
    { name: 'an acknowledgement as well', payload: pptp(0x3081, [...hex('00000001 00000002'), ...PPP]) },
  ])('with $name is read', ({ payload }) =>
    // The call id differs by direction.
    expect(decode(outer(47, payload))).toMatchObject({ ...SEEN_PACKET, tunnel: 'gre', vni: -1 }),
  )

  it.each([
    { name: 'an acknowledgement alone', payload: pptp(0x2081, hex('00000001')) },
    { name: 'another protocol', payload: hex('3001 88cc 0010 0007 00000001') },
    { name: 'LCP', payload: pptp(0x3001, hex('00000001 ff03 c021 09 01 0008 00000000')) },
  ])('with $name is the outer conversation', ({ payload }) =>
    expect(decode(outer(47, payload))).toMatchObject({
      ...{ status: 'decoded', src: OUTER_SRC, proto: 47, ports: [0, 0] },
      tunnel: null,
    }),
  )

  it('cut off inside its acknowledgement number is truncated', () =>
    expect(decode(outer(47, pptp(0x3081, hex('00000001 000000')))).status).toBe('truncated'))
})

describe('ERSPAN', () => {
  // draft-foschiano-erspan-03 §4.1 and §4.2; session 0x155 in the low ten bits of the second word.
  const TYPE_II = hex('1000 1555 00000000')
  const typeIii = (last: string, rest: Bytes): Bytes => [...hex('2000 1555 00000000 0000'), ...hex(last), ...rest]
  const mirrored = (flags: string, type: string, rest: Bytes): Bytes =>
    outer(47, [...hex(flags), ...hex(type), ...rest])
  const SEQUENCE = hex('00000001')

  it.each([
    { name: 'type I', frame: mirrored('0000', '88be', FRAME), vni: -1 },
    { name: 'type II', frame: mirrored('1000', '88be', [...SEQUENCE, ...TYPE_II, ...FRAME]), vni: 0x155 },
    { name: 'type III', frame: mirrored('1000', '22eb', [...SEQUENCE, ...typeIii('0000', FRAME)]), vni: 0x155 },
    {
      name: 'type III with a platform header',
      frame: mirrored('1000', '22eb', [...SEQUENCE, ...typeIii('0001', [...hex('0102030405060708'), ...FRAME])]),
      vni: 0x155,
    },
    // Frame type 2, IP, in bits 10 to 14 of the last two bytes.
    {
      name: 'type III around IP',
      frame: mirrored('1000', '22eb', [...SEQUENCE, ...typeIii('0800', PACKET)]),
      vni: 0x155,
    },
  ])('$name is read', ({ frame, vni }) =>
    expect(decode(frame)).toMatchObject({ ...SEEN_PACKET, tunnel: 'erspan', tunnels: 1, vni }),
  )

  it.each([
    { name: 'type II', frame: mirrored('1000', '88be', [...SEQUENCE, ...TYPE_II.slice(0, 7)]) },
    { name: 'type III', frame: mirrored('1000', '22eb', [...SEQUENCE, ...typeIii('0000', []).slice(0, 11)]) },
    { name: "type III's platform header", frame: mirrored('1000', '22eb', [...SEQUENCE, ...typeIii('0001', DATA)]) },
  ])('cut off inside $name is truncated', ({ frame }) => expect(decode(frame).status).toBe('truncated'))
})

describe('IP in IP', () => {
  it.each([
    { name: 'IPv4 in IPv4', frame: outer(4, PACKET), want: SEEN_PACKET },
    { name: 'IPv6 in IPv4', frame: outer(41, PACKET6), want: SEEN_PACKET6 },
    { name: 'IPv4 in IPv6', frame: ethernet(IPV6, ipv6(PACKET, { next: 4 })), want: SEEN_PACKET },
    { name: 'IPv6 in IPv6', frame: ethernet(IPV6, ipv6(PACKET6, { next: 41 })), want: SEEN_PACKET6 },
  ])('$name is read', ({ frame, want }) =>
    expect(decode(frame)).toMatchObject({ ...want, tunnel: 'ipip', tunnels: 1, vni: -1 }),
  )

  it('around something that is no IP version is malformed', () =>
    expect(decode(outer(4, [0x55, ...DATA])).status).toBe('malformed'))

  it('around nothing is truncated', () => expect(decode(outer(4, [])).status).toBe('truncated'))

  it('a fragment inside a tunnel has the inner addresses', () => {
    const fragment = ipv4(DATA, { fragment: 0x2000, id: 99 })
    expect(decode(outer(4, fragment))).toMatchObject({
      status: 'fragment',
      src: SEEN_PACKET.src,
      payload: DATA,
      fragment: { id: 99, offset: 0, more: 1 },
    })
  })
})

describe('tunnels in tunnels', () => {
  const nested = (depth: number): Bytes => {
    let packet = PACKET
    for (let n = 0; n < depth; n++) packet = ipv4(packet, { ...OUTER, proto: 4 })
    return ethernet(IPV4, packet)
  }

  it('the innermost is the conversation, and all are counted', () =>
    expect(decode(nested(8))).toMatchObject({ ...SEEN_PACKET, tunnel: 'ipip', tunnels: 8 }))

  it('without end are malformed', () => expect(decode(nested(30)).status).toBe('malformed'))
})
