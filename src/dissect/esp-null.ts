/** Watches the packets of ESP for headers that can be read: then it encrypts nothing (RFC 5879). */
import type { FlowFacts } from '../core/facts.ts'
import { clearInside } from '../wire/esp.ts'

/** What several packets must speak for it together. */
const PROVEN = 4
/** Packets after which ESP is taken to encrypt. */
const MAX_WATCHED = 16

export class EspWatch {
  watched = 0
  #clear = 0

  /** True once nothing more is to be learnt. A packet that was cut short is not looked into. */
  packet(facts: FlowFacts, buf: Uint8Array, at: number, end: number, missing: number): boolean {
    this.watched += 1
    if (missing === 0) this.#clear += clearInside(buf, at, end)
    facts.protection = this.#clear >= PROVEN ? 'cleartext' : 'opaque'
    return this.#clear >= PROVEN || this.watched >= MAX_WATCHED
  }

  reset(): void {
    this.watched = 0
    this.#clear = 0
  }
}
