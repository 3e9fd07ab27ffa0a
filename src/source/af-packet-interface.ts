/** One interface under a live source: the socket on it, what it lost, and how it is found again after it went away. */
import type { AfPacketSettings, InterfaceState } from './af-packet-settings.ts'
import {
  attachFilter,
  closePacketSocket,
  interfaceIndex,
  isInterfaceUp,
  openPacketSocket,
  type PacketSocket,
} from './af-packet-socket.ts'
import { forgetHeld, noteHeld } from './held-socket.ts'
import { DROP_ALL, PACKET_STATISTICS, SO_ERROR } from './if-packet.ts'
import { interfaceDrops } from './interfaces.ts'
import type { Readiness } from './koffi.ts'
import { type Libc, SyscallError } from './libc.ts'
import type { LiveFrames } from './live-loop.ts'
import { PacketRing } from './packet-ring.ts'
import type { Drops, FrameBatch } from './source.ts'

/** Counters are read, the interface is looked at, and one that is gone is sought, this often. */
const UPKEEP_MS = 1000
/** Beyond a block's timeout, until the kernel's timer has surely handed it over. */
const LAST_BLOCK_MS = 100
/** After an interface went away, what its last frames may take to be handed over beyond the block's timeout. */
const LAST_FRAMES_MS = 250

/** How often the interface changed under an open source. */
export interface InterfaceChanges {
  wentDown: number
  wentAway: number
  reopened: number
}

interface Attachment {
  readonly socket: PacketSocket
  readonly readiness: Readiness
}

export class LiveInterface implements LiveFrames {
  state: InterfaceState
  readonly changes: InterfaceChanges = { wentDown: 0, wentAway: 0, reopened: 0 }
  timestampsFallback: string | null = null
  /** Why the interface, though it is back, cannot be opened again yet. */
  reopenFailure: string | null = null
  readonly ring: PacketRing
  readonly lookMs = Number.POSITIVE_INFINITY
  readonly #libc: Libc
  readonly #settings: AfPacketSettings
  readonly #drops: Drops
  /** Null while the interface is gone. */
  #attachment: Attachment | null = null
  /** struct tpacket_stats_v3: tp_packets, tp_drops, tp_freeze_q_cnt. */
  readonly #statistics = new Uint32Array(3)
  /** The interface's own count when it was last read. */
  #interfaceDrops = 0
  #upkeepAtMs = 0
  #wentAwayAtMs = 0

  /** Counts into `drops`. @throws SyscallError or OperatorError, as `openPacketSocket` does */
  constructor(libc: Libc, settings: AfPacketSettings, drops: Drops) {
    this.#libc = libc
    this.#settings = settings
    this.#drops = drops
    const { blockBytes, blockCount } = settings
    this.ring = new PacketRing(libc.reserve(blockBytes * blockCount), blockBytes)
    this.state = this.#attach()
  }

  get wireBytes(): number {
    return this.ring.wireBytes
  }

  get readiness(): Readiness | null {
    return this.#attachment?.readiness ?? null
  }

