/** Which keys open an Initial packet. Retries, version negotiation and lost packets make that more than one question. */
import { copyBytes, sameBytes } from '../core/bytes.ts'
import {
  deriveInitialSecrets,
  type InitialKeys,
  type InitialSecrets,
  type OpenedInitial,
  openInitial,
} from '../wire/quic-initial.ts'
import type { QuicPacketView } from '../wire/quic-packet.ts'
import { CLIENT, type Direction } from './dissector.ts'

/** Keys tried for one flow: its first id, another version, the id of a Retry, and some for what got lost. */
const MAX_SECRETS = 6
/** Behind what is encrypted (RFC 9001 §5.3). */
const TAG_BYTES = 16
/** Initial packets of one flow that no key opens; the next ones are not tried. */
const MAX_FAILURES = 8

interface KnownSecrets {
  readonly version: number
  readonly id: Uint8Array
  readonly secrets: InitialSecrets
}

/** The keys that were made last: those of a probe are wanted again when the flow begins. */
let latest: KnownSecrets | null = null

/** Keys from the packet's own destination id; null for a version without known salt. */
function secretsOf(buf: Uint8Array, view: QuicPacketView): KnownSecrets | null {
  if (latest !== null && latest.version === view.version && isId(latest.id, buf, view)) return latest
  const secrets = deriveInitialSecrets(buf, view.destinationIdAt, view.destinationIdEnd, view.version)
  if (secrets === null) return null
  latest = { version: view.version, id: copyBytes(buf, view.destinationIdAt, view.destinationIdEnd), secrets }
  return latest
}

/** The packet that was opened last by its own id, told by its tag: who recognised it opened it, and its flow asks again. */
const opened = {
  by: null as KnownSecrets | null,
  tag: new Uint8Array(TAG_BYTES),
  length: 0,
  what: null as OpenedInitial | null,
}

/** Opens the Initial that `view` describes as the first of a client, by its own destination id. */
export function openByOwnId(buf: Uint8Array, at: number, end: number, view: QuicPacketView): OpenedInitial | null {
  const made = secretsOf(buf, view)
  return made === null ? null : openFirst(made, buf, at, end, view)
}

function openFirst(
  made: KnownSecrets,
  buf: Uint8Array,
  at: number,
  end: number,
  view: QuicPacketView,
): OpenedInitial | null {
  const tagAt = view.end - TAG_BYTES
  const isWhole = view.end <= end
  const isKnown = isWhole && opened.by === made && opened.length === view.end - at
  if (isKnown && sameBytes(opened.tag, 0, buf, tagAt, TAG_BYTES)) return opened.what
  const what = openInitial(buf, at, end, view, made.secrets.client)
  if (!isWhole) return what
  opened.by = made
  opened.length = view.end - at
  opened.tag.set(buf.subarray(tagAt, view.end))
  opened.what = what
  return what
}

const isId = (id: Uint8Array, buf: Uint8Array, view: QuicPacketView): boolean =>
  id.length === view.destinationIdEnd - view.destinationIdAt && sameBytes(id, 0, buf, view.destinationIdAt, id.length)

/** The keys of one flow. */
export class QuicKeys {
  readonly #known: KnownSecrets[] = []
  #failures = 0

  /** Opens the Initial that `view` describes, sent in `direction`; null when no keys are its own. */
  open(buf: Uint8Array, at: number, end: number, view: QuicPacketView, direction: Direction): OpenedInitial | null {
    if (this.#failures >= MAX_FAILURES) return null
    for (let i = this.#known.length - 1; i >= 0; i--) {
      const what = this.#try(this.#known[i] as KnownSecrets, buf, at, end, view, direction)
      if (what !== null) return what
    }
    const what = this.#tryNew(buf, at, end, view, direction)
    if (what === null) this.#failures += 1
    return what
  }

  /** No packet was opened yet. */
  get areUnknown(): boolean {
    return this.#known.length === 0
  }

  reset(): void {
    this.#known.length = 0
    this.#failures = 0
  }

  #try(
    known: KnownSecrets,
    buf: Uint8Array,
    at: number,
    end: number,
    view: QuicPacketView,
    direction: Direction,
  ): OpenedInitial | null {
    if (known.version !== view.version) return null
    return openInitial(buf, at, end, view, keysOf(known.secrets, direction))
  }

  /** A client's own destination id makes new keys; a server may answer in another version under the id it was called by. */
  #tryNew(buf: Uint8Array, at: number, end: number, view: QuicPacketView, direction: Direction): OpenedInitial | null {
    if (this.#known.length >= MAX_SECRETS) return null
    const made = direction === CLIENT ? secretsOf(buf, view) : this.#inVersion(view.version)
    if (made === null) return null
    const what =
      direction === CLIENT ? openFirst(made, buf, at, end, view) : this.#try(made, buf, at, end, view, direction)
    if (what !== null) this.#known.push(made)
    return what
  }

  /** The first id under another version: what compatible version negotiation does (RFC 9368 §2.3, RFC 9369 §4.1). */
  #inVersion(version: number): KnownSecrets | null {
    const first = this.#known[0]
    if (first === undefined || this.#known.some((each) => each.version === version)) return null
    const secrets = deriveInitialSecrets(first.id, 0, first.id.length, version)
    return secrets === null ? null : { version, id: first.id, secrets }
  }
}

const keysOf = (secrets: InitialSecrets, direction: Direction): InitialKeys =>
  direction === CLIENT ? secrets.client : secrets.server
