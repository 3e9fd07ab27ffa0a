/**
 * Connections that were seen to begin, by the id that the server chose: a client that comes back from another address or
 * port goes on under it (RFC 9000 §9), and nothing of the handshake is said again.
 */
import { copyBytes, hashBytes, sameBytes } from '../core/bytes.ts'
import { TlsFacts } from '../core/facts.ts'

/** Connections kept; the oldest make room. */
const MAX_CONNECTIONS = 16_384
/** How long after its handshake, in capture time, a connection is still expected to go on. */
const MAX_AGE_US = 3600 * 1e6
/** Shorter ids meet by chance. */
export const MIN_ID_BYTES = 8
const MAX_ID_BYTES = 20

export interface Connection {
  readonly id: Uint8Array
  readonly version: number
  readonly tls: TlsFacts
  /** Capture time of its handshake, µs. */
  readonly timeUs: number
}

export class QuicConnections {
  /** By the hash of the id; of two with the same hash the later one stays. */
  readonly #connections = new Map<number, Connection>()
  /** Bit n: an id of n bytes is kept, or was. */
  #lengths = 0

  clear(): void {
    this.#connections.clear()
    this.#lengths = 0
  }

  /** Keeps what is known of the connection whose server calls itself `id`. */
  remember(id: Uint8Array, version: number, tls: TlsFacts, timeUs: number): void {
    const connections = this.#connections
    const hash = hashBytes(id, 0, id.length)
    if (connections.size >= MAX_CONNECTIONS && !connections.has(hash)) {
      const oldest = connections.keys().next().value
      if (oldest !== undefined) connections.delete(oldest)
    }
    this.#lengths |= 1 << id.length
    connections.set(hash, { id, version, tls: Object.assign(new TlsFacts(), tls), timeUs })
  }

  /** The connection to whose server the short header at `at` is addressed, or null. */
  find(buf: Uint8Array, at: number, end: number): Connection | null {
    if (this.#lengths === 0) return null
    for (let length = MIN_ID_BYTES; length <= MAX_ID_BYTES; length++) {
      if ((this.#lengths & (1 << length)) === 0 || at + 1 + length > end) continue
      const found = this.#connections.get(hashBytes(buf, at + 1, at + 1 + length))
      if (found?.id.length === length && sameBytes(found.id, 0, buf, at + 1, length)) return found
    }
    return null
  }
}

/** Did the connection begin a while before? Of captures that overlap, a later one may be read first. */
export const isCurrent = (connection: Connection, timeUs: number): boolean =>
  timeUs >= connection.timeUs && timeUs - connection.timeUs <= MAX_AGE_US

/** A copy of the id between two offsets, null when it is too short to know a connection by. */
export const copyId = (buf: Uint8Array, at: number, end: number): Uint8Array | null =>
  end - at < MIN_ID_BYTES ? null : copyBytes(buf, at, end)
