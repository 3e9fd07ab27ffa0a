/** Cut, broken and invented frames. `decode` reads through a fence: a read outside the captured bytes throws. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DECODE_STATUS_NAMES } from '../../src/decode/packet-meta.ts'
import { type Bytes, hex, u16be } from '../wire/tls-bytes.ts'
import { ENCAPSULATIONS } from './encapsulations.ts'
import { DATA, decode, ethernet, IPV4, IPV6, ipv4, ipv6, PACKET, PACKET6, tcp, udp } from './frames.ts'

const LINKS = [0, 1, 9, 10, 12, 14, 50, 51, 101, 104, 105, 107, 108, 113, 127, 166, 192, 228, 229, 239, 242, 276]
const FRAME = ethernet(IPV4, PACKET)
const inUdp = (dstPort: number, payload: Bytes): Bytes => ethernet(IPV4, ipv4(udp(payload, { dstPort }), { proto: 17 }))
const over = (proto: number, payload: Bytes): Bytes => ethernet(IPV4, ipv4(payload, { proto }))
const behind = (type: number, header: string, payload: Bytes): Bytes => ethernet(type, [...hex(header), ...payload])

/** One frame of everything that has a header of its own. */
const FRAMES = [
  { name: 'TCP over IPv4', link: 1, frame: FRAME },
  {
    name: 'options of IPv4 and TCP',
    link: 1,
    frame: ethernet(IPV4, ipv4(tcp(DATA, { options: new Array(40).fill(1) }), { options: new Array(40).fill(1) })),
  },
  { name: 'TCP over IPv6', link: 1, frame: ethernet(IPV6, PACKET6) },
  { name: 'UDP', link: 1, frame: over(17, udp(DATA)) },
  { name: 'SCTP', link: 1, frame: over(132, [...u16be(1), ...u16be(2), ...hex('0000000000000000'), ...DATA]) },
  { name: 'ICMP', link: 1, frame: over(1, DATA) },
  { name: 'AH', link: 1, frame: over(51, [6, 1, ...new Array(10).fill(0), ...tcp(DATA)]) },
  {
    name: 'extension headers',
    link: 1,
    frame: ethernet(
      IPV6,
      ipv6(
        [
          ...hex('2b00000000000000 2c01000000000000 0000000000000000 3300000000000000'),
          6,
          1,
          ...new Array(10).fill(0),
          ...tcp(DATA),
        ],
        { next: 0 },
      ),
    ),
  },
  { name: 'an IPv4 fragment', link: 1, frame: ethernet(IPV4, ipv4(DATA, { fragment: 0x2000 })) },
  {
    name: 'an IPv6 fragment',
    link: 1,
    frame: ethernet(IPV6, ipv6([...hex('0600000100000001'), ...DATA], { next: 44 })),
  },
  { name: 'tags', link: 1, frame: behind(0x88a8, '0001 8100 0002 0800', PACKET) },
  { name: 'an 802.1BR tag', link: 1, frame: behind(0x893f, '000000000000 0800', PACKET) },
  { name: 'Cisco MetaData', link: 1, frame: behind(0x8909, '010100010064 0800', PACKET) },
  { name: 'a backbone bridge', link: 1, frame: behind(0x88e7, '00000001', FRAME) },
  { name: 'SNAP', link: 1, frame: behind(100, 'aaaa03 000000 0800', PACKET) },
  { name: 'MPLS', link: 1, frame: behind(0x8847, '00001040 00002140', PACKET) },
  { name: 'MPLS with a control word', link: 1, frame: behind(0x8847, '00001140 00000000', FRAME) },
  { name: 'PPPoE', link: 1, frame: behind(0x8864, '1100 0001 002f 0021', PACKET) },
  { name: 'VXLAN', link: 1, frame: inUdp(4789, [...hex('08000000 00000700'), ...FRAME]) },
  { name: 'GENEVE', link: 1, frame: inUdp(6081, [...hex('01006558 00000700 01020304'), ...FRAME]) },
  { name: 'GTP-U', link: 1, frame: inUdp(2152, [...hex('34ff0036 00000001 00000085 01090900'), ...PACKET]) },
  { name: 'GRE', link: 1, frame: over(47, [...hex('b0000800 00000000 00000001 00000002'), ...PACKET]) },
  { name: 'PPTP', link: 1, frame: over(47, [...hex('3081880b 00100007 00000001 00000002 ff030021'), ...PACKET]) },
  { name: 'ERSPAN II', link: 1, frame: over(47, [...hex('100088be 00000001 1000000100000000'), ...FRAME]) },
  {
    name: 'ERSPAN III',
    link: 1,
    frame: over(47, [...hex('100022eb 00000001 20000001 00000000 00000001 0000000000000000'), ...FRAME]),
  },
  { name: 'IP in IP', link: 1, frame: over(4, PACKET) },
  { name: 'NULL', link: 0, frame: [...hex('02000000'), ...PACKET] },
  { name: 'PPP', link: 9, frame: [...hex('ff030021'), ...PACKET] },
  { name: 'pppd', link: 166, frame: [...hex('01030021'), ...PACKET] },
  { name: 'PPPoE without Ethernet', link: 51, frame: [...hex('1100 0001 002f 0021'), ...PACKET] },
  { name: 'Cisco HDLC', link: 104, frame: [...hex('0f000800'), ...PACKET] },
  { name: 'frame relay', link: 107, frame: [...hex('1841 03 00 80 000000 0800'), ...PACKET] },
  { name: 'FDDI', link: 10, frame: [...hex('50 020000000001 020000000002 aaaa03 000000 0800'), ...PACKET] },
  { name: 'IP over InfiniBand', link: 242, frame: [...new Array(40).fill(2), ...hex('0800 0000'), ...PACKET] },
  { name: 'Linux cooked', link: 113, frame: [...hex('0000 0001 0006 0200000000010000 0800'), ...PACKET] },
  {
    name: 'Linux cooked v2',
    link: 276,
    frame: [...hex('8100 0000 00000002 0001 00 06 0200000000010000 0001 0800'), ...PACKET],
  },
  {
    name: '802.11',
    link: 105,
    frame: [...hex('8883 0000'), ...new Array(28).fill(2), ...hex('0000 00000000 aaaa03 000000 0800'), ...PACKET],
  },
  {
    name: 'radiotap',
    link: 127,
    frame: [...hex('0000 0800 00000000 0801 0000'), ...new Array(20).fill(2), ...hex('aaaa03 000000 0800'), ...PACKET],
  },
  { name: 'PPI', link: 192, frame: [...hex('0000 0800 01000000'), ...FRAME] },
  { name: 'NFLOG', link: 239, frame: [...hex('02000000 0800 0100 08000100'), 4 + PACKET.length, 0, 9, 0, ...PACKET] },
  // What trails a frame of MACsec is no part of the packet.
  ...ENCAPSULATIONS.map(({ name, link = 1, frame, tunnel }) => ({
    name,
    link,
    frame: tunnel === 'macsec' ? frame.slice(0, -16) : frame,
  })),
]

