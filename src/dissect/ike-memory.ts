/**
 * What responders chose, by the pair of SPIs that names an association of IKE: one that finds a translator of addresses on its
 * way goes on between other ports (RFC 7296 §2.23), and nothing of the choice is said again.
 */

import { copyLatin1 } from '../core/bytes.ts'
import type { IkeFacts } from '../core/facts.ts'

/** Associations kept; the oldest make room. */
const MAX_ASSOCIATIONS = 16_384
/** Of initiator and responder, eight bytes each, at the beginning of every message (RFC 7296 §3.1, RFC 2408 §3.1). */
const SPIS_BYTES = 16

export class IkeAssociations {
  readonly #chosen = new Map<string, IkeFacts>()

  clear(): void {
    this.#chosen.clear()
  }

  /** Keeps what the message at `header` chose for its association. */
  remember(buf: Uint8Array, header: number, chosen: IkeFacts): void {
    if (this.#chosen.size >= MAX_ASSOCIATIONS) this.#chosen.delete(this.#chosen.keys().next().value as string)
    // What was offered is long, and said of the flow that it was offered in.
    this.#chosen.set(spisAt(buf, header), { ...chosen, offered: [] })
  }

  /** What was chosen for the association of the message at `header`, or null. */
  find(buf: Uint8Array, header: number): IkeFacts | null {
    return this.#chosen.size === 0 ? null : (this.#chosen.get(spisAt(buf, header)) ?? null)
  }
}

const spisAt = (buf: Uint8Array, header: number): string => copyLatin1(buf, header, header + SPIS_BYTES)
