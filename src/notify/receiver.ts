/** Where messages go: one kind = one file in kinds/ = one row of the table in index.ts. */

import type { Finding, FindingEvent } from '../alert/index.ts'
import type { Severity } from '../classify/policy.ts'

/** As a configuration names it. Which options a kind takes is in docs/alerts.md. */
export interface ReceiverOptions {
  readonly kind: string
  /** Names the queue on disk. */
  readonly name: string
  /** Nothing milder is told. */
  readonly from: Severity
  readonly url?: string
  /** A file or an environment variable that holds the address, where the address itself is a secret. */
  readonly url_file?: string
  readonly url_env?: string
  readonly secret_file?: string
  readonly secret_env?: string
  readonly ca_file?: string
  readonly cert_file?: string
  readonly key_file?: string
  /** Addresses that may be reached though they are private, as 10.0.0.0/8. */
  readonly allow?: readonly string[]
  /** Of a file. */
  readonly path?: string
}

/** Findings of one rule about which the same is to be said at the same time. */
export interface Message {
  /** The same for every attempt: receivers can drop what they have. */
  readonly id: string
  readonly status: 'firing' | 'resolved'
  readonly events: readonly FindingEvent[]
}

export type Outcome =
  | { readonly kind: 'taken' }
  /** Worth another attempt. `afterMs` = what the receiver asked for. */
  | { readonly kind: 'later'; readonly why: string; readonly afterMs?: number }
  /** Refused for what it is: another attempt would be refused as well. */
  | { readonly kind: 'refused'; readonly why: string }

export const TAKEN: Outcome = { kind: 'taken' }

export interface ReceiverKind {
  readonly kind: string
  /** Options without which it cannot work: one of each list. */
  readonly needs: readonly (readonly (keyof ReceiverOptions)[])[]
  /** Never throws for what the network does. */
  send(message: Message, options: ReceiverOptions): Promise<Outcome>
  /** For those that forget what they are not told again: every minute. */
  remind?(active: readonly Finding[], options: ReceiverOptions): Promise<Outcome>
}
