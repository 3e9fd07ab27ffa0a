/** A step of the system's clock larger than this is followed; smaller ones are what its resolution leaves. */
const STEP_MS = 5

/**
 * The wall clock in microseconds, for sources whose kernel gives no time with a frame. It runs on the monotonic clock,
 * so that frames in order have times in order, and is set by the system's when it has drifted or was stepped.
 */
export class WallClock {
  #offsetMs = Date.now() - performance.now()

  /** µs since the epoch, UTC. */
  nowUs(): number {
    return Math.floor((performance.now() + this.#offsetMs) * 1000)
  }

  /** To be called every second or so. */
  check(): void {
    const offsetMs = Date.now() - performance.now()
    if (Math.abs(offsetMs - this.#offsetMs) > STEP_MS) this.#offsetMs = offsetMs
  }
}
