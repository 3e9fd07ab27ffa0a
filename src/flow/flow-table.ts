import type { PacketMeta } from '../decode/packet-meta.ts'
import { NONE, TimerWheel } from './timer-wheel.ts'

// Flag bits of a flow. "low" and "high" are the two ends in the key's canonical order, not client and server.
export const CLIENT_IS_HIGH = 1 << 0
/** Orientation is known from a SYN or a protocol's own first message; without it the ports decided. */
export const ORIENTED = 1 << 1
export const SYN_LOW = 1 << 2
export const SYN_HIGH = 1 << 3
export const FIN_LOW = 1 << 4
export const FIN_HIGH = 1 << 5
export const RESET = 1 << 6
/** A SYN-ACK went by and the initiator's acknowledgement did not yet: the round trip is still being timed. */
export const RTT_OPEN = 1 << 7
/** The verdict is in: a packet costs a lookup and two additions from here on. */
export const SETTLED = 1 << 8
export const HAS_PAYLOAD = 1 << 9
/** A frame of this flow was captured with fewer bytes than it had on the wire. */
export const CUT_SHORT = 1 << 10
/** Dropped to make room for a newer flow. */
export const EVICTED = 1 << 11

/** Both ends said goodbye, or one slammed the door. */
export const isClosed = (flags: number): boolean =>
  (flags & RESET) !== 0 || (flags & (FIN_LOW | FIN_HIGH)) === (FIN_LOW | FIN_HIGH)

/** `vni` of a direction of which no packet came yet; identifiers have 24 bits or 32, -1 is none. */
const UNSEEN = -2

export const LOW = 0
export const HIGH = 1
/** An end of a flow in the key's canonical order. */
export type Side = typeof LOW | typeof HIGH

/** Words of the interned-facts row kept per flow; see record/row.ts. */
export const ROW_WORDS = 16

/**
 * Every flow as numbers in typed arrays, found by address pair, ports, protocol and tunnel identifier. The arrays are
 * allocated at their full capacity and committed by the system page by page as flows come, so memory follows use.
 * One flow is the same index in every array.
 */
export class FlowTable {
  readonly capacity: number
  /** Live flows. */
  count = 0
  /** Side that sent the packet of the last `find` or `create`. */
  side: Side = LOW

  /** Eight words a flow: low address, high address. */
  readonly address: Int32Array
  /** Low port in the upper half, high port in the lower. */
  readonly ports: Int32Array
  /** Two a flow: the tunnel identifier in which low, and high, was seen; NO_TUNNEL, or UNSEEN. */
  readonly vni: Int32Array
  readonly proto: Uint8Array
  readonly ipVersion: Uint8Array
  readonly tunnel: Uint8Array
  readonly vlan: Int16Array
  readonly flags: Int32Array
  readonly firstSeen: Float64Array
  readonly lastSeen: Float64Array
  /** Two words a flow: by low, by high. */
  readonly packets: Uint32Array
  readonly bytes: Float64Array
  /** Initial sequence numbers, low and high, valid with SYN_LOW / SYN_HIGH. */
  readonly isn: Int32Array
  /** µs from SYN to the initiator's first acknowledgement, 0 = not measured. */
  readonly rtt: Uint32Array
  readonly increment: Uint16Array
  /** Capture time of the last report, for the active timeout. */
  readonly reportedAt: Float64Array
  /** Index into the agent's names of sources. */
  readonly source: Uint16Array
  readonly row: Int32Array
  readonly wheel: TimerWheel

  readonly #hash: Int32Array
  readonly #next: Int32Array
  readonly #buckets: Int32Array
  readonly #mask: number
  readonly #seed: number
  #free: number = NONE
  #used = 0
  // The canonical key of the packet at hand, filled by `#key`.
  #lo0 = 0
  #lo1 = 0
  #lo2 = 0
  #lo3 = 0
  #hi0 = 0
  #hi1 = 0
  #hi2 = 0
  #hi3 = 0
  #keyPorts = 0
  #keyHash = 0

