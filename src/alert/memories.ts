/** What detectors remember of each subject: bounded, and plain JSON, so that it survives a restart. */
import { BoundedMap, type Entry } from './bounded-map.ts'
import type { Detector, SubjectKind } from './detector.ts'

/** Of each kind. A server took 2.5 KB of heap, in 20,000 servers of five flows each (measured). */
const MAX_SUBJECTS = 50_000

type ByRule = Record<string, object>

export interface SavedMemory {
  readonly kind: SubjectKind
  readonly subject: string
  readonly rules: ByRule
}

/** What the detectors remember of one subject. */
export class SubjectMemory {
  readonly rules: ByRule
  /** The same by the row's place in the table: a name is looked up once. */
  readonly #byRow: (object | undefined)[] = []
  /** How often each was changed, by the row's place, and all of them; NaN = this memory was pushed out. */
  readonly #changes: number[] = []
  changes = 0
  /** Its place among those that may be pushed out. */
  entry: Entry<SubjectMemory> | null = null

  constructor(rules: ByRule) {
    this.rules = rules
  }

  ofRule(index: number, row: Detector): object {
    const known = this.#byRow[index]
    if (known !== undefined) return known
    const memory = this.rules[row.id] ?? row.fresh()
    this.rules[row.id] = memory
    this.#byRow[index] = memory
    return memory
  }

  changesOf(index: number): number {
    return this.#changes[index] ?? 0
  }

  noteChange(index: number): void {
    this.#changes[index] = (this.#changes[index] ?? 0) + 1
    this.changes += 1
  }
}

/** The memories of all subjects of a kind. The detectors of one flow ask for the same one in turn. */
export class MemoriesOfKind {
  readonly subjects: BoundedMap<SubjectMemory>
  #lastSubject: string | null = null
  #last: SubjectMemory = new SubjectMemory({})

  constructor(most: number) {
    this.subjects = new BoundedMap<SubjectMemory>(most, (memory) => {
      memory.changes = Number.NaN
      if (memory === this.#last) this.#lastSubject = null
    })
  }

  /** As `of`, but nothing is made. */
  peek(subject: string): SubjectMemory | undefined {
    return this.#lastSubject === subject ? this.#last : this.subjects.get(subject)
  }

  of(subject: string): SubjectMemory {
    if (this.#lastSubject === subject) return this.#last
    const known = this.subjects.get(subject)
    const memory = known ?? new SubjectMemory({})
    if (known === undefined) memory.entry = this.subjects.set(subject, memory)
    this.#lastSubject = subject
    this.#last = memory
    return memory
  }
}

export class Memories {
  readonly #kinds = new Map<SubjectKind, MemoriesOfKind>()
  readonly #most: number

  constructor(most = MAX_SUBJECTS) {
    this.#most = most
  }

  get evicted(): number {
    return [...this.#kinds.values()].reduce((sum, { subjects }) => sum + subjects.evicted, 0)
  }

  /** By kind, of how many something is remembered. */
  subjects(): Record<string, number> {
    return Object.fromEntries([...this.#kinds].map(([kind, { subjects }]) => [kind, subjects.size]))
  }

  ofKind(kind: SubjectKind): MemoriesOfKind {
    const known = this.#kinds.get(kind)
    if (known !== undefined) return known
    const one = new MemoriesOfKind(this.#most)
    this.#kinds.set(kind, one)
    return one
  }

  save(): SavedMemory[] {
    return [...this.#kinds].flatMap(([kind, { subjects }]) =>
      [...subjects]
        .filter(([, { rules }]) => Object.keys(rules).length > 0)
        .map(([subject, { rules }]) => ({ kind, subject, rules })),
    )
  }

  restore(saved: readonly SavedMemory[]): void {
    for (const { kind, subject, rules } of saved) {
      const memory = new SubjectMemory(rules)
      memory.entry = this.ofKind(kind).subjects.set(subject, memory)
    }
  }
}
