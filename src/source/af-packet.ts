/**
 * A live source: the frames of one Linux interface, read where the kernel wrote them. Once open nothing throws: an
 * interface that goes down is waited for, and one that goes away is opened again when its name comes back.
 */
import { setImmediate } from 'node:timers/promises'
import { noSuchInterface, openError } from './af-packet-errors.ts'
import { type InterfaceChanges, LiveInterface } from './af-packet-interface.ts'
import { type AfPacketOptions, type AfPacketSettings, type InterfaceState, withDefaults } from './af-packet-settings.ts'
import { createBatch } from './format.ts'
import { interfaceNames } from './interfaces.ts'
import { type Libc, loadLibc, SyscallError } from './libc.ts'
import { type FrameBatch, noDrops, type Source, type SourceStats } from './source.ts'

/** After this long without a frame an empty batch says that time went on. */
const QUIET_MS = 250
/** Blocks that are ready one after the other leave timers and signals no turn; after this long they get one. */
const TURN_MS = 10

export interface AfPacketSource extends Source {
  readonly interface: string
  /** As of a second ago. */
  readonly state: InterfaceState
  readonly changes: Readonly<InterfaceChanges>
  readonly ringBytes: number
  /** Why frames carry the kernel's time although the hardware's was asked for; null = they carry what was asked for. */
  readonly timestampsFallback: string | null
  /** Why the interface, though it is back, cannot be opened again yet; null = it can, or is not back. */
  readonly reopenFailure: string | null
}

/**
 * Opens an interface for capture. Every thread that wants frames opens its own source, and must close it before it ends:
 * what the kernel maps and counts belongs to the process.
 * @throws OperatorError ERR_SOURCE_PERMISSION, _NOT_FOUND, _UNSUPPORTED, _REFUSED, ERR_FILTER or ERR_USAGE
 */
export async function openAfPacket(options: AfPacketOptions): Promise<AfPacketSource> {
  const settings = withDefaults(options)
  const libc = await loadLibc()
  const names = interfaceNames()
  if (names.length > 0 && !names.includes(settings.interface)) throw noSuchInterface(settings.interface)
  try {
    return new LiveSource(libc, settings)
  } catch (error) {
    throw error instanceof SyscallError ? openError(error, settings) : error
  }
}

class LiveSource implements AfPacketSource {
  readonly name: string
  readonly interface: string
  readonly size = null
  readonly damage = null
  readonly stats: SourceStats = { bytesRead: 0, frames: 0, skippedBlocks: {}, drops: noDrops() }
  readonly #live: LiveInterface
  #closed = false
  /** Ends the wait under way. */
  #wake: (() => void) | null = null
  /** Settles when the consumer has left `batches()`; null = it is not there. */
  #reading: Promise<void> | null = null
  /** The consumer has a batch, and may be looking into the ring. */
  #lent = false

  constructor(libc: Libc, settings: AfPacketSettings) {
    this.interface = settings.interface
    this.name = `afpacket:${settings.interface}`
    this.#live = new LiveInterface(libc, settings, this.stats.drops)
  }

  get state(): InterfaceState {
    return this.#live.state
  }

  get changes(): Readonly<InterfaceChanges> {
    return this.#live.changes
  }

  get ringBytes(): number {
    return this.#live.ring.bytes.length
  }

  get timestampsFallback(): string | null {
    return this.#live.timestampsFallback
  }

  get reopenFailure(): string | null {
    return this.#live.reopenFailure
  }

  get notes(): readonly string[] {
    const { timestampsFallback, reopenFailure } = this
    return [
      ...(timestampsFallback === null ? [] : [`frames carry the kernel's time: ${timestampsFallback}`]),
      ...(reopenFailure === null ? [] : [`it is back and cannot be opened again: ${reopenFailure}`]),
    ]
  }

  /** For one consumer. A batch stays whole until the consumer comes back for the next, even if `close()` was called. */
  async *batches(): AsyncGenerator<FrameBatch, void, void> {
    let left = (): void => {}
    this.#reading = new Promise((resolve) => {
      left = resolve
    })
    const { ring } = this.#live
    const batch = createBatch(ring.bytes)
    try {
      let lentAtMs = performance.now()
      let turnAtMs = lentAtMs + TURN_MS
      while (!this.#closed) {
        if (!ring.ready()) {
          if (!(await this.#wasQuiet(lentAtMs))) continue
          batch.count = 0
          yield this.#lend(batch)
        } else {
          for (ring.open(); !this.#closed && ring.fill(batch, this.#live.link); ) yield this.#lend(batch)
          ring.release()
        }
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
      this.#live.detach()
      this.#reading = null
      left()
    }
  }

  /** Idempotent. Waits for a consumer that waits for frames, and not for one that is at work on a batch. */
  async close(): Promise<void> {
    if (!this.#closed) this.#live.count()
    this.#closed = true
    this.#wake?.()
    if (this.#reading === null) this.#live.detach()
    else if (!this.#lent) await this.#reading
  }

  #lend(batch: FrameBatch): FrameBatch {
    this.#lent = true
    this.stats.frames += batch.count
    this.stats.bytesRead = this.#live.ring.wireBytes
    return batch
  }

  /** Waits for a block, an error or `close()`; true when nothing of all this came within QUIET_MS of `sinceMs`. */
  async #wasQuiet(sinceMs: number): Promise<boolean> {
    const endMs = sinceMs + QUIET_MS
    const leftMs = endMs - performance.now()
    if (leftMs > 0) await this.#sleep(leftMs)
    if (this.#closed) return false
    const nowMs = performance.now()
    this.#live.checkError(nowMs)
    this.#live.upkeep(nowMs)
    return nowMs >= endMs && !this.#live.ring.ready()
  }

  async #sleep(ms: number): Promise<void> {
    const { readiness } = this.#live
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
      readiness?.start(this.#wake)
    })
    this.#wake = null
    readiness?.stop()
  }
}
