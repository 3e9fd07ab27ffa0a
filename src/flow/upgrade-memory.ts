import type { FlowFacts, UpgradeState } from '../core/facts.ts'
import { portOf } from './expected-flows.ts'
import type { Side } from './flow-flags.ts'
import { type FlowTable, KEY_WORDS } from './flow-table.ts'

/** Servers that are remembered; past it the one known the longest is forgotten. */
const MAX_SERVERS = 1 << 16
/** Power of two. */
const BUCKETS = 1 << 14

/** States that show that the server offers the upgrade. */
const OFFERED: ReadonlySet<UpgradeState> = new Set(['advertised', 'skipped', 'accepted'])

const ADDRESS_WORDS = 4
// Words of what a server is known by: its address, then these.
const VNI = 4
const PORT = 5
const PROTOCOL = 6
const SERVER_WORDS = 7

/**
 * Which servers have offered an upgrade to TLS. One that offers none in a later conversation has either changed, or
 * somebody on the path takes the offer away; both are to be told.
 */
export class UpgradeMemory {
  /** Index + 1 of the first server of each bucket, 0 = none. */
  readonly #buckets = new Int32Array(BUCKETS)
  readonly #next = new Int32Array(MAX_SERVERS)
  readonly #servers = new Int32Array(MAX_SERVERS * SERVER_WORDS)
  /** Of each server, the start of the earliest flow that showed an offer, µs. */
  readonly #offeredAt = new Float64Array(MAX_SERVERS)
  readonly #protocols = new Map<string | null, number>()
  /** The server that is asked for. */
  readonly #asked = new Int32Array(SERVER_WORDS)
  /** Servers that were remembered since the capture began. */
  #remembered = 0
  /** Keeps a sender from choosing servers that share a bucket. */
  readonly #seed = (Math.random() * 0x1_0000_0000) | 0

  /** Another capture begins: a server of the same address need not be the same. */
  clear(): void {
    if (this.#remembered === 0) return
    this.#buckets.fill(0)
    this.#remembered = 0
  }

  /** Remembers what the flow showed of its server, or, if that has offered before what is missing now, says so. */
  compare(table: FlowTable, index: number, facts: FlowFacts): void {
    const { upgradeState } = facts
    const offers = upgradeState !== null && OFFERED.has(upgradeState)
    if (!offers && upgradeState !== 'not_offered') return
    const bucket = this.#ask(table, index, facts.appProtocol)
    const server = this.#find(bucket)
    const startedAt = table.firstSeenOf(index)
    if (!offers) {
      if (server >= 0 && (this.#offeredAt[server] as number) < startedAt) facts.upgradeState = 'stripped'
      return
    }
    if (server < 0) this.#add(bucket, startedAt)
    else if ((this.#offeredAt[server] as number) > startedAt) this.#offeredAt[server] = startedAt
  }

  /** Makes the flow's server the one that is asked for; returns its bucket. */
  #ask(table: FlowTable, index: number, protocol: string | null): number {
    const { key } = table
    const asked = this.#asked
    const server = (1 - table.clientSide(index)) as Side
    const at = index * KEY_WORDS + server * ADDRESS_WORDS
    for (let i = 0; i < ADDRESS_WORDS; i++) asked[i] = key[at + i] as number
    asked[VNI] = table.vniOf(index)
    asked[PORT] = portOf(table, index, server)
    asked[PROTOCOL] = this.#numberOf(protocol)
    return this.#bucketOf(asked, 0)
  }

  /** The remembered server that is asked for, -1 = it is none. */
  #find(bucket: number): number {
    const servers = this.#servers
    const asked = this.#asked
    for (let slot = this.#buckets[bucket] as number; slot !== 0; slot = this.#next[slot - 1] as number) {
      const at = (slot - 1) * SERVER_WORDS
      let same = 0
      while (same < SERVER_WORDS && servers[at + same] === asked[same]) same += 1
      if (same === SERVER_WORDS) return slot - 1
    }
    return -1
  }

  #add(bucket: number, startedAt: number): void {
    const server = this.#remembered % MAX_SERVERS
    if (this.#remembered >= MAX_SERVERS) this.#forget(server)
    this.#remembered += 1
    this.#servers.set(this.#asked, server * SERVER_WORDS)
    this.#offeredAt[server] = startedAt
    this.#next[server] = this.#buckets[bucket] as number
    this.#buckets[bucket] = server + 1
  }

  /** Takes it out of its bucket. */
  #forget(server: number): void {
    const bucket = this.#bucketOf(this.#servers, server * SERVER_WORDS)
    const next = this.#next
    const following = next[server] as number
    if (this.#buckets[bucket] === server + 1) {
      this.#buckets[bucket] = following
      return
    }
    let before = (this.#buckets[bucket] as number) - 1
    while (next[before] !== server + 1) before = (next[before] as number) - 1
    next[before] = following
  }

  #bucketOf(words: Int32Array, at: number): number {
    let hash = this.#seed
    for (let i = at; i < at + SERVER_WORDS; i++)
      hash = Math.imul(hash ^ (words[i] as number), 0x9e3779b1) ^ (hash >>> 15)
    return (hash ^ (hash >>> 16)) & (BUCKETS - 1)
  }

  #numberOf(protocol: string | null): number {
    const known = this.#protocols.get(protocol)
    if (known !== undefined) return known
    this.#protocols.set(protocol, this.#protocols.size)
    return this.#protocols.size - 1
  }
}
