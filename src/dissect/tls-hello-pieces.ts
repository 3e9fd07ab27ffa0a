/** A ClientHello in more pieces than it needs: how a name is kept from those who filter by it, and from sensors. */
import type { FlowFacts } from '../core/facts.ts'
import { HANDSHAKE_HEADER_BYTES } from '../wire/tls-handshake.ts'
import { RECORD_HEADER_BYTES } from '../wire/tls-record.ts'
import type { Direction } from './dissector.ts'
import type { TlsState } from './tls-state.ts'

/** Fits into one segment nearly everywhere. With a post-quantum key share a hello is longer, and split by necessity. */
const MAX_WHOLE_HELLO_BYTES = 1200
/** What TCP takes for the size of a segment when it knows nothing (RFC 9293 §3.7.1): who has more to send sends as much. */
const MIN_FULL_SEGMENT_BYTES = 536

/** A ClientHello of `bodyBytes` came in several records, or in several segments. */
export function notePieces(state: TlsState, facts: FlowFacts, direction: Direction, bodyBytes: number): void {
  const bytes = RECORD_HEADER_BYTES + HANDSHAKE_HEADER_BYTES + bodyBytes
  if (state.side(direction).join !== null && bytes < MAX_WHOLE_HELLO_BYTES) facts.odd('client_hello_in_records')
  const { firstPiece } = state
  if (firstPiece > 0 && firstPiece < Math.min(bytes, MIN_FULL_SEGMENT_BYTES)) facts.odd('client_hello_in_segments')
}
