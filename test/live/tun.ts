/** A tun interface, into which a test writes packets as if they had arrived. */
import { closeSync, openSync, writeSync } from 'node:fs'
import koffi from 'koffi'
import { IFREQ_UNION, ifreq } from '../../src/source/if-packet.ts'

// linux/if_tun.h.
const TUNSETIFF = 0x400454ca
const TUNSETLINK = 0x400454cd
const IFF_TUN_NO_PI = 0x1001

/** Gone when it is closed. `hardwareType`: another ARPHRD_ than tun's own. */
export function openTun(name: string, hardwareType?: number): { send(packet: Uint8Array): void; close(): void } {
  const libc = koffi.load(null)
  const fd = openSync('/dev/net/tun', 'r+')
  const request = ifreq(name)
  new Uint16Array(request.buffer)[IFREQ_UNION >>> 1] = IFF_TUN_NO_PI
  const create = libc.func('ioctl', 'int', ['int', 'ulong', 'void *'])(fd, TUNSETIFF, request)
  const type =
    hardwareType === undefined ? 0 : libc.func('ioctl', 'int', ['int', 'ulong', 'ulong'])(fd, TUNSETLINK, hardwareType)
  if (create !== 0 || type !== 0) throw new Error(`${name} cannot be made: errno ${koffi.errno()}`)
  return { send: (packet) => void writeSync(fd, packet), close: () => closeSync(fd) }
}
