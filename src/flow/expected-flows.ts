import type { AnnouncedFlow, FlowFacts } from '../core/facts.ts'
import { PROTO_TCP } from '../core/ip-numbers.ts'
import type { PacketMeta } from '../decode/packet-meta.ts'
import { HIGH, LOW, type Side } from './flow-flags.ts'
import { type FlowTable, KEY_WORDS } from './flow-table.ts'

/** Flows that are waited for; past it the oldest is forgotten. */
const MAX_EXPECTED = 4096
/** A port that was named is called at once, or never. */
const ACCEPTS_FOR_US = 60 * 1_000_000
/** Whether a control connection is still open is not followed. */
const CALLS_FOR_US = 3600 * 1_000_000
const SWEEP_EVERY_US = 10 * 1_000_000
const ADDRESS_WORDS = 4

interface Expected {
  readonly address: ArrayLike<number>
  /** The other end's address, where only that end may be meant; null = any. */
  readonly peer: ArrayLike<number> | null
  readonly flow: AnnouncedFlow
  /** Network of the control connection, below 0 = none. */
  readonly vni: number
  readonly untilUs: number
}

/**
 * Flows that control connections announced, by the address and port at which each will be accepted or from which it will
 * come. Asked when a flow is created, and only while anything is expected.
 */
export class ExpectedFlows {
  readonly #expected = new Map<number, Expected>()
  /** What a flow that came was announced as, until its reading begins. */
  readonly #met = new Map<number, string>()
  #sweepAt = 0

  /** Flows still waited for. */
  get count(): number {
    return this.#expected.size
  }

  clear(): void {
    this.#expected.clear()
    this.#met.clear()
  }

  /** Takes over what flow `index` announced. */
  take(table: FlowTable, index: number, facts: FlowFacts, timeUs: number): void {
    const client = table.clientSide(index)
    const vni = table.vniOf(index)
    for (const flow of facts.announced) {
      const side = flow.end === 'client' ? client : ((1 - client) as Side)
      const own = addressOf(table, index, side)
      const peer = flow.how === 'calls' ? addressOf(table, index, (1 - side) as Side) : null
      const untilUs = timeUs + (flow.how === 'calls' ? CALLS_FOR_US : ACCEPTS_FOR_US)
      this.#expect({ address: own, peer, flow, vni, untilUs }, timeUs)
      // A server behind a translator names an address that clients do not use, so its own is good as well.
      if (flow.address !== null) this.#expect({ address: flow.address, peer, flow, vni, untilUs }, timeUs)
    }
    facts.announced = []
  }

  /** Does the packet open a flow, `index`, that was announced? */
  meets(m: PacketMeta, index: number): boolean {
    if (m.time >= this.#sweepAt) this.#sweep(m.time)
    const flow =
      this.#find(m, m.dst0, m.dst1, m.dst2, m.dst3, m.dstPort, m.src0, m.src1, m.src2, m.src3) ??
      this.#find(m, m.src0, m.src1, m.src2, m.src3, m.srcPort, m.dst0, m.dst1, m.dst2, m.dst3)
    if (flow === null) return false
    this.#met.set(index, flow.appProtocol)
    return true
  }

  /** What flow `index` was announced as; it is said once. */
  nameOf(index: number): string | null {
    const name = this.#met.get(index) ?? null
    this.#met.delete(index)
    return name
  }

  #expect(expected: Expected, timeUs: number): void {
    if (timeUs >= this.#sweepAt) this.#sweep(timeUs)
    const { address: a, flow } = expected
    const key = keyOf(a[0] as number, a[1] as number, a[2] as number, a[3] as number, flow.port)
    this.#expected.delete(key)
    if (this.#expected.size >= MAX_EXPECTED) this.#expected.delete(this.#expected.keys().next().value as number)
    this.#expected.set(key, expected)
  }

  #find(
    m: PacketMeta,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    port: number,
    p0: number,
    p1: number,
    p2: number,
    p3: number,
  ): AnnouncedFlow | null {
    const key = keyOf(w0, w1, w2, w3, port)
    const expected = this.#expected.get(key)
    if (expected === undefined || expected.flow.transport !== m.proto || expected.flow.port !== port) return null
    if (Math.max(expected.vni, -1) !== Math.max(m.vni, -1)) return null
    if (expected.untilUs < m.time || !isAddress(expected.address, w0, w1, w2, w3)) return null
    if (expected.peer !== null && !isAddress(expected.peer, p0, p1, p2, p3)) return null
    if (expected.flow.how === 'accepts' && m.proto === PROTO_TCP) this.#expected.delete(key)
    return expected.flow
  }

  #sweep(timeUs: number): void {
    for (const [key, { untilUs }] of this.#expected) if (untilUs < timeUs) this.#expected.delete(key)
    this.#sweepAt = timeUs + SWEEP_EVERY_US
  }
}

const isAddress = (a: ArrayLike<number>, w0: number, w1: number, w2: number, w3: number): boolean =>
  a[3] === w3 && a[2] === w2 && a[1] === w1 && a[0] === w0

/** Addresses that share a key replace each other; which it is is compared when it is found. */
function keyOf(w0: number, w1: number, w2: number, w3: number, port: number): number {
  let hash = Math.imul(w3 ^ 0x9e3779b1, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15) ^ w2, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 13) ^ w1, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 15) ^ w0, 0x85ebca6b)
  return ((hash ^ (hash >>> 16)) >>> 0) * 0x1_0000 + port
}

/** Four words of the end's address, copied. */
export function addressOf(table: FlowTable, index: number, side: Side): Int32Array {
  const at = index * KEY_WORDS + (side === LOW ? 0 : ADDRESS_WORDS)
  return table.key.slice(at, at + ADDRESS_WORDS)
}

export const portOf = (table: FlowTable, index: number, side: Side): number =>
  side === HIGH ? table.portsOf(index) & 0xffff : table.portsOf(index) >>> 16
