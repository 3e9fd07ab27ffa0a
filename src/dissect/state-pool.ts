import type { DissectorState } from './dissector.ts'

/** States of flows that ended, by their dissector: as many as were ever in use at once. */
export class StatePool {
  readonly #idle = new Map<object, DissectorState[]>()
  // Those of the dissector that was asked for last: most flows are of one.
  #last: object | null = null
  #idleOfLast: DissectorState[] = []

  take(dissector: object): DissectorState | null {
    return this.#of(dissector).pop() ?? null
  }

  give(dissector: object, state: DissectorState): void {
    this.#of(dissector).push(state)
  }

  #of(dissector: object): DissectorState[] {
    if (dissector === this.#last) return this.#idleOfLast
    let idle = this.#idle.get(dissector)
    if (idle === undefined) {
      idle = []
      this.#idle.set(dissector, idle)
    }
    this.#last = dissector
    this.#idleOfLast = idle
    return idle
  }
}
