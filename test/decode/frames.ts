/** Writes frames byte by byte, and reads one back through a fence that throws at any read outside the captured bytes. */
import { decodeFrame } from '../../src/decode/decode.ts'
import { DECODE_STATUS_NAMES, PacketMeta, TUNNEL_NAMES } from '../../src/decode/packet-meta.ts'
import { type Bytes, hex, u16be } from '../wire/tls-bytes.ts'

export const u32be = (value: number): Bytes => [...u16be(value >>> 16), ...u16be(value)]

const CLIENT = 0x0a000001
const SERVER = 0x0a000002
/** 10.0.0.1 and 10.0.0.2 as IPv4-mapped words, 2001:db8::1 and 2001:db8::2 as they are. */
export const V4_CLIENT = [0, 0, 0xffff, CLIENT]
export const V4_SERVER = [0, 0, 0xffff, SERVER]
export const V6_CLIENT = [0x20010db8, 0, 0, 1]
export const V6_SERVER = [0x20010db8, 0, 0, 2]

export const IPV4 = 0x0800
export const IPV6 = 0x86dd

export const ethernet = (type: number, payload: Bytes): Bytes => [
  ...hex('020000000002 020000000001'),
  ...u16be(type),
  ...payload,
]

export interface Ipv4Parts {
  src?: number
  dst?: number
  proto?: number
  options?: Bytes
  /** In place of what the header and the payload add up to. */
  total?: number
  /** In place of what the options need, in 32-bit words. */
  ihl?: number
  id?: number
  /** Flags and fragment offset, as they stand in the header. */
  fragment?: number
}

export const ipv4 = (payload: Bytes, parts: Ipv4Parts = {}): Bytes => {
  const { options = [] } = parts
  const length = 20 + options.length
  return [
    0x40 | (parts.ihl ?? length / 4),
    0,
    ...u16be(parts.total ?? length + payload.length),
    ...u16be(parts.id ?? 0x1234),
    ...u16be(parts.fragment ?? 0x4000),
    64,
    parts.proto ?? 6,
    ...u16be(0),
    ...u32be(parts.src ?? CLIENT),
    ...u32be(parts.dst ?? SERVER),
    ...options,
    ...payload,
  ]
}

export interface Ipv6Parts {
  next?: number
  payloadLength?: number
}

export const ipv6 = (payload: Bytes, parts: Ipv6Parts = {}): Bytes => [
  ...u32be(0x60000000),
  ...u16be(parts.payloadLength ?? payload.length),
  parts.next ?? 6,
  64,
  ...V6_CLIENT.flatMap(u32be),
  ...V6_SERVER.flatMap(u32be),
  ...payload,
]

export interface TcpParts {
  srcPort?: number
  dstPort?: number
  seq?: number
  flags?: number
  options?: Bytes
  /** In place of what the options need, in 32-bit words. */
  dataOffset?: number
}

export const tcp = (payload: Bytes, parts: TcpParts = {}): Bytes => {
  const { options = [] } = parts
  return [
    ...u16be(parts.srcPort ?? 50_000),
    ...u16be(parts.dstPort ?? 443),
    ...u32be(parts.seq ?? 1000),
    ...u32be(2000),
    (parts.dataOffset ?? 5 + options.length / 4) << 4,
    parts.flags ?? 0x18,
    ...u16be(0xffff),
    ...u16be(0),
    ...u16be(0),
    ...options,
    ...payload,
  ]
}

export interface UdpParts {
  srcPort?: number
  dstPort?: number
  length?: number
}

export const udp = (payload: Bytes, parts: UdpParts = {}): Bytes => [
  ...u16be(parts.srcPort ?? 50_000),
  ...u16be(parts.dstPort ?? 53),
  ...u16be(parts.length ?? 8 + payload.length),
  ...u16be(0),
  ...payload,
]

export const DATA: Bytes = [0xd0, 0xd1, 0xd2, 0xd3, 0xd4]
/** The innermost packet of most frames here, and what there is to see in it. */
export const PACKET = ipv4(tcp(DATA))
export const SEEN_PACKET = {
  status: 'decoded',
  src: V4_CLIENT,
  dst: V4_SERVER,
  proto: 6,
  ports: [50_000, 443],
  payload: DATA,
  missing: 0,
}
export const PACKET6 = ipv6(tcp(DATA))
export const SEEN_PACKET6 = { ...SEEN_PACKET, src: V6_CLIENT, dst: V6_SERVER }

export const LINK_ETHERNET = 1

const BEFORE = 5
const AFTER = 64

/** Decodes a frame that lies between other bytes, of which none may be read. */
export function decode(frame: Bytes, link = LINK_ETHERNET, wireLength = frame.length, m = new PacketMeta()) {
  const end = BEFORE + frame.length
  const buf = Uint8Array.from([...new Array(BEFORE).fill(0x45), ...frame, ...new Array(AFTER).fill(0x45)])
  const status = decodeFrame(fence(buf, BEFORE, end), BEFORE, end, wireLength, link, m)
  return seen(DECODE_STATUS_NAMES[status], buf, m)
}

/** What decoding left in `m`, in a shape to compare. */
export const seen = (status: (typeof DECODE_STATUS_NAMES)[number], buf: Uint8Array, m: PacketMeta) => ({
  status,
  ipVersion: m.ipVersion,
  src: [m.src0, m.src1, m.src2, m.src3].map((word) => word >>> 0),
  dst: [m.dst0, m.dst1, m.dst2, m.dst3].map((word) => word >>> 0),
  proto: m.proto,
  ports: [m.srcPort, m.dstPort],
  seq: m.seq,
  tcpFlags: m.tcpFlags,
  payload: [...buf.slice(m.at, m.end)],
  missing: m.missing,
  vlan: m.vlan,
  vni: m.vni,
  tunnel: TUNNEL_NAMES[m.tunnel],
  tunnels: m.tunnels,
  fragment: { id: m.fragmentId, offset: m.fragmentOffset, more: m.moreFragments },
  stoppedAt: m.stoppedAt,
})

function fence(buf: Uint8Array, at: number, end: number): Uint8Array {
  return new Proxy(buf, {
    get(target, key) {
      const index = Number(String(key))
      if (index < at || index >= end) throw new RangeError(`byte ${index} was read, outside ${at}..${end}`)
      return Reflect.get(target, key, target)
    },
  })
}
