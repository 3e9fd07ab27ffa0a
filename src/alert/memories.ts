/** What detectors remember of each subject: bounded, and plain JSON, so that it survives a restart. */
import { BoundedMap, type Entry } from './bounded-map.ts'
import { type Detector, nothing, type SubjectKind } from './detector.ts'

/** Of each kind. A server takes 1.8 KB of heap, in 20,000 servers of five flows each (measured). */
const MAX_SUBJECTS = 50_000

type ByRule = Record<string, object>

export interface SavedMemory {
  readonly kind: SubjectKind
  readonly subject: string
  readonly rules: ByRule
}

/** What one detector remembers of a subject. */
export interface RuleMemory {
  /** The row's. */
  readonly id: string
  /** `nothing()` for detectors that remember nothing. */
  readonly memory: object
  /** How often it was changed. */
  changes: number
}

/** What the detectors remember of one subject. */
export class SubjectMemory {
  readonly #rules: RuleMemory[] = []
  /** Of each its row's place in the table. They are a handful: to look at all is quick, and a table by place would be mostly empty. */
  readonly #places: number[] = []
  /** As an earlier run left it. */
  readonly #saved: ByRule | null
  /** How often any of them was changed; NaN = this memory was pushed out. */
  changes = 0
  /** Its place among those that may be pushed out. */
  entry: Entry<SubjectMemory> | null = null

  constructor(saved: ByRule | null = null) {
    this.#saved = saved
  }

  get isKept(): boolean {
    return !Number.isNaN(this.changes)
  }

  ofRule(index: number, row: Detector): RuleMemory {
    const places = this.#places
    for (let i = 0; i < places.length; i++) if (places[i] === index) return this.#rules[i] as RuleMemory
    const one = { id: row.id, memory: this.#saved?.[row.id] ?? row.fresh(), changes: 0 }
    places.push(index)
    this.#rules.push(one)
    return one
  }

  noteChange(one: RuleMemory): void {
    one.changes += 1
    this.changes += 1
  }

  /** By rule, also of those that are off in this run. */
  save(): ByRule {
    const remembered = this.#rules.filter(({ memory }) => memory !== nothing())
    return { ...this.#saved, ...Object.fromEntries(remembered.map(({ id, memory }) => [id, memory])) }
  }
}

/** The memories of all subjects of a kind. The detectors of one flow ask for the same one in turn. */
export class MemoriesOfKind {
  readonly subjects: BoundedMap<SubjectMemory>
  #lastSubject: string | null = null
  #last: SubjectMemory = new SubjectMemory()

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
    const memory = known ?? new SubjectMemory()
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
      Array.from(subjects, ([subject, memory]) => ({ kind, subject, rules: memory.save() })).filter(
        ({ rules }) => Object.keys(rules).length > 0,
      ),
    )
  }

  restore(saved: readonly SavedMemory[]): void {
    for (const { kind, subject, rules } of saved) {
      const memory = new SubjectMemory(rules)
      memory.entry = this.ofKind(kind).subjects.set(subject, memory)
    }
  }
}