  /** `seed` keeps a sender from choosing addresses that collide. */
  constructor(capacity: number, seed: number) {
    this.capacity = capacity
    this.address = new Int32Array(capacity * 8)
    this.ports = new Int32Array(capacity)
    this.vni = new Int32Array(capacity * 2)
    this.proto = new Uint8Array(capacity)
    this.ipVersion = new Uint8Array(capacity)
    this.tunnel = new Uint8Array(capacity)
    this.vlan = new Int16Array(capacity)
    this.flags = new Int32Array(capacity)
    this.firstSeen = new Float64Array(capacity)
    this.lastSeen = new Float64Array(capacity)
    this.packets = new Uint32Array(capacity * 2)
    this.bytes = new Float64Array(capacity * 2)
    this.isn = new Int32Array(capacity * 2)
    this.rtt = new Uint32Array(capacity)
    this.increment = new Uint16Array(capacity)
    this.reportedAt = new Float64Array(capacity)
    this.source = new Uint16Array(capacity)
    this.row = new Int32Array(capacity * ROW_WORDS)
    this.wheel = new TimerWheel(capacity)
    this.#hash = new Int32Array(capacity)
    this.#next = new Int32Array(capacity)
    const buckets = 1 << Math.max(4, Math.ceil(Math.log2(capacity)))
    // Chains hold index + 1, so that fresh zeroed pages already mean "empty".
    this.#buckets = new Int32Array(buckets)
    this.#mask = buckets - 1
    this.#seed = seed | 0
  }

  get isFull(): boolean {
    return this.count === this.capacity
  }

  /** Index of the packet's flow, or -1; sets `side`. */
  find(m: PacketMeta): number {
    this.#key(m)
    const hash = this.#keyHash
    const vni = m.vni
    let other = -1
    let slot = this.#buckets[hash & this.#mask] as number
    while (slot !== 0) {
      const flow = slot - 1
      if (this.#hash[flow] === hash && this.#matches(flow, m)) {
        const context = this.vni[flow * 2 + this.side] as number
        if (context === vni) return flow
        if (context === UNSEEN) {
          if (this.vni[flow * 2 + 1 - this.side] === vni) return this.#own(flow, vni)
          other = flow
        }
      }
      slot = this.#next[flow] as number
    }
    return other < 0 ? -1 : this.#own(other, vni)
  }

