/**
 * A TLS 1.3 flow in each of many tunnels. Only VXLAN-GPE is the kernel's own: for the others the kernel of these recordings
 * has no module. Those that a program of Debian has are in `overlays.ts`; these are wrapped by hand, and read back by tshark.
 */
import { createHash } from 'node:crypto'
import { asIpv6, be16, type Frame, ipPacket, map, tag, wrapIpv4, wrapUdp } from '../edit.ts'
import type { Row } from '../row.ts'
import { BASE13, type Cut, cut, fromClient, WHOLE } from './cuts.ts'
import { opensslRow } from './openssl.ts'

/** Behind those of `cuts.ts`. */
const FIRST_MINUTE = 60
const PPP_IPV4 = be16(0xff03, 0x0021)
const AH_BYTES = 24

const wrapEach = (wrap: (frame: Frame) => Buffer) => (frames: Frame[]) =>
  frames.map((frame) => ({ ...frame, bytes: wrap(frame) }))

/** The client's datagrams go to the tunnel's port, and are answered from it. */
const answered = (port: number, frame: Frame, payload: Buffer): Buffer =>
  fromClient(frame) ? wrapUdp(port, payload) : wrapUdp(49_152, payload, port)

const behindEthernet = (frame: Frame, type: number, payload: Buffer): Buffer =>
  Buffer.concat([frame.bytes.subarray(0, 12), be16(type), payload])

/** An IPv6 packet whose client has a Teredo address (RFC 4380 §4) in place of one for documentation. */
function teredo(frame: Frame): Buffer {
  const packet = Buffer.from(asIpv6(frame).bytes.subarray(14))
  packet.writeUInt32BE(0x20010000, fromClient(frame) ? 8 : 24)
  return packet
}

/** RFC 4302 §2: the header is put between IP and TCP, with an integrity check value of twelve bytes that checks nothing. */
function authenticated(frame: Frame): Buffer {
  const packet = ipPacket(frame)
  const bytes = ((packet[0] as number) & 15) * 4
  const ah = Buffer.alloc(AH_BYTES)
  ah.set([packet[9] as number, AH_BYTES / 4 - 2])
  ah.writeUInt32BE(0x100, 4)
  ah.writeUInt32BE(1, 8)
  return wrapIpv4(51, Buffer.concat([ah, packet.subarray(bytes)]), Buffer.from(packet.subarray(12, 20)))
}

/** Frame control with its bytes swapped, as Cisco's access points have it and as tshark expects it. */
function wirelessFrame(frame: Frame): Buffer {
  const station = fromClient(frame)
  const accessPoint = Buffer.from('0200000000a0', 'hex')
  const [target, source] = [frame.bytes.subarray(0, 6), frame.bytes.subarray(6, 12)]
  const addresses = station ? [accessPoint, source, target] : [target, accessPoint, source]
  const snap = Buffer.from('aaaa030000000800', 'hex')
  return Buffer.concat([be16(station ? 0x0108 : 0x0208, 0), ...addresses, be16(0), snap, ipPacket(frame)])
}

/** Options of GENEVE, each behind class, type and words of data: the endpoint (1), the attachment (2), the flow cookie (3). */
const GWLB = Buffer.concat([
  be16(0x0800, 0x0800, 0, 0),
  ...[be16(0x0108, 0x0102, 0, 0, 0, 11), be16(0x0108, 0x0202, 0, 0, 0, 12), be16(0x0108, 0x0301, 0x1234, 0x5678)],
])

/** Bytes that look like ciphertext, the same in every run. */
const noise = (n: number, bytes: number): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.ceil(bytes / 32) }, (_, i) => createHash('sha256').update(`${n} ${i}`).digest()),
  ).subarray(0, bytes)

function capwapDtls(frame: Frame): Buffer {
  const udp = ipPacket(frame).subarray(20)
  const isClients = fromClient(frame)
  const addresses = Buffer.from(ipPacket(frame).subarray(12, 20))
  const payload = Buffer.concat([be16(0x0100, 0), udp.subarray(8)])
  const ports = isClients ? [udp.readUInt16BE(0), 5246] : [5246, udp.readUInt16BE(2)]
  return wrapIpv4(17, Buffer.concat([be16(...ports, 8 + payload.length, 0), payload]), addresses)
}

