/**
 * The best path from a leaf to somebody who is trusted (RFC 4158): an authority may have several certificates, so each is
 * tried, within caps that a hostile set of certificates cannot stretch.
 */
import type { Candidate } from './candidate.ts'
import { mayHaveIssued, problemsOf, type StepProblem } from './issuing.ts'
import type { Pool } from './pool.ts'
import type { Roots } from './roots.ts'
import type { Signatures } from './signatures.ts'

/** Certificates of one path; public ones have three or four. */
const MAX_PATH = 10
/** Certificates tried as issuers, over all paths of one leaf. */
const MAX_STEPS = 256
/** Signatures looked at for one leaf, remembered ones too, so that the answer does not hang on what came before. */
const MAX_SIGNATURES = 64

export interface PathSearch {
  readonly roots: Roots
  /** What came with the leaf. */
  readonly sent: Pool
  /** What was seen elsewhere. */
  readonly seen: Pool
  readonly signatures: Signatures
  readonly timeUs: number
  readonly purpose: string
}

/** How a path ends: at a root that is trusted, at one that is not, at an issuer that nobody has, or at one that did not sign. */
export type PathEnd = 'trusted' | 'unknown-root' | 'no-issuer' | 'bad-signature' | 'not-verifiable' | 'cap'

export interface Path {
  /** The leaf first. */
  readonly certificates: readonly Candidate[]
  readonly end: PathEnd
  readonly problems: readonly StepProblem[]
}

export function bestPath(leaf: Candidate, search: PathSearch): Path {
  const walk = new Walk(search)
  walk.from([leaf], [])
  return walk.best ?? { certificates: [leaf], end: 'cap', problems: [] }
}

class Walk {
  best: Path | null = null
  readonly #search: PathSearch
  #steps = 0
  #signatures = 0

  constructor(search: PathSearch) {
    this.#search = search
  }

  /** Depth is bounded by MAX_PATH. True when no better path can be found, or none may be looked for. */
  from(path: readonly Candidate[], problems: readonly StepProblem[]): boolean {
    const last = path.at(-1) as Candidate
    if (this.#search.roots.pool.has(last.facts.fingerprint)) return this.#end(path, 'trusted', problems)
    let end = this.#alone(last)
    let isStep = false
    for (const issuer of this.#issuersOf(last, path)) {
      if (path.length >= MAX_PATH || this.#isSpent()) return this.#end(path, 'cap', problems) || this.#isSpent()
      this.#steps++
      const signature = this.#signature(last, issuer)
      if (signature !== 'good') {
        end = worse(end, signature)
        continue
      }
      isStep = true
      if (this.from([...path, issuer], [...problems, ...this.#problems(path, issuer)])) return true
    }
    return isStep ? false : this.#end(path, end, problems)
  }

  #isSpent(): boolean {
    return this.#steps >= MAX_STEPS || this.#signatures >= MAX_SIGNATURES
  }

  /** How a path ends here where no other certificate goes on. */
  #alone(last: Candidate): PathEnd {
    if (!last.facts.selfIssued || !mayHaveIssued(last, last)) return 'no-issuer'
    const signature = this.#signature(last, last)
    return signature === 'good' ? 'unknown-root' : worse('no-issuer', signature)
  }

  #problems(below: readonly Candidate[], issuer: Candidate): StepProblem[] {
    const { roots, timeUs, purpose } = this.#search
    return problemsOf({ below, issuer, isRoot: roots.pool.has(issuer.facts.fingerprint), timeUs, purpose })
  }

  #signature(child: Candidate, issuer: Candidate): ReturnType<Signatures['of']> {
    this.#signatures++
    return this.#search.signatures.of(child, issuer)
  }

  /** Roots first, then what was sent, then what was seen elsewhere; no key twice in one path under one name. */
  #issuersOf(child: Candidate, path: readonly Candidate[]): readonly Candidate[] {
    const { roots, sent, seen } = this.#search
    const { issuerName } = child
    const found: Candidate[] = []
    for (const pool of [roots.pool, sent, seen]) {
      for (const candidate of pool.named(issuerName)) {
        const isKnown = path.some((other) => isSameAuthority(other, candidate)) || found.includes(candidate)
        if (!isKnown && mayHaveIssued(candidate, child)) found.push(candidate)
      }
    }
    return found
  }

  /** True when the path is as good as can be. */
  #end(certificates: readonly Candidate[], end: PathEnd, problems: readonly StepProblem[]): boolean {
    const path: Path = { certificates, end, problems: [...new Set(problems)] }
    if (this.best === null || this.#cost(path) < this.#cost(this.best)) this.best = path
    return this.#cost(path) === certificates.length
  }

  /** Fewer problems before fewer certificates that the server forgot, and those before a shorter path. */
  #cost({ certificates, end, problems }: Path): number {
    const forgotten = certificates.filter(
      ({ facts: { fingerprint } }, i) =>
        i > 0 && !this.#search.sent.has(fingerprint) && !this.#search.roots.pool.has(fingerprint),
    ).length
    return END_COST[end] * 100_000 + problems.length * 1000 + forgotten * 20 + certificates.length
  }
}

const END_COST: Readonly<Record<PathEnd, number>> = {
  trusted: 0,
  'not-verifiable': 1,
  cap: 1,
  'unknown-root': 2,
  'no-issuer': 3,
  'bad-signature': 4,
}

/** What vouches for itself needs no other; an issuer of that name whose key is another's is told, and one that cannot be asked. */
function worse(end: PathEnd, signature: 'bad' | 'unknown'): PathEnd {
  if (end === 'unknown-root' || end === 'not-verifiable') return end
  return signature === 'bad' ? 'bad-signature' : 'not-verifiable'
}

/** RFC 4158 §5.2: the same name with the same key again makes no path better. */
const isSameAuthority = (a: Candidate, b: Candidate): boolean =>
  a.subjectName === b.subjectName && a.facts.spkiSha256 === b.facts.spkiSha256
