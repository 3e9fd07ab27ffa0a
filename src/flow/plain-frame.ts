/**
 * What nearly every frame is: a TCP segment in an IPv4 packet without options, whole, on untagged Ethernet. Every header is where it always
 * is, so that a few words say whether it is one and what it says, and what the flow stage asks of it can be found out while they are at hand.
 */
import { type PacketMeta, PROTO_TCP, SYN, TUNNEL_NONE } from '../decode/packet-meta.ts'
import { HIGH, LOW } from './flow-flags.ts'
import { hashIpv4, swapPorts } from './key-order.ts'
import { COPY_US, copyPlace, DOUBTFUL_COPY_US, mixOptions, mixSegment, NOP_NOP_TIMESTAMP_10 } from './packet-copies.ts'

/** Of the registry of link types. */
export const LINK_ETHERNET = 1

// Byte offsets from the start of the frame: IEEE 802.3 §3.1, RFC 791 §3.1, RFC 9293 §3.1. Words of four bytes, in network byte order.
/** Ethertype, then version and header length, then type of service. */
const TYPE_AND_VERSION = 12
const IP_AT = 14
const LENGTH_AND_ID = 16
/** Flags and fragment offset, time to live, protocol. */
const FRAGMENT_AND_PROTOCOL = 20
const SRC = 26
const DST = 30
const TCP_AT = 34
const SEQ = 38
const ACK = 42
/** Data offset, four reserved bits, flags, window. */
const OFFSET_AND_FLAGS = 46
const CHECKSUM = 50
const OPTIONS = 54
/** Where two NOPs come before it. */
const TIMESTAMP_LOW = 60

/** Ethertype IPv4, version 4, five words of header; any type of service. */
const PLAIN_TYPE = 0x0800_4500
const TYPE_MASK = -0x100
/** All but time to live, and the flags that are none of fragments; no fragment has zero here. */
const PROTOCOL_MASK = 0x3fff_00ff
const LEAST_TCP_HEADER = 20
const LEAST_WITH_TIMESTAMP = 32
const MAPPED_PREFIX = 0x0000_ffff

/**
 * Reads such a frame as `decodeFrame`, `FlowTable.look` and `RecentPackets.look` do, which read all others. `view` is of the whole buffer.
 * False = it is none, and nothing was written.
 */
export function readPlain(view: DataView, at: number, end: number, seed: number, m: PacketMeta): boolean {
  if (end - at < OPTIONS) return false
  if ((view.getInt32((at + TYPE_AND_VERSION) | 0) & TYPE_MASK) !== PLAIN_TYPE) return false
  if ((view.getInt32((at + FRAGMENT_AND_PROTOCOL) | 0) & PROTOCOL_MASK) !== PROTO_TCP) return false
  const lengthAndId = view.getInt32((at + LENGTH_AND_ID) | 0)
  const offsetAndFlags = view.getInt32((at + OFFSET_AND_FLAGS) | 0)
  const header = (offsetAndFlags >>> 28) << 2
  const payloadAt = (at + TCP_AT + header) | 0
  const packetEnd = (at + IP_AT + (lengthAndId >>> 16)) | 0
  if (header < LEAST_TCP_HEADER || payloadAt > packetEnd || payloadAt > end) return false
  m.at = payloadAt
  m.end = Math.min(packetEnd, end)
  m.missing = packetEnd < end ? 0 : (packetEnd - end) | 0
  m.furtherAt = -1
  m.vlan = -1
  m.vni = -1
  m.tunnel = TUNNEL_NONE
  m.tunnels = 0
  m.stoppedAt = 0
  m.ipVersion = 4
  const ipId = lengthAndId & 0xffff
  m.ipId = ipId
  m.proto = PROTO_TCP
  m.src0 = 0
  m.src1 = 0
  m.src2 = MAPPED_PREFIX
  const src = view.getInt32((at + SRC) | 0)
  m.src3 = src
  m.dst0 = 0
  m.dst1 = 0
  m.dst2 = MAPPED_PREFIX
  const dst = view.getInt32((at + DST) | 0)
  m.dst3 = dst
  m.transportAt = (at + TCP_AT) | 0
  const ports = view.getInt32((at + TCP_AT) | 0)
  m.srcPort = ports >>> 16
  m.dstPort = ports & 0xffff
  const seq = view.getInt32((at + SEQ) | 0)
  m.seq = seq
  const tcpFlags = (offsetAndFlags >>> 16) & 0xff
  m.tcpFlags = tcpFlags
  m.isUnwanted = false
  m.isOthers = false
  const isAbove = src === dst ? ports >>> 16 > (ports & 0xffff) : src > dst
  const flowPorts = isAbove ? swapPorts(ports) : ports
  m.flowSide = isAbove ? HIGH : LOW
  m.flowPorts = flowPorts
  m.flowHash = hashIpv4(isAbove ? dst : src, isAbove ? src : dst, flowPorts, PROTO_TCP, seed)
  const checksum = view.getUint16((at + CHECKSUM) | 0)
  let copyHash = mixSegment(view.getInt32((at + ACK) | 0), tcpFlags, ipId, checksum, (packetEnd - payloadAt) | 0)
  let isSure = ipId !== 0 || (tcpFlags & SYN) !== 0
  if (header > LEAST_TCP_HEADER) {
    let options = view.getUint16((payloadAt - 2) | 0)
    if (header >= LEAST_WITH_TIMESTAMP && view.getInt32((at + OPTIONS) | 0) === NOP_NOP_TIMESTAMP_10) {
      options |= view.getUint16((at + TIMESTAMP_LOW) | 0) << 16
      isSure = true
    }
    copyHash = mixOptions(copyHash, options)
  }
  m.copyExact = seq
  m.copyHash = copyHash
  m.copyWithinUs = isSure ? COPY_US : DOUBTFUL_COPY_US
  m.copyAt = copyPlace(src, dst, ports, seq, copyHash)
  return true
}
