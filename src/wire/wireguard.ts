/** WireGuard's four messages (WireGuard whitepaper §5.4): a type, three zeros, and a size that goes with them. */
import { u8, u32 } from '../core/bytes.ts'

export const WireGuardMessage = { INITIATION: 1, RESPONSE: 2, COOKIE_REPLY: 3, DATA: 4 } as const

const INITIATION_BYTES = 148
const RESPONSE_BYTES = 92
const COOKIE_REPLY_BYTES = 64
/** Type, receiver, counter, and the tag of an empty packet. */
const LEAST_DATA_BYTES = 32
/** The plaintext is padded to it (§5.4.6). */
const PADDING_BYTES = 16

/** The type of the message between `at` and `end`, 0 when it is none. */
export function wireGuardMessage(buf: Uint8Array, at: number, end: number, missing: number): number {
  if (end - at < LEAST_DATA_BYTES || (u32(buf, at) & 0xffffff) !== 0) return 0
  const type = u8(buf, at)
  return isSize(buf, at, type, end - at + missing) ? type : 0
}

function isSize(buf: Uint8Array, at: number, type: number, size: number): boolean {
  switch (type) {
    case WireGuardMessage.INITIATION:
      return size === INITIATION_BYTES
    case WireGuardMessage.RESPONSE:
      return size === RESPONSE_BYTES
    case WireGuardMessage.COOKIE_REPLY:
      return size === COOKIE_REPLY_BYTES
    case WireGuardMessage.DATA:
      // A key is given up after 2^60 packets in theory and two minutes in practice: the counter never gets that far.
      return size % PADDING_BYTES === 0 && u32(buf, at + 12) === 0
    default:
      return false
  }
}

/** Sender's index, in an initiation or response. */
export const wireGuardSender = (buf: Uint8Array, at: number): number => u32(buf, at + 4)
/** Receiver's index in a response: the sender's of the initiation that it answers. */
export const wireGuardReceiver = (buf: Uint8Array, at: number): number => u32(buf, at + 8)
