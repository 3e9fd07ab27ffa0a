/** Which rules' findings have counted a flow: its next report must not count again. Bounded: a bit a rule, in arrays. */
import type { Flow } from './flow.ts'

/** Flows that are remembered at the least; twice as many at the most. */
const REMEMBERED = 65_536
/** Places of each half, of which every other one is free: a search ends soon. */
const SLOTS = REMEMBERED * 2
/** Rules that have a bit: two words of them. */
export const MAX_RULES = 64
const WORD = 32

/** Flows by their numbers, with a bit a rule. Never removed from: when it is full the older half is emptied. */
class Half {
  readonly #ids = new Float64Array(SLOTS)
  readonly #low = new Uint32Array(SLOTS)
  readonly #high = new Uint32Array(SLOTS)
  #count = 0

  get isFull(): boolean {
    return this.#count >= REMEMBERED
  }

  clear(): void {
    this.#ids.fill(0)
    this.#count = 0
  }

  /** False = not known here. */
  read(id: number, into: Flow): boolean {
    const slot = this.#slotOf(id)
    if (this.#ids[slot] !== id) return false
    into.countedLow |= this.#low[slot] as number
    into.countedHigh |= this.#high[slot] as number
    return true
  }

  write(id: number, { countedLow, countedHigh }: Flow): void {
    const slot = this.#slotOf(id)
    if (this.#ids[slot] !== id) {
      this.#ids[slot] = id
      this.#count += 1
    }
    this.#low[slot] = countedLow
    this.#high[slot] = countedHigh
  }

  /** Where it is, or would be: numbers of flows are hashes already. */
  #slotOf(id: number): number {
    let slot = (id % SLOTS) | 0
    for (let known = this.#ids[slot]; known !== 0 && known !== id; known = this.#ids[slot]) slot = (slot + 1) % SLOTS
    return slot
  }
}

export class CountedFlows {
  #newer = new Half()
  #older = new Half()

  /** `rule`: its place in the table. The flow is counted from now on. */
  isCounted(rule: number, flow: Flow): boolean {
    if (!flow.isCountedKnown) this.#recall(flow)
    const bit = 1 << (rule % WORD)
    const isHigh = rule >= WORD
    const known = isHigh ? flow.countedHigh : flow.countedLow
    if ((known & bit) !== 0) return true
    if (isHigh) flow.countedHigh |= bit
    else flow.countedLow |= bit
    if (!flow.isLast) this.#newer.write(numberOf(flow), flow)
    return false
  }

  /** Only a flow that was reported before can have been counted. */
  #recall(flow: Flow): void {
    flow.isCountedKnown = true
    if (this.#newer.isFull) this.#turn()
    if (!flow.isRepeat) return
    const id = numberOf(flow)
    if (!this.#newer.read(id, flow)) this.#older.read(id, flow)
  }

  #turn(): void {
    const older = this.#older
    this.#older = this.#newer
    older.clear()
    this.#newer = older
  }
}

/** 0 says that a place is free. */
const numberOf = ({ idNumber }: Flow): number => (idNumber === 0 ? 1 : idNumber)
