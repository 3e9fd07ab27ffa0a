/** The findings that are kept. There is room for so many, and the faults of one rule must not push out what others found. */
import type { Entry } from './book.ts'
import { OpenFindings } from './open-findings.ts'

const MAX_FINDINGS = 20_000
/** Where there is no room so many of a rule may still open: of the rule that has most, the oldest makes way. */
const SHARE = 500

export class KeptFindings {
  /** Pushed out by others. */
  evicted = 0
  /** How often one could not open, as all are open and its rule has its share. */
  refused = 0
  readonly #entries = new Map<string, Entry>()
  /** In the order in which they ended: the first makes room for the next that opens. */
  readonly #over = new Set<Entry>()
  /** By rule and subject: a healthy flow of others costs next to nothing. */
  readonly #open = new Map<string, OpenFindings>()
  readonly #onPushedOut: (entry: Entry) => void
  #openCount = 0
  #openChanges = 0

  /** `onPushedOut`: of one that was open. */
  constructor(onPushedOut: (entry: Entry) => void) {
    this.#onPushedOut = onPushedOut
  }

  /** Findings that are not over. */
  get openCount(): number {
    return this.#openCount
  }

  /** How often one began or ended that is not about an edge. */
  get openChanges(): number {
    return this.#openChanges
  }

  /** The same object for ever. */
  openOf(rule: string): OpenFindings {
    const known = this.#open.get(rule)
    if (known !== undefined) return known
    const findings = new OpenFindings()
    this.#open.set(rule, findings)
    return findings
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  [Symbol.iterator](): Iterator<Entry> {
    return this.#entries.values()
  }

  /** All that are kept are open, and the rule whose these are has its share: another cannot open, and is counted. */
  refuses(open: OpenFindings): boolean {
    if (this.#entries.size < MAX_FINDINGS || this.#over.size > 0 || open.size < SHARE) return false
    this.refused += 1
    return true
  }

  /** Is there room for another of the rule? What must make way for it is gone then. */
  makeRoom(rule: string): boolean {
    if (this.refuses(this.openOf(rule))) return false
    if (this.#entries.size < MAX_FINDINGS) return true
    const [ended] = this.#over
    const entry = ended ?? this.#oldestOfMost()
    this.#evict(entry)
    if (ended === undefined) this.#onPushedOut(entry)
    return true
  }

  /** One that is open, or that is over. There must be room. */
  add(entry: Entry, isOver = false): void {
    this.#entries.set(entry.finding.key, entry)
    if (isOver) this.#over.add(entry)
    else this.#noteOpen(entry)
  }

  reopen(entry: Entry): void {
    this.#over.delete(entry)
    this.#noteOpen(entry)
  }

  end(entry: Entry): void {
    this.#forgetOpen(entry)
    this.#over.add(entry)
  }

  #evict(entry: Entry): void {
    this.#entries.delete(entry.finding.key)
    this.#over.delete(entry)
    this.#forgetOpen(entry)
    this.evicted += 1
  }

  #oldestOfMost(): Entry {
    const most = [...this.#open.values()].reduce((a, b) => (b.size > a.size ? b : a))
    return most.oldest as Entry
  }

  #noteOpen(entry: Entry): void {
    this.openOf(entry.finding.rule).add(entry)
    this.#openCount += 1
    this.#noteOpenChange(entry)
  }

  #forgetOpen(entry: Entry): void {
    entry.revision += 1
    if (!this.openOf(entry.finding.rule).delete(entry)) return
    this.#openCount -= 1
    this.#noteOpenChange(entry)
  }

  #noteOpenChange({ finding }: Entry): void {
    if (finding.subject_kind !== 'edge') this.#openChanges += 1
  }
}
