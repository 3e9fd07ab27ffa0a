/**
 * libpcap's functions as C has them (pcap/pcap.h, pcap/bpf.h), bound without its headers. Its frames are handed from C to
 * C: pcap_dispatch() calls libpcap's own pcap_dump() for each, which writes a capture file into memory that JavaScript
 * reads. A call from C into JavaScript for each frame, or a call per frame the other way, would cost more than the rest.
 */
import { OperatorError } from '../core/errors.ts'
import { importKoffi, type Koffi, type Readiness, readinessOf } from './koffi.ts'

/** pcap_t *, pcap_dumper_t *: addresses. */
export type Pointer = bigint

/** What it answers is what the C function answers: a status below 0 is an error, and `errorText` says which. */
export interface PcapLibrary {
  /** A device that is not yet opened, or why there can be none. */
  create(device: string): Pointer | string
  configure(pcap: Pointer, settings: PcapSettings): void
  activate(pcap: Pointer): number
  setNonBlocking(pcap: Pointer): number
  /** DLT_ value, which is not always the LINKTYPE_ value; DLT_EN10MB = 1 is. */
  datalink(pcap: Pointer): number
  /** The longest frame that it will hand over. */
  snaplen(pcap: Pointer): number
  /** `program`: struct bpf_insn after struct bpf_insn. */
  setFilter(pcap: Pointer, program: Uint8Array): number
  /** A capture file in `memory`, which must stay reachable until `closeDump`. Its header is there at once. */
  openDump(pcap: Pointer, memory: Uint8Array): Pointer | null
  /** Writes the frames that have come, at most so many, into the file from `at` on. How many, 0 = none have come. */
  dispatch(pcap: Pointer, frames: number, dump: Pointer, at: number): number
  /** Where the file ends. */
  dumpEnd(dump: Pointer): number
  closeDump(dump: Pointer): void
  /** Fills received, dropped for want of room, dropped by the interface: struct pcap_stat. */
  stats(pcap: Pointer, into: Uint32Array): number
  errorText(pcap: Pointer): string
  statusText(status: number): string
  /** Null where the device has nothing that can be waited for. */
  readiness(pcap: Pointer): Readiness | null
  close(pcap: Pointer): void
  /** 0 = there is no interface of that name. One that was made anew has another. */
  interfaceIndex(name: string): number
}

export interface PcapSettings {
  readonly snaplen: number
  readonly promiscuous: boolean
  /** How long a frame may wait for others, ms. */
  readonly timeoutMs: number
  readonly bufferBytes: number
}

/** PCAP_ERRBUF_SIZE. */
const ERROR_BYTES = 256
const SEEK_SET = 0
/** PCAP_TSTAMP_PRECISION_NANO. Where it cannot be had, the file in memory says that it has microseconds. */
const NANOSECONDS = 1
/** struct bpf_insn: u_short code, u_char jt, jf, bpf_u_int32 k. */
const INSTRUCTION_BYTES = 8

/** By platform. Debian's is called after an old version; the others count from 1, FreeBSD with the system. */
const NAMES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['libpcap.so.1', 'libpcap.so.0.8', 'libpcap.so'],
  darwin: ['libpcap.A.dylib', '/usr/lib/libpcap.A.dylib', '/opt/homebrew/opt/libpcap/lib/libpcap.A.dylib'],
  freebsd: ['libpcap.so.8', 'libpcap.so'],
  openbsd: ['libpcap.so'],
  netbsd: ['libpcap.so'],
}

const INSTALL: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: 'install it: sudo apt-get install libpcap0.8 (elsewhere the package is called libpcap)',
  darwin: 'it comes with macOS; another one: brew install libpcap',
}

const VERSION_FIX = 'take libpcap 1.5 or newer'

type Library = ReturnType<Koffi['load']>

/** @throws OperatorError ERR_SOURCE_UNSUPPORTED where there is no libpcap, or it cannot be called */
export async function loadLibpcap(names: readonly string[] = NAMES[process.platform] ?? []): Promise<PcapLibrary> {
  // Structs are laid out here for 64 bits; Windows has no fmemopen().
  if (process.platform === 'win32' || process.arch === 'arm' || process.arch === 'ia32')
    throw new OperatorError(
      'ERR_SOURCE_UNSUPPORTED',
      `libpcap is used on 64-bit Unix systems, and this is ${process.platform} (${process.arch})`,
      'capture into a file there, and replay it',
    )
  const koffi = await importKoffi()
  const library = open(koffi, names)
  try {
    return bind(koffi, library)
  } catch (error) {
    throw new OperatorError(
      'ERR_SOURCE_UNSUPPORTED',
      `libpcap cannot be used: ${(error as Error).message}`,
      VERSION_FIX,
    )
  }
}

let kept: Promise<PcapLibrary> | undefined

/**
 * The library, which from now on stays: for the main thread, before others open sources. A thread that dies takes the
 * library with it if it was the last to use it, and what it left open could not be closed any more: the library's code does
 * that. @throws OperatorError as `loadLibpcap` does
 */
