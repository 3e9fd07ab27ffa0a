import type { ByteBudget } from '../flow/byte-budget.ts'
import { DatagramSession } from './datagram-session.ts'
import { CaptureMemory } from './memory.ts'
import { StatePool } from './state-pool.ts'
import { StreamSession } from './stream-session.ts'

export type FlowSession = StreamSession | DatagramSession

const NONE = 0

/**
 * The flows whose opening is being read, oldest first. Sessions go from flow to flow: in a busy mix thousands live long
 * enough to be expensive garbage. Each has a slot of its own, and a flow knows its slot in two bytes.
 */
export class SessionPool {
  /** Flows being read. */
  count = 0
  readonly memory = new CaptureMemory()
  readonly #most: number
  readonly #budget: ByteBudget
  readonly #states = new StatePool()
  /** Slot of a flow's session, 0 = it has none. */
  readonly #slots: Uint16Array
  // Indexed by slot, from 1 on; 0 ends the list by age.
  readonly #sessions: (FlowSession | undefined)[] = [undefined]
  readonly #flows: Int32Array
  readonly #older: Uint16Array
  readonly #younger: Uint16Array
  readonly #idleStreams: number[] = []
  readonly #idleDatagrams: number[] = []
  #oldest = NONE
  #youngest = NONE

  /** `maxSessions` is below 2^16. */
  constructor(maxFlows: number, maxSessions: number, budget: ByteBudget) {
    this.#most = maxSessions
    this.#budget = budget
    this.#slots = new Uint16Array(maxFlows)
    this.#flows = new Int32Array(maxSessions + 1)
    this.#older = new Uint16Array(maxSessions + 1)
    this.#younger = new Uint16Array(maxSessions + 1)
  }

  get isFull(): boolean {
    return this.count === this.#most
  }

  get(flow: number): FlowSession | null {
    return this.#sessions[this.#slots[flow] as number] ?? null
  }

  /** The flow that has been read the longest, or -1. */
  get oldest(): number {
    return this.#oldest === NONE ? -1 : (this.#flows[this.#oldest] as number)
  }

  /** A session for `flow` over TCP, which has none. The pool must not be full. */
  openStream(flow: number, clientSide: number, oriented: boolean): StreamSession {
    const slot = this.#idleStreams.pop() ?? this.#sessions.push(new StreamSession(this.#budget, this.#states)) - 1
    const session = this.#sessions[slot] as StreamSession
    session.open(clientSide, oriented)
    this.#place(flow, slot)
    return session
  }

  /** A session for `flow` of datagrams, which has none. The pool must not be full. */
  openDatagrams(flow: number, clientSide: number, oriented: boolean): DatagramSession {
    const slot = this.#idleDatagrams.pop() ?? this.#sessions.push(new DatagramSession(this.#states, this.memory)) - 1
    const session = this.#sessions[slot] as DatagramSession
    session.open(clientSide, oriented)
    this.#place(flow, slot)
    return session
  }

  #place(flow: number, slot: number): void {
    this.#slots[flow] = slot
    this.#flows[slot] = flow
    this.#older[slot] = this.#youngest
    this.#younger[slot] = NONE
    if (this.#youngest === NONE) this.#oldest = slot
    else this.#younger[this.#youngest] = slot
    this.#youngest = slot
    this.count += 1
  }

  /** The session's facts are valid until its next `open`. */
  close(flow: number): void {
    const slot = this.#slots[flow] as number
    if (slot === NONE) return
    this.#slots[flow] = NONE
    const older = this.#older[slot] as number
    const younger = this.#younger[slot] as number
    if (older === NONE) this.#oldest = younger
    else this.#younger[older] = younger
    if (younger === NONE) this.#youngest = older
    else this.#older[younger] = older
    this.count -= 1
    if (this.#sessions[slot] instanceof StreamSession) this.#idleStreams.push(slot)
    else this.#idleDatagrams.push(slot)
  }
}
