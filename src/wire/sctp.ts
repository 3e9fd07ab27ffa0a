/** What an SCTP packet carries (RFC 9260 §3.2, §3.3.1): chunks that fill it; user data says whose it is. */
import { u8, u16, u32 } from '../core/bytes.ts'

const CHUNK_HEADER_BYTES = 4
const DATA = 0
const DATA_HEADER_BYTES = 16
const PROTOCOL = 12
/** Beginning and end: a message that is whole in its chunk. */
const WHOLE = 0x03
const FRAGMENT_FLAGS = 0x03

/** IANA "SCTP Payload Protocol Identifiers". */
export const SctpProtocol = {
  IUA: 1,
  M2UA: 2,
  M3UA: 3,
  SUA: 4,
  M2PA: 5,
  V5UA: 6,
  S1AP: 18,
  DIAMETER: 46,
  NGAP: 60,
} as const

/** The first whole message of a packet; reused, so read it before the next. */
export class SctpMessage {
  protocol = 0
  at = 0
  /** Its own end; behind the buffer's where the capture cut it. */
  end = 0

  /** The chunks must add up to the packet: `at` lies behind the common header, which is decoded. */
  find(buf: Uint8Array, at: number, end: number, missing: number): boolean {
    let isFound = false
    let p = at
    while (end - p >= CHUNK_HEADER_BYTES) {
      const size = u16(buf, p + 2)
      if (size < CHUNK_HEADER_BYTES) return false
      if (u8(buf, p) === DATA && !isFound && end - p > DATA_HEADER_BYTES) isFound = this.#take(buf, p, size)
      p += (size + 3) & ~3
    }
    // The last chunk may be sent without its padding.
    return isFound && (missing > 0 || (p >= end && p - end < 4))
  }

  #take(buf: Uint8Array, at: number, size: number): boolean {
    if (size <= DATA_HEADER_BYTES || (u8(buf, at + 1) & FRAGMENT_FLAGS) !== WHOLE) return false
    this.protocol = u32(buf, at + PROTOCOL)
    this.at = at + DATA_HEADER_BYTES
    this.end = at + size
    return true
  }
}
