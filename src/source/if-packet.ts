/** The kernel's packet sockets: numbers and structs of linux/if_packet.h and its neighbours, in host byte order. */
import type { SocketOption } from './libc.ts'

// bits/socket.h, linux/if_ether.h.
export const AF_INET = 2
export const AF_PACKET = 17
export const SOCK_DGRAM = 2
export const SOCK_RAW = 3
export const SOCK_CLOEXEC = 0x80000
const ETH_P_ALL = 0x0003

const SOL_SOCKET = 1
const SOL_PACKET = 263
const socketOption = (name: number, label: string): SocketOption => ({ level: SOL_SOCKET, name, label })
const packetOption = (name: number, label: string): SocketOption => ({ level: SOL_PACKET, name, label })

// asm-generic/socket.h.
export const SO_ERROR = socketOption(4, 'SO_ERROR')
export const SO_ATTACH_FILTER = socketOption(26, 'SO_ATTACH_FILTER')
export const SO_DETACH_FILTER = socketOption(27, 'SO_DETACH_FILTER')

// linux/if_packet.h, "Packet socket options".
export const PACKET_ADD_MEMBERSHIP = packetOption(1, 'PACKET_ADD_MEMBERSHIP')
export const PACKET_RX_RING = packetOption(5, 'PACKET_RX_RING')
export const PACKET_STATISTICS = packetOption(6, 'PACKET_STATISTICS')
export const PACKET_VERSION = packetOption(10, 'PACKET_VERSION')
export const PACKET_RESERVE = packetOption(12, 'PACKET_RESERVE')
export const PACKET_TIMESTAMP = packetOption(17, 'PACKET_TIMESTAMP')
export const PACKET_FANOUT = packetOption(18, 'PACKET_FANOUT')
export const PACKET_IGNORE_OUTGOING = packetOption(23, 'PACKET_IGNORE_OUTGOING')

// linux/sockios.h. An ioctl has no level.
export const SIOCGIFFLAGS: SocketOption = { level: 0, name: 0x8913, label: 'SIOCGIFFLAGS' }
export const SIOCGIFMTU: SocketOption = { level: 0, name: 0x8921, label: 'SIOCGIFMTU' }
export const SIOCGIFHWADDR: SocketOption = { level: 0, name: 0x8927, label: 'SIOCGIFHWADDR' }
export const SIOCGIFINDEX: SocketOption = { level: 0, name: 0x8933, label: 'SIOCGIFINDEX' }
export const SIOCETHTOOL: SocketOption = { level: 0, name: 0x8946, label: 'SIOCETHTOOL' }
export const SIOCSHWTSTAMP: SocketOption = { level: 0, name: 0x89b0, label: 'SIOCSHWTSTAMP' }
export const SIOCGHWTSTAMP: SocketOption = { level: 0, name: 0x89b1, label: 'SIOCGHWTSTAMP' }

export const TPACKET_V3 = 2
const PACKET_MR_PROMISC = 1

// linux/if_packet.h, fanout: PACKET_FANOUT_HASH is 0.
const PACKET_FANOUT_FLAG_ROLLOVER = 0x1000
const PACKET_FANOUT_FLAG_DEFRAG = 0x8000

/** linux/if.h. */
export const IFF_UP = 1
export const IFF_RUNNING = 0x40

// linux/if_arp.h.
export const ARPHRD_LOOPBACK = 772

// linux/net_tstamp.h.
export const SOF_TIMESTAMPING_RAW_HARDWARE = 1 << 6
export const HWTSTAMP_FILTER_ALL = 1

export const uint32s = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer)

/** struct sockaddr_ll, for every protocol of one interface. */
export function sockaddrLl(ifindex: number): Uint8Array {
  const address = new Uint8Array(20)
  new Uint16Array(address.buffer)[0] = AF_PACKET
  address[2] = ETH_P_ALL >> 8 // sll_protocol is in network order
  address[3] = ETH_P_ALL & 0xff
  new Int32Array(address.buffer)[1] = ifindex
  return address
}

/**
 * struct tpacket_req3. TPACKET_V3 packs frames as they come: the frame size is checked and then ignored, so a block is
 * announced as one frame.
 */
export const tpacketReq3 = (blockBytes: number, blockCount: number, blockTimeoutMs: number): Uint8Array =>
  uint32s(blockBytes, blockCount, blockBytes, blockCount, blockTimeoutMs, 0, 0)

/** struct packet_mreq. */
export function promiscuousMembership(ifindex: number): Uint8Array {
  const membership = new Uint8Array(16)
  new Int32Array(membership.buffer)[0] = ifindex
  new Uint16Array(membership.buffer)[2] = PACKET_MR_PROMISC
  return membership
}

/** struct fanout_args; without a size in its older form, which every kernel takes. */
export function fanoutArgs(group: number, size: number | undefined): Uint8Array {
  const args = new Uint8Array(size === undefined ? 4 : 8)
  const typeFlags = PACKET_FANOUT_FLAG_ROLLOVER | PACKET_FANOUT_FLAG_DEFRAG
  // The one struct whose fields swap with the byte order, so that as an int it reads the same.
  new Uint32Array(args.buffer)[0] = ((typeFlags << 16) | group) >>> 0
  if (size !== undefined) new Uint32Array(args.buffer)[1] = size
  return args
}

/** struct sock_filter is 8 bytes: code, jt, jf, k (linux/filter.h). */
export const SOCK_FILTER_BYTES = 8

/** struct sock_fprog of a 64-bit system: the number of instructions, and where they lie. */
export function sockFprog(instructions: number, address: bigint): Uint8Array {
  const program = new Uint8Array(16)
  new Uint16Array(program.buffer)[0] = instructions
  new BigUint64Array(program.buffer)[1] = address
  return program
}

/** BPF_RET | BPF_K with 0: keeps nothing of any frame. */
export const DROP_ALL: Uint8Array = new Uint8Array(SOCK_FILTER_BYTES)
new Uint16Array(DROP_ALL.buffer)[0] = 0x06

/** struct ifreq of a 64-bit system: a name, padded with zeros, and a union. */
export const IFNAMSIZ = 16
export const IFREQ_UNION = 16
const IFREQ_BYTES = 40

export function ifreq(name: string): Uint8Array {
  const request = new Uint8Array(IFREQ_BYTES)
  new TextEncoder().encodeInto(name, request.subarray(0, IFNAMSIZ - 1))
  return request
}
