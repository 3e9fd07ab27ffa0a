/** What detectors make of facts, found out once for all flows that share them. */
import type { Signal } from './detector.ts'
import type { Facts } from './facts.ts'
import type { Watch } from './watch.ts'

/** What a detector raises of each flow of these facts. */
export interface Raised {
  readonly watch: Watch
  readonly signal: Signal
}

export interface FactsPlan {
  /** Whose plan it is: those of another configuration do not hold. */
  readonly watches: readonly Watch[]
  /** They must see each flow. */
  readonly observers: readonly Watch[]
  readonly raises: readonly Raised[]
  /** To them each flow is sound. */
  readonly sound: readonly Watch[]
}

export function planOf(facts: Facts, watches: readonly Watch[]): FactsPlan {
  const known = facts.plan
  if (known !== null && known.watches === watches) return known
  const observers: Watch[] = []
  const raises: Raised[] = []
  const sound: Watch[] = []
  for (const watch of watches) {
    const { row } = watch
    if (row.concerns?.(facts) === false) continue
    if (row.shows === undefined) {
      observers.push(watch)
      continue
    }
    const shown = row.shows(facts)
    if (shown === 'good') sound.push(watch)
    else if (shown !== null) raises.push({ watch, signal: shown })
  }
  const plan = { watches, observers, raises, sound }
  facts.plan = plan
  return plan
}
