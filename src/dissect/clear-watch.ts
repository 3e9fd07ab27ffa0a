/** Watches the packets of a tunnel for headers that can be read: then it encrypts nothing (RFC 5879). */
import type { FlowFacts } from '../core/facts.ts'

/** What several packets must speak for it together. */
const PROVEN = 4
/** Packets after which the tunnel is taken to encrypt. */
const MAX_WATCHED = 16

export class ClearWatch {
  watched = 0
  #clear = 0

  /** `points` = how much one packet speaks for a tunnel without encryption. True once nothing more is to be learnt. */
  packet(facts: FlowFacts, points: number): boolean {
    this.watched += 1
    this.#clear += points
    facts.protection = this.isClear ? 'cleartext' : 'opaque'
    return this.isClear || this.watched >= MAX_WATCHED
  }

  get isClear(): boolean {
    return this.#clear >= PROVEN
  }

  reset(): void {
    this.watched = 0
    this.#clear = 0
  }
}
