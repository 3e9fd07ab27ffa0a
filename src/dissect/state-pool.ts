import type { DissectorState } from './dissector.ts'

/** States of flows that ended, by their dissector: as many as were ever in use at once. */
export class StatePool {
  readonly #idle = new Map<object, DissectorState[]>()

  take(dissector: object): DissectorState | null {
    return this.#idle.get(dissector)?.pop() ?? null
  }

  give(dissector: object, state: DissectorState): void {
    const idle = this.#idle.get(dissector)
    if (idle === undefined) this.#idle.set(dissector, [state])
    else idle.push(state)
  }
}
