import { describe, expect, it } from 'vitest'
import { decodeFrame, decodeFurther } from '../../src/decode/decode.ts'
import { linkTypeName } from '../../src/decode/link.ts'
import { DECODE_STATUS_NAMES, PacketMeta } from '../../src/decode/packet-meta.ts'
import { type Bytes, hex, u16be } from '../wire/tls-bytes.ts'
import {
  DATA,
  decode,
  ethernet,
  IPV4,
  IPV6,
  ipv4,
  PACKET,
  PACKET6,
  SEEN_PACKET,
  SEEN_PACKET6,
  seen,
  u32be,
  udp,
} from './frames.ts'

// Numbers are those of https://www.tcpdump.org/linktypes.html.
const NULL = 0
const FDDI = 10
const RAW = 101
const C_HDLC = 104
const WIFI = 105
const FRAME_RELAY = 107
const LOOP = 108
const SLL = 113
const RADIOTAP = 127
const PPP_PPPD = 166
const PPI = 192
const NFLOG = 239
const IPOIB = 242
const SLL2 = 276

const u16le = (value: number): Bytes => [value & 0xff, value >>> 8]
const sll = (protocol: number, payload: Bytes, arphrd = 1): Bytes => [
  ...hex('0000'),
  ...u16be(arphrd),
  ...hex('0006 020000000001 0000'),
  ...u16be(protocol),
  ...payload,
]
const sll2 = (protocol: number, payload: Bytes, arphrd = 1): Bytes => [
  ...u16be(protocol),
  ...hex('0000 00000002'),
  ...u16be(arphrd),
  ...hex('00 06 020000000001 0000'),
  ...payload,
]
const SNAP = hex('aaaa03 000000')
const ADDRESSES = hex('020000000001 020000000002 020000000003')
/** Frame control, duration, three addresses, sequence control, and what the row adds. */
const wifi = (control: string, extra = '', snap: Bytes = [...SNAP, ...u16be(IPV4)]): Bytes => [
  ...hex(control),
  ...hex('0000'),
  ...ADDRESSES,
  ...hex('0000'),
  ...hex(extra),
  ...snap,
  ...PACKET,
]
const fddi = (control: number): Bytes => [
  control,
  ...hex('020000000001 020000000002'),
  ...SNAP,
  ...u16be(IPV4),
  ...PACKET,
]
const radiotap = (length: number, frame: Bytes): Bytes => [
  ...hex('0000'),
  ...u16le(length),
  ...new Array(length - 4).fill(0),
  ...frame,
]
const ppi = (link: number, frame: Bytes): Bytes => [
  ...hex('0000 0c00'),
  ...u16le(link),
  ...hex('0000 00000000'),
  ...frame,
]

