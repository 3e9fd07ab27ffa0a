/** What is wrong with what a mirror shows, told in words: one direction, cut frames, holes. */
import type { AgentStats } from '../agent-stats.ts'
import type { UnknownReason } from '../core/verdict.ts'
import { percent } from '../report/format.ts'

/** So many flows are judged before anything is said, and between two sayings. */
const FEW_FLOWS = 100
/** Said again after this long at the earliest. */
const TELL_MS = 600_000
/**
 * Shares of the flows judged meanwhile from which on it is said: some are always caught at the edge, or lost on their way.
 * Of flows of which every other frame is missing a tenth ends as `gap`; the others show their kind, or nothing.
 */
const TELL_RATIO = { one_sided: 0.2, truncated: 0.05, gap: 0.05 } as const

const WORDS: Readonly<Partial<Record<UnknownReason, string>>> = {
  one_sided: 'show one direction only: mirror both, into one sensor',
  truncated: 'come in frames that were cut: mirror them whole, on a way with an MTU 54 bytes larger',
}
const HOLES = 'have holes where handshakes should be'

interface Then {
  flows: number
  drops: number
  readonly byReason: Map<string, number>
  toldMs: number
}

/** One for each worker's view of a source. */
export class FeedWords {
  #then: Then | null = null

  /** What there is to say of what was judged since the last call that said something. `drops`: lost on the way to us. */
  note(judged: AgentStats['judged'], drops: number, nowMs: number): string[] {
    const flows = judged.flows.reduce((a, b) => a + b, 0)
    const then = this.#then ?? { flows: 0, drops: 0, byReason: new Map(), toldMs: Number.NEGATIVE_INFINITY }
    // A worker that was started again counts from 0.
    const since = flows < then.flows ? 0 : then.flows
    const fresh = flows - since
    if (fresh < FEW_FLOWS || nowMs - then.toldMs < TELL_MS) return []
    const wasLostHere = drops > (since === 0 ? 0 : then.drops)
    const said = (['one_sided', 'truncated', 'gap'] as const).flatMap((reason) => {
      const share = ((judged.byReason.get(reason) ?? 0) - (since === 0 ? 0 : (then.byReason.get(reason) ?? 0))) / fresh
      return share < TELL_RATIO[reason]
        ? []
        : [`${percent(share)} of its conversations ${this.#words(reason, wasLostHere)}`]
    })
    this.#then = { flows, drops, byReason: new Map(judged.byReason), toldMs: said.length > 0 ? nowMs : then.toldMs }
    return said
  }

  #words(reason: UnknownReason, wasLostHere: boolean): string {
    const words = WORDS[reason]
    if (words !== undefined) return words
    return wasLostHere
      ? `${HOLES}, and frames were lost here: see what is said of them`
      : `${HOLES}, though nothing was lost here: the mirror samples, or loses frames itself. doctor --sample says how many`
  }
}
