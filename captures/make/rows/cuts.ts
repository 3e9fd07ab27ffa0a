/** What mirrors, tunnels, snap lengths and other link layers make of a capture, cut from real ones. */
import { statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import {
  asIpv6,
  be16,
  checksum,
  ETHERNET,
  type Frame,
  fragment,
  ipPacket,
  ipSource,
  isIpv4,
  map,
  readFrames,
  resegment,
  tag,
  wrapIpv4,
  wrapUdp,
  writeBigEndian,
  writeFrames,
} from '../edit.ts'
import type { Row } from '../row.ts'

const CAPTURES = join(import.meta.dirname, '../..')
/** TLS 1.2 with a Certificate over two segments, and TLS 1.3. */
const BASE12 = 'tls12-ecdhe-rsa-aes128gcm.pcap'
export const BASE13 = 'tls13-openssl-x25519.pcap'
const CLIENT = '10.11.0.2'
const SERVER = '10.11.0.3'
const HELLO = 'tls.handshake.type == 1'
const SERVER_HELLO = 'tls.handshake.type == 2'
const CERTIFICATE = 'tls.handshake.type == 11'
export const WHOLE: Row['checks'] = { [HELLO]: 1, [SERVER_HELLO]: 1 }

export interface Cut {
  readonly name: string
  readonly shows: string
  readonly how: string
  readonly checks: Row['checks']
  readonly from?: string
  /** LINKTYPE_ value of what `edit` makes; Ethernet by default. */
  readonly link?: number
  /** How much later it happens than what it is cut from. */
  readonly minutes?: number
  /** The file that has the edit. */
  readonly by?: string
  readonly edit: (frames: Frame[]) => Frame[]
}

export function cut({ name, shows, how, checks, from = BASE12, link = ETHERNET, edit, ...rest }: Cut): Row {
  return {
    name,
    shows,
    peers: `those of \`${from}\``,
    how: `cut from it by \`rows/${rest.by ?? 'cuts.ts'}\`: ${how}`,
    checks,
    from,
    record: async (lab) => {
      writeFrames(lab.raw, link, edit(await later(from, name, rest.minutes)))
    },
  }
}

/** The frames of a capture, moved in time by minutes of their own: a conversation of its own, not the same one twice. */
async function later(
  from: string,
  name: string,
  minutes = 1 + CUTS.findIndex((row) => row.name === name),
): Promise<Frame[]> {
  const frames = (await readFrames(join(CAPTURES, from))).filter(isIpv4)
  return frames.map((frame) => ({ ...frame, timeUs: frame.timeUs + minutes * 60_000_000 }))
}

/** The same edit on every packet, without its Ethernet header. */
const relink = (header: (packet: Buffer, frame: Frame) => Buffer) => (frames: Frame[]) =>
  frames.map((frame) => ({ ...frame, bytes: Buffer.concat([header(ipPacket(frame), frame), ipPacket(frame)]) }))

export const fromClient = (frame: Frame): boolean => ipSource(frame) === CLIENT

const IP_BYTES = 20
const UDP_BYTES = 8
const isEspInUdp = (frame: Frame): boolean => {
  const udp = ipPacket(frame).subarray(IP_BYTES)
  return udp.readUInt16BE(0) === 4500 && udp.readUInt32BE(UDP_BYTES) !== 0
}

function withoutUdp(frame: Frame): Frame {
  const packet = ipPacket(frame)
  const header = Buffer.from(packet.subarray(0, IP_BYTES))
  header.writeUInt16BE(packet.length - UDP_BYTES, 2)
  header[9] = 50
  header.writeUInt16BE(0, 10)
  header.writeUInt16BE(checksum(header), 10)
  return {
    timeUs: frame.timeUs,
    bytes: Buffer.concat([frame.bytes.subarray(0, 14), header, packet.subarray(IP_BYTES + UDP_BYTES)]),
  }
}

export const CUTS: readonly Row[] = [
  cut({
    name: 'tls12-client-side-only.pcap',
    shows: 'a mirror of one direction: only what the client sends. The offer is seen, the agreement is not',
    how: 'frames of the server left out',
    checks: { [HELLO]: 1, [SERVER_HELLO]: 0, [`ip.src == ${SERVER}`]: 0 },
    edit: (frames) => frames.filter(fromClient),
  }),
  cut({
    name: 'tls12-server-side-only.pcap',
    shows: 'a mirror of the other direction: the agreement and the certificates are seen, the offer is not',
    how: 'frames of the client left out',
    checks: { [HELLO]: 0, [SERVER_HELLO]: 1, [`ip.src == ${CLIENT}`]: 0 },
    edit: (frames) => frames.filter((frame) => !fromClient(frame)),
  }),
  cut({
    name: 'tls12-midstream.pcap',
    shows: 'picked up after the handshake: records of application data and nothing that says how they are protected',
    how: 'the first eleven frames left out',
    checks: { 'tls.handshake.type': 0, 'tls.record.content_type == 23': 2 },
    edit: (frames) => frames.slice(11),
  }),
  cut({
    name: 'tls12-snaplen-96.pcap',
    shows: 'frames captured with a snap length of 96 bytes: the hellos are cut short',
    how: 'each frame cut to 96 bytes',
    checks: { 'frame.cap_len < frame.len': 9 },
    edit: (frames) =>
      frames.map((frame) => ({ ...frame, bytes: frame.bytes.subarray(0, 96), wire: frame.bytes.length })),
  }),
  {
    name: 'tls12-file-cut-off.pcap',
    shows: 'a file that ends in the middle of a frame: everything before it is read, and the damage is told',
    peers: `those of \`${BASE12}\``,
    how: 'cut from it by `rows/cuts.ts`: the last 700 bytes are missing',
    checks: {},
    from: BASE12,
    record: async (lab) => {
      writeFrames(lab.raw, ETHERNET, await later(BASE12, 'tls12-file-cut-off.pcap'))
      truncateSync(lab.raw, statSync(lab.raw).size - 700)
    },
  },
  cut({
    name: 'tls12-lost-segment.pcap',
    shows: 'the capture lost the segment with the Certificate: what comes after the gap is unknown, not wrong',
    how: 'the seventh frame left out',
    checks: { [HELLO]: 1, [SERVER_HELLO]: 1, [CERTIFICATE]: 0 },
    edit: (frames) => frames.filter((_, i) => i !== 6),
  }),
  cut({
    name: 'tls12-out-of-order.pcap',
    shows: 'the two segments of the server flight overtake each other, and one comes twice',
    how: 'frames six and seven swapped, the later one repeated',
    checks: { 'tcp.analysis.out_of_order or tcp.analysis.retransmission': 'some' },
    edit: (frames) => [...frames.slice(0, 5), frames[6], frames[5], frames[6], ...frames.slice(7)] as Frame[],
  }),
  cut({
    name: 'tls13-tiny-segments.pcap',
    shows: 'every message arrives in segments of 40 bytes, record headers and hellos split anywhere',
    how: 'each segment with data split',
    from: BASE13,
    checks: { 'tcp.len > 40': 0, [SERVER_HELLO]: 1 },
    edit: (frames) => frames.flatMap((frame) => (frame.bytes.length > 106 ? resegment(frame, 40) : [frame])),
  }),
  cut({
    name: 'tls13-vlan.pcap',
    shows: '802.1Q, VLAN 42',
    how: 'a tag put into each frame',
    from: BASE13,
    checks: { ...WHOLE, 'vlan.id != 42': 0 },
    edit: (frames) => map(frames, (bytes) => tag(bytes, [0x8100, 42])),
  }),
  cut({
    name: 'tls13-qinq.pcap',
    shows: '802.1ad, service tag 100 around VLAN 42',
    how: 'two tags put into each frame',
    from: BASE13,
    checks: WHOLE,
    edit: (frames) => map(frames, (bytes) => tag(bytes, [0x88a8, 100], [0x8100, 42])),
  }),
  cut({
    name: 'tls13-vxlan.pcap',
    shows: 'VXLAN (RFC 7348) with VNI 4711, as VPC traffic mirroring sends it',
    how: 'each frame wrapped',
    from: BASE13,
    checks: { ...WHOLE, 'vxlan.vni == 4711': 'some' },
    edit: (frames) =>
      map(frames, (bytes) => wrapUdp(4789, Buffer.concat([be16(0x0800, 0, 4711 >>> 8, (4711 & 255) << 8), bytes]))),
  }),
  cut({
    name: 'tls13-geneve.pcap',
    shows: 'GENEVE (RFC 8926) with VNI 77 and an option of eight bytes, as gateway load balancers send it',
    how: 'each IP packet wrapped',
    from: BASE13,
    checks: { ...WHOLE, 'geneve.vni == 77': 'some' },
    edit: (frames) =>
      frames.map((frame) => ({
        ...frame,
        bytes: wrapUdp(6081, Buffer.concat([be16(0x0200, 0x0800, 0, 77 << 8, 0x0108, 0x0101, 0, 1), ipPacket(frame)])),
      })),
  }),
  cut({
    name: 'tls13-gre.pcap',
    shows: 'GRE (RFC 2784) with a key (RFC 2890)',
    how: 'each IP packet wrapped',
    from: BASE13,
    checks: { ...WHOLE, 'gre.key == 5': 'some' },
    edit: (frames) =>
      frames.map((frame) => ({
        ...frame,
        bytes: wrapIpv4(47, Buffer.concat([be16(0x2000, 0x0800, 0, 5), ipPacket(frame)])),
      })),
  }),
  cut({
    name: 'tls12-ipv4-fragments.pcap',
    shows: 'the larger segments travel in IPv4 fragments, the last one first',
    how: 'packets above 400 bytes cut into fragments of 400, in reverse',
    checks: { 'ip.flags.mf == 1': 'some', [CERTIFICATE]: 1 },
    edit: (frames) => frames.flatMap((frame) => (frame.bytes.length > 434 ? fragment(frame, 400).reverse() : [frame])),
  }),
  cut({
    name: 'tls13-ipv6.pcap',
    shows: 'the same conversation over IPv6',
    how: 'each IPv4 header replaced',
    from: BASE13,
    checks: { ...WHOLE, ip: 0 },
    edit: (frames) => frames.map(asIpv6),
  }),
  cut({
    name: 'tls13-linux-sll.pcap',
    shows: 'link type 113, Linux cooked capture as of `tcpdump -i any`',
    how: 'Ethernet headers replaced',
    from: BASE13,
    link: 113,
    checks: { ...WHOLE, sll: 'some' },
    edit: relink((_, frame) =>
      Buffer.concat([be16(fromClient(frame) ? 0 : 4, 1, 6), frame.bytes.subarray(6, 12), be16(0, 0x0800)]),
    ),
  }),
  cut({
    name: 'tls13-linux-sll2.pcap',
    shows: 'link type 276, Linux cooked capture version 2',
    how: 'Ethernet headers replaced',
    from: BASE13,
    link: 276,
    checks: { ...WHOLE, sll: 'some' },
    edit: relink((_, frame) =>
      Buffer.concat([
        be16(0x0800, 0, 0, 2, 1, fromClient(frame) ? 0x0006 : 0x0406),
        frame.bytes.subarray(6, 12),
        be16(0),
      ]),
    ),
  }),
  cut({
    name: 'tls13-raw-ip.pcap',
    shows: 'link type 101: IP packets without a link layer',
    how: 'Ethernet headers left out',
    from: BASE13,
    link: 101,
    checks: { ...WHOLE, eth: 0 },
    edit: relink(() => Buffer.alloc(0)),
  }),
  cut({
    name: 'tls13-null-loopback.pcap',
    shows: 'link type 0: BSD loopback, the address family in the byte order of the machine',
    how: 'Ethernet headers replaced',
    from: BASE13,
    link: 0,
    checks: { ...WHOLE, null: 'some' },
    edit: relink(() => Buffer.from([2, 0, 0, 0])),
  }),
  cut({
    name: 'tls13-ppp.pcap',
    shows: 'link type 9: PPP in HDLC-like framing',
    how: 'Ethernet headers replaced',
    from: BASE13,
    link: 9,
    checks: { ...WHOLE, ppp: 'some' },
    edit: relink(() => be16(0xff03, 0x0021)),
  }),
  cut({
    name: 'tls13-wifi-open.pcap',
    shows: 'link type 105: frames of an open 802.11 network, from the station to its access point and back',
    how: 'Ethernet headers replaced by 802.11, LLC and SNAP',
    from: BASE13,
    link: 105,
    checks: { ...WHOLE, wlan: 'some' },
    edit: relink((_, frame) => wifi(frame)),
  }),
  {
    name: 'tls13-big-endian-ns.pcap',
    shows: 'a pcap file in network byte order, with nanoseconds',
    peers: `those of \`${BASE13}\``,
    how: 'cut from it by `rows/cuts.ts`: written anew, 7 ns added to each time',
    checks: WHOLE,
    from: BASE13,
    record: async (lab) => writeBigEndian(lab.raw, await later(BASE13, 'tls13-big-endian-ns.pcap')),
  },
  cut({
    name: 'esp.pcap',
    shows: 'ESP directly over IP, as kernels send it where there is no NAT',
    how: 'the UDP headers of its ESP taken away',
    from: 'ike-v2-esp-in-udp.pcap',
    checks: { esp: 8, udp: 0 },
    edit: (frames) => frames.filter(isEspInUdp).map(withoutUdp),
  }),
]

/** IEEE 802.11 data frame: to the access point from the client, from it to the client. */
function wifi(frame: Frame): Buffer {
  const station = fromClient(frame)
  const control = Buffer.from([0x08, station ? 1 : 2, 0, 0])
  const accessPoint = Buffer.from('0200000000ap'.replace('ap', 'a0'), 'hex')
  const [target, source] = [frame.bytes.subarray(0, 6), frame.bytes.subarray(6, 12)]
  const addresses = station ? [accessPoint, source, target] : [target, accessPoint, source]
  return Buffer.concat([control, ...addresses, be16(0), Buffer.from('aaaa030000000800', 'hex')])
}
