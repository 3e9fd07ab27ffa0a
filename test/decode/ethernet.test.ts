import { describe, expect, it } from 'vitest'
import { type Bytes, hex, u16be } from '../wire/tls-bytes.ts'
import { decode, ethernet, IPV4, IPV6, ipv4, PACKET, PACKET6, SEEN_PACKET, SEEN_PACKET6, tcp, u32be } from './frames.ts'

const VLAN = 0x8100
const QINQ = 0x88a8
const MPLS = 0x8847
const PPPOE = 0x8864

const tagged = (tci: number, type: number, payload: Bytes): Bytes => [...u16be(tci), ...u16be(type), ...payload]

/** RFC 3032 §2.1: label, class, bottom of stack, TTL 64. */
const label = (value: number, bottom: 0 | 1): Bytes => u32be((value << 12) | (bottom << 8) | 64)

const pppoe = (payload: Bytes, header = '1100 0001'): Bytes => [...hex(header), ...u16be(payload.length), ...payload]
const PPP_IPV4 = hex('0021')
const PPP_IPV6 = hex('0057')
const PPP_MPLS = hex('0281')

describe('Ethernet', () => {
  it('leaves padding behind a short packet out of the payload', () =>
    expect(decode([...ethernet(IPV4, PACKET), 0, 0, 0, 0])).toMatchObject(SEEN_PACKET))

  it.each([
    { name: 'ARP', type: 0x0806 },
    { name: 'LLDP', type: 0x88cc },
    { name: 'the lowest ethertype', type: 0x0600 },
  ])('$name is counted by its ethertype', ({ type }) =>
    expect(decode(ethernet(type, new Array(46).fill(0)))).toMatchObject({ status: 'not_ip', stoppedAt: type }),
  )

  it.each([
    { name: 'an 802.1Q tag', frame: ethernet(VLAN, tagged(0x0064, IPV4, PACKET)), vlan: 100 },
    { name: 'a tag with priority and drop bit', frame: ethernet(VLAN, tagged(0xf064, IPV4, PACKET)), vlan: 100 },
    { name: 'the highest identifier', frame: ethernet(VLAN, tagged(0x0ffe, IPV4, PACKET)), vlan: 4094 },
    {
      name: 'QinQ, of which the outer tag counts',
      frame: ethernet(QINQ, tagged(7, VLAN, tagged(100, IPV4, PACKET))),
      vlan: 7,
    },
    {
      name: 'QinQ with the older outer ethertype',
      frame: ethernet(0x9100, tagged(7, VLAN, tagged(100, IPV4, PACKET))),
      vlan: 7,
    },
    { name: 'the oldest outer ethertype', frame: ethernet(0x9200, tagged(7, IPV4, PACKET)), vlan: 7 },
    {
      name: 'three tags',
      frame: ethernet(VLAN, tagged(1, VLAN, tagged(2, VLAN, tagged(3, IPV4, PACKET)))),
      vlan: 1,
    },
    // IEEE 802.1BR §7.5: six bytes; Cisco MetaData: version, length, one option; IEEE 802.1Q §9.7: a whole frame again.
    {
      name: 'an 802.1BR tag before the VLAN tag',
      frame: ethernet(0x893f, [...hex('0000 0001 0000'), ...u16be(VLAN), ...tagged(5, IPV4, PACKET)]),
      vlan: 5,
    },
    {
      name: 'Cisco MetaData',
      frame: ethernet(VLAN, tagged(5, 0x8909, [...hex('01 01 0001 0064'), ...u16be(IPV4), ...PACKET])),
      vlan: 5,
    },
    {
      name: 'a bridged frame as payload',
      frame: ethernet(VLAN, tagged(5, 0x6558, ethernet(IPV4, PACKET))),
      vlan: 5,
    },
    {
      name: 'a provider backbone bridge',
      frame: ethernet(QINQ, tagged(9, 0x88e7, [...hex('00 012345'), ...ethernet(IPV4, PACKET)])),
      vlan: 9,
    },
  ])('reads through $name', ({ frame, vlan }) => expect(decode(frame)).toMatchObject({ ...SEEN_PACKET, vlan }))

  it('tags without end are malformed', () => {
    const tags = Array.from({ length: 40 }, () => tagged(1, VLAN, [])).flat()
    expect(decode(ethernet(VLAN, tags)).status).toBe('malformed')
  })
})