describe('link types', () => {
  it.each([
    { name: 'Ethernet', link: 1, frame: ethernet(IPV4, PACKET) },
    { name: 'raw IP', link: RAW, frame: PACKET },
    { name: 'raw IP as DLT 12', link: 12, frame: PACKET },
    { name: 'raw IP as DLT 14', link: 14, frame: PACKET },
    { name: 'IPv4', link: 228, frame: PACKET },
    { name: 'NULL of a little-endian host', link: NULL, frame: [...hex('02000000'), ...PACKET] },
    { name: 'NULL of a big-endian host', link: NULL, frame: [...hex('00000002'), ...PACKET] },
    { name: 'LOOP', link: LOOP, frame: [...hex('00000002'), ...PACKET] },
    { name: 'LOOP in the wrong byte order', link: LOOP, frame: [...hex('02000000'), ...PACKET] },
    { name: 'PPP', link: 9, frame: [...hex('0021'), ...PACKET] },
    { name: 'PPP in HDLC framing', link: 50, frame: [...hex('ff03 0021'), ...PACKET] },
    { name: 'PPP with a compressed protocol field', link: 9, frame: [...hex('21'), ...PACKET] },
    {
      name: 'PPPoE without Ethernet',
      link: 51,
      frame: [...hex('11 00 0001'), ...u16be(47), ...hex('0021'), ...PACKET],
    },
    { name: 'pppd, sent', link: PPP_PPPD, frame: [...hex('01 03 0021'), ...PACKET] },
    { name: 'pppd, received, without control field', link: PPP_PPPD, frame: [...hex('00 0021'), ...PACKET] },
    { name: 'pppd with the address field as it was', link: PPP_PPPD, frame: [...hex('ff03 0021'), ...PACKET] },
    { name: 'Cisco HDLC', link: C_HDLC, frame: [...hex('0f00 0800'), ...PACKET] },
    { name: 'frame relay, NLPID of IPv4', link: FRAME_RELAY, frame: [...hex('1841 03 cc'), ...PACKET] },
    { name: 'frame relay with padding', link: FRAME_RELAY, frame: [...hex('1841 03 00 cc'), ...PACKET] },
    { name: 'frame relay with a four-byte address', link: FRAME_RELAY, frame: [...hex('18404001 03 cc'), ...PACKET] },
    { name: 'frame relay, SNAP', link: FRAME_RELAY, frame: [...hex('1841 03 00 80 000000 0800'), ...PACKET] },
    { name: 'frame relay, Cisco', link: FRAME_RELAY, frame: [...hex('1841 0800'), ...PACKET] },
    { name: 'FDDI', link: FDDI, frame: fddi(0x50) },
    { name: 'FDDI, synchronous', link: FDDI, frame: fddi(0xd0) },
    { name: 'IP over InfiniBand', link: IPOIB, frame: [...new Array(40).fill(0x11), ...hex('0800 0000'), ...PACKET] },
    { name: 'Linux cooked', link: SLL, frame: sll(IPV4, PACKET) },
    { name: 'Linux cooked with 802.2', link: SLL, frame: sll(4, [...SNAP, ...u16be(IPV4), ...PACKET]) },
    { name: 'Linux cooked v2', link: SLL2, frame: sll2(IPV4, PACKET) },
    { name: 'Linux cooked v2 with 802.2', link: SLL2, frame: sll2(4, [...SNAP, ...u16be(IPV4), ...PACKET]) },
    ...[SLL, SLL2].flatMap((link) => {
      const cooked = link === SLL ? sll : sll2
      return [
        { name: `${link}: MPLS`, link, frame: cooked(0x8847, [...hex('00001140'), ...PACKET]) },
        { name: `${link}: PPPoE`, link, frame: cooked(0x8864, [...hex('1100 0001 002f 0021'), ...PACKET]) },
        { name: `${link}: PPP`, link, frame: cooked(0x880b, [...hex('0021'), ...PACKET]) },
        { name: `${link}: MACsec`, link, frame: cooked(0x88e5, [...hex('0000 00000001 0800'), ...PACKET]) },
        { name: `${link}: a frame`, link, frame: cooked(0x6558, ethernet(IPV4, PACKET)) },
        // linux/if_arp.h: 770 is frame relay, 803 is 802.11 behind radiotap; the protocol says nothing then.
        { name: `${link}: frame relay`, link, frame: cooked(0, [...hex('1841 03 cc'), ...PACKET], 770) },
        { name: `${link}: radiotap`, link, frame: cooked(4, radiotap(8, wifi('0801')), 803) },
      ]
    }),
    { name: '802.11, to the access point', link: WIFI, frame: wifi('0801') },
    { name: '802.11 with QoS', link: WIFI, frame: wifi('8802', '0000') },
    { name: '802.11 with QoS and HT control', link: WIFI, frame: wifi('8882', '0000 00000000') },
    { name: '802.11 with four addresses', link: WIFI, frame: wifi('0803', '020000000004') },
    { name: '802.11 with four addresses and QoS', link: WIFI, frame: wifi('8803', '020000000004 0000') },
    { name: '802.11 with a header padded to four bytes', link: WIFI, frame: wifi('8802', '0000 0000') },
    { name: 'radiotap', link: RADIOTAP, frame: radiotap(8, wifi('0801')) },
    { name: 'radiotap with fields', link: RADIOTAP, frame: radiotap(25, wifi('0801')) },
    { name: 'PPI around Ethernet', link: PPI, frame: ppi(1, ethernet(IPV4, PACKET)) },
    { name: 'PPI around 802.11', link: PPI, frame: ppi(WIFI, wifi('0801')) },
  ])('$name carries IPv4', ({ link, frame }) =>
    expect(decode(frame, link)).toMatchObject({ ...SEEN_PACKET, vlan: -1, vni: -1 }),
  )

  it.each([
    { name: 'Ethernet', link: 1, frame: ethernet(IPV6, PACKET6) },
    { name: 'raw IP', link: RAW, frame: PACKET6 },
    { name: 'IPv6', link: 229, frame: PACKET6 },
    // AF_INET6 is 10 on Linux, 24 on NetBSD, 28 on FreeBSD, 30 on Darwin.
    ...[10, 24, 28, 30].map((family) => ({
      name: `NULL with family ${family}`,
      link: NULL,
      frame: [family, 0, 0, 0, ...PACKET6],
    })),
    { name: 'LOOP', link: LOOP, frame: [...hex('00000018'), ...PACKET6] },
    { name: 'PPP', link: 9, frame: [...hex('0057'), ...PACKET6] },
    { name: 'Cisco HDLC', link: C_HDLC, frame: [...hex('0f00 86dd'), ...PACKET6] },
    { name: 'frame relay, NLPID of IPv6', link: FRAME_RELAY, frame: [...hex('1841 03 8e'), ...PACKET6] },
    { name: 'frame relay, Cisco', link: FRAME_RELAY, frame: [...hex('1841 86dd'), ...PACKET6] },
    { name: 'Linux cooked', link: SLL, frame: sll(IPV6, PACKET6) },
    { name: 'Linux cooked v2', link: SLL2, frame: sll2(IPV6, PACKET6) },
  ])('$name carries IPv6', ({ link, frame }) => expect(decode(frame, link)).toMatchObject(SEEN_PACKET6))

  it.each([
    { name: 'Linux cooked', link: SLL, frame: sll(0x8100, [...hex('a00c 0800'), ...PACKET]) },
    { name: 'Linux cooked v2', link: SLL2, frame: sll2(0x8100, [...hex('a00c 0800'), ...PACKET]) },
    {
      name: 'Linux cooked v2, a tag in a tag',
      link: SLL2,
      frame: sll2(0x88a8, [...hex('000c 8100 0063 0800'), ...PACKET]),
    },
  ])('$name keeps the VLAN tag', ({ link, frame }) =>
    expect(decode(frame, link)).toMatchObject({ ...SEEN_PACKET, vlan: 12 }),
  )

  it.each([
    { name: 'AppleTalk on LOOP', link: LOOP, frame: [...hex('00000010'), 1, 2], stoppedAt: 16, status: 'not_ip' },
    { name: 'LCP on PPP', link: 9, frame: hex('c021 01 01 0004'), stoppedAt: 0xc021, status: 'not_ip' },
    { name: 'SLARP on Cisco HDLC', link: C_HDLC, frame: hex('8f00 8035 0000'), stoppedAt: 0x8035, status: 'not_ip' },
    { name: 'OSI on frame relay', link: FRAME_RELAY, frame: hex('1841 03 81 0000'), stoppedAt: 0x81, status: 'not_ip' },
    { name: 'ARP on Linux cooked', link: SLL, frame: sll(0x0806, []), stoppedAt: 0x0806, status: 'not_ip' },
    { name: 'CAN on Linux cooked', link: SLL, frame: sll(0x000c, []), stoppedAt: 12, status: 'not_ip' },
    { name: 'a token on FDDI', link: FDDI, frame: [0x80, ...fddi(0).slice(1)], stoppedAt: 0x80, status: 'not_ip' },
    {
      name: 'ARP over InfiniBand',
      link: IPOIB,
      frame: [...new Array(40).fill(0), ...hex('0806 0000 0000')],
      stoppedAt: 0x0806,
      status: 'not_ip',
    },
    { name: 'netlink on Linux cooked', link: SLL, frame: sll(0x0800, PACKET, 824), stoppedAt: 2048, status: 'not_ip' },
    { name: 'CAN on Linux cooked v2', link: SLL2, frame: sll2(0x000c, []), stoppedAt: 12, status: 'not_ip' },
    { name: 'ARP on Linux cooked v2', link: SLL2, frame: sll2(0x0806, []), stoppedAt: 0x0806, status: 'not_ip' },
    { name: 'a link type nobody wrote', link: 147, frame: PACKET, stoppedAt: 147, status: 'unsupported' },
    {
      name: 'PPI around a link type nobody wrote',
      link: PPI,
      frame: ppi(147, PACKET),
      stoppedAt: 147,
      status: 'unsupported',
    },
  ])('$name is counted by its number', ({ link, frame, stoppedAt, status }) =>
    expect(decode(frame, link)).toMatchObject({ status, stoppedAt }),
  )

  it('frame relay with a control field of its own is not read', () =>
    expect(decode([...hex('1841 3f cc'), ...PACKET], FRAME_RELAY)).toMatchObject({ status: 'not_ip' }))

  it('PPI is not taken apart twice', () =>
    expect(decode(ppi(PPI, ppi(1, ethernet(IPV4, PACKET))), PPI).status).not.toBe('decoded'))

  it.each([
    { name: 'a PPI header shorter than itself', link: PPI, frame: [...hex('0000 0400 0100 0000'), ...PACKET] },
    { name: 'a PPI header longer than the frame', link: PPI, frame: hex('0000 ff00 0100 0000') },
    {
      name: 'a radiotap header shorter than itself',
      link: RADIOTAP,
      frame: [...hex('0000 0400 00000000'), ...wifi('0801')],
    },
    { name: 'a radiotap header longer than the frame', link: RADIOTAP, frame: hex('0000 ff00 00000000') },
    { name: 'a frame relay address that does not end', link: FRAME_RELAY, frame: new Array(12).fill(0x18) },
  ])('does not run past $name', ({ link, frame }) => expect(decode(frame, link).status).toBe('truncated'))

  it('knows its link types by name', () =>
    expect([1, 276, 4711].map(linkTypeName)).toEqual(['ethernet', 'linux-sll2', 'linktype 4711']))
})

