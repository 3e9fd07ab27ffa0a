import type { PacketMeta } from '../decode/packet-meta.ts'
import type { DatagramDissector, Direction, DissectorState } from './dissector.ts'
import { DATAGRAM_DISSECTORS } from './index.ts'
import { CaptureMemory } from './memory.ts'
import { Session } from './session.ts'
import { StatePool } from './state-pool.ts'

/** A flow counts as unrecognised after this many. */
export const MAX_PROBED_DATAGRAMS = 12

/** Datagrams nobody knows beside one that yields (what TURN relays) that are looked at. */
const MAX_PASSED = 512

/** By protocol number of the IP header, the rows of the table, in its order. */
const BY_TRANSPORT: readonly (readonly DatagramDissector[])[] = Array.from({ length: 256 }, (_, number) =>
  DATAGRAM_DISSECTORS.filter(({ transport }) => transport === number),
)

/** Does any dissector read payloads of this protocol number? */
export const readsTransport = (proto: number): boolean => (BY_TRANSPORT[proto] as readonly unknown[]).length > 0

/** The dissector that recognises the datagram `m` describes, or null. Asked before a flow has a session. */
export function recognise(
  buf: Uint8Array,
  m: PacketMeta,
  sender: Direction,
  memory: CaptureMemory,
  but: DatagramDissector | null = null,
): DatagramDissector | null {
  for (const dissector of BY_TRANSPORT[m.proto] as readonly DatagramDissector[]) {
    if (dissector !== but && dissector.probe(buf, m.at, m.end, m.missing, sender, memory)) return dissector
  }
  return null
}

/** Reads one flow of datagrams from the first that a dissector knew until its verdict. */
export class DatagramSession extends Session {
  #dissector: DatagramDissector | null = null
  /** Took its word back; it is not asked again. */
  #refused: DatagramDissector | null = null
  #state: DissectorState | null = null
  #passed = 0
  /** The capture cut one of them short: it may have been what the flow is about. */
  #passedCut = false
  readonly #states: StatePool
  readonly #memory: CaptureMemory

  constructor(states: StatePool = new StatePool(), memory: CaptureMemory = new CaptureMemory()) {
    super()
    this.#states = states
    this.#memory = memory
  }

  override open(clientSide: number, oriented: boolean): void {
    super.open(clientSide, oriented)
    this.#dissector = null
    this.#refused = null
    this.#state = null
    this.#passed = 0
    this.#passedCut = false
  }

  get isIdle(): boolean {
    return this.#dissector === null
  }

  /** Takes the datagram `m` describes, sent by `side`. `known` = what recognised it, if it was asked already. */
  datagram(side: number, buf: Uint8Array, m: PacketMeta, known: DatagramDissector | null = null): void {
    const dissector = this.#choose(side, buf, m, known)
    const state = this.#state
    if (dissector === null || state === null) return
    dissector.read(state, this.facts, this.direction(side), buf, m.at, m.end, m.missing, m.time)
    dissector.addressed?.(this.facts, buf, m, this.#memory)
    if (state.refused === true) {
      this.#refused = dissector
      this.#drop()
    } else if (state.done) this.done = true
  }

  override finish(): void {
    if (this.#dissector !== null && this.#state !== null) this.#dissector.finish(this.#state, this.facts)
    if (this.#dissector?.yields === true && this.#passedCut) this.facts.protection = 'undetermined'
    this.#drop()
  }

  #choose(side: number, buf: Uint8Array, m: PacketMeta, known: DatagramDissector | null): DatagramDissector | null {
    const current = this.#dissector
    const direction = this.direction(side)
    if (current !== null && current.yields !== true) return current
    if (current?.probe(buf, m.at, m.end, m.missing, direction) === true) return current
    const next = known ?? recognise(buf, m, direction, this.#memory, current ?? this.#refused)
    if (next === null) {
      if (current !== null) this.#passed += 1
      if (m.missing > 0) this.#passedCut = true
      if (this.#passed >= MAX_PASSED) this.done = true
      return current
    }
    if (current !== null && this.#state !== null) {
      // As behind a tunnel: what came before says nothing of how the next protocol protects its data.
      current.finish(this.#state, this.facts)
      this.facts.protection = 'undetermined'
    }
    this.#drop()
    this.orient(side, next.opener?.(buf, m.at, m.end) ?? null)
    this.#dissector = next
    this.#state = next.start(this.facts, this.#states.take(next), this.#memory)
    return next
  }

  #drop(): void {
    if (this.#dissector !== null && this.#state !== null) this.#states.give(this.#dissector, this.#state)
    this.#dissector = null
    this.#state = null
  }
}
