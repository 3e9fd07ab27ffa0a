/** What detectors remember of each subject: bounded, and plain JSON, so that it survives a restart. */
import { BoundedMap } from './bounded-map.ts'
import type { SubjectKind } from './detector.ts'

/** Of each kind. A server's memories took 2 KB of heap together, in 20,000 servers of five flows each (measured). */
const MAX_SUBJECTS = 50_000

type ByRule = Record<string, object>

export interface SavedMemory {
  readonly kind: SubjectKind
  readonly subject: string
  readonly rules: ByRule
}

/** The detectors of one flow ask for the same subject one after the other. */
interface OfKind {
  readonly subjects: BoundedMap<ByRule>
  lastSubject: string
  lastRules: ByRule
}

export class Memories {
  readonly #kinds = new Map<SubjectKind, OfKind>()

  get evicted(): number {
    return [...this.#kinds.values()].reduce((sum, { subjects }) => sum + subjects.evicted, 0)
  }

  /** By kind, of how many something is remembered. */
  subjects(): Record<string, number> {
    return Object.fromEntries([...this.#kinds].map(([kind, { subjects }]) => [kind, subjects.size]))
  }

  /** By rule, of one subject. */
  of(kind: SubjectKind, subject: string): ByRule {
    const one = this.#ofKind(kind)
    if (one.lastSubject === subject) return one.lastRules
    const rules = one.subjects.get(subject) ?? {}
    one.subjects.set(subject, rules)
    one.lastSubject = subject
    one.lastRules = rules
    return rules
  }

  save(): SavedMemory[] {
    return [...this.#kinds].flatMap(([kind, { subjects }]) =>
      [...subjects].map(([subject, rules]) => ({ kind, subject, rules })),
    )
  }

  restore(saved: readonly SavedMemory[]): void {
    for (const { kind, subject, rules } of saved) this.#ofKind(kind).subjects.set(subject, rules)
  }

  #ofKind(kind: SubjectKind): OfKind {
    const known = this.#kinds.get(kind)
    if (known !== undefined) return known
    const one = { subjects: new BoundedMap<ByRule>(MAX_SUBJECTS), lastSubject: '', lastRules: {} }
    this.#kinds.set(kind, one)
    return one
  }
}
