/**
 * A live source: the frames of one Linux interface, read where the kernel wrote them. Once open nothing throws: an
 * interface that goes down is waited for, and one that goes away is opened again when its name comes back.
 */
import { noSuchInterface, openError } from './af-packet-errors.ts'
import { type InterfaceChanges, LiveInterface } from './af-packet-interface.ts'
import { type AfPacketOptions, type AfPacketSettings, type InterfaceState, withDefaults } from './af-packet-settings.ts'
import { createBatch } from './format.ts'
import { interfaceNames } from './interfaces.ts'
import { type Libc, loadLibc, SyscallError } from './libc.ts'
import { LiveLoop } from './live-loop.ts'
import { type FrameBatch, noDrops, type Source, type SourceStats } from './source.ts'

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

const MIXED_CLOCKS =
  "some frames carry the card's time and some the kernel's: their order in time is not to be relied on, take --timestamps software"

class LiveSource implements AfPacketSource {
  readonly name: string
  readonly interface: string
  readonly size = null
  readonly damage = null
  readonly stats: SourceStats = { bytesRead: 0, frames: 0, skippedBlocks: {}, drops: noDrops() }
  readonly #asksHardware: boolean
  readonly #live: LiveInterface
  readonly #loop: LiveLoop

  constructor(libc: Libc, settings: AfPacketSettings) {
    this.interface = settings.interface
    this.name = `afpacket:${settings.interface}`
    this.#live = new LiveInterface(libc, settings, this.stats.drops)
    this.#asksHardware = settings.timestamps === 'hardware'
    this.stats.stamps = this.#live.ring.stamps
    this.#loop = new LiveLoop(this.#live, this.stats)
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
      ...(timestampsFallback === null ? [] : [timestampsFallback]),
      ...(this.#isMixed() ? [MIXED_CLOCKS] : []),
      ...(reopenFailure === null ? [] : [`it is back and cannot be opened again: ${reopenFailure}`]),
    ]
  }

  /** A card that was set to stamp everything, and did not. */
  #isMixed(): boolean {
    const { hardware, software, late } = this.#live.ring.stamps
    return this.#asksHardware && hardware > 0 && software + late > 0
  }

  batches(): AsyncGenerator<FrameBatch, void, void> {
    return this.#loop.batches(createBatch(this.#live.ring.bytes))
  }

  drain(): void {
    this.#loop.drain()
  }

  close(): Promise<void> {
    return this.#loop.close()
  }
}