  read(batch: FrameBatch): boolean {
    return this.ring.read(batch, this.#attachment?.socket.link ?? 0)
  }

  /** The kernel says ENETDOWN once when an interface goes down or away: asks for it, and looks. Never throws. */
  checkError(nowMs: number): void {
    if (this.#attachment === null) return
    const error = new Uint32Array(1)
    this.#libc.getsockopt(this.#attachment.socket.fd, SO_ERROR, new Uint8Array(error.buffer))
    if (error[0] === 0) return
    // Up, down and up again between two looks is a change too.
    if (this.state === 'up') this.#become('down', nowMs)
    this.#become(this.#look(), nowMs)
  }

  /** Once a second: counts, looks, lets go of an interface that is gone and seeks it. Never throws. */
  upkeep(nowMs: number): void {
    if (nowMs < this.#upkeepAtMs) return
    this.#upkeepAtMs = nowMs + UPKEEP_MS
    if (this.#attachment !== null) {
      this.count()
      this.#become(this.#look(), nowMs)
    }
    if (this.state === 'gone' && this.#isDrained(nowMs)) this.#reattach(nowMs)
  }

  /** Adds up what was lost since the last call. PACKET_STATISTICS starts again from 0 with every reading (packet(7)). */
  count(): void {
    if (this.#attachment === null) return
    this.#libc.getsockopt(this.#attachment.socket.fd, PACKET_STATISTICS, new Uint8Array(this.#statistics.buffer))
    this.#drops.kernel += this.#statistics[1] as number
    this.#drops.freezes += this.#statistics[2] as number
    const dropped = interfaceDrops(this.#settings.interface, this.#attachment.socket.ifindex)
    this.#drops.interface += Math.max(0, dropped - this.#interfaceDrops)
    this.#interfaceDrops = dropped
  }

  /** The socket keeps nothing any more; the block at work is handed over when its time is up. */
  stopTaking(): number {
    if (this.#attachment === null) return 0
    this.count()
    attachFilter(this.#libc, this.#attachment.socket.fd, DROP_ALL)
    return this.#settings.blockTimeoutMs + LAST_BLOCK_MS
  }

  hasMore(): boolean {
    return this.ring.ready()
  }

  /** Counts a last time and closes the socket; idempotent. The ring reads as zeros from here on. */
  close(): void {
    if (this.#attachment === null) return
    this.count()
    this.#attachment.readiness.close()
    // Before its number can mean another descriptor.
    if (this.#settings.held !== null) forgetHeld(this.#settings.held)
    closePacketSocket(this.#libc, this.#attachment.socket.fd, this.ring.memory)
    this.#attachment = null
  }

  #attach(): InterfaceState {
    const socket = openPacketSocket(this.#libc, this.#settings, this.ring.memory)
    if (this.#settings.held !== null) noteHeld(this.#settings.held, socket.fd, this.ring.memory)
    this.#attachment = { socket, readiness: this.#libc.readiness(socket.fd) }
    this.ring.rewind()
    this.ring.skipOutgoing = socket.sentTwice
    this.timestampsFallback = socket.timestampsFallback
    this.#interfaceDrops = interfaceDrops(this.#settings.interface, socket.ifindex)
    return this.#look()
  }

  /** Its last frames may still be in the ring, or in a block that the kernel has not handed over yet. */
  #isDrained(nowMs: number): boolean {
    if (this.#attachment === null) return true
    return nowMs >= this.#wentAwayAtMs + this.#settings.blockTimeoutMs + LAST_FRAMES_MS && !this.ring.ready()
  }

  #reattach(nowMs: number): void {
    this.close()
    try {
      const state = this.#attach()
      this.changes.reopened += 1
      this.reopenFailure = null
      this.#become(state, nowMs)
    } catch (error) {
      const stillGone = error instanceof SyscallError && error.code === 'ENODEV'
      this.reopenFailure = stillGone ? null : (error as Error).message
    }
  }

  /** An interface of the same name with another index is another interface. */
  #look(): InterfaceState {
    if (this.#attachment === null) return 'gone'
    const { fd, ifindex } = this.#attachment.socket
    try {
      if (interfaceIndex(this.#libc, fd, this.#settings.interface) !== ifindex) return 'gone'
      return isInterfaceUp(this.#libc, fd, this.#settings.interface) ? 'up' : 'down'
    } catch {
      return 'gone'
    }
  }

  #become(state: InterfaceState, nowMs: number): void {
    const was = this.state
    if (state === was) return
    this.state = state
    if (state === 'down') this.changes.wentDown += 1
    if (state === 'gone') {
      this.changes.wentAway += 1
      this.#wentAwayAtMs = nowMs
    }
    this.#settings.onState(state, was)
  }
}
