/** Certificates that may be the issuers of others, found by their names. */
import type { Candidate } from './candidate.ts'

/** Certificates kept under one name: more would be somebody's game. */
const MAX_SAME_NAME = 32

export class Pool {
  readonly #byName = new Map<string, Candidate[]>()
  readonly #fingerprints = new Set<string>()

  get size(): number {
    return this.#fingerprints.size
  }

  add(candidate: Candidate): void {
    const { subjectName, facts } = candidate
    if (subjectName === null || this.#fingerprints.has(facts.fingerprint)) return
    const known = this.#byName.get(subjectName)
    if (known === undefined) this.#byName.set(subjectName, [candidate])
    else if (known.length < MAX_SAME_NAME) known.push(candidate)
    else return
    this.#fingerprints.add(facts.fingerprint)
  }

  named(name: string | null): readonly Candidate[] {
    return (name === null ? undefined : this.#byName.get(name)) ?? NONE
  }

  has(fingerprint: string): boolean {
    return this.#fingerprints.has(fingerprint)
  }
}

const NONE: readonly Candidate[] = []
