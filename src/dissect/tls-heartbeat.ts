/** Heartbeats (RFC 6520): is more asked for than was sent, and more given than was asked for? CVE-2014-0160. */
import { u8, u16 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { CLIENT, type Direction, SERVER } from './dissector.ts'
import type { TlsState } from './tls-state.ts'

const REQUEST = 1
/** HeartbeatMessageType and payload_length (RFC 6520 §4). */
const HEAD_BYTES = 3
const MIN_PADDING_BYTES = 16
/** Both ends pad as they like, with 16 bytes nearly always; a cipher adds its own. */
const MAX_PADDING_BYTES = 256

/** The fragment of a heartbeat record lies between `at` and `end`, in the clear up to ChangeCipherSpec. */
export function readHeartbeat(
  state: TlsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): void {
  const side = state.side(direction)
  const bytes = end - at
  const isClear = !side.changedCipherSpec && side.protectedRecords === 0
  if (isClear && bytes < HEAD_BYTES) return
  const asked = state.side(direction === CLIENT ? SERVER : CLIENT).heartbeatBytes
  if (isClear && u8(buf, at) === REQUEST) {
    side.heartbeatBytes = Math.max(side.heartbeatBytes, bytes)
    // Its receiver must discard it: the payload cannot be inside (RFC 6520 §4).
    if (HEAD_BYTES + u16(buf, at + 1) + MIN_PADDING_BYTES > bytes) facts.odd('heartbeat_overread')
    return
  }
  // An answer repeats the payload and nothing else. Behind ChangeCipherSpec only lengths show which is which.
  if (asked > 0 && bytes > asked + MAX_PADDING_BYTES) facts.odd('heartbeat_larger_answer')
  if (!isClear) side.heartbeatBytes = Math.max(side.heartbeatBytes, bytes)
}
