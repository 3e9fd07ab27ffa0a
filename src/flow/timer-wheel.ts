export const NONE = -1

/** Seconds the wheel spans; a deadline further away is visited early and set again. Power of two. */
const SLOTS = 4096
const MASK = SLOTS - 1
const US_PER_SLOT = 1_000_000
/** Capture time that jumps further ahead between two frames tells of a step of the clock, not of idle flows. */
const LEAP_US = 24 * 3600 * 1_000_000

/**
 * Deadlines of flows, one second a slot, as doubly linked lists over typed arrays. A packet does not touch it: a flow
 * is moved only when its slot comes up and it turns out to have been active since.
 */
export class TimerWheel {
  // Stored as index + 1; 0 = none, so that fresh zeroed pages need no initialisation.
  readonly #heads = new Int32Array(SLOTS)
  readonly #tails = new Int32Array(SLOTS)
  readonly #next: Int32Array
  readonly #previous: Int32Array
  /** Slot + 1 of an armed entry. */
  readonly #slot: Int16Array
  /** Second up to which deadlines were handled; -1 before the first packet. */
  #now = -1
  /** Sum of the leaps: the wheel's own time is capture time less this. */
  #shiftUs = 0

  constructor(capacity: number) {
    this.#next = new Int32Array(capacity)
    this.#previous = new Int32Array(capacity)
    this.#slot = new Int16Array(capacity)
  }

  get arrays(): readonly ArrayBufferView[] {
    return [this.#next, this.#previous, this.#slot]
  }

  isArmed(entry: number): boolean {
    return this.#slot[entry] !== 0
  }

  /** Sets the deadline of `entry` to `timeUs` (capture time), replacing an earlier one. */
  arm(entry: number, timeUs: number): void {
    this.cancel(entry)
    const second = Math.floor((timeUs - this.#shiftUs) / US_PER_SLOT) + 1
    if (this.#now < 0) this.#now = second - 1
    const ahead = Math.min(Math.max(second - this.#now, 1), SLOTS - 1)
    const slot = (this.#now + ahead) & MASK
    const tail = this.#tails[slot] as number
    this.#slot[entry] = slot + 1
    this.#previous[entry] = tail
    this.#next[entry] = 0
    if (tail === 0) this.#heads[slot] = entry + 1
    else this.#next[tail - 1] = entry + 1
    this.#tails[slot] = entry + 1
  }

  cancel(entry: number): void {
    const slot = (this.#slot[entry] as number) - 1
    if (slot < 0) return
    const next = this.#next[entry] as number
    const previous = this.#previous[entry] as number
    if (previous === 0) this.#heads[slot] = next
    else this.#next[previous - 1] = next
    if (next === 0) this.#tails[slot] = previous
    else this.#previous[next - 1] = previous
    this.#slot[entry] = 0
  }

  /** Would `advance` to this time visit a slot? Cheap enough to ask for every packet. */
  isDue(timeUs: number): boolean {
    return timeUs - this.#shiftUs >= (this.#now + 1) * US_PER_SLOT
  }

  /** Takes every entry whose slot lies at or before `timeUs` off the wheel and hands it to `visit`. */
  advance(timeUs: number, visit: (entry: number) => void): void {
    const target = Math.floor((timeUs - this.#shiftUs) / US_PER_SLOT)
    if (this.#now < 0) this.#now = target - 1
    // A jump further than the wheel spans visits each slot once: everything in it is due.
    const from = Math.max(this.#now, target - SLOTS)
    for (let second = from + 1; second <= target; second++) {
      this.#now = second
      const slot = second & MASK
      // Entries armed by `visit` for this very second land in later slots, so the list only shrinks.
      while (this.#heads[slot] !== 0) {
        const entry = (this.#heads[slot] as number) - 1
        this.cancel(entry)
        visit(entry)
      }
    }
    this.#now = target
  }

  /**
   * Capture time went `us` ahead between two frames. Where that is a leap, deadlines keep their distance to the clock: of
   * captures whose timestamps jump, by a step of the clock or a wrong header, while the traffic goes on.
   */
  noteLeap(us: number): void {
    if (us > LEAP_US) this.#shiftUs += us
  }

  /** The entry with the earliest deadline, or NONE. */
  earliest(): number {
    for (let ahead = 1; ahead <= SLOTS; ahead++) {
      const head = this.#heads[(this.#now + ahead) & MASK] as number
      if (head !== 0) return head - 1
    }
    return NONE
  }
}
