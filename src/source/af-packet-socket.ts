/** A packet socket on one interface, set up so that the first frame it delivers is one that was asked for. */
import { OperatorError } from '../core/errors.ts'
import type { AfPacketSettings } from './af-packet-settings.ts'
import { sharedFilter } from './bpf/shared-filter.ts'
import * as linux from './if-packet.ts'
import { type Libc, type Memory, SyscallError } from './libc.ts'
import { VLAN_TAG_BYTES } from './packet-ring.ts'

export interface PacketSocket {
  readonly fd: number
  readonly ifindex: number
  /** LINKTYPE_ value of its frames. */
  readonly link: number
  /** The kernel could not be told to leave out the copies of what this host sends to itself. */
  readonly sentTwice: boolean
  /** Why the hardware's clock is not used although it was asked for. */
  readonly timestampsFallback: string | null
}

/** LINKTYPE_ETHERNET. */
const ETHERNET = 1

/** LINKTYPE_ value by ARPHRD_ (linux/if_arp.h). Those with 101 (LINKTYPE_RAW) hand over IP without any header before it. */
const LINKS: ReadonlyMap<number, number> = new Map([
  [1, 1], // ARPHRD_ETHER
  [772, 1], // ARPHRD_LOOPBACK: an Ethernet header of zeros
  [0xfffe, 101], // ARPHRD_NONE: tun, WireGuard
  [512, 101], // ARPHRD_PPP
  [519, 101], // ARPHRD_RAWIP
])

/**
 * Opens a socket whose ring lies at `memory`.
 * @throws SyscallError, or OperatorError ERR_SOURCE_UNSUPPORTED; nothing stays open then
 */
export function openPacketSocket(libc: Libc, settings: AfPacketSettings, memory: Memory): PacketSocket {
  const fd = libc.socket(linux.AF_PACKET, linux.SOCK_RAW | linux.SOCK_CLOEXEC, 0)
  try {
    const { ifindex, link, isLoopback } = linkFacts(libc, fd, settings.interface)
    const timestampsFallback = stampedBy(libc, fd, settings, settings.interface)
    // The kernel does not heed the option in a fan-out group.
    const sentTwice = isLoopback && (settings.fanout !== null || !ignoreOutgoing(libc, fd))
    begin(libc, fd, settings, memory, ifindex, [ifindex])
    // The program reads Ethernet headers; where there are none, the exact filter behind it does all of the work.
    if (settings.filter === null || link !== ETHERNET) libc.setsockopt(fd, linux.SO_DETACH_FILTER, linux.uint32s(0))
    else attachFilter(libc, fd, settings.filter)
    return { fd, ifindex, link, sentTwice, timestampsFallback }
  } catch (error) {
    closePacketSocket(libc, fd, memory)
    throw error
  }
}

/** An interface as it is now. */
export interface LinkFacts {
  readonly ifindex: number
  /** LINKTYPE_ value of its frames. */
  readonly link: number
  readonly isLoopback: boolean
}

export interface SharedSocket {
  readonly fd: number
  readonly links: readonly LinkFacts[]
  /** Why the hardware's clock is not used although it was asked for, by interface. */
  readonly timestampsFallbacks: readonly string[]
}

/**
 * The same for several interfaces: the socket sees all there are, and its program keeps the frames of these. So they come
 * in the order of their arrival, and in one fan-out group, which a group of sockets on different interfaces cannot be.
 * @throws as `openPacketSocket` does
 */
export function openSharedSocket(
  libc: Libc,
  settings: AfPacketSettings,
  names: readonly string[],
  memory: Memory,
): SharedSocket {
  const fd = libc.socket(linux.AF_PACKET, linux.SOCK_RAW | linux.SOCK_CLOEXEC, 0)
  try {
    const links = names.map((name) => linkFacts(libc, fd, name))
    const fallbacks = names.map((name) => stampedBy(libc, fd, settings, name))
    begin(
      libc,
      fd,
      settings,
      memory,
      ANY_INTERFACE,
      links.map(({ ifindex }) => ifindex),
    )
    keepFramesOf(libc, fd, links, settings.filter)
    return { fd, links, timestampsFallbacks: fallbacks.filter((said) => said !== null) }
  } catch (error) {
    closePacketSocket(libc, fd, memory)
    throw error
  }
}

const ANY_INTERFACE = 0

/** Has a shared socket keep the frames of these interfaces from now on. @throws SyscallError */
export function keepFramesOf(libc: Libc, fd: number, links: readonly LinkFacts[], filter: Uint8Array | null): void {
  const interfaces = links.map(({ ifindex, link }) => ({ ifindex, hasEthernet: link === ETHERNET }))
  attachFilter(libc, fd, sharedFilter(interfaces, filter))
}

/** Needs no privilege: whoever has the socket may. @throws SyscallError */
export function becomePromiscuous(libc: Libc, fd: number, ifindex: number): void {
  libc.setsockopt(fd, linux.PACKET_ADD_MEMBERSHIP, linux.promiscuousMembership(ifindex))
}

/**
 * Until everything is set up (filter, ring, fan-out group) the socket drops all it gets: it is bound before it can join a
 * group, and would meanwhile see what belongs to the others.
 */
function begin(
  libc: Libc,
  fd: number,
  settings: AfPacketSettings,
  memory: Memory,
  boundTo: number,
  seen: readonly number[],
): void {
  attachFilter(libc, fd, linux.DROP_ALL)
  libc.setsockopt(fd, linux.PACKET_VERSION, linux.uint32s(linux.TPACKET_V3))
  libc.setsockopt(fd, linux.PACKET_RESERVE, linux.uint32s(VLAN_TAG_BYTES))
  mapRing(libc, fd, settings, memory)
  libc.bind(fd, linux.sockaddrLl(boundTo))
  if (settings.promiscuous) for (const ifindex of seen) becomePromiscuous(libc, fd, ifindex)
  if (settings.fanout !== null)
    libc.setsockopt(fd, linux.PACKET_FANOUT, linux.fanoutArgs(settings.fanout.group, settings.fanout.size))
}

