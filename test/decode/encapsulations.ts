/** One frame of each encapsulation whose inner packet must be plausible before it is believed, and of some that nest. */
import { type Bytes, hex, u16be, u24be } from '../wire/tls-bytes.ts'
import {
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
export const OUTER = { src: 0xc0000201, dst: 0xc0000202 }
export const OUTER_SRC = [0, 0, 0xffff, 0xc0000201]
export const outer = (proto: number, payload: Bytes): Bytes => ethernet(IPV4, ipv4(payload, { ...OUTER, proto }))
export const inUdp = (dstPort: number, payload: Bytes, srcPort = 61_000): Bytes =>
  outer(17, udp(payload, { srcPort, dstPort }))

export const FRAME = ethernet(IPV4, PACKET)
const TAGGED = ethernet(0x8100, [...u16be(7), ...u16be(IPV4), ...PACKET])

/** draft-ietf-nvo3-vxlan-gpe-13 §3: flags, reserved, next protocol, VNI, reserved. */
export const vxlanGpe = (next: number, payload: Bytes, flags = 0x0c): Bytes => [
  flags,
  0,
  0,
  next,
  ...u24be(5001),
  0,
  ...payload,
]

/** RFC 8300 §2.2: version and lengths, metadata type, next protocol, path and index, metadata. */
export const nsh = (next: number, payload: Bytes, mdType = 1, metadata: Bytes = new Array(16).fill(9)): Bytes => [
  ...u16be(0x0fc0 | (2 + metadata.length / 4)),
  mdType,
  next,
  ...hex('000001 ff'),
  ...metadata,
  ...payload,
]

/** RFC 9300 §5.3: flags, nonce or map version, instance and locator status. */
export const lisp = (payload: Bytes, flags = 0x88): Bytes => [
  flags,
  ...u24be(0x123456),
  ...u32be(0x00005501),
  ...payload,
]

const TEREDO_CLIENT = hex('20010000 c0000201 8000 63bf 3fff fdfd')
/** An IPv6 packet whose source is a Teredo address. */
export const TEREDO_PACKET: Bytes = [...PACKET6.slice(0, 8), ...TEREDO_CLIENT, ...PACKET6.slice(24)]
export const TEREDO_ORIGIN = hex('0000 9c40 3ffffdfd')
/** RFC 4380 §5.1.1: type, lengths, client identifier, authentication value, nonce, confirmation. */
export const TEREDO_AUTHENTICATION = hex('0001 04 02 01020304 0506 1122334455667788 00')
const SEEN_TEREDO = { ...SEEN_PACKET6, src: [0x20010000, 0xc0000201, 0x800063bf, 0x3ffffdfd] }

/** RFC 2661 §3.1, with what the flags announce. */
export const l2tp = (flags: number, fields: Bytes, payload: Bytes): Bytes => [...u16be(flags), ...fields, ...payload]
export const SESSION = hex('0011 0022')
const l2tpWithLength = (payload: Bytes): Bytes => l2tp(0x4002, [...u16be(8 + payload.length), ...SESSION], payload)
export const PPP = [...hex('ff03 0021'), ...PACKET]
export const PPP6 = [...hex('0057'), ...PACKET6]

interface CapwapParts {
  flags?: number
  fields?: Bytes
  binding?: number
  /** In place of what the fields add up to, in words. */
  words?: number
}
/** RFC 5415 §4.3: preamble, header length, radio, binding and flags, fragment, then optional fields. */
export const capwap = (payload: Bytes, { flags = 0, fields = [], binding = 1, words }: CapwapParts = {}): Bytes => [
  0,
  ...u24be(((words ?? 2 + fields.length / 4) << 19) | (1 << 14) | (binding << 9) | flags),
  ...u32be(0),
  ...fields,
  ...payload,
]
export const CAPWAP_NATIVE = 0x100
export const CAPWAP_MAC = hex('06 020000000001 00')
export const CAPWAP_WIRELESS = hex('04 01020304 000000')
/** An open 802.11 data frame to the access point, frame control as it stands on the air. */
export const wifi = (control: string, packet: Bytes = PACKET, type = IPV4): Bytes => [
  ...hex(`${control} 0000 020000000001 020000000002 020000000003 0000 aaaa03 000000`),
  ...u16be(type),
  ...packet,
]

/** IEEE 802.1AE-2018 §9.3: TCI, short length, packet number, what they announce, data, check value. */
export const macsec = (tci: number, shortLength: number, sci: string, payload: Bytes): Bytes => [
  ...ethernet(0x88e5, [tci, shortLength, ...hex(`00000001 ${sci}`), ...payload]),
  ...new Array(16).fill(0xcc),
]
const CLEAR = [...u16be(IPV4), ...PACKET]
const SCI = '0200000000020001'

const AH = [6, 4, 0, 0, ...hex('00000100 00000001'), ...new Array(12).fill(0xcc)]

const NO_COOKIE = ['-o', 'l2tp.cookie_size:None', '-o', 'l2tp.l2_specific:None']

interface Encapsulation {
  name: string
  link?: number
  frame: Bytes
  want: object
  tunnel: string
  vni?: number
  tunnels?: number
  /** What tshark must find in the frame; null where it reads none of it. */
  tshark: string | null
  options?: readonly string[]
}

export const ENCAPSULATIONS: readonly Encapsulation[] = [
  ...[
    { name: 'VXLAN-GPE around IPv4', payload: vxlanGpe(1, PACKET), want: SEEN_PACKET },
    { name: 'VXLAN-GPE around IPv6', payload: vxlanGpe(2, PACKET6), want: SEEN_PACKET6 },
    { name: 'VXLAN-GPE around a frame', payload: vxlanGpe(3, FRAME), want: SEEN_PACKET },
    { name: 'VXLAN-GPE around a tagged frame', payload: vxlanGpe(3, TAGGED), want: SEEN_PACKET },
  ].map((row) => ({ ...row, frame: inUdp(4790, row.payload), tunnel: 'vxlan_gpe', vni: 5001, tshark: 'udp' })),
  {
    name: 'VXLAN-GPE around NSH',
    frame: inUdp(4790, vxlanGpe(4, nsh(3, FRAME))),
    want: SEEN_PACKET,
    tunnel: 'nsh',
    vni: 5001,
    tshark: 'nsh',
  },
  ...[
    { name: 'NSH around IPv4', frame: nsh(1, PACKET), want: SEEN_PACKET },
    { name: 'NSH around IPv6', frame: nsh(2, PACKET6), want: SEEN_PACKET6 },
    { name: 'NSH with metadata of type 2', frame: nsh(3, FRAME, 2, hex('0001 01 04 00000007')), want: SEEN_PACKET },
    { name: 'NSH without metadata', frame: nsh(3, FRAME, 2, []), want: SEEN_PACKET },
  ].map((row) => ({ ...row, frame: ethernet(0x894f, row.frame), tunnel: 'nsh', tunnels: 0, tshark: 'nsh' })),
  { name: 'LISP', frame: inUdp(4341, lisp(PACKET)), want: SEEN_PACKET, tunnel: 'lisp', vni: 0x55, tshark: 'lisp-data' },
  {
    name: 'LISP without an instance',
    frame: inUdp(4341, lisp(PACKET6, 0xc0)),
    want: SEEN_PACKET6,
    tunnel: 'lisp',
    tshark: 'lisp-data',
  },
  ...[
    { name: 'Teredo', frame: inUdp(3544, TEREDO_PACKET) },
    { name: 'Teredo from its server', frame: inUdp(61_000, [...TEREDO_ORIGIN, ...TEREDO_PACKET], 3544) },
    { name: 'Teredo with authentication', frame: inUdp(3544, [...TEREDO_AUTHENTICATION, ...TEREDO_PACKET]) },
    {
      name: 'Teredo with both indicators',
      frame: inUdp(61_000, [...TEREDO_AUTHENTICATION, ...TEREDO_ORIGIN, ...TEREDO_PACKET], 3544),
    },
  ].map((row) => ({ ...row, want: SEEN_TEREDO, tunnel: 'teredo', tshark: 'teredo' })),
  ...[
    { name: 'L2TP', frame: inUdp(1701, l2tp(0x0002, SESSION, PPP)), want: SEEN_PACKET },
    { name: 'L2TP with a length', frame: inUdp(1701, l2tpWithLength(PPP6)), want: SEEN_PACKET6 },
    {
      name: 'L2TP with sequence numbers',
      frame: inUdp(1701, l2tp(0x0802, [...SESSION, ...hex('0001 0002')], PPP)),
      want: SEEN_PACKET,
    },
    {
      name: 'L2TP with an offset',
      frame: inUdp(1701, l2tp(0x0202, [...SESSION, ...hex('0002 0000')], PPP)),
      want: SEEN_PACKET,
    },
    { name: 'L2TP to a port of its own', frame: inUdp(61_000, l2tp(0x0002, SESSION, PPP), 1701), want: SEEN_PACKET },
  ].map((row) => ({ ...row, tunnel: 'l2tp', tshark: 'l2tp' })),
  ...[
    { name: 'L2TP version 3 in UDP', frame: inUdp(1701, [...hex('0003 0000 00000007'), ...FRAME]), options: NO_COOKIE },
    { name: 'L2TP version 3 in IP', frame: outer(115, [...hex('00000007'), ...FRAME]), options: NO_COOKIE },
    {
      name: 'L2TP version 3 with a cookie and a sublayer',
      frame: outer(115, [...hex('00000007 1122334455667788 40000001'), ...FRAME]),
      options: ['-o', 'l2tp.cookie_size:8 Byte Cookie', '-o', 'l2tp.l2_specific:Default L2-Specific'],
    },
  ].map((row) => ({
    ...row,
    want: SEEN_PACKET,
    tunnel: 'l2tp',
    tshark: 'l2tp',
    // tshark does not guess what a session carries.
    options: ['-d', 'l2tp.pw_type==0,eth', ...row.options],
  })),
  ...[
    { name: 'CAPWAP around 802.3', frame: inUdp(5247, capwap(FRAME, { binding: 1 })), control: 'FALSE' },
    {
      name: 'CAPWAP around 802.11',
      frame: inUdp(5247, capwap(wifi('0801'), { flags: CAPWAP_NATIVE })),
      control: 'FALSE',
    },
    {
      name: 'CAPWAP with swapped frame control',
      frame: inUdp(5247, capwap(wifi('0108'), { flags: CAPWAP_NATIVE })),
      control: 'TRUE',
    },
    {
      name: 'CAPWAP with all its fields, to a port of its own',
      frame: inUdp(
        61_000,
        capwap(wifi('0801'), { flags: CAPWAP_NATIVE | 0x30, fields: [...CAPWAP_MAC, ...CAPWAP_WIRELESS] }),
        5247,
      ),
      control: 'FALSE',
    },
  ].map((row) => ({
    ...row,
    want: SEEN_PACKET,
    tunnel: 'capwap',
    tshark: 'capwap.data',
    options: ['-o', `capwap.swap_fc:${row.control}`],
  })),
  { name: 'EtherIP', frame: outer(97, [3, 0, ...FRAME]), want: SEEN_PACKET, tunnel: 'etherip', tshark: 'etherip' },
  {
    name: 'EtherIP over IPv6',
    frame: ethernet(IPV6, ipv6([3, 0, ...FRAME], { next: 97 })),
    want: SEEN_PACKET,
    tunnel: 'etherip',
    tshark: 'etherip',
  },
  ...[
    { name: 'MACsec without encryption', frame: macsec(0x00, 0, '', CLEAR) },
    { name: 'MACsec with an identifier', frame: macsec(0x20, 0, SCI, CLEAR) },
    { name: 'MACsec with a short length', frame: macsec(0x20, CLEAR.length, SCI, CLEAR) },
  ].map((row) => ({ ...row, want: SEEN_PACKET, tunnel: 'macsec', tunnels: 0, tshark: 'macsec' })),
  {
    name: 'WCCP with a redirect header',
    frame: outer(47, [...hex('0000 883e 05590048'), ...PACKET]),
    want: SEEN_PACKET,
    tunnel: 'gre',
    tshark: 'gre',
  },
  {
    name: 'GRE version 1 around IP',
    frame: outer(47, [...hex('3001 0800 0010 0007 00000001'), ...PACKET]),
    want: SEEN_PACKET,
    tunnel: 'gre',
    tshark: 'gre',
  },
  {
    name: 'AH',
    frame: outer(51, [...AH, ...tcp([0xd0, 0xd1, 0xd2, 0xd3, 0xd4])]),
    want: { ...SEEN_PACKET, src: OUTER_SRC, dst: [0, 0, 0xffff, 0xc0000202] },
    tunnel: 'ah',
    tunnels: 0,
    tshark: 'ah',
  },
  {
    name: 'AH over IPv6 around IPv4',
    frame: ethernet(IPV6, ipv6([4, ...AH.slice(1), ...PACKET], { next: 51 })),
    want: SEEN_PACKET,
    tunnel: 'ipip',
    tshark: 'ah',
  },
  {
    name: 'an Ethernet pseudowire whose address begins like IPv6',
    frame: ethernet(0x8847, [...hex('00001140 620000000002'), ...FRAME.slice(6)]),
    want: SEEN_PACKET,
    tunnel: 'mpls',
    tunnels: 0,
    tshark: null,
  },
]
