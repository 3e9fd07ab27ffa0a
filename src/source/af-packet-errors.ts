/** What a refused system call means to whoever asked for a live capture. */
import { OperatorError } from '../core/errors.ts'
import type { AfPacketSettings } from './af-packet-settings.ts'
import { PACKET_FANOUT, PACKET_RX_RING, SO_ATTACH_FILTER } from './if-packet.ts'
import { interfaceNames } from './interfaces.ts'
import type { SyscallError } from './libc.ts'

const LIST_FIX = process.platform === 'linux' ? 'list them with: ip link' : 'list them with: ifconfig -l'

export function noSuchInterface(name: string): OperatorError {
  const names = interfaceNames()
  return new OperatorError(
    'ERR_SOURCE_NOT_FOUND',
    `there is no interface ${name}`,
    names.length > 0 ? `take one of those there are: ${names.join(', ')}` : LIST_FIX,
  )
}

/** Twice what the longest program takes: 4096 instructions of 29 bytes each in the kernel (measured, Linux 6.18). */
export const OPTMEM_FIX = 'give filters more room: sudo sysctl -w net.core.optmem_max=262144; or take a shorter filter'

export function openError(error: SyscallError, settings: AfPacketSettings): OperatorError {
  const what = `cannot capture on ${settings.interface}: ${error.message}`
  if (error.code === 'EPERM' || error.code === 'EACCES')
    return new OperatorError(
      'ERR_SOURCE_PERMISSION',
      what,
      'grant CAP_NET_RAW: sudo setcap cap_net_raw=ep $(readlink -f $(which node)), or run as root',
    )
  if (error.code === 'ENODEV' || error.code === 'ENXIO') return noSuchInterface(settings.interface)
  if (error.code === 'EAFNOSUPPORT' || error.code === 'ENOPROTOOPT')
    return new OperatorError(
      'ERR_SOURCE_UNSUPPORTED',
      what,
      'use a kernel with packet sockets (CONFIG_PACKET_MMAP), outside a sandbox that hides them',
    )
  if (error.code === 'ENOMEM' && error.message.includes(SO_ATTACH_FILTER.label))
    return new OperatorError('ERR_FILTER', what, OPTMEM_FIX)
  if (error.code === 'ENOMEM' || error.code === 'ENOBUFS') return tooLarge(what, settings)
  if (error.message.includes(SO_ATTACH_FILTER.label))
    return new OperatorError('ERR_FILTER', what, 'the kernel refused the filter program: take a simpler filter')
  if (error.message.includes(PACKET_FANOUT.label))
    return new OperatorError(
      'ERR_SOURCE_REFUSED',
      what,
      `take another fanout group than ${settings.fanout?.group}: this one is full, or in use on another interface`,
    )
  if (error.message.includes(PACKET_RX_RING.label))
    return new OperatorError('ERR_SOURCE_REFUSED', what, 'take blocks of 1 MiB: they must be whole memory pages')
  return new OperatorError('ERR_SOURCE_REFUSED', what, 'see what the kernel says: sudo dmesg | tail')
}

function tooLarge(what: string, { blockBytes, blockCount }: AfPacketSettings): OperatorError {
  const mib = (bytes: number): string => `${Math.round((bytes / 1024 / 1024) * 10) / 10} MiB`
  const fewer = Math.max(1, Math.floor(blockCount / 4))
  return new OperatorError(
    'ERR_SOURCE_REFUSED',
    `${what}: no memory for a ring of ${blockCount} blocks of ${mib(blockBytes)}`,
    `try ${fewer} blocks (${mib(fewer * blockBytes)}), or smaller blocks; a ring is kernel memory and cannot be swapped`,
  )
}
