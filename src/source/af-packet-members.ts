/** Several interfaces under one live source: a socket that sees them all, whose each frame is, and how each of them fares. */
import type { AfPacketSettings, InterfaceState } from './af-packet-settings.ts'
import {
  attachFilter,
  becomePromiscuous,
  closePacketSocket,
  interfaceIndex,
  isInterfaceUp,
  keepFramesOf,
  linkFacts,
  openSharedSocket,
  type SharedSocket,
} from './af-packet-socket.ts'
import { forgetHeld, noteHeld } from './held-socket.ts'
import { DROP_ALL, PACKET_STATISTICS } from './if-packet.ts'
import { interfaceDrops } from './interfaces.ts'
import type { Readiness } from './koffi.ts'
import { type Libc, SyscallError } from './libc.ts'
import type { LiveFrames } from './live-loop.ts'
import { PacketRing, type RingMember } from './packet-ring.ts'
import { type Drops, type FrameBatch, noDrops, type SourceMember } from './source.ts'

/** Counters are read, and every interface is looked at, this often. */
const UPKEEP_MS = 1000
/** Beyond a block's timeout, until the kernel's timer has surely handed it over. */
const LAST_BLOCK_MS = 100

/** One of the interfaces. Its `ifindex` is 0 while there is none of its name. */
class Member implements RingMember, SourceMember {
  readonly interface: string
  readonly name: string
  state: InterfaceState = 'up'
  ifindex: number
  formerIfindex = 0
  link: number
  isLoopback: boolean
  frames = 0
  wireBytes = 0
  readonly drops: Drops = noDrops()
  /** Why it cannot be taken up again though it is back. */
  refusal: string | null = null
  /** When the ring's losses were last shared out. */
  framesThen = 0
  /** The interface's own count when it was last read. */
  dropsThen = 0

  constructor(name: string, { ifindex, link, isLoopback }: SharedSocket['links'][number]) {
    this.interface = name
    this.name = `afpacket:${name}`
    this.ifindex = ifindex
    this.link = link
    this.isLoopback = isLoopback
    this.dropsThen = interfaceDrops(name, ifindex)
  }
}

export class LiveMembers implements LiveFrames {
  readonly members: readonly Member[]
  readonly ring: PacketRing
  readonly timestampsFallbacks: readonly string[]
  readonly lookMs = Number.POSITIVE_INFINITY
  readonly #libc: Libc
  readonly #settings: AfPacketSettings
  readonly #drops: Drops
  /** Null once it is closed. */
  #socket: { readonly fd: number; readonly readiness: Readiness } | null
  /** struct tpacket_stats_v3: tp_packets, tp_drops, tp_freeze_q_cnt. */
  readonly #statistics = new Uint32Array(3)
  #upkeepAtMs = 0

  /** Counts into `drops`. @throws SyscallError or OperatorError, as `openSharedSocket` does */
  constructor(libc: Libc, settings: AfPacketSettings, names: readonly string[], drops: Drops) {
    this.#libc = libc
    this.#settings = settings
    this.#drops = drops
    const { blockBytes, blockCount, held } = settings
    this.ring = new PacketRing(libc.reserve(blockBytes * blockCount), blockBytes)
    const { fd, links, timestampsFallbacks } = openSharedSocket(libc, settings, names, this.ring.memory)
    if (held !== null) noteHeld(held, fd, this.ring.memory)
    this.#socket = { fd, readiness: libc.readiness(fd) }
    this.timestampsFallbacks = timestampsFallbacks
    this.members = links.map((link, n) => new Member(names[n] as string, link))
    this.ring.members = this.members
    for (const member of this.members) member.state = this.#look(fd, member)
  }

  get wireBytes(): number {
    return this.ring.wireBytes
  }

  get readiness(): Readiness | null {
    return this.#socket?.readiness ?? null
  }

  read(batch: FrameBatch): boolean {
    return this.ring.read(batch, 0)
  }

