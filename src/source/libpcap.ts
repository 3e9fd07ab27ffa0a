/**
 * A live source through libpcap, for systems without AF_PACKET: the frames of one interface, copied by libpcap into
 * memory that is read in place. Once open nothing throws: an interface that goes away is opened again when it comes back.
 */
import type { InterfaceState } from './af-packet-settings.ts'
import { createBatch } from './format.ts'
import type { HeldSocket } from './held-socket.ts'
import { PcapError, pcapError } from './libpcap-errors.ts'
import { LibpcapInterface } from './libpcap-interface.ts'
import { loadLibpcap } from './libpcap-library.ts'
import { LiveLoop } from './live-loop.ts'
import { type FrameBatch, noDrops, type Source, type SourceStats } from './source.ts'

/**
 * What tcpdump takes. Linux joins segments to frames of 64 KiB and more. The bytes are those of the longest frame that
 * can come; libpcap makes no room for them beforehand.
 */
const SNAPLEN_BYTES = 256 * 1024
/**
 * How long a frame may wait for others. Immediate mode would have libpcap use the older TPACKET_V2 on Linux, a system
 * call or a slot of the longest frame's size for each.
 */
const TIMEOUT_MS = 50
const DEFAULT_BUFFER_BYTES = 64 * 1024 * 1024
/** pcap_set_buffer_size() takes an int. */
const MAX_BUFFER_BYTES = 2 ** 31 - 1
/**
 * Into which a batch is written: 255 of the longest frames, which is the most frames of a batch. Only what was written
 * once takes memory: 400 kB where frames are of 1500 bytes.
 */
const MEMORY_BYTES = 64 * 1024 * 1024

export interface LibpcapOptions {
  /** The interface's name: "en0". */
  readonly interface: string
  /** A classic BPF program over Ethernet frames: struct bpf_insn after struct bpf_insn. */
  readonly filter?: Uint8Array | null
  /** Of the kernel's buffer; libpcap takes less where the system gives no more. */
  readonly bufferBytes?: number
  /** Where another thread finds what to close should this one die. */
  readonly held?: HeldSocket | null
}

export interface LibpcapSource extends Source {
  readonly interface: string
  /** As of a second ago. An open interface that is switched off counts as up: libpcap does not tell. */
  readonly state: InterfaceState
}

/** @throws OperatorError ERR_SOURCE_PERMISSION, _NOT_FOUND, _UNSUPPORTED or _REFUSED */
export async function openLibpcap(options: LibpcapOptions): Promise<LibpcapSource> {
  const library = await loadLibpcap()
  const settings = {
    interface: options.interface,
    filter: options.filter ?? null,
    held: options.held ?? null,
    snaplen: SNAPLEN_BYTES,
    promiscuous: true,
    timeoutMs: TIMEOUT_MS,
    bufferBytes: Math.min(options.bufferBytes ?? DEFAULT_BUFFER_BYTES, MAX_BUFFER_BYTES),
  }
  const stats = { bytesRead: 0, frames: 0, skippedBlocks: {}, drops: noDrops() }
  try {
    const live = new LibpcapInterface(library, settings, new Uint8Array(MEMORY_BYTES), stats.drops)
    return new LiveSource(options.interface, live, stats)
  } catch (error) {
    throw error instanceof PcapError ? pcapError(error, options.interface) : error
  }
}

class LiveSource implements LibpcapSource {
  readonly name: string
  readonly interface: string
  readonly size = null
  readonly damage = null
  readonly stats: SourceStats
  readonly #live: LibpcapInterface
  readonly #loop: LiveLoop

  constructor(name: string, live: LibpcapInterface, stats: SourceStats) {
    this.interface = name
    this.name = `libpcap:${name}`
    this.stats = stats
    this.#live = live
    this.#loop = new LiveLoop(live, stats)
  }

  get state(): InterfaceState {
    return this.#live.state
  }

  get notes(): readonly string[] {
    return this.#live.problem === null ? [] : [`it cannot be read: ${this.#live.problem}`]
  }

  batches(): AsyncGenerator<FrameBatch, void, void> {
    return this.#loop.batches(createBatch(this.#live.memory))
  }

  drain(): void {
    this.#loop.drain()
  }

  close(): Promise<void> {
    return this.#loop.close()
  }
}
