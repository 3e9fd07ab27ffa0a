/**
 * A live source of several Linux interfaces that show one network: both ends of its conversations, or the two directions
 * of a tap. Their frames come into one ring in the order of their arrival, and what two of them show is known as a copy.
 * Once open nothing throws; an interface that goes down or away is waited for.
 */
import { noSuchInterface, openError } from './af-packet-errors.ts'
import { LiveMembers } from './af-packet-members.ts'
import { type AfPacketOptions, type AfPacketSettings, type InterfaceState, withDefaults } from './af-packet-settings.ts'
import { createBatch } from './format.ts'
import { interfaceNames } from './interfaces.ts'
import { type Libc, loadLibc, SyscallError } from './libc.ts'
import { LiveLoop } from './live-loop.ts'
import { type FrameBatch, noDrops, type Source, type SourceMember, type SourceStats } from './source.ts'

export interface SharedOptions extends Omit<AfPacketOptions, 'interface'> {
  readonly interfaces: readonly string[]
}

export interface SharedSource extends Source {
  readonly state: InterfaceState
  readonly members: readonly SourceMember[]
}

/** @throws OperatorError as `openAfPacket` does */
export async function openShared({ interfaces, ...options }: SharedOptions): Promise<SharedSource> {
  const settings = withDefaults({ ...options, interface: interfaces.join(',') })
  const libc = await loadLibc()
  const names = interfaceNames()
  for (const name of interfaces) if (names.length > 0 && !names.includes(name)) throw noSuchInterface(name)
  try {
    return new SharedRing(libc, settings, interfaces)
  } catch (error) {
    throw error instanceof SyscallError ? openError(error, settings) : error
  }
}

/** The worse comes last. */
const STATES: readonly InterfaceState[] = ['up', 'down', 'gone']

class SharedRing implements SharedSource {
  readonly name: string
  readonly size = null
  readonly damage = null
  readonly stats: SourceStats = { bytesRead: 0, frames: 0, skippedBlocks: {}, drops: noDrops() }
  readonly #live: LiveMembers
  readonly #loop: LiveLoop

  constructor(libc: Libc, settings: AfPacketSettings, interfaces: readonly string[]) {
    this.name = `afpacket:${settings.interface}`
    this.#live = new LiveMembers(libc, settings, interfaces, this.stats.drops)
    this.stats.stamps = this.#live.ring.stamps
    this.#loop = new LiveLoop(this.#live, this.stats)
  }

  /** That of the interface that fares worst. */
  get state(): InterfaceState {
    const worst = Math.max(...this.members.map(({ state }) => STATES.indexOf(state)))
    return STATES[worst] as InterfaceState
  }

  get members(): readonly SourceMember[] {
    return this.#live.members
  }

  get notes(): readonly string[] {
    const { members, timestampsFallbacks } = this.#live
    const refused = members.filter(({ refusal }) => refusal !== null)
    return [
      ...timestampsFallbacks,
      ...refused.map(({ name, refusal }) => `${name} is back and cannot be opened again: ${refusal}`),
    ]
  }

  batches(): AsyncGenerator<FrameBatch, void, void> {
    const batch = createBatch(this.#live.ring.bytes)
    const names = this.members.map(({ name }) => name)
    batch.origins = { names, of: new Int32Array(batch.link.length) }
    return this.#loop.batches(batch)
  }

  drain(): void {
    this.#loop.drain()
  }

  close(): Promise<void> {
    return this.#loop.close()
  }
}
