import type { DissectorState } from './dissector.ts'
import { TCP_DISSECTORS } from './index.ts'

/** States of flows that ended, by the dissector's place in the table: as many as were ever in use at once. */
export class StatePool {
  readonly #idle: DissectorState[][] = TCP_DISSECTORS.map(() => [])

  take(place: number): DissectorState | null {
    return this.#idle[place]?.pop() ?? null
  }

  give(place: number, state: DissectorState): void {
    this.#idle[place]?.push(state)
  }
}