const stampedBy = (libc: Libc, fd: number, { timestamps }: AfPacketSettings, name: string): string | null =>
  timestamps === 'hardware' ? stampInHardware(libc, fd, name) : null

/** @throws SyscallError ENODEV when no interface has that name, OperatorError ERR_SOURCE_UNSUPPORTED for its kind */
export function linkFacts(libc: Libc, fd: number, name: string): LinkFacts {
  const ifindex = interfaceIndex(libc, fd, name)
  const hardwareType = hardwareTypeOf(libc, fd, name)
  return { ifindex, link: linkOf(name, hardwareType), isLoopback: hardwareType === linux.ARPHRD_LOOPBACK }
}

/** The mapping holds the socket as the descriptor does: both must go for the kernel to stop. */
export function closePacketSocket(libc: Libc, fd: number, memory: Memory): void {
  libc.vacate(memory)
  libc.close(fd)
}

/** @throws SyscallError ENODEV when no interface has that name */
export function interfaceIndex(libc: Libc, fd: number, name: string): number {
  const request = linux.ifreq(name)
  libc.ioctl(fd, linux.SIOCGIFINDEX, request)
  return new Int32Array(request.buffer)[linux.IFREQ_UNION >>> 2] as number
}

/** @throws SyscallError ENODEV when no interface has that name */
export function isInterfaceUp(libc: Libc, fd: number, name: string): boolean {
  const request = linux.ifreq(name)
  libc.ioctl(fd, linux.SIOCGIFFLAGS, request)
  return ((new Uint16Array(request.buffer)[linux.IFREQ_UNION >>> 1] as number) & linux.IFF_UP) !== 0
}

function hardwareTypeOf(libc: Libc, fd: number, name: string): number {
  const request = linux.ifreq(name)
  libc.ioctl(fd, linux.SIOCGIFHWADDR, request)
  return new Uint16Array(request.buffer)[linux.IFREQ_UNION >>> 1] as number // sa_family holds it
}

function linkOf(name: string, hardwareType: number): number {
  const link = LINKS.get(hardwareType)
  if (link !== undefined) return link
  throw new OperatorError(
    'ERR_SOURCE_UNSUPPORTED',
    `${name} has link-layer type ${hardwareType} (ARPHRD), which cannot be read live`,
    'capture on the interface below it, or with tcpdump -w, and replay that',
  )
}

/** @throws SyscallError: ENOMEM when the program is longer than net.core.optmem_max has room for */
export function attachFilter(libc: Libc, fd: number, program: Uint8Array): void {
  const instructions = Math.floor(program.length / linux.SOCK_FILTER_BYTES)
  libc.setsockopt(fd, linux.SO_ATTACH_FILTER, linux.sockFprog(instructions, libc.addressOf(program)))
}

function mapRing(libc: Libc, fd: number, settings: AfPacketSettings, memory: Memory): void {
  const { blockBytes, blockCount, blockTimeoutMs } = settings
  libc.setsockopt(fd, linux.PACKET_RX_RING, linux.tpacketReq3(blockBytes, blockCount, blockTimeoutMs))
  libc.mapOver(memory, fd)
}

/** What a host sends to itself leaves and arrives on one interface; Linux 4.20 can leave out the leaving. */
function ignoreOutgoing(libc: Libc, fd: number): boolean {
  return attempt(() => libc.setsockopt(fd, linux.PACKET_IGNORE_OUTGOING, linux.uint32s(1))) === null
}

/**
 * Has the card stamp every frame, and the ring use its stamps. Null, or why that cannot be. What a PTP daemon set up for
 * sending is left as it is. Frames that reach us without a stamp carry the kernel's (tpacket_get_timestamp).
 * SIOCSHWTSTAMP needs CAP_NET_ADMIN (net/core/dev_ioctl.c); reading how the card is set does not.
 */
function stampInHardware(libc: Libc, fd: number, name: string): string | null {
  // struct hwtstamp_config: flags, tx_type, rx_filter (linux/net_tstamp.h).
  const config = new Uint8Array(12)
  const words = new Uint32Array(config.buffer)
  const request = linux.ifreq(name)
  new BigUint64Array(request.buffer)[linux.IFREQ_UNION >>> 3] = libc.addressOf(config)
  const refused = attempt(() => {
    libc.ioctl(fd, linux.SIOCGHWTSTAMP, request)
    if (words[2] !== linux.HWTSTAMP_FILTER_ALL) {
      words[2] = linux.HWTSTAMP_FILTER_ALL
      libc.ioctl(fd, linux.SIOCSHWTSTAMP, request)
    }
    libc.setsockopt(fd, linux.PACKET_TIMESTAMP, linux.uint32s(linux.SOF_TIMESTAMPING_RAW_HARDWARE))
  })
  if (refused === null) return null
  const why = refused.endsWith('EPERM')
    ? `only CAP_NET_ADMIN may set the card so; sudo hwstamp_ctl -i ${name} -r 1 does`
    : `${name} cannot stamp every frame that it receives`
  return `frames carry the kernel's time, not the card's: ${why} (${refused})`
}

/** Null, or what the kernel said. */
function attempt(call: () => void): string | null {
  try {
    call()
    return null
  } catch (error) {
    if (error instanceof SyscallError) return error.message
    throw error
  }
}
