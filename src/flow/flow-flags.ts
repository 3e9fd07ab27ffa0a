/** What is known of a flow in one bit each, and the names of its two ends. */

export const LOW = 0
export const HIGH = 1
/** An end of a flow in the key's canonical order. */
export type Side = typeof LOW | typeof HIGH

// Flag bits of a flow. "low" and "high" are the two ends in the key's canonical order, not client and server.
export const CLIENT_IS_HIGH = 1 << 0
/** Orientation is known from a SYN or a protocol's own first message; without it the ports decided. */
export const ORIENTED = 1 << 1
export const SYN_LOW = 1 << 2
export const SYN_HIGH = 1 << 3
export const FIN_LOW = 1 << 4
export const FIN_HIGH = 1 << 5
export const FINS = FIN_LOW | FIN_HIGH
export const RESET = 1 << 6
/** A SYN-ACK went by and the initiator's acknowledgement did not yet: the round trip is still being timed. */
export const RTT_OPEN = 1 << 7
/** The verdict is in: a packet costs a lookup and two additions from here on. */
export const SETTLED = 1 << 8
export const HAS_PAYLOAD = 1 << 9
/** A frame of this flow was captured with fewer bytes than it had on the wire. */
export const CUT_SHORT = 1 << 10
/** Dropped to make room for a newer flow. */
export const EVICTED = 1 << 11
/** Its verdict was reported before its end. */
export const REPORTED = 1 << 12
/** A control connection announced it. */
export const EXPECTED = 1 << 13

/** Both ends said goodbye, or one slammed the door. */
export const isClosed = (flags: number): boolean => (flags & RESET) !== 0 || (flags & FINS) === FINS
