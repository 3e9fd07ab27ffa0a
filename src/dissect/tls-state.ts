/** What the TLS dissector remembers of one flow, and of each of its directions; QUIC's and DTLS's do too. */
import { bufferBytes, lendBuffer, returnBuffer } from '../flow/buffer-pool.ts'
import type { Ja4Transport } from '../wire/fingerprint.ts'
import { CLIENT, type Direction, type DissectorState, SERVER } from './dissector.ts'

/** Longest handshake message that is put together; certificates of 340 KB have been seen. */
export const MAX_HANDSHAKE_BYTES = 512 * 1024
/** Bytes that the split messages of all flows together may hold. */
const MAX_JOINED_BYTES = 64 * 1024 * 1024

let joinedBytes = 0

/** Bytes held at this moment by split messages. */
export const heldJoinBytes = (): number => joinedBytes

/** One direction of a flow. */
export class TlsSide {
  /** A handshake message that records split, put together so far; null when none is open. */
  join: Uint8Array | null = null
  joinEnd = 0
  /** Bytes of a message beyond our caps that are still to be passed over. */
  skip = 0
  fed = false
  /** A plaintext handshake message was read. */
  sawMessage = false
  sawGap = false
  /** Not at a record boundary: bytes are passed over until some look like a record. */
  lost = false
  changedCipherSpec = false
  protectedRecords = 0
  /** Bytes of the longest heartbeat record that was sent, in the clear: of the longest that asked; 0 = none. */
  heartbeatBytes = 0

  /** Appends to the open message, or opens one. False when a cap forbids it; nothing is held then. */
  append(buf: Uint8Array, at: number, end: number): boolean {
    const need = this.joinEnd + end - at
    if (this.join === null || need > this.join.length) {
      const size = bufferBytes(need)
      if (joinedBytes + size > MAX_JOINED_BYTES) {
        this.release()
        return false
      }
      const grown = lendBuffer(need)
      const held = this.join
      if (held !== null) {
        grown.set(held.subarray(0, this.joinEnd))
        joinedBytes -= held.length
        returnBuffer(held)
      }
      joinedBytes += size
      this.join = grown
    }
    this.join.set(buf.subarray(at, end), this.joinEnd)
    this.joinEnd = need
    return true
  }

  release(): void {
    if (this.join !== null) {
      joinedBytes -= this.join.length
      returnBuffer(this.join)
    }
    this.join = null
    this.joinEnd = 0
  }

  reset(): void {
    this.release()
    this.skip = 0
    this.fed = false
    this.sawMessage = false
    this.sawGap = false
    this.lost = false
    this.changedCipherSpec = false
    this.protectedRecords = 0
    this.heartbeatBytes = 0
  }
}

export class TlsState implements DissectorState {
  done = false
  /** Bytes of the segment with which what is being read began, where it came in several; else 0. */
  firstPiece = 0
  readonly client = new TlsSide()
  readonly server = new TlsSide()
  /** The flow's client turned out to send the ServerHello: roles are the other way round. */
  swapped = false
  /** Capture time of the ClientHello, µs; -1 = not seen. */
  helloUs = -1
  handshakeEnded = false
  /** Eight bytes of the first ClientHello's random: a second one with the same answers a HelloRetryRequest. */
  clientRandomHead = 0
  clientRandomTail = 0
  sawServerHelloDone = false
  sawApplicationData = false
  /** A fatal alert in the clear ended the handshake. */
  failed = false
  /** SSL 2.0 records: a SERVER-HELLO or CLIENT-MASTER-KEY of that version was read. */
  sslV2 = false
  /** What carries the handshake: DTLS has a longer ClientHello, and each its own JA4. */
  readonly transport: Ja4Transport

  constructor(transport: Ja4Transport = 't') {
    this.transport = transport
  }

  side(direction: Direction): TlsSide {
    return direction === CLIENT ? this.client : this.server
  }

  /** Which end of the handshake sends in `direction`. */
  role(direction: Direction): Direction {
    if (!this.swapped) return direction
    return direction === CLIENT ? SERVER : CLIENT
  }

  release(): void {
    this.client.release()
    this.server.release()
  }

  /** As new, for the next flow. */
  reset(): void {
    this.done = false
    this.firstPiece = 0
    this.client.reset()
    this.server.reset()
    this.swapped = false
    this.helloUs = -1
    this.handshakeEnded = false
    this.clientRandomHead = 0
    this.clientRandomTail = 0
    this.sawServerHelloDone = false
    this.sawApplicationData = false
    this.failed = false
    this.sslV2 = false
  }
}