const SPECS: readonly (Omit<Cut, 'minutes' | 'from' | 'by'> & Pick<Cut, 'from'>)[] = [
  {
    name: 'tls13-teredo.pcap',
    shows: 'Teredo (RFC 4380): IPv6 in UDP, to port 3544, and answered from it with an origin indication',
    how: 'each packet made IPv6 and wrapped',
    checks: { ...WHOLE, teredo: 'some', 'teredo.orig': 'some' },
    edit: wrapEach((frame) => {
      const origin = fromClient(frame) ? Buffer.alloc(0) : be16(0, 0x3fff, 0x3fff, 0xfdfd)
      return answered(3544, frame, Buffer.concat([origin, teredo(frame)]))
    }),
  },
  {
    name: 'tls13-etherip.pcap',
    shows: 'EtherIP (RFC 3378)',
    how: 'each frame wrapped',
    checks: { ...WHOLE, etherip: 'some' },
    edit: (frames) => map(frames, (bytes) => wrapIpv4(97, Buffer.concat([be16(0x0300), bytes]))),
  },
  {
    name: 'tls13-lisp.pcap',
    shows: 'LISP (RFC 9300), instance 7',
    how: 'each IP packet wrapped',
    checks: { ...WHOLE, 'lisp-data.iid == 7': 'some' },
    edit: wrapEach((frame) => wrapUdp(4341, Buffer.concat([be16(0x0800, 0, 0, 7 << 8), ipPacket(frame)]))),
  },
  {
    name: 'tls13-capwap.pcap',
    shows:
      'CAPWAP (RFC 5415) from an access point to its controller and back: 802.11, frame control swapped as by Cisco',
    how: 'Ethernet headers replaced by 802.11, LLC and SNAP, each frame wrapped',
    checks: { ...WHOLE, 'capwap.data': 'some' },
    edit: wrapEach((frame) => answered(5247, frame, Buffer.concat([be16(0x0010, 0x4300, 0, 0), wirelessFrame(frame)]))),
  },
  {
    name: 'tls13-ah.pcap',
    shows: 'an Authentication Header (RFC 4302) in transport mode: it encrypts nothing',
    how: 'the header put before TCP',
    checks: { ...WHOLE, ah: 'some' },
    edit: wrapEach(authenticated),
  },
  {
    name: 'tls13-l2tp.pcap',
    shows: 'L2TP version 2 (RFC 2661) with PPP, as without IPsec or MPPE',
    how: 'each IP packet wrapped',
    checks: { ...WHOLE, 'l2tp and ppp': 'some' },
    edit: wrapEach((frame) => {
      const payload = Buffer.concat([PPP_IPV4, ipPacket(frame)])
      const session = fromClient(frame) ? [17, 34] : [51, 68]
      return answered(1701, frame, Buffer.concat([be16(0x4002, 8 + payload.length, ...session), payload]))
    }),
  },
  {
    name: 'tls13-pppoe.pcap',
    shows: 'PPPoE (RFC 2516), session 5',
    how: 'its header and that of PPP put behind the Ethernet header',
    checks: { ...WHOLE, 'pppoe.session_id == 5': 'some' },
    edit: wrapEach((frame) => {
      const packet = ipPacket(frame)
      return behindEthernet(frame, 0x8864, Buffer.concat([be16(0x1100, 5, packet.length + 2), be16(0x0021), packet]))
    }),
  },
  {
    name: 'tls13-mpls.pcap',
    shows: 'two MPLS labels (RFC 3032)',
    how: 'labels put behind the Ethernet header',
    checks: { ...WHOLE, 'mpls.label == 16': 'some', 'mpls.label == 17': 'some' },
    edit: wrapEach((frame) =>
      behindEthernet(frame, 0x8847, Buffer.concat([be16(0x0001, 0x0040, 0x0001, 0x1140), ipPacket(frame)])),
    ),
  },
  {
    name: 'tls13-erspan-i.pcap',
    shows: 'ERSPAN type I: GRE of its type, without a sequence number, and the frame at once',
    how: 'each frame wrapped',
    checks: { ...WHOLE, 'gre.proto == 0x88be': 'some', 'gre.flags.sequence_number == 1': 0 },
    edit: (frames) => map(frames, (bytes) => wrapIpv4(47, Buffer.concat([be16(0, 0x88be), bytes]))),
  },
  {
    name: 'tls13-macsec-integrity.pcap',
    shows: 'MACsec (IEEE 802.1AE) that authenticates and does not encrypt',
    how: 'a tag put behind the Ethernet addresses, and 16 bytes that check nothing at the end',
    checks: { ...WHOLE, macsec: 'some' },
    edit: (frames) =>
      frames.map((frame, n) => ({
        ...frame,
        bytes: behindEthernet(
          frame,
          0x88e5,
          Buffer.concat([be16(0, 0, n + 1, 0x0800), ipPacket(frame), Buffer.alloc(16)]),
        ),
      })),
  },
  {
    name: 'macsec-encrypted.pcap',
    shows: 'MACsec that encrypts: nothing of a flow is left, and frames are counted',
    how: 'a tag put behind the Ethernet addresses, noise in place of all behind it',
    checks: { macsec: 'some', 'tcp or tls': 0 },
    edit: (frames) =>
      frames.map((frame, n) => ({
        ...frame,
        bytes: behindEthernet(frame, 0x88e5, Buffer.concat([be16(0x0c00, 0, n + 1), noise(n, frame.bytes.length + 2)])),
      })),
  },
  {
    name: 'tls13-nsh.pcap',
    shows: 'a service function chain (NSH, RFC 8300), path 9, around bare IP',
    how: 'the header put behind the Ethernet header',
    checks: { ...WHOLE, 'nsh.spi == 9': 'some' },
    edit: wrapEach((frame) =>
      behindEthernet(
        frame,
        0x894f,
        Buffer.concat([be16(0x0fc6, 0x0101, 0, 0x09ff), Buffer.alloc(16), ipPacket(frame)]),
      ),
    ),
  },
  {
    name: 'tls13-ipip.pcap',
    shows: 'IPv4 in IPv4 (RFC 2003)',
    how: 'each IP packet wrapped',
    checks: { ...WHOLE, 'ip.proto == 4': 'some' },
    edit: wrapEach((frame) => wrapIpv4(4, ipPacket(frame))),
  },
  {
    name: 'tls13-6in4.pcap',
    shows: 'IPv6 in IPv4 (RFC 4213), as tunnel brokers carry it',
    how: 'each packet made IPv6 and wrapped',
    checks: { ...WHOLE, 'ip.proto == 41': 'some', ipv6: 'some' },
    edit: wrapEach((frame) => wrapIpv4(41, asIpv6(frame).bytes.subarray(14))),
  },
  {
    name: 'tls13-geneve-gwlb.pcap',
    shows:
      "GENEVE as AWS's Gateway Load Balancer sends it: bare IP behind the endpoint, the attachment and a flow cookie",
    how: 'each IP packet wrapped behind three options of class 0x0108',
    checks: { ...WHOLE, 'geneve.option.class == 0x0108': 'some', 'geneve.proto_type == 0x0800': 'some' },
    edit: wrapEach((frame) => wrapUdp(6081, Buffer.concat([GWLB, ipPacket(frame)]))),
  },
  {
    name: 'tls13-nested.pcap',
    shows: 'five around each other: two VLAN tags, MPLS, GRE with a key, VXLAN 4711, and a VLAN tag inside',
    how: 'each frame wrapped',
    checks: { ...WHOLE, 'ieee8021ad.id == 100': 'some', 'mpls.label == 16': 'some', 'vxlan.vni == 4711': 'some' },
    edit: wrapEach((frame) => {
      const vxlan = wrapUdp(
        4789,
        Buffer.concat([be16(0x0800, 0, 4711 >>> 8, (4711 & 255) << 8), tag(frame.bytes, [0x8100, 7])]),
      )
      const gre = wrapIpv4(47, Buffer.concat([be16(0x2000, 0x0800, 0, 5), vxlan.subarray(14)]))
      const mpls = Buffer.concat([gre.subarray(0, 12), be16(0x8847, 0x0001, 0x0140), gre.subarray(14)])
      return tag(mpls, [0x88a8, 100], [0x8100, 42])
    }),
  },
  {
    name: 'dtls-capwap-control.pcap',
    shows: 'CAPWAP whose control channel is in DTLS (RFC 5415 §4.2): the handshake can be read',
    how: 'the client given port 5246 for the server, and a preamble of four bytes put before each record',
    from: 'dtls12-openssl.pcap',
    checks: { 'udp.port == 5246': 'some', 'frame[42:4] == 01:00:00:00': 'some' },
    edit: wrapEach(capwapDtls),
  },
]

const KERNEL = opensslRow({
  name: 'tls13-vxlan-gpe.pcap',
  shows: 'VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe), network 11, around bare IP, as the Linux kernel sends it',
  server: '',
  clients: ['-tls1_3'],
  wiring: 'layer3',
  capture: { interfaces: ['u0'], filter: 'udp dst port 4790' },
  checks: {
    ...WHOLE,
    'udp.dstport == 4790 and tcp': 'some',
    'frame[42:4] == 0c:00:00:01 and frame[46:4] == 00:00:0b:00': 'some',
  },
})

export const TUNNELS: readonly Row[] = [
  KERNEL,
  ...SPECS.map((spec, n) => cut({ from: BASE13, ...spec, by: 'tunnels.ts', minutes: FIRST_MINUTE + n })),
]
