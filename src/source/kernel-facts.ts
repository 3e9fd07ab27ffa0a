/** What the kernel would let this process do, found out by asking it, and what it thinks of its clock. */
import { attachFilter } from './af-packet-socket.ts'
import * as linux from './if-packet.ts'
import { loadLibc, SyscallError } from './libc.ts'

/** Null when a packet socket can be opened, or what the kernel said. @throws OperatorError as `loadLibc` does */
export const packetSocketRefusal = (): Promise<SyscallError | null> =>
  attempt(linux.AF_PACKET, linux.SOCK_RAW, () => undefined)

/**
 * Null when the kernel takes the filter program, or what it said: ENOMEM = longer than net.core.optmem_max. Asked of a
 * socket that needs no privilege: the check is the same for all (sk_filter_charge, net/core/filter.c).
 */
export const filterRefusal = (program: Uint8Array): Promise<SyscallError | null> =>
  attempt(linux.AF_INET, linux.SOCK_DGRAM, (libc, fd) => attachFilter(libc, fd, program))

export interface KernelClock {
  /** Something (NTP, PTP, the hypervisor) keeps it. */
  readonly isSynchronised: boolean
  /** The kernel's own bound of its error. */
  readonly maxErrorUs: number
}

// struct timex of a 64-bit system (linux/timex.h). Byte offsets; modes = 0 reads only.
const TIMEX_BYTES = 208
const MAXERROR = 24
const STATUS = 40
const STA_UNSYNC = 0x40

/** @throws SyscallError, or OperatorError as `loadLibc` does */
export async function kernelClock(): Promise<KernelClock> {
  const libc = await loadLibc()
  const timex = new Uint8Array(TIMEX_BYTES)
  libc.adjtimex(timex)
  const status = new Int32Array(timex.buffer)[STATUS >>> 2] as number
  return {
    isSynchronised: (status & STA_UNSYNC) === 0,
    maxErrorUs: Number(new BigInt64Array(timex.buffer)[MAXERROR >>> 3]),
  }
}

async function attempt(
  domain: number,
  type: number,
  use: (libc: Awaited<ReturnType<typeof loadLibc>>, fd: number) => void,
): Promise<SyscallError | null> {
  const libc = await loadLibc()
  let fd: number | null = null
  try {
    fd = libc.socket(domain, type | linux.SOCK_CLOEXEC, 0)
    use(libc, fd)
    return null
  } catch (error) {
    if (error instanceof SyscallError) return error
    throw error
  } finally {
    if (fd !== null) libc.close(fd)
  }
}