describe('802.11 frames that say nothing of what they carry', () => {
  it.each([
    { name: 'a beacon', frame: wifi('8000') },
    { name: 'a control frame', frame: wifi('d400') },
    { name: 'a data frame that the link protects', frame: wifi('0841') },
    { name: 'a QoS data frame that the link protects', frame: wifi('8841', '0000') },
    { name: 'a null function frame', frame: wifi('4801') },
    { name: 'a QoS null frame', frame: wifi('c801', '0000') },
    { name: 'an acknowledgement, shorter than a data header', frame: hex('d400 0000 020000000001') },
  ])('$name', ({ frame }) => expect(decode(frame, WIFI).status).toBe('link_only'))

  it('an open frame with another LLC is no IP', () =>
    expect(decode(wifi('0801', '', hex('4242 03 00000000 00')), WIFI).status).toBe('not_ip'))
})

describe('NFLOG', () => {
  const tlv = (type: number, value: Bytes, big: boolean): Bytes => {
    const u16 = big ? u16be : u16le
    const pad = (4 - (value.length % 4)) % 4
    return [...u16(value.length + 4), ...u16(type), ...value, ...new Array(pad).fill(0)]
  }
  /** Packet header, mark (3) and prefix (10, "fw") before the payload, as ulogd's kernel side writes them. */
  const nflog = (packet: Bytes, big: boolean): Bytes => [
    ...hex('02 00 0000'),
    ...tlv(1, hex('08000100'), big),
    ...tlv(3, u32be(7), big),
    ...tlv(10, hex('667700'), big),
    ...tlv(9, packet, big),
  ]

  it.each([
    { name: 'a little-endian host', big: false },
    { name: 'a big-endian host', big: true },
  ])('finds the packet among the attributes of $name', ({ big }) =>
    expect(decode(nflog(PACKET, big), NFLOG)).toMatchObject(SEEN_PACKET),
  )

  it.each([256, 257, 511, 512, 515, 1024, 1028, 1500])('finds a packet whose attribute has %i bytes', (length) => {
    const data = new Array(length - 4 - 40).fill(0x5a)
    const whole = hex('45000000 00000000 40060000 0a000001 0a000002')
    const packet = [...whole.slice(0, 2), ...u16be(40 + data.length), ...whole.slice(4)]
    const segment = hex('c35001bb 000003e8 00000000 5018ffff 00000000')
    const seen = decode(nflog([...packet, ...segment, ...data], false), NFLOG)
    expect(seen).toMatchObject({ status: 'decoded', ports: [50_000, 443], payload: data })
  })

  it.each([
    { name: 'an attribute of no length', frame: hex('02000000 0000 0100 0000') },
    { name: 'attributes without a payload', frame: [...hex('02000000'), ...tlv(3, u32be(7), false)] },
    { name: 'a last attribute that goes past the frame', frame: hex('02000000 ff00 0100 0000') },
  ])('$name is not IP', ({ frame }) => expect(decode(frame, NFLOG).status).toBe('not_ip'))
})

