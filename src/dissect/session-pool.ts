import type { ByteBudget } from '../flow/byte-budget.ts'
import { FlowSession } from './session.ts'

const NONE = 0
/** Sessions kept for reuse; more are left to the collector. */
const MAX_IDLE = 8192

/**
 * The flows whose opening is being read, oldest first. Sessions go from flow to flow: in a busy mix thousands live long
 * enough to be expensive garbage.
 */
export class SessionPool {
  /** Flows being read. */
  count = 0
  readonly #budget: ByteBudget
  // Indexed by flow + 1; 0 ends the list by age.
  readonly #sessions: (FlowSession | undefined)[] = []
  readonly #older: Int32Array
  readonly #younger: Int32Array
  readonly #idle: FlowSession[] = []
  #oldest = NONE
  #youngest = NONE

  constructor(maxFlows: number, budget: ByteBudget) {
    this.#budget = budget
    this.#older = new Int32Array(maxFlows + 1)
    this.#younger = new Int32Array(maxFlows + 1)
  }

  get(flow: number): FlowSession | null {
    return this.#sessions[flow + 1] ?? null
  }

  /** The flow that has been read the longest, or -1. */
  get oldest(): number {
    return this.#oldest - 1
  }

  open(flow: number, clientSide: number, oriented: boolean): FlowSession {
    const session = this.#idle.pop() ?? new FlowSession(this.#budget)
    session.open(clientSide, oriented)
    const entry = flow + 1
    while (this.#sessions.length <= entry) this.#sessions.push(undefined)
    this.#sessions[entry] = session
    this.#older[entry] = this.#youngest
    this.#younger[entry] = NONE
    if (this.#youngest === NONE) this.#oldest = entry
    else this.#younger[this.#youngest] = entry
    this.#youngest = entry
    this.count += 1
    return session
  }

  /** The session's facts are valid until its next `open`. */
  close(flow: number): void {
    const entry = flow + 1
    const session = this.#sessions[entry]
    if (session === undefined) return
    this.#sessions[entry] = undefined
    const older = this.#older[entry] as number
    const younger = this.#younger[entry] as number
    if (older === NONE) this.#oldest = younger
    else this.#younger[older] = younger
    if (younger === NONE) this.#youngest = older
    else this.#older[younger] = older
    this.count -= 1
    if (this.#idle.length < MAX_IDLE) this.#idle.push(session)
  }
}
