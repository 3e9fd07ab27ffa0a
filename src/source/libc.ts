/** The system calls of live capture, through koffi, which is loaded only when a live source is opened. */
import { OperatorError } from '../core/errors.ts'
import { importKoffi, type Readiness, readinessOf } from './koffi.ts'

/** A call that the kernel refused. */
export class SyscallError extends Error {
  /** errno by its symbol: "EPERM". */
  readonly code: string
  constructor(call: string, code: string) {
    super(`${call}: ${code}`)
    this.name = 'SyscallError'
    this.code = code
  }
}

/** A socket option: level, name, and its name in words for errors. */
export interface SocketOption {
  readonly level: number
  readonly name: number
  readonly label: string
}

/** A range of addresses, seen from JavaScript as `buffer`. What is mapped there may change; that something is does not. */
export interface Memory {
  readonly address: bigint
  readonly buffer: ArrayBuffer
}

/** Every call throws SyscallError when the kernel refuses it. Structs are bytes in host order. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number
  bind(fd: number, address: Uint8Array): void
  setsockopt(fd: number, option: SocketOption, value: Uint8Array): void
  /** Fills `value`, as far as the option is that long. */
  getsockopt(fd: number, option: SocketOption, value: Uint8Array): void
  /** `request` by number and name; the struct behind `argument` is read and written. */
  ioctl(fd: number, request: SocketOption, argument: Uint8Array): void
  close(fd: number): void
  /** Fills a struct timex; with its modes 0 it changes nothing. */
  adjtimex(timex: Uint8Array): void
  /** Where the bytes of `value` lie; valid as long as `value` is reachable. */
  addressOf(value: Uint8Array): bigint
  /** Address space that reads as zeros, given back when nothing reaches its buffer any more. */
  reserve(bytes: number): Memory
  /** Puts the descriptor's memory in place of what is mapped at `memory`. */
  mapOver(memory: Memory, fd: number): void
  /** Puts zeros in place of what is mapped at `memory`: a late reader finds nothing, and never a fault. */
  vacate(memory: Memory): void
  /** Gives an address range back. Nothing may look there any more. */
  unmap(address: bigint, bytes: number): void
  /** Has the kernel back whole 2 MiB of the range by one entry of the page table each, from their first use on. */
  adviseHugePages(address: bigint, bytes: number): void
  /** Gives back what malloc keeps and nobody uses; where the library is not glibc, nothing. */
  trimHeap(): void
  readiness(fd: number): Readiness
}

// asm-generic/mman-common.h and linux/mman.h.
const PROT_READ_WRITE = 0x3
const MAP_SHARED = 0x01
const MAP_PRIVATE = 0x02
const MAP_FIXED = 0x10
const MAP_ANONYMOUS = 0x20
const MAP_NORESERVE = 0x4000
const MADV_HUGEPAGE = 14
const MAP_FAILED = BigInt.asUintN(64, -1n)

let loaded: Promise<Libc> | undefined

/** @throws OperatorError ERR_SOURCE_UNSUPPORTED where there is no 64-bit Linux, or no koffi for it */
export function loadLibc(): Promise<Libc> {
  if (process.platform !== 'linux' || process.arch === 'arm' || process.arch === 'ia32')
    throw new OperatorError(
      'ERR_SOURCE_UNSUPPORTED',
      `AF_PACKET sockets need a 64-bit Linux, and this is ${process.platform} (${process.arch})`,
      'take interface:IFACE, or libpcap:IFACE, or replay what tcpdump -w wrote',
    )
  loaded ??= bindLibc()
  return loaded
}

async function bindLibc(): Promise<Libc> {
  const koffi = await importKoffi()
  const names = new Map(Object.entries(koffi.os.errno).map(([name, errno]) => [errno, name]))
  const c = koffi.load(null)
  const socket = c.func('socket', 'int', ['int', 'int', 'int'])
  const bind = c.func('bind', 'int', ['int', 'void *', 'uint'])
  const setsockopt = c.func('setsockopt', 'int', ['int', 'int', 'int', 'void *', 'uint'])
  const getsockopt = c.func('getsockopt', 'int', ['int', 'int', 'int', 'void *', 'void *'])
  const ioctl = c.func('ioctl', 'int', ['int', 'ulong', 'void *'])
  const close = c.func('close', 'int', ['int'])
  const adjtimex = c.func('adjtimex', 'int', ['void *'])
  const mmap = c.func('mmap', 'void *', ['void *', 'size_t', 'int', 'int', 'int', 'long'])
  const munmap = c.func('munmap', 'int', ['void *', 'size_t'])
  const madvise = c.func('madvise', 'int', ['void *', 'size_t', 'int'])
  const mallocTrim = optional(() => c.func('malloc_trim', 'int', ['size_t']))

  const refused = (call: string): SyscallError => {
    const errno = koffi.errno()
    return new SyscallError(call, names.get(errno) ?? `errno ${errno}`)
  }
  const done = (call: string, result: number): number => {
    if (result < 0) throw refused(call)
    return result
  }
  const map = (address: bigint | null, bytes: number, flags: number, fd: number): bigint => {
    const at = mmap(address, bytes, PROT_READ_WRITE, flags, fd, 0) as bigint
    if (at === MAP_FAILED) throw refused('mmap')
    return at
  }
  // Not before the buffer is collected: unmapping is what a reader would not survive.
  const unreachable = new FinalizationRegistry<{ address: bigint; bytes: number }>(({ address, bytes }) =>
    munmap(address, bytes),
  )

  return {
    socket: (domain, type, protocol) => done('socket', socket(domain, type, protocol)),
    bind: (fd, address) => void done('bind', bind(fd, address, address.length)),
    setsockopt: (fd, { level, name, label }, value) =>
      void done(`setsockopt ${label}`, setsockopt(fd, level, name, value, value.length)),
    getsockopt: (fd, { level, name, label }, value) =>
      void done(`getsockopt ${label}`, getsockopt(fd, level, name, value, new Uint32Array([value.length]))),
    ioctl: (fd, { name, label }, argument) => void done(`ioctl ${label}`, ioctl(fd, name, argument)),
    close: (fd) => void close(fd),
    adjtimex: (timex) => void done('adjtimex', adjtimex(timex)),
    addressOf: (value) => koffi.address(value),
    reserve(bytes) {
      const address = map(null, bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1)
      const buffer = koffi.view(address, bytes)
      unreachable.register(buffer, { address, bytes })
      return { address, buffer }
    },
    mapOver: ({ address, buffer }, fd) => void map(address, buffer.byteLength, MAP_SHARED | MAP_FIXED, fd),
    vacate: ({ address, buffer }) =>
      void map(address, buffer.byteLength, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1),
    unmap: (address, bytes) => void munmap(address, bytes),
    adviseHugePages: (address, bytes) => void done('madvise', madvise(address, bytes, MADV_HUGEPAGE)),
    trimHeap: () => void mallocTrim?.(0),
    readiness: (fd) => readinessOf(koffi, fd),
  }
}

/** Null where the library has no such function. */
function optional<T>(find: () => T): T | null {
  try {
    return find()
  } catch {
    return null
  }
}
