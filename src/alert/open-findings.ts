/** The open findings of one rule, by subject. */
import type { Entry } from './book.ts'
import { serverOfEdge } from './detector.ts'

export class OpenFindings {
  readonly #entries = new Map<string, Entry>()
  /** Of those about edges, how many lead to each server. */
  readonly #servers = new Map<string, number>()

  get size(): number {
    return this.#entries.size
  }

  get(subject: string): Entry | undefined {
    return this.#entries.get(subject)
  }

  get oldest(): Entry | undefined {
    const [oldest] = this.#entries.values()
    return oldest
  }

  has(subject: string): boolean {
    return this.#entries.has(subject)
  }

  /** Is one of them about an edge to this server? Its clients need not be asked for where none is. */
  hasEdgeTo(server: string): boolean {
    return this.#servers.has(server)
  }

  add(entry: Entry): void {
    const { subject } = entry.finding
    this.#entries.set(subject, entry)
    this.#count(entry, 1)
  }

  /** False = it was not open. */
  delete(entry: Entry): boolean {
    if (!this.#entries.delete(entry.finding.subject)) return false
    this.#count(entry, -1)
    return true
  }

  #count({ finding }: Entry, by: number): void {
    if (finding.subject_kind !== 'edge') return
    const server = serverOfEdge(finding.subject)
    const count = (this.#servers.get(server) ?? 0) + by
    if (count === 0) this.#servers.delete(server)
    else this.#servers.set(server, count)
  }
}
