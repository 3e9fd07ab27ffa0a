/** What the DTLS dissector remembers of one flow, and of each of its directions. */
import { PieceBuffer } from '../flow/piece-buffer.ts'
import { CLIENT, type Direction, type DissectorState } from './dissector.ts'
import { TlsState } from './tls-state.ts'

/** Messages of one direction that wait for a fragment, or for a message before them. */
const MAX_PENDING = 16

/** A handshake message of which not all is there, or that is ahead of its turn. */
export class PendingMessage {
  messageSeq = 0
  type = 0
  length = 0
  readonly pieces = new PieceBuffer()

  get isWhole(): boolean {
    return this.pieces.whole >= this.length
  }
}

/** One direction of a flow. */
export class DtlsSide {
  /** message_seq of the message whose turn it is (RFC 6347 §4.2.2). */
  next = 0
  /** By message_seq, ascending. */
  readonly pending: PendingMessage[] = []
  readonly #idle: PendingMessage[] = []

  /** The waiting message of that number, a new one if need be; null when it contradicts the one there, or none may be added. */
  waiting(messageSeq: number, type: number, length: number): PendingMessage | null {
    let place = 0
    while (place < this.pending.length && (this.pending[place] as PendingMessage).messageSeq < messageSeq) place += 1
    const known = this.pending[place]
    if (known?.messageSeq === messageSeq) return known.type === type && known.length === length ? known : null
    if (this.pending.length >= MAX_PENDING) return null
    const message = this.#idle.pop() ?? new PendingMessage()
    message.messageSeq = messageSeq
    message.type = type
    message.length = length
    this.pending.splice(place, 0, message)
    return message
  }

  /** Forgets the waiting message with the lowest number. */
  dropFirst(): void {
    const message = this.pending.shift()
    if (message === undefined) return
    message.pieces.release()
    this.#idle.push(message)
  }

  reset(): void {
    while (this.pending.length > 0) this.dropFirst()
    this.next = 0
  }
}

export class DtlsState implements DissectorState {
  done = false
  readonly tls = new TlsState('d')
  readonly client = new DtlsSide()
  readonly server = new DtlsSide()

  side(direction: Direction): DtlsSide {
    return direction === CLIENT ? this.client : this.server
  }

  /** As new, for the next flow. */
  reset(): void {
    this.done = false
    this.tls.reset()
    this.client.reset()
    this.server.reset()
  }
}