  /**
   * The first context that shows a direction owns it. Mostly both directions have the same one; some mirrors wrap only
   * what goes out, and then two contexts are one conversation.
   */
  #own(flow: number, vni: number): number {
    this.vni[flow * 2 + this.side] = vni
    return flow
  }

  /** Adds the flow of the packet that `find` just missed. The table must not be full. */
  create(m: PacketMeta, time: number): number {
    let flow = this.#free
    if (flow === NONE) flow = this.#used++
    else this.#free = this.#next[flow] as number
    const a = flow * 8
    const address = this.address
    address[a] = this.#lo0
    address[a + 1] = this.#lo1
    address[a + 2] = this.#lo2
    address[a + 3] = this.#lo3
    address[a + 4] = this.#hi0
    address[a + 5] = this.#hi1
    address[a + 6] = this.#hi2
    address[a + 7] = this.#hi3
    this.ports[flow] = this.#keyPorts
    this.vni[flow * 2 + this.side] = m.vni
    this.vni[flow * 2 + 1 - this.side] = UNSEEN
    this.proto[flow] = m.proto
    this.ipVersion[flow] = m.ipVersion
    this.tunnel[flow] = m.tunnel
    this.vlan[flow] = m.vlan
    this.flags[flow] = 0
    this.firstSeen[flow] = time
    this.lastSeen[flow] = time
    this.reportedAt[flow] = time
    const two = flow * 2
    this.packets[two] = 0
    this.packets[two + 1] = 0
    this.bytes[two] = 0
    this.bytes[two + 1] = 0
    this.rtt[flow] = 0
    this.increment[flow] = 0
    this.row.fill(0, flow * ROW_WORDS, (flow + 1) * ROW_WORDS)
    const bucket = this.#keyHash & this.#mask
    this.#hash[flow] = this.#keyHash
    this.#next[flow] = this.#buckets[bucket] as number
    this.#buckets[bucket] = flow + 1
    this.count += 1
    return flow
  }

  remove(flow: number): void {
    this.wheel.cancel(flow)
    const bucket = (this.#hash[flow] as number) & this.#mask
    let slot = this.#buckets[bucket] as number
    if (slot - 1 === flow) this.#buckets[bucket] = this.#next[flow] as number
    else {
      while ((this.#next[slot - 1] as number) - 1 !== flow) slot = this.#next[slot - 1] as number
      this.#next[slot - 1] = this.#next[flow] as number
    }
    this.proto[flow] = 0
    this.#next[flow] = this.#free
    this.#free = flow
    this.count -= 1
  }

  /** Highest index ever used plus one: bounds a walk over all flows; a free slot has protocol 0 and no timer. */
  get used(): number {
    return this.#used
  }

  isLive(flow: number): boolean {
    return this.wheel.isArmed(flow)
  }

  /** Does the packet of the last `find` belong to this share of the flows? Fragments of one datagram always do or don't. */
  isInShard(part: number, of: number): boolean {
    return (this.#shardHash() >>> 0) % of === part
  }

  #shardHash(): number {
    let h = Math.imul(this.#lo3 ^ Math.imul(this.#hi3, 0x9e3779b1), 0x85ebca6b)
    h = Math.imul(h ^ this.#lo0 ^ this.#hi1 ^ Math.imul(this.#lo2 ^ this.#hi2, 31), 0xc2b2ae35)
    return h ^ (h >>> 15)
  }

  clientSide(flow: number): Side {
    return ((this.flags[flow] as number) & CLIENT_IS_HIGH) === 0 ? LOW : HIGH
  }

  #matches(flow: number, m: PacketMeta): boolean {
    const a = flow * 8
    const address = this.address
    return (
      this.ports[flow] === this.#keyPorts &&
      address[a + 3] === this.#lo3 &&
      address[a + 7] === this.#hi3 &&
      address[a + 2] === this.#lo2 &&
      address[a + 6] === this.#hi2 &&
      address[a + 1] === this.#lo1 &&
      address[a + 5] === this.#hi1 &&
      address[a] === this.#lo0 &&
      address[a + 4] === this.#hi0 &&
      this.proto[flow] === m.proto
    )
  }

  #key(m: PacketMeta): void {
    const high = isAbove(m)
    this.side = high ? HIGH : LOW
    if (high) {
      this.#lo0 = m.dst0
      this.#lo1 = m.dst1
      this.#lo2 = m.dst2
      this.#lo3 = m.dst3
      this.#hi0 = m.src0
      this.#hi1 = m.src1
      this.#hi2 = m.src2
      this.#hi3 = m.src3
      this.#keyPorts = (m.dstPort << 16) | m.srcPort
    } else {
      this.#lo0 = m.src0
      this.#lo1 = m.src1
      this.#lo2 = m.src2
      this.#lo3 = m.src3
      this.#hi0 = m.dst0
      this.#hi1 = m.dst1
      this.#hi2 = m.dst2
      this.#hi3 = m.dst3
      this.#keyPorts = (m.srcPort << 16) | m.dstPort
    }
    let h = Math.imul(this.#lo3 ^ this.#seed, 0x9e3779b1)
    h = Math.imul((h ^ (h >>> 15)) + this.#hi3, 0x85ebca6b)
    h = Math.imul((h ^ (h >>> 13)) + this.#keyPorts, 0xc2b2ae35)
    if (m.ipVersion === 6) {
      h = Math.imul((h ^ (h >>> 15)) + this.#lo0 + Math.imul(this.#hi0, 31), 0x9e3779b1)
      h = Math.imul((h ^ (h >>> 13)) + this.#lo1 + Math.imul(this.#hi1, 31), 0x85ebca6b)
      h = Math.imul((h ^ (h >>> 15)) + this.#lo2 + Math.imul(this.#hi2, 31), 0xc2b2ae35)
    }
    h = Math.imul((h ^ (h >>> 16)) + m.proto, 0x165667b1)
    this.#keyHash = h ^ (h >>> 16)
  }
}

/** Is the packet's source above its destination in the key's order (address words, then port)? */
function isAbove(m: PacketMeta): boolean {
  if (m.src3 !== m.dst3) return m.src3 > m.dst3
  if (m.src0 !== m.dst0) return m.src0 > m.dst0
  if (m.src1 !== m.dst1) return m.src1 > m.dst1
  if (m.src2 !== m.dst2) return m.src2 > m.dst2
  return m.srcPort > m.dstPort
}