export function keepLibpcap(): Promise<PcapLibrary> {
  kept ??= loadLibpcap()
  return kept
}

function bind(koffi: Koffi, pcap: Library): PcapLibrary {
  const c = koffi.load(null)
  const create = pcap.func('pcap_create', 'void *', ['str', 'void *'])
  const setSnaplen = pcap.func('pcap_set_snaplen', 'int', ['void *', 'int'])
  const setPromisc = pcap.func('pcap_set_promisc', 'int', ['void *', 'int'])
  const setTimeout = pcap.func('pcap_set_timeout', 'int', ['void *', 'int'])
  const setBufferSize = pcap.func('pcap_set_buffer_size', 'int', ['void *', 'int'])
  const setPrecision = pcap.func('pcap_set_tstamp_precision', 'int', ['void *', 'int'])
  const activate = pcap.func('pcap_activate', 'int', ['void *'])
  const setNonBlock = pcap.func('pcap_setnonblock', 'int', ['void *', 'int', 'void *'])
  const datalink = pcap.func('pcap_datalink', 'int', ['void *'])
  const snapshot = pcap.func('pcap_snapshot', 'int', ['void *'])
  const setFilter = pcap.func('pcap_setfilter', 'int', ['void *', 'void *'])
  const dispatch = pcap.func('pcap_dispatch', 'int', ['void *', 'int', 'void *', 'void *'])
  const dumpOpen = pcap.func('pcap_dump_fopen', 'void *', ['void *', 'void *'])
  const dumpFlush = pcap.func('pcap_dump_flush', 'int', ['void *'])
  const dumpTell = pcap.func('pcap_dump_ftell', 'long', ['void *'])
  const dumpClose = pcap.func('pcap_dump_close', 'void', ['void *'])
  const stats = pcap.func('pcap_stats', 'int', ['void *', 'void *'])
  const errorText = pcap.func('pcap_geterr', 'str', ['void *'])
  const statusText = pcap.func('pcap_statustostr', 'str', ['int'])
  const selectableFd = pcap.func('pcap_get_selectable_fd', 'int', ['void *'])
  const close = pcap.func('pcap_close', 'void', ['void *'])
  const memoryFile = c.func('fmemopen', 'void *', ['void *', 'size_t', 'str'])
  const seek = c.func('fseek', 'int', ['void *', 'long', 'int'])
  const fileClose = c.func('fclose', 'int', ['void *'])
  const interfaceIndex = c.func('if_nametoindex', 'uint', ['str'])
  /** A pcap_handler: its first argument is the dumper. */
  const dumpFrame: Pointer = pcap.symbol('pcap_dump')

  return {
    create(device) {
      const error = Buffer.alloc(ERROR_BYTES)
      return (create(device, error) as Pointer | null) ?? error.toString('utf8', 0, error.indexOf(0))
    },
    configure(handle, { snaplen, promiscuous, timeoutMs, bufferBytes }) {
      setSnaplen(handle, snaplen)
      setPromisc(handle, promiscuous ? 1 : 0)
      setTimeout(handle, timeoutMs)
      setBufferSize(handle, bufferBytes)
      setPrecision(handle, NANOSECONDS)
    },
    activate,
    setNonBlocking: (handle) => setNonBlock(handle, 1, Buffer.alloc(ERROR_BYTES)),
    datalink,
    snaplen: snapshot,
    setFilter(handle, program) {
      // struct bpf_program: how many instructions, and where they are.
      const struct = new BigUint64Array(2)
      new Uint32Array(struct.buffer)[0] = program.length / INSTRUCTION_BYTES
      struct[1] = koffi.address(program)
      return setFilter(handle, struct)
    },
    openDump(handle, memory) {
      const file = memoryFile(memory, memory.length, 'w') as Pointer | null
      if (file === null) return null
      const dump = dumpOpen(handle, file) as Pointer | null
      if (dump === null) fileClose(file)
      else dumpFlush(dump)
      return dump
    },
    dispatch(handle, frames, dump, at) {
      seek(dump, at, SEEK_SET)
      const count = dispatch(handle, frames, dumpFrame, dump) as number
      dumpFlush(dump)
      return count
    },
    dumpEnd: (dump) => Number(dumpTell(dump)),
    closeDump: dumpClose,
    stats,
    errorText,
    statusText,
    readiness(handle) {
      const fd = selectableFd(handle) as number
      return fd < 0 ? null : readinessOf(koffi, fd)
    },
    close,
    interfaceIndex,
  }
}

function open(koffi: Koffi, names: readonly string[]): Library {
  const tried: string[] = []
  for (const name of names) {
    try {
      return koffi.load(name)
    } catch (error) {
      tried.push(`${name}: ${(error as Error).message}`)
    }
  }
  throw new OperatorError(
    'ERR_SOURCE_UNSUPPORTED',
    `libpcap cannot be loaded${tried.length > 0 ? ` (${tried.join('; ')})` : ''}`,
    INSTALL[process.platform] ?? 'install libpcap',
  )
}
