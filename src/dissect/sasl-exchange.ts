import type { FlowFacts } from '../core/facts.ts'
import { mayProtect, saslMechanism, secretIn } from '../wire/sasl.ts'
import { isText, skipBlanks, wordEnd } from '../wire/text.ts'
import { noteClear } from './upgrade.ts'

/** One SASL exchange inside another protocol: which mechanism, what of it crossed, how it ended. */
export class SaslExchange {
  /** Of the exchange under way; null = none. */
  mechanism: string | null = null
  /** The server's turn is over: the client's next line answers a challenge. */
  challenged = false
  /** An exchange succeeded whose mechanism may protect what follows. */
  mayProtect = false
  #messages = 0

  reset(): void {
    this.mechanism = null
    this.challenged = false
    this.mayProtect = false
    this.#messages = 0
  }

  begin(facts: FlowFacts, mechanism: string | null): void {
    this.challenged = false
    this.#messages = 0
    this.mechanism = mechanism
    if (mechanism !== null) facts.authenticatedBy(mechanism)
  }

  /** Opens with "mechanism [initial-response]" at `at`; "=" is the empty one (RFC 4954 §4, RFC 5034 §4, RFC 4643 §2.4.1). */
  open(facts: FlowFacts, protocol: string, buf: Uint8Array, at: number, end: number): void {
    const stop = wordEnd(buf, at, end)
    this.begin(facts, saslMechanism(buf, at, stop))
    const initial = skipBlanks(buf, stop, end)
    if (initial < end && !isText(buf, initial, end, '=')) this.message(facts, protocol)
  }

  /** A line of the client inside the exchange; "*" gives it up. */
  line(facts: FlowFacts, protocol: string, buf: Uint8Array, at: number, end: number): void {
    this.challenged = false
    if (end > at && !isText(buf, at, end, '*')) this.message(facts, protocol)
  }

  /** A message of the client that is not empty. `protocol` names the kind of what it exposes: "smtp" makes "smtp-auth-plain". */
  message(facts: FlowFacts, protocol: string): void {
    this.challenged = false
    if (this.mechanism === null) return
    this.#messages += 1
    const secretAt = secretIn(this.mechanism)
    if (secretAt === 0 || this.#messages < secretAt) return
    facts.expose(`${protocol}-auth-${this.mechanism.replace(/^sasl-/, '')}`)
    noteClear(facts)
  }

  end(facts: FlowFacts, succeeded: boolean): void {
    if (this.mechanism === null) return
    facts.authOutcome = succeeded ? 'success' : 'failure'
    if (succeeded && mayProtect(this.mechanism)) this.mayProtect = true
    this.abandon()
  }

  abandon(): void {
    this.mechanism = null
    this.challenged = false
    this.#messages = 0
  }
}
