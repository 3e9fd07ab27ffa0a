/** What detectors remember of each subject: bounded, and plain JSON, so that it survives a restart. */
import { BoundedMap } from './bounded-map.ts'
import type { SubjectKind } from './detector.ts'

/** Of each kind. A server's memories take 1 to 2 KB together. */
const MAX_SUBJECTS = 50_000

type ByRule = Record<string, object>

export interface SavedMemory {
  readonly kind: SubjectKind
  readonly subject: string
  readonly rules: ByRule
}

export class Memories {
  readonly #kinds = new Map<SubjectKind, BoundedMap<ByRule>>()

  get evicted(): number {
    return [...this.#kinds.values()].reduce((sum, { evicted }) => sum + evicted, 0)
  }

  /** By rule, of one subject. */
  of(kind: SubjectKind, subject: string): ByRule {
    const subjects = this.#subjectsOf(kind)
    const known = subjects.get(subject)
    if (known !== undefined) return known
    const rules: ByRule = {}
    subjects.set(subject, rules)
    return rules
  }

  save(): SavedMemory[] {
    return [...this.#kinds].flatMap(([kind, subjects]) =>
      [...subjects].map(([subject, rules]) => ({ kind, subject, rules })),
    )
  }

  restore(saved: readonly SavedMemory[]): void {
    for (const { kind, subject, rules } of saved) this.#subjectsOf(kind).set(subject, rules)
  }

  #subjectsOf(kind: SubjectKind): BoundedMap<ByRule> {
    const known = this.#kinds.get(kind)
    if (known !== undefined) return known
    const subjects = new BoundedMap<ByRule>(MAX_SUBJECTS)
    this.#kinds.set(kind, subjects)
    return subjects
  }
}
