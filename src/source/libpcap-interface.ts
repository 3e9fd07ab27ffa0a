/** One interface under a libpcap source: what it lost, and how it is found again after it went away. */
import type { InterfaceState } from './af-packet-settings.ts'
import type { Readiness } from './koffi.ts'
import { PcapError } from './libpcap-errors.ts'
import { type HandleSettings, PcapHandle } from './libpcap-handle.ts'
import type { PcapLibrary } from './libpcap-library.ts'
import type { LiveFrames } from './live-loop.ts'
import type { Drops, FrameBatch } from './source.ts'

/** Counters are read, the interface is looked at, and one that is gone is sought, this often. */
const UPKEEP_MS = 1000
/** Where a descriptor cannot be waited for, or may not tell: BPF devices of some systems do not. */
const LOOK_MS = 20

export class LibpcapInterface implements LiveFrames {
  state: InterfaceState = 'gone'
  /** Why it cannot be opened again, or what ended it last; null = it is open, or there is none of that name. */
  problem: string | null = null
  readonly memory: Uint8Array
  wireBytes = 0
  readonly #library: PcapLibrary
  readonly #settings: HandleSettings
  readonly #drops: Drops
  /** Null while it is down or gone. */
  #handle: PcapHandle | null = null
  /** 0 where it has none, as Linux's "any": that cannot go away. */
  #index = 0
  #upkeepAtMs = 0

  /** Counts into `drops`. An interface that is down is waited for. @throws PcapError */
  constructor(library: PcapLibrary, settings: HandleSettings, memory: Uint8Array, drops: Drops) {
    this.#library = library
    this.#settings = settings
    this.memory = memory
    this.#drops = drops
    try {
      this.#attach()
    } catch (error) {
      if (!(error instanceof PcapError && error.isDown)) throw error
      this.state = 'down'
    }
  }

  get readiness(): Readiness | null {
    return this.#handle?.readiness ?? null
  }

  get lookMs(): number {
    const tells = this.readiness !== null && process.platform === 'linux'
    return tells || this.#handle === null ? Number.POSITIVE_INFINITY : LOOK_MS
  }

  read(batch: FrameBatch): boolean {
    try {
      if (this.#handle === null || !this.#handle.read(batch, this.#drops)) return false
      for (let i = 0; i < batch.count; i++) this.wireBytes += batch.wire[i] as number
      return true
    } catch (error) {
      this.problem = (error as Error).message
      this.#letGo()
      return false
    }
  }

  /** Once a second: counts, looks, lets go of an interface that is gone and seeks it. Never throws. */
  upkeep(nowMs: number): void {
    if (nowMs < this.#upkeepAtMs) return
    this.#upkeepAtMs = nowMs + UPKEEP_MS
    this.count()
    // libpcap looks for the name only: it would wait for ever on an interface that was made anew.
    if (this.#handle !== null && this.#library.interfaceIndex(this.#settings.interface) !== this.#index) this.#letGo()
    if (this.#handle === null) this.#reattach()
  }

  count(): void {
    this.#handle?.count(this.#drops)
  }

  /** Counts a last time and closes it; idempotent. What was read last stays in memory. */
  close(): void {
    this.count()
    this.#handle?.close()
    this.#handle = null
  }

  #letGo(): void {
    this.close()
    this.state = 'gone'
  }

  #attach(): void {
    this.#index = this.#library.interfaceIndex(this.#settings.interface)
    this.#handle = new PcapHandle(this.#library, this.#settings, this.memory)
    this.state = 'up'
    this.problem = null
  }

  #reattach(): void {
    try {
      this.#attach()
    } catch (error) {
      const { isDown, isGone, message } = error as PcapError
      this.state = isDown ? 'down' : 'gone'
      this.problem = isDown || isGone ? null : message
    }
  }
}
