/**
 * A live source through libpcap, for systems without AF_PACKET: the frames of one interface, copied by libpcap into
 * memory that is read in place. Once open nothing throws: an interface that goes away is opened again when it comes back.
 */
import { setImmediate } from 'node:timers/promises'
import type { InterfaceState } from './af-packet-settings.ts'
import { createBatch } from './format.ts'
import { PcapError, pcapError } from './libpcap-errors.ts'
import { LibpcapInterface } from './libpcap-interface.ts'
import { loadLibpcap } from './libpcap-library.ts'
import { type FrameBatch, noDrops, type Source, type SourceStats } from './source.ts'
import { Wake } from './wake.ts'

/** After this long without a frame an empty batch says that time went on. */
const QUIET_MS = 250
/** Frames that come one after the other leave timers and signals no turn; after this long they get one. */
const TURN_MS = 10
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
/** Where a descriptor cannot be waited for, or may not tell: BPF devices of some systems do not. */
const LOOK_MS = 20

export interface LibpcapOptions {
  /** The interface's name: "en0". */
  readonly interface: string
  /** A classic BPF program over Ethernet frames: struct bpf_insn after struct bpf_insn. */
  readonly filter?: Uint8Array | null
  /** Of the kernel's buffer; libpcap takes less where the system gives no more. */
  readonly bufferBytes?: number
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
  readonly #wake = new Wake()
  #closed = false
  /** Settles when the consumer has left `batches()`; null = it is not there. */
  #reading: Promise<void> | null = null
  /** The consumer is at work on a batch. */
  #lent = false

  constructor(name: string, live: LibpcapInterface, stats: SourceStats) {
    this.interface = name
    this.name = `libpcap:${name}`
    this.stats = stats
    this.#live = live
  }

  get state(): InterfaceState {
    return this.#live.state
  }

  get notes(): readonly string[] {
    return this.#live.problem === null ? [] : [`it cannot be read: ${this.#live.problem}`]
  }

  /** For one consumer. A batch stays whole until the consumer comes back for the next, even if `close()` was called. */
  async *batches(): AsyncGenerator<FrameBatch, void, void> {
    let left = (): void => {}
    this.#reading = new Promise((resolve) => {
      left = resolve
    })
    const batch = createBatch(this.#live.memory)
    try {
      let lentAtMs = performance.now()
      let turnAtMs = lentAtMs + TURN_MS
      while (!this.#closed) {
        if (!this.#live.read(batch)) {
          if (!(await this.#wasQuiet(lentAtMs))) continue
          batch.count = 0
        }
        yield this.#lend(batch)
        this.#lent = false
        lentAtMs = performance.now()
        this.#live.upkeep(lentAtMs)
        if (lentAtMs < turnAtMs) continue
        await setImmediate()
        turnAtMs = performance.now() + TURN_MS
      }
    } finally {
      this.#closed = true
      this.#lent = false
      this.#live.close()
      this.#reading = null
      left()
    }
  }

  /** Idempotent. Waits for a consumer that waits for frames, and not for one that is at work on a batch. */
  async close(): Promise<void> {
    if (!this.#closed) this.#live.count()
    this.#closed = true
    this.#wake.raise()
    if (this.#reading === null) this.#live.close()
    else if (!this.#lent) await this.#reading
  }

  #lend(batch: FrameBatch): FrameBatch {
    this.#lent = true
    this.stats.frames += batch.count
    for (let i = 0; i < batch.count; i++) this.stats.bytesRead += batch.wire[i] as number
    return batch
  }

  /** Waits for frames, an error or `close()`; true when nothing of all this came within QUIET_MS of `sinceMs`. */
  async #wasQuiet(sinceMs: number): Promise<boolean> {
    const endMs = sinceMs + QUIET_MS
    const leftMs = endMs - performance.now()
    if (leftMs > 0) await this.#sleep(leftMs)
    if (this.#closed) return false
    const nowMs = performance.now()
    this.#live.upkeep(nowMs)
    return nowMs >= endMs
  }

  async #sleep(ms: number): Promise<void> {
    const { readiness, isOpen } = this.#live
    readiness?.start(() => this.#wake.raise())
    const tells = readiness !== null && process.platform === 'linux'
    await this.#wake.wait(tells || !isOpen ? ms : Math.min(ms, LOOK_MS))
    readiness?.stop()
  }
}
