import type { PacketMeta, TunnelKind } from '../decode/packet-meta.ts'
import { CLIENT_IS_HIGH, HIGH, LOW, type Side } from './flow-flags.ts'
import { hashOf, isAbove, swapPorts } from './key-order.ts'
import { compareContexts, type MirrorSpaces, PERHAPS, SAME, TWICE, UNSEEN } from './mirror-spaces.ts'
import { NONE, TimerWheel } from './timer-wheel.ts'

const FIRST_BUCKETS = 1 << 14

/** What `find` answers for a packet that another mirror of the same network has shown, or will. */
export const DUPLICATE = -2

/** Words of a flow's key record: 64 bytes, a line of the processor's cache. */
export const KEY_WORDS = 16
// Words 0–7 are the addresses.
const PORTS = 8
/** Two words, of low and of high: the tunnel identifier in which that end's packets came, -1 without one, or UNSEEN. */
const VNI = 9
export const HASH = 11
/** Index + 1 of the next flow in the bucket; of a free record, the next free one. */
const NEXT = 12
const FLAGS = 13
/** Protocol, IP version, kind of tunnel, a byte each. */
const KIND = 14
/** Without the tunnel. */
const KIND_MASK = 0xffff
/** VLAN + 1 of the first packet (0 = untagged) in the upper half, index into the agent's names of sources in the lower. */
const ORIGIN = 15

/** Words of a flow's counter record, a cache line as well. */
const COUNTER_WORDS = 8
const LAST_SEEN = 0
/** Two words each, of low and of high. */
const PACKETS = 1
const BYTES = 3
const FIRST_SEEN = 5
// The record's last 16 bytes, as 32-bit words.
/** Seconds after the first packet. */
const REPORTED = 12
/** µs from SYN to the initiator's first acknowledgement, 0 = not measured. */
const RTT = 13
/** Initial sequence numbers, of low and of high, valid with SYN_LOW / SYN_HIGH. */
const ISN = 14
/** Of each end. */
const ADDRESS_WORDS = 4

const US_PER_SECOND = 1_000_000