describe('802.11 aggregates', () => {
  /** IEEE 802.11-2020 §9.3.2.2.2: two addresses and a length, then LLC; the flag of QoS control announces them. */
  const subframe = (packet: Bytes, type: number, padding: number): Bytes => [
    ...hex('020000000002 020000000001'),
    ...u16be(8 + packet.length),
    ...SNAP,
    ...u16be(type),
    ...packet,
    ...new Array(padding).fill(0),
  ]
  const aggregate = (...subframes: readonly Bytes[]): Bytes => [
    ...hex('8801 0000'),
    ...ADDRESSES,
    ...hex('0000 8000'),
    ...subframes.flat(),
  ]
  const SECOND = ipv4(udp([7, 8, 9], { srcPort: 1111, dstPort: 2222 }), { proto: 17 })
  const odd = (packet: Bytes): number => -(14 + 8 + packet.length) & 3
  const FRAME = aggregate(
    subframe(PACKET, IPV4, odd(PACKET)),
    subframe(SECOND, IPV4, odd(SECOND)),
    subframe(PACKET6, IPV6, 0),
  )

  /** All packets of a frame, one after the other. */
  function decodeAll(frame: Bytes, wireLength = frame.length) {
    const m = new PacketMeta()
    const buf = Uint8Array.from(frame)
    const all = [seen(DECODE_STATUS_NAMES[decodeFrame(buf, 0, buf.length, wireLength, WIFI, m)], buf, m)]
    while (m.furtherAt >= 0) all.push(seen(DECODE_STATUS_NAMES[decodeFurther(buf, m)], buf, m))
    return all
  }

  it('give all their packets', () =>
    expect(decodeAll(FRAME)).toMatchObject([
      SEEN_PACKET,
      { ...SEEN_PACKET, proto: 17, ports: [1111, 2222], payload: [7, 8, 9] },
      SEEN_PACKET6,
    ]))

  it('give those of which enough was captured, and tell what of them was not', () => {
    const cut = decodeAll(FRAME.slice(0, -3), FRAME.length)
    expect(cut).toHaveLength(3)
    expect(cut[2]).toMatchObject({ ...SEEN_PACKET6, payload: DATA.slice(0, 2), missing: 3 })
    expect(decodeAll(FRAME.slice(0, -(PACKET6.length + 10)), FRAME.length)).toHaveLength(2)
  })

  it('with a length past the frame are one packet', () => {
    const lying = aggregate(subframe(PACKET, IPV4, 0)).with(38, 0xff)
    expect(decodeAll(lying)).toMatchObject([SEEN_PACKET])
  })

  it('do not go on in the next frame', () => {
    const m = new PacketMeta()
    decode(FRAME, WIFI, FRAME.length, m)
    expect(m.furtherAt).toBeGreaterThan(0)
    decode(wifi('0801'), WIFI, undefined, m)
    expect(m.furtherAt).toBe(-1)
  })

  it('that a driver took apart keep their flag, and are read as they are', () =>
    expect(
      decodeAll([...hex('8801 0000'), ...ADDRESSES, ...hex('0000 8000'), ...SNAP, ...u16be(IPV4), ...PACKET]),
    ).toMatchObject([SEEN_PACKET]))

  it('are never more than the frame has room for', () => {
    const empty = hex('020000000002 020000000001 0000 aaaa03 000000 0800')
    expect(decodeAll(aggregate(...new Array(50).fill([...empty])))).not.toHaveLength(0)
  })

  it('cut off inside the first header are truncated', () =>
    expect(decodeAll(FRAME.slice(0, 26 + 21), FRAME.length)).toMatchObject([{ status: 'truncated' }]))
})
