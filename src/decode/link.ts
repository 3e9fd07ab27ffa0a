import { u8, u16 } from '../core/bytes.ts'
import { layerOf, skipToEthertype } from './ethernet.ts'
import { MIN_ETHERTYPE } from './ethertypes.ts'
import {
  LAYER_ETHERNET,
  LAYER_IP,
  LAYER_LLC,
  LAYER_NOT_IP,
  LAYER_PPP,
  LAYER_TRUNCATED,
  LAYER_UNSUPPORTED,
} from './layers.ts'
import type { PacketMeta } from './packet-meta.ts'
import { decodeRadiotap, decodeWifi, le16, skipPpi } from './wifi.ts'

interface LinkType {
  readonly name: string
  /** Reads the link header at `m.at` and names the next layer. */
  readonly decode: (buf: Uint8Array, m: PacketMeta) => number
}

const toEthernet = (): number => LAYER_ETHERNET
const toIp = (): number => LAYER_IP
const toPpp = (): number => LAYER_PPP

/** THE TABLE of link types, by LINKTYPE_ value as registered with tcpdump.org. */
const LINK_TYPES = new Map<number, LinkType>([
  [0, { name: 'null', decode: decodeNull }],
  [1, { name: 'ethernet', decode: toEthernet }],
  [9, { name: 'ppp', decode: toPpp }],
  [10, { name: 'fddi', decode: decodeFddi }],
  [12, { name: 'raw (DLT 12)', decode: toIp }],
  [14, { name: 'raw (DLT 14)', decode: toIp }],
  [50, { name: 'ppp-hdlc', decode: toPpp }],
  [51, { name: 'ppp-ether', decode: decodePppEther }],
  [101, { name: 'raw', decode: toIp }],
  [104, { name: 'c-hdlc', decode: (_buf, m) => skipToEthertype(m, 2) }],
  [105, { name: '802.11', decode: decodeWifi }],
  [107, { name: 'frame-relay', decode: decodeFrameRelay }],
  [108, { name: 'loop', decode: decodeNull }],
  [113, { name: 'linux-sll', decode: decodeSll }],
  [127, { name: '802.11-radiotap', decode: decodeRadiotap }],
  [166, { name: 'ppp-pppd', decode: decodePppPppd }],
  [192, { name: 'ppi', decode: decodePpi }],
  [228, { name: 'ipv4', decode: toIp }],
  [229, { name: 'ipv6', decode: toIp }],
  [239, { name: 'nflog', decode: decodeNflog }],
  [242, { name: 'ipoib', decode: decodeIpoib }],
  [276, { name: 'linux-sll2', decode: decodeSll2 }],
])

export const linkTypeName = (link: number): string => LINK_TYPES.get(link)?.name ?? `linktype ${link}`

export function decodeLink(buf: Uint8Array, m: PacketMeta, link: number): number {
  const type = LINK_TYPES.get(link)
  if (type !== undefined) return type.decode(buf, m)
  m.stoppedAt = link
  return LAYER_UNSUPPORTED
}

/** LINKTYPE_NULL and LINKTYPE_LOOP: a 4-byte address family in the capturing host's byte order, which may not be ours. */
function decodeNull(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 4) return LAYER_TRUNCATED
  const family = u16(buf, m.at) === 0 ? u8(buf, m.at + 3) : u8(buf, m.at)
  m.at += 4
  // AF_INET is 2 everywhere; AF_INET6 is 10, 24, 28 or 30 by system.
  if (family === 2 || family === 10 || family === 24 || family === 28 || family === 30) return LAYER_IP
  m.stoppedAt = family
  return LAYER_NOT_IP
}

/** RFC 1390: frame control and two addresses; only a control of x101 xxxx is LLC's (ISO 9314-2). */
const FDDI_BYTES = 13
function decodeFddi(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < FDDI_BYTES) return LAYER_TRUNCATED
  const control = u8(buf, m.at)
  m.stoppedAt = control
  m.at += FDDI_BYTES
  return (control & 0xf0) === 0x50 || (control & 0xf0) === 0xd0 ? LAYER_LLC : LAYER_NOT_IP
}

/** Two link-layer addresses of 20 bytes before RFC 4391 §6: an ethertype and two bytes that are reserved. */
const IPOIB_ADDRESSES_BYTES = 40
const IPOIB_BYTES = 44
function decodeIpoib(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < IPOIB_BYTES) return LAYER_TRUNCATED
  const type = u16(buf, m.at + IPOIB_ADDRESSES_BYTES)
  m.at += IPOIB_BYTES
  return layerOf(buf, m, type)
}

// RFC 2516 frames without their Ethernet header: version/type, code, session, length.
function decodePppEther(_buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 8) return LAYER_TRUNCATED
  m.at += 6
  return LAYER_PPP
}