  /** Once a second: counts, looks at each interface, and takes up again what is back. Never throws. */
  upkeep(nowMs: number): void {
    if (nowMs < this.#upkeepAtMs || this.#socket === null) return
    this.#upkeepAtMs = nowMs + UPKEEP_MS
    this.count()
    for (const member of this.members) this.#become(member, this.#look(this.#socket.fd, member))
  }

  /** Adds up what was lost since the last call. PACKET_STATISTICS starts again from 0 with every reading (packet(7)). */
  count(): void {
    if (this.#socket === null) return
    this.#libc.getsockopt(this.#socket.fd, PACKET_STATISTICS, new Uint8Array(this.#statistics.buffer))
    const [, dropped = 0, freezes = 0] = this.#statistics
    this.#drops.kernel += dropped
    this.#drops.freezes += freezes
    if (dropped > 0 || freezes > 0) this.#shareOut(dropped, freezes)
    for (const member of this.members) {
      member.framesThen = member.frames
      if (member.ifindex === 0) continue
      const now = interfaceDrops(member.interface, member.ifindex)
      const more = Math.max(0, now - member.dropsThen)
      member.dropsThen = now
      member.drops.interface += more
      this.#drops.interface += more
    }
  }

  /** The socket keeps nothing any more; the block at work is handed over when its time is up. */
  stopTaking(): number {
    if (this.#socket === null) return 0
    this.count()
    attachFilter(this.#libc, this.#socket.fd, DROP_ALL)
    return this.#settings.blockTimeoutMs + LAST_BLOCK_MS
  }

  hasMore(): boolean {
    return this.ring.ready()
  }

  /** Counts a last time and closes the socket; idempotent. The ring reads as zeros from here on. */
  close(): void {
    if (this.#socket === null) return
    this.count()
    this.#socket.readiness.close()
    // Before its number can mean another descriptor.
    if (this.#settings.held !== null) forgetHeld(this.#settings.held)
    closePacketSocket(this.#libc, this.#socket.fd, this.ring.memory)
    this.#socket = null
  }

  /** By the frames that each of them brought meanwhile; the busiest has what does not divide, and the freezes. */
  #shareOut(dropped: number, freezes: number): void {
    const came = this.members.map(({ frames, framesThen }) => frames - framesThen)
    const all = came.reduce((sum, frames) => sum + frames, 0)
    const busiest = this.members[came.indexOf(Math.max(...came))] as Member
    let left = dropped
    for (const [n, member] of this.members.entries()) {
      const share = all === 0 ? 0 : Math.floor((dropped * (came[n] as number)) / all)
      member.drops.kernel += share
      left -= share
    }
    busiest.drops.kernel += left
    busiest.drops.freezes += freezes
  }

  /** An interface of the same name with another number is another one, and is taken up. */
  #look(fd: number, member: Member): InterfaceState {
    try {
      const ifindex = interfaceIndex(this.#libc, fd, member.interface)
      if (ifindex !== member.ifindex) {
        this.#become(member, 'gone')
        this.#takeUp(fd, member)
      }
      return isInterfaceUp(this.#libc, fd, member.interface) ? 'up' : 'down'
    } catch (error) {
      const isThere = !(error instanceof SyscallError && error.code === 'ENODEV')
      member.refusal = isThere ? (error as Error).message : null
      return 'gone'
    }
  }

  /** @throws SyscallError or OperatorError when it is not one that can be read, or the kernel refuses it */
  #takeUp(fd: number, member: Member): void {
    const { ifindex, link, isLoopback } = linkFacts(this.#libc, fd, member.interface)
    if (this.#settings.promiscuous) becomePromiscuous(this.#libc, fd, ifindex)
    Object.assign(member, { formerIfindex: member.ifindex || member.formerIfindex, ifindex, link, isLoopback })
    keepFramesOf(this.#libc, fd, this.members, this.#settings.filter)
    member.dropsThen = interfaceDrops(member.interface, ifindex)
    member.refusal = null
  }

  #become(member: Member, state: InterfaceState): void {
    const was = member.state
    if (state === was) return
    member.state = state
    this.#settings.onState(state, was)
  }
}