describe('a frame cut off at any byte', () => {
  it.each(FRAMES)('$name', ({ link, frame }) => {
    const whole = decode(frame, link)
    expect(['decoded', 'fragment']).toContain(whole.status)
    for (let length = 0; length < frame.length; length++) {
      const cut = decode(frame.slice(0, length), link, frame.length)
      expect(DECODE_STATUS_NAMES).toContain(cut.status)
      // What was read of a cut frame is what was there; the rest is missing, byte for byte.
      if (cut.status !== whole.status || cut.tunnels !== whole.tunnels) continue
      const captured = whole.payload.slice(0, cut.payload.length)
      expect({ ...cut, payload: captured, missing: 0 }).toEqual({ ...whole, payload: captured })
      expect(cut.payload).toEqual(captured)
      expect(cut.payload.length + cut.missing).toBe(whole.payload.length)
    }
    // The innermost payload is all that may be cut without changing what is known of the packet.
    const headers = frame.slice(0, frame.length - whole.payload.length)
    expect(decode(headers, link, frame.length)).toMatchObject({ status: whole.status, payload: [] })
  })

  it.each(FRAMES)('$name, when that was all there was on the wire', ({ link, frame }) => {
    const statuses = Array.from(
      { length: frame.length + 1 },
      (_, length) => decode(frame.slice(0, length), link).status,
    )
    for (const status of statuses) expect(DECODE_STATUS_NAMES).toContain(status)
    expect(statuses.at(-1)).toBe(decode(frame, link).status)
    expect(statuses[0]).not.toBe('decoded')
  })
})

describe('whatever the bytes are', () => {
  const check = (frame: Bytes, link: number, wireLength: number): void => {
    const { status, payload, missing, ports, vlan, vni } = decode(frame, link, wireLength)
    expect(DECODE_STATUS_NAMES).toContain(status)
    expect(payload.length).toBeLessThanOrEqual(frame.length)
    expect(missing).toBeGreaterThanOrEqual(0)
    for (const value of [missing, ...ports, vlan, vni]) expect(Number.isInteger(value)).toBe(true)
  }

  it('a frame with bytes changed is read without a throw, inside its bounds', () => {
    const change = fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(0, 1, 4, 6, 0x0f, 0x45, 0x60, 0x80, 0xff), fc.nat(255)))
    const property = fc.property(
      fc.constantFrom(...FRAMES),
      fc.array(change, { minLength: 1, maxLength: 8 }),
      fc.nat(100),
      ({ frame, link }, changes, more) => {
        const bytes = [...frame]
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        check(bytes, link, bytes.length + more)
      },
    )
    fc.assert(property, { numRuns: 5000, seed: 1 })
  })

  it('bytes out of nowhere are read without a throw, as any link type', () => {
    const property = fc.property(
      fc.array(fc.nat(255), { maxLength: 120 }),
      fc.constantFrom(...LINKS),
      fc.nat(200),
      (bytes, link, more) => check(bytes, link, bytes.length + more),
    )
    fc.assert(property, { numRuns: 5000, seed: 2 })
  })

  it('a wire length below what was captured is not believed', () =>
    expect(decode(FRAME, 1, 10)).toEqual(decode(FRAME, 1, FRAME.length)))
})