/** pppd prepends one byte of direction where the HDLC address would be. */
function decodePppPppd(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 4) return LAYER_TRUNCATED
  if (u8(buf, m.at) <= 1) m.at += u8(buf, m.at + 1) === 3 ? 2 : 1
  return LAYER_PPP
}

/** RFC 2427 §4: Q.922 address, control, NLPID; 0xCC is IPv4, 0x8E IPv6, 0x80 SNAP. */
function decodeFrameRelay(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 4) return LAYER_TRUNCATED
  // The address ends at the first byte with its lowest bit set.
  let at = m.at
  while (at < m.end && (u8(buf, at) & 1) === 0) at += 1
  at += 1
  if (m.end - at < 4) return LAYER_TRUNCATED
  // Cisco's encapsulation has an ethertype at once.
  if (u16(buf, at) === 0x0800 || u16(buf, at) === 0x86dd) {
    m.at = at + 2
    return LAYER_IP
  }
  if (u8(buf, at) !== 3) return LAYER_NOT_IP
  const pad = u8(buf, at + 1) === 0 ? 1 : 0
  const nlpid = u8(buf, at + 1 + pad)
  m.at = at + 2 + pad
  if (nlpid === 0xcc || nlpid === 0x8e) return LAYER_IP
  if (nlpid === 0x80) return skipToEthertype(m, 3)
  m.stoppedAt = nlpid
  return LAYER_NOT_IP
}

const SLL_BYTES = 16

// Linux cooked capture: packet type, ARPHRD type, address length, address, protocol.
function decodeSll(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < SLL_BYTES) return LAYER_TRUNCATED
  const arphrd = u16(buf, m.at + 2)
  const protocol = u16(buf, m.at + 14)
  m.at += SLL_BYTES
  return cookedLayer(buf, m, protocol, arphrd)
}

const SLL2_BYTES = 20

// Linux cooked capture v2: protocol first, then reserved, interface, ARPHRD type, packet type, address.
function decodeSll2(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < SLL2_BYTES) return LAYER_TRUNCATED
  const protocol = u16(buf, m.at)
  const arphrd = u16(buf, m.at + 8)
  m.at += SLL2_BYTES
  return cookedLayer(buf, m, protocol, arphrd)
}

// linux/if_arp.h: interfaces whose frames keep a header of their own, whatever the protocol field says (frame relay, 802.11
// behind radiotap), and one that carries messages of the kernel.
const ARPHRD_FRAD = 770
const ARPHRD_IEEE80211_RADIOTAP = 803
const ARPHRD_NETLINK = 824
/** linux/if_ether.h, ETH_P_802_2. */
const COOKED_LLC = 4

function cookedLayer(buf: Uint8Array, m: PacketMeta, protocol: number, arphrd: number): number {
  if (arphrd === ARPHRD_FRAD) return decodeFrameRelay(buf, m)
  if (arphrd === ARPHRD_IEEE80211_RADIOTAP) return decodeRadiotap(buf, m)
  if (protocol === COOKED_LLC) return LAYER_LLC
  if (protocol >= MIN_ETHERTYPE && arphrd !== ARPHRD_NETLINK) return layerOf(buf, m, protocol)
  // The field names a kind of frame (CAN, 802.3 as Novell had it, …) or of message.
  m.stoppedAt = protocol
  return LAYER_NOT_IP
}

// LINKTYPE_NFLOG: family, version, resource id, then TLVs in the host's byte order; type 9 is the payload.
const NFULA_PAYLOAD = 9
function decodeNflog(buf: Uint8Array, m: PacketMeta): number {
  if (m.end - m.at < 4) return LAYER_TRUNCATED
  let at = m.at + 4
  for (let n = 0; n < 64 && m.end - at >= 4; n++) {
    // Types are small: a high byte has nothing but netlink's two flags.
    const little = (u8(buf, at + 2) & 0x3f) !== 0
    const length = little ? le16(buf, at) : u16(buf, at)
    const type = (little ? le16(buf, at + 2) : u16(buf, at + 2)) & 0x3fff
    if (length < 4) return LAYER_NOT_IP
    if (type === NFULA_PAYLOAD) {
      m.at = at + 4
      if (at + length < m.end) m.end = at + length
      return LAYER_IP
    }
    at += (length + 3) & ~3
  }
  return LAYER_NOT_IP
}

function decodePpi(buf: Uint8Array, m: PacketMeta): number {
  const link = skipPpi(buf, m)
  // PPI may wrap any link type but itself.
  return link < 0 || link === 192 ? LAYER_TRUNCATED : decodeLink(buf, m, link)
}
