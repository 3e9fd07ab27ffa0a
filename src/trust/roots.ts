/** Whom we trust: Mozilla's roots, and those that the operator names. */
import { createHash } from 'node:crypto'
import { mozillaRoots } from '../registry/mozilla-roots.ts'
import { type Candidate, candidateOf } from './candidate.ts'
import { Pool } from './pool.ts'

/** public = a root of Mozilla's; private = one that only the operator named; none = no root vouches. */
export type AnchorKind = 'public' | 'private' | 'none'

export class Roots {
  readonly pool = new Pool()
  /** Tells one set from another: verdicts under another set are of no use. */
  readonly id: string
  readonly #public = new Set<string>()

  /** `named`: DER of the operator's own, beside Mozilla's, or beside others that count as public. */
  constructor(named: readonly Uint8Array[] = [], publicly: readonly Uint8Array[] = mozillaRoots().ders) {
    const fingerprints = new Set<string>()
    const add = (der: Uint8Array): string => {
      const root = candidateOf(der)
      this.pool.add(root)
      fingerprints.add(root.facts.fingerprint)
      return root.facts.fingerprint
    }
    for (const der of publicly) this.#public.add(add(der))
    for (const der of named) add(der)
    this.id = createHash('sha256')
      .update([...fingerprints].sort().join())
      .digest('hex')
      .slice(0, 16)
  }

  kindOf(root: Candidate): AnchorKind {
    if (this.#public.has(root.facts.fingerprint)) return 'public'
    return this.pool.has(root.facts.fingerprint) ? 'private' : 'none'
  }
}
