import type { FlowFacts } from '../core/facts.ts'
import type { FragmentPool } from './fragment-pool.ts'
import { type Judged, observationFragment, verdictFragment } from './fragments.ts'
import { areSameTexts } from './same-texts.ts'

/** Judgements that are remembered; past it they are learnt again. */
const MAX_JUDGEMENTS = 8192
/** Observations that are remembered of each: a judgement goes with few. Past it the oldest goes. */
const MAX_OBSERVATIONS = 16

/** What the text is made of, beside the judgement. */
interface Observation {
  readonly appProtocol: string | null
  readonly upgrade: string | null
  readonly credentials: readonly string[]
  readonly alerts: readonly string[]
  readonly oddities: readonly string[]
  readonly piece: number
}

interface OfJudgement {
  readonly verdict: string
  readonly observations: Observation[]
  /** The oldest of them. */
  next: number
}

const NONE: readonly string[] = []

/** What went by beside the agreement, and the verdict: most flows end as others did, and their piece is found without its text. */
export class Conclusions {
  readonly #pool: FragmentPool
  readonly #judgements = new Map<Judged, OfJudgement>()

  constructor(pool: FragmentPool) {
    this.#pool = pool
  }

  /** The number of the conclusion's piece, counted once more; null = nothing of the flow was read. */
  acquire(facts: FlowFacts | null, judged: Judged): number {
    const known = this.#judgements.get(judged) ?? this.#learn(judged)
    const { observations } = known
    for (let i = 0; i < observations.length; i++) {
      const one = observations[i] as Observation
      if (!isSame(one, facts)) continue
      this.#pool.retain(one.piece)
      return one.piece
    }
    const piece = this.#pool.acquire((facts === null ? '' : observationFragment(facts)) + known.verdict)
    this.#remember(known, facts, piece)
    return piece
  }

  /** Holds a reference of its own, so a remembered number never goes stale. */
  #remember(known: OfJudgement, facts: FlowFacts | null, piece: number): void {
    const { observations, next } = known
    const oldest = observations[next]
    if (oldest !== undefined) this.#pool.release(oldest.piece)
    this.#pool.retain(piece)
    observations[next] = {
      appProtocol: facts?.appProtocol ?? null,
      upgrade: facts?.upgrade ?? null,
      credentials: facts?.credentialsExposed ?? NONE,
      alerts: facts?.tls?.alerts ?? NONE,
      oddities: facts?.oddities ?? NONE,
      piece,
    }
    known.next = (next + 1) % MAX_OBSERVATIONS
  }

  #learn(judged: Judged): OfJudgement {
    if (this.#judgements.size >= MAX_JUDGEMENTS) this.#forget()
    const known = { verdict: verdictFragment(judged), observations: [], next: 0 }
    this.#judgements.set(judged, known)
    return known
  }

  #forget(): void {
    for (const { observations } of this.#judgements.values())
      for (const { piece } of observations) this.#pool.release(piece)
    this.#judgements.clear()
  }
}

function isSame(one: Observation, facts: FlowFacts | null): boolean {
  if (facts === null) return one.appProtocol === null && one.upgrade === null && hasNoLists(one)
  return (
    one.appProtocol === facts.appProtocol &&
    one.upgrade === facts.upgrade &&
    areSameTexts(one.credentials, facts.credentialsExposed) &&
    areSameTexts(one.alerts, facts.tls === null ? NONE : facts.tls.alerts) &&
    areSameTexts(one.oddities, facts.oddities)
  )
}

const hasNoLists = ({ credentials, alerts, oddities }: Observation): boolean =>
  credentials.length + alerts.length + oddities.length === 0
