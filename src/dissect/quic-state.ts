/** What the QUIC dissector remembers of one flow. */

import { CLIENT, type Direction, type DissectorState } from './dissector.ts'
import type { CaptureMemory } from './memory.ts'
import { CryptoStream } from './quic-crypto.ts'
import { QuicKeys } from './quic-keys.ts'
import { TlsState } from './tls-state.ts'

/** What a client sent in a version that we do not know, and whose answer must fit. */
export interface UnknownOpening {
  readonly version: number
  readonly destinationId: Uint8Array
  readonly sourceId: Uint8Array
}

export class QuicState implements DissectorState {
  done = false
  /** Began like a version that we do not know, and was not answered as one. */
  refused = false
  /** It is QUIC beyond doubt: until then nothing is asserted. */
  confirmed = false
  readonly tls = new TlsState('q')
  readonly keys = new QuicKeys()
  readonly client = new CryptoStream()
  readonly server = new CryptoStream()
  unknown: UnknownOpening | null = null
  unconfirmedDatagrams = 0
  /** Headers of Google's own, before it took over the IETF's. */
  isGoogle = false
  /** Datagrams of one of Google's own versions, each way. */
  googleClient = 0
  googleServer = 0
  /** The id that the server gave itself, by which the client goes on calling it; null = not seen, or too short to tell. */
  serverId: Uint8Array | null = null
  /** Capture time of the latest datagram, µs. */
  timeUs = 0
  /** Of the capture that is read. */
  memory: CaptureMemory | null = null
  initials = 0
  /** Packets under keys that we cannot have. */
  protectedPackets = 0

  stream(direction: Direction): CryptoStream {
    return direction === CLIENT ? this.client : this.server
  }

  release(): void {
    this.tls.release()
    this.client.reset()
    this.server.reset()
    this.keys.reset()
  }

  /** As new, for the next flow. */
  reset(): void {
    this.release()
    this.done = false
    this.refused = false
    this.confirmed = false
    this.tls.reset()
    this.unknown = null
    this.unconfirmedDatagrams = 0
    this.isGoogle = false
    this.googleClient = 0
    this.googleServer = 0
    this.serverId = null
    this.timeUs = 0
    this.initials = 0
    this.protectedPackets = 0
  }
}