describe('LLC', () => {
  const snap = (organisation: string, type: number, payload: Bytes): Bytes => [
    ...hex('aaaa03'),
    ...hex(organisation),
    ...u16be(type),
    ...payload,
  ]
  const counted = (payload: Bytes): Bytes => ethernet(payload.length, payload)

  it.each([
    { name: 'SNAP', payload: snap('000000', IPV4, PACKET), want: SEEN_PACKET },
    { name: 'SNAP with IPv6', payload: snap('000000', IPV6, PACKET6), want: SEEN_PACKET6 },
    { name: 'SNAP with a VLAN tag', payload: snap('000000', VLAN, tagged(3, IPV4, PACKET)), want: SEEN_PACKET },
    { name: 'IP over its own access point', payload: [...hex('060603'), ...PACKET], want: SEEN_PACKET },
  ])('$name carries IP', ({ payload, want }) => expect(decode(counted(payload))).toMatchObject(want))

  it.each([
    { name: 'spanning tree', payload: hex('424203 0000 00 00 00') },
    { name: 'Novell without LLC', payload: hex('ffff 0022 0004 0000') },
    { name: 'SNAP without an unnumbered frame', payload: [...hex('aaaa00 000000'), ...u16be(IPV4), ...PACKET] },
    { name: 'a frame too short for SNAP', payload: hex('aaaa03 000000') },
  ])('$name is not IP', ({ payload }) => expect(decode(counted(payload)).status).toBe('not_ip'))
})

describe('MPLS', () => {
  it.each([
    { name: 'one label over IPv4', type: MPLS, payload: [...label(16, 1), ...PACKET], want: SEEN_PACKET },
    { name: 'one label over IPv6', type: MPLS, payload: [...label(16, 1), ...PACKET6], want: SEEN_PACKET6 },
    { name: 'multicast', type: 0x8848, payload: [...label(16, 1), ...PACKET], want: SEEN_PACKET },
    {
      name: 'a stack of three',
      type: MPLS,
      payload: [...label(1, 0), ...label(2, 0), ...label(0xfffff, 1), ...PACKET],
      want: SEEN_PACKET,
    },
    {
      name: 'Ethernet behind a control word',
      type: MPLS,
      payload: [...label(16, 1), ...hex('00000000'), ...ethernet(IPV4, PACKET)],
      want: SEEN_PACKET,
    },
    {
      name: 'Ethernet whose address begins like no IP version',
      type: MPLS,
      payload: [...label(16, 1), ...hex('220000000002 020000000001'), ...u16be(IPV4), ...PACKET],
      want: SEEN_PACKET,
    },
  ])('reads through $name', ({ type, payload, want }) =>
    expect(decode(ethernet(type, payload))).toMatchObject({ ...want, tunnel: 'mpls' }),
  )

  it('a label stack without a bottom is truncated', () =>
    expect(decode(ethernet(MPLS, [...label(1, 0), ...label(2, 0)])).status).toBe('truncated'))
})

describe('PPPoE', () => {
  it.each([
    { name: 'IPv4', payload: pppoe([...PPP_IPV4, ...PACKET]), want: SEEN_PACKET },
    { name: 'IPv6', payload: pppoe([...PPP_IPV6, ...PACKET6]), want: SEEN_PACKET6 },
  ])('carries $name', ({ payload, want }) =>
    expect(decode(ethernet(PPPOE, payload))).toMatchObject({ ...want, tunnel: 'pppoe' }),
  )

  it('carries MPLS, and that is then the inner tunnel', () =>
    expect(decode(ethernet(PPPOE, pppoe([...PPP_MPLS, ...label(16, 1), ...PACKET])))).toMatchObject({
      ...SEEN_PACKET,
      tunnel: 'mpls',
    }))

  it.each([
    { name: 'LCP', payload: pppoe(hex('c021 09 01 0008 00000000')) },
    { name: 'another version', payload: pppoe([...PPP_IPV4, ...PACKET], '2100 0001') },
    { name: 'a code other than session data', payload: pppoe([...PPP_IPV4, ...PACKET], '11a7 0001') },
  ])('$name is not IP', ({ payload }) => expect(decode(ethernet(PPPOE, payload)).status).toBe('not_ip'))

  it('discovery is not IP', () =>
    expect(decode(ethernet(0x8863, pppoe(hex('0101 0000'), '1109 0000')))).toMatchObject({
      status: 'not_ip',
      stoppedAt: 0x8863,
    }))

  it('PPP straight on Ethernet is read', () =>
    expect(decode(ethernet(0x880b, [...PPP_IPV4, ...PACKET]))).toMatchObject(SEEN_PACKET))
})

it('an ethertype of IP over something that is no IP version is malformed', () => {
  expect(decode(ethernet(IPV4, [0x50, ...PACKET.slice(1)])).status).toBe('malformed')
})

it('the version in the packet wins over the ethertype', () => {
  expect(decode(ethernet(IPV4, PACKET6))).toMatchObject(SEEN_PACKET6)
  expect(decode(ethernet(IPV6, ipv4(tcp([]))))).toMatchObject({ status: 'decoded', ipVersion: 4 })
})
