/** A version of QUIC that we do not know is believed when both ends speak it and call each other by the same ids (RFC 8999). */
import { copyBytes, sameBytes } from '../core/bytes.ts'
import { QuicPacketView, readInvariants } from '../wire/quic-packet.ts'
import { VERSION_NEGOTIATION } from '../wire/quic-version.ts'
import type { QuicState } from './quic-state.ts'

/** Datagrams within which the other end must have answered. */
const MAX_UNCONFIRMED = 8

const view = new QuicPacketView()

/**
 * Takes a datagram of a flow that began in an unknown version. Returns the version once an answer fits: 0 when the server
 * answered that it does not know it either; -1 as long as none did.
 */
export function confirmUnknown(state: QuicState, buf: Uint8Array, at: number, end: number): number {
  state.unconfirmedDatagrams += 1
  if (state.unconfirmedDatagrams > MAX_UNCONFIRMED) state.refused = true
  if (!readInvariants(buf, at, end, view)) return -1
  const opening = state.unknown
  if (opening === null) {
    state.unknown = {
      version: view.version,
      destinationId: copyBytes(buf, view.destinationIdAt, view.destinationIdEnd),
      sourceId: copyBytes(buf, view.sourceIdAt, view.sourceIdEnd),
    }
    return -1
  }
  if (!isSame(opening.sourceId, buf, view.destinationIdAt, view.destinationIdEnd)) return -1
  if (view.version === opening.version) {
    // A client that says the same again calls the server, and not itself, by that id.
    const isRepeat = isSame(opening.destinationId, buf, view.destinationIdAt, view.destinationIdEnd)
    return isRepeat ? -1 : opening.version
  }
  const isAnswer = isSame(opening.destinationId, buf, view.sourceIdAt, view.sourceIdEnd)
  return view.version === VERSION_NEGOTIATION && isAnswer ? VERSION_NEGOTIATION : -1
}

const isSame = (id: Uint8Array, buf: Uint8Array, at: number, end: number): boolean =>
  id.length === end - at && sameBytes(id, 0, buf, at, id.length)
