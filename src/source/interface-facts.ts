/** What the kernel says of an interface without any privilege: its state, its MTU, and what its driver does to frames. */
import { interfaceIndex } from './af-packet-socket.ts'
import * as linux from './if-packet.ts'
import { type Libc, loadLibc, SyscallError } from './libc.ts'

export interface InterfaceFacts {
  readonly isUp: boolean
  /** Up, and its driver has a link: IFF_RUNNING. */
  readonly hasCarrier: boolean
  /** Largest packet in bytes, without the Ethernet header. */
  readonly mtu: number
}

/** Of the driver and the kernel's receive path; null = the kernel does not say. */
export interface Offloads {
  /** Generic receive offload: the kernel joins segments of one conversation. */
  readonly gro: boolean | null
  /** Large receive offload: the card does, and forgets what their headers said. */
  readonly lro: boolean | null
  /** The card takes the VLAN tag out of the frame. */
  readonly rxVlan: boolean | null
}

/** Descriptors in the card's receive ring: as set, and the most there can be. */
export interface CardRing {
  readonly rx: number
  readonly most: number
}

// linux/ethtool.h.
const ETHTOOL_GRINGPARAM = 0x10
const ETHTOOL_GFLAGS = 0x25
const ETHTOOL_GGRO = 0x2b
const ETH_FLAG_RXVLAN = 1 << 8
const ETH_FLAG_LRO = 1 << 15

/** @throws SyscallError ENODEV when no interface has that name; OperatorError as `loadLibc` does */
export const interfaceFacts = (name: string): Promise<InterfaceFacts> =>
  withSocket((libc, fd) => {
    interfaceIndex(libc, fd, name)
    const flags = linux.ifreq(name)
    libc.ioctl(fd, linux.SIOCGIFFLAGS, flags)
    const bits = new Uint16Array(flags.buffer)[linux.IFREQ_UNION >>> 1] as number
    const mtu = linux.ifreq(name)
    libc.ioctl(fd, linux.SIOCGIFMTU, mtu)
    return {
      isUp: (bits & linux.IFF_UP) !== 0,
      hasCarrier: (bits & linux.IFF_RUNNING) !== 0,
      mtu: new Int32Array(mtu.buffer)[linux.IFREQ_UNION >>> 2] as number,
    }
  })

/** @throws as `interfaceFacts` does */
export const offloads = (name: string): Promise<Offloads> =>
  withSocket((libc, fd) => {
    interfaceIndex(libc, fd, name)
    const flags = ethtool(libc, fd, name, [ETHTOOL_GFLAGS, 0])?.[1] ?? null
    const gro = ethtool(libc, fd, name, [ETHTOOL_GGRO, 0])?.[1] ?? null
    return {
      gro: gro === null ? null : gro !== 0,
      lro: flags === null ? null : (flags & ETH_FLAG_LRO) !== 0,
      rxVlan: flags === null ? null : (flags & ETH_FLAG_RXVLAN) !== 0,
    }
  })

/** Null when the driver has no such ring, as every virtual interface. @throws as `interfaceFacts` does */
export const cardRing = (name: string): Promise<CardRing | null> =>
  withSocket((libc, fd) => {
    interfaceIndex(libc, fd, name)
    // struct ethtool_ringparam: cmd, four times the most there can be, then four times what is set; rx comes first.
    const ring = ethtool(libc, fd, name, [ETHTOOL_GRINGPARAM, 0, 0, 0, 0, 0, 0, 0, 0])
    return ring === null ? null : { rx: ring[5] as number, most: ring[1] as number }
  })

/** The struct as the kernel filled it; null when the driver has no answer. */
function ethtool(libc: Libc, fd: number, name: string, command: readonly number[]): Uint32Array | null {
  const words = Uint32Array.from(command)
  const request = linux.ifreq(name)
  new BigUint64Array(request.buffer)[linux.IFREQ_UNION >>> 3] = libc.addressOf(new Uint8Array(words.buffer))
  try {
    libc.ioctl(fd, linux.SIOCETHTOOL, request)
    return words
  } catch (error) {
    if (error instanceof SyscallError && error.code !== 'ENODEV') return null
    throw error
  }
}

async function withSocket<T>(use: (libc: Libc, fd: number) => T): Promise<T> {
  const libc = await loadLibc()
  const fd = libc.socket(linux.AF_INET, linux.SOCK_DGRAM | linux.SOCK_CLOEXEC, 0)
  try {
    return use(libc, fd)
  } finally {
    libc.close(fd)
  }
}