/** Words of the interned-facts row kept per flow; see record/row.ts. */
export const ROW_WORDS = 10

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
  /** What is known of tunnel identifiers that mirror one network. */
  spaces: MirrorSpaces | null = null

  /** One record a flow: what every packet is compared with. The low address, then the high one, are its first words. */
  readonly key: Int32Array
  /** One record a flow: what every packet adds to. */
  readonly #counters: Float64Array
  /** The same memory in 32-bit words. */
  readonly counterWords: Int32Array
  readonly #increments: Uint16Array
  /** Zeros where a flow is not settled: whoever fills a row empties it. */
  readonly row: Int32Array
  readonly wheel: TimerWheel

  /** Of each of the last bits of hashes: index + 1 of the first flow, 0 = none. */
  buckets: Int32Array
  #mask: number
  readonly seed: number
  #free: number = NONE
  #used = 0

  /** `seed` keeps a sender from choosing addresses that collide. */
  constructor(capacity: number, seed: number) {
    this.capacity = capacity
    this.key = new Int32Array(capacity * KEY_WORDS)
    this.#counters = new Float64Array(capacity * COUNTER_WORDS)
    this.counterWords = new Int32Array(this.#counters.buffer)
    this.#increments = new Uint16Array(capacity)
    this.row = new Int32Array(capacity * ROW_WORDS)
    this.wheel = new TimerWheel(capacity)
    const buckets = Math.min(FIRST_BUCKETS, 1 << Math.max(4, Math.ceil(Math.log2(capacity))))
    // Chains hold index + 1, so that fresh zeroed pages already mean "empty".
    this.buckets = new Int32Array(buckets)
    this.#mask = buckets - 1
    this.seed = seed | 0
  }

  /** What packets touch at random places, as large as it will ever be. */
  get arrays(): readonly ArrayBufferView[] {
    return [this.key, this.#counters, this.row, ...this.wheel.arrays]
  }

  /** Few buckets stay in the processor's cache, so there are never many more of them than flows. */
  #growBuckets(): void {
    const buckets = new Int32Array(this.buckets.length * 4)
    const mask = buckets.length - 1
    for (const head of this.buckets) {
      for (let slot = head; slot !== 0; ) {
        const flow = slot - 1
        const k = flow * KEY_WORDS
        const following = this.key[k + NEXT] as number
        const bucket = (this.key[k + HASH] as number) & mask
        this.key[k + NEXT] = buckets[bucket] as number
        buckets[bucket] = slot
        slot = following
      }
    }
    this.buckets = buckets
    this.#mask = mask
  }

  get isFull(): boolean {
    return this.count === this.capacity
  }

  /** Finds out what `find` asks of a packet. */
  look(m: PacketMeta): void {
    const side = isAbove(m) ? HIGH : LOW
    const ports = (m.srcPort << 16) | m.dstPort
    m.flowSide = side
    m.flowPorts = side === HIGH ? swapPorts(ports) : ports
    m.flowHash = hashOf(m, side, m.flowPorts, this.seed)
  }

  /** Index of the packet's flow, which was looked at, -1 where there is none, or DUPLICATE; sets `side`. */
  find(m: PacketMeta): number {
    const key = this.key
    const { vni, flowSide: side, flowPorts: ports, flowHash: hash } = m
    this.side = side
    let other = -1
    let slot = this.buckets[hash & this.#mask] as number
    while (slot !== 0) {
      const k = (slot - 1) * KEY_WORDS
      if (key[k + HASH] === hash && key[k + PORTS] === ports && isBetween(key, k, side, m)) {
        const context = key[k + VNI + side] as number
        if (context === vni) return slot - 1
        const seen = compareContexts(this.spaces, context, key[k + VNI + 1 - side] as number, vni)
        if (seen === SAME) return this.#own(slot - 1, vni)
        if (seen === TWICE) return DUPLICATE
        if (seen === PERHAPS) other = slot - 1
      }
      slot = key[k + NEXT] as number
    }
    return other < 0 ? -1 : this.#own(other, vni)
  }

  /**
   * The first context that shows a direction owns it. Mostly both directions have the same one; some mirrors wrap only
   * what goes out, and then two contexts are one conversation.
   */
  #own(flow: number, vni: number): number {
    this.key[flow * KEY_WORDS + VNI + this.side] = vni
    return flow
  }

  /** Adds the flow of the packet that `find` just missed, first seen in the source `origin`. The table must not be full. */
  create(m: PacketMeta, origin = 0): number {
    if (this.count > this.buckets.length) this.#growBuckets()
    let flow = this.#free
    if (flow === NONE) flow = this.#used++
    else this.#free = this.key[flow * KEY_WORDS + NEXT] as number
    const k = flow * KEY_WORDS
    const key = this.key
    const source = k + this.side * ADDRESS_WORDS
    const target = k + (1 - this.side) * ADDRESS_WORDS
    key[source] = m.src0
    key[source + 1] = m.src1
    key[source + 2] = m.src2
    key[source + 3] = m.src3
    key[target] = m.dst0
    key[target + 1] = m.dst1
    key[target + 2] = m.dst2
    key[target + 3] = m.dst3
    key[k + PORTS] = m.flowPorts
    key[k + VNI + this.side] = m.vni
    key[k + VNI + 1 - this.side] = UNSEEN
    key[k + KIND] = m.proto | (m.ipVersion << 8) | (m.tunnel << 16)
    key[k + FLAGS] = 0
    key[k + ORIGIN] = ((m.vlan + 1) << 16) | origin
    const c = flow * COUNTER_WORDS
    const counters = this.#counters
    counters[c + LAST_SEEN] = m.time
    counters[c + PACKETS] = 0
    counters[c + PACKETS + 1] = 0
    counters[c + BYTES] = 0
    counters[c + BYTES + 1] = 0
    counters[c + FIRST_SEEN] = m.time
    // The two doubles that hold REPORTED, RTT and ISN.
    counters[c + FIRST_SEEN + 1] = 0
    counters[c + FIRST_SEEN + 2] = 0
    // Most flows never had one: what is not written takes no memory.
    if (this.#increments[flow] !== 0) this.#increments[flow] = 0
    const bucket = m.flowHash & this.#mask
    key[k + HASH] = m.flowHash
    key[k + NEXT] = this.buckets[bucket] as number
    this.buckets[bucket] = flow + 1
    this.count += 1
    return flow
  }

  remove(flow: number): void {
    this.wheel.cancel(flow)
    const key = this.key
    const k = flow * KEY_WORDS
    const bucket = (key[k + HASH] as number) & this.#mask
    let slot = this.buckets[bucket] as number
    if (slot - 1 === flow) this.buckets[bucket] = key[k + NEXT] as number
    else {
      let previous = (slot - 1) * KEY_WORDS
      for (slot = key[previous + NEXT] as number; slot - 1 !== flow; slot = key[previous + NEXT] as number) {
        previous = (slot - 1) * KEY_WORDS
      }
      key[previous + NEXT] = key[k + NEXT] as number
    }
    key[k + KIND] = 0
    key[k + NEXT] = this.#free
    this.#free = flow
    this.count -= 1
  }

  /** Counts one packet of `side` with its payload, captured or not. */
  countPacket(flow: number, m: PacketMeta): void {
    const counters = this.#counters
    const c = flow * COUNTER_WORDS
    const s = c + this.side
    counters[s + PACKETS] = (counters[s + PACKETS] as number) + 1
    counters[s + BYTES] = (counters[s + BYTES] as number) + (m.end - m.at + m.missing)
    if (m.time > (counters[c + LAST_SEEN] as number)) counters[c + LAST_SEEN] = m.time
  }

  flagsOf(flow: number): number {
    return this.key[flow * KEY_WORDS + FLAGS] as number
  }
  setFlags(flow: number, flags: number): void {
    this.key[flow * KEY_WORDS + FLAGS] = flags
  }

  /** Low port in the upper half, high port in the lower. */
  portsOf(flow: number): number {
    return this.key[flow * KEY_WORDS + PORTS] as number
  }
  protoOf(flow: number): number {
    return (this.key[flow * KEY_WORDS + KIND] as number) & 0xff
  }

  ipVersionOf(flow: number): number {
    return ((this.key[flow * KEY_WORDS + KIND] as number) >>> 8) & 0xff
  }

  tunnelOf(flow: number): TunnelKind {
    return ((this.key[flow * KEY_WORDS + KIND] as number) >>> 16) as TunnelKind
  }

  /** Tunnel identifier; below 0 = none. Where the directions have different ones, the greater. */
  vniOf(flow: number): number {
    const k = flow * KEY_WORDS + VNI
    return Math.max(this.key[k] as number, this.key[k + 1] as number)
  }

  packetsOf(flow: number, side: Side): number {
    return this.#counters[flow * COUNTER_WORDS + PACKETS + side] as number
  }

  bytesOf(flow: number, side: Side): number {
    return this.#counters[flow * COUNTER_WORDS + BYTES + side] as number
  }

  /** Capture time, µs. */
  firstSeenOf(flow: number): number {
    return this.#counters[flow * COUNTER_WORDS + FIRST_SEEN] as number
  }

  lastSeenOf(flow: number): number {
    return this.#counters[flow * COUNTER_WORDS + LAST_SEEN] as number
  }

  /** Capture time of the last report to the second, for the active timeout. */
  reportedAtOf(flow: number): number {
    const seconds = (this.counterWords[flow * COUNTER_WORDS * 2 + REPORTED] as number) >>> 0
    return this.firstSeenOf(flow) + seconds * US_PER_SECOND
  }

  /** Reports of this flow before its last one. */
  incrementOf(flow: number): number {
    return this.#increments[flow] as number
  }

  noteReport(flow: number, time: number): void {
    const seconds = Math.floor((time - this.firstSeenOf(flow)) / US_PER_SECOND)
    this.counterWords[flow * COUNTER_WORDS * 2 + REPORTED] = Math.max(seconds, 0)
    this.#increments[flow] = Math.min((this.#increments[flow] as number) + 1, 0xffff)
  }

  /** µs from SYN to the initiator's first acknowledgement, 0 = not measured. */
  rttOf(flow: number): number {
    return (this.counterWords[flow * COUNTER_WORDS * 2 + RTT] as number) >>> 0
  }

  setRtt(flow: number, us: number): void {
    this.counterWords[flow * COUNTER_WORDS * 2 + RTT] = Math.min(Math.max(us, 0), 0xffffffff)
  }

  /** Initial sequence number of `side`, valid with its SYN flag. */
  isnOf(flow: number, side: Side): number {
    return this.counterWords[flow * COUNTER_WORDS * 2 + ISN + side] as number
  }

  setIsn(flow: number, side: Side, seq: number): void {
    this.counterWords[flow * COUNTER_WORDS * 2 + ISN + side] = seq
  }

  /** VLAN of the first packet; -1 = untagged. */
  vlanOf(flow: number): number {
    return ((this.key[flow * KEY_WORDS + ORIGIN] as number) >>> 16) - 1
  }

  /** Index into the agent's names of sources. */
  sourceOf(flow: number): number {
    return (this.key[flow * KEY_WORDS + ORIGIN] as number) & 0xffff
  }

  /** Highest index ever used plus one: bounds a walk over all flows; a free slot has protocol 0 and no timer. */
  get used(): number {
    return this.#used
  }

  isLive(flow: number): boolean {
    return this.wheel.isArmed(flow)
  }

  clientSide(flow: number): Side {
    return (this.flagsOf(flow) & CLIENT_IS_HIGH) === 0 ? LOW : HIGH
  }
}

/** Is the record at `k` of the packet's addresses and protocol? `side` sent the packet. */
function isBetween(key: Int32Array, k: number, side: Side, m: PacketMeta): boolean {
  const source = (k + (side === HIGH ? ADDRESS_WORDS : 0)) | 0
  const target = (k + (side === HIGH ? 0 : ADDRESS_WORDS)) | 0
  if (key[(source + 3) | 0] !== m.src3 || key[(target + 3) | 0] !== m.dst3) return false
  if (((key[(k + KIND) | 0] as number) & KIND_MASK) !== ((m.proto | (m.ipVersion << 8)) & KIND_MASK)) return false
  // All IPv4 addresses begin alike.
  return (
    m.ipVersion === 4 ||
    (key[source + 2] === m.src2 &&
      key[target + 2] === m.dst2 &&
      key[source + 1] === m.src1 &&
      key[target + 1] === m.dst1 &&
      key[source] === m.src0 &&
      key[target] === m.dst0)
  )
}
