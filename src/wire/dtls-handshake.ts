/** Handshake messages in fragments (RFC 6347 §4.2.2, RFC 9147 §5.2) and the one that only DTLS has. */
import { u8, u16, u24 } from '../core/bytes.ts'
import { isDtlsVersion } from './dtls-record.ts'

// RFC 6347 §4.2.2. Byte offsets from the start of a fragment.
const LENGTH = 1
const MESSAGE_SEQ = 4
const FRAGMENT_OFFSET = 6
const FRAGMENT_LENGTH = 9

export const DTLS_HANDSHAKE_HEADER_BYTES = 12
/** HandshakeType of DTLS 1.0 and 1.2 (RFC 6347 §4.3.2). */
export const HELLO_VERIFY_REQUEST = 3
/** HandshakeTypes of DTLS 1.2's connection ids and 1.3 end below this. */
const MAX_HANDSHAKE_TYPE = 24
const MAX_COOKIE_BYTES = 255

/** One fragment of a message, often the whole. Reused. */
export class DtlsFragmentView {
  type = 0
  /** Bytes of the whole message's body. */
  length = 0
  messageSeq = 0
  fragmentOffset = 0
  at = 0
  end = 0
}

/** Reads the fragment at `at`; false when it does not fit before `end`, or its parts contradict each other. */
export function readDtlsFragment(buf: Uint8Array, at: number, end: number, out: DtlsFragmentView): boolean {
  if (end - at < DTLS_HANDSHAKE_HEADER_BYTES) return false
  out.type = u8(buf, at)
  out.length = u24(buf, at + LENGTH)
  out.messageSeq = u16(buf, at + MESSAGE_SEQ)
  out.fragmentOffset = u24(buf, at + FRAGMENT_OFFSET)
  out.at = at + DTLS_HANDSHAKE_HEADER_BYTES
  out.end = out.at + u24(buf, at + FRAGMENT_LENGTH)
  const isInside = out.fragmentOffset + out.end - out.at <= out.length
  return isInside && out.end <= end && out.type <= MAX_HANDSHAKE_TYPE
}

/** Is the body between `at` and `end` a HelloVerifyRequest: a version and a cookie, to the end (RFC 6347 §4.2.1)? */
export function isHelloVerifyRequest(buf: Uint8Array, at: number, end: number): boolean {
  if (end - at < 3 || !isDtlsVersion(u16(buf, at))) return false
  const cookieBytes = u8(buf, at + 2)
  return cookieBytes <= MAX_COOKIE_BYTES && at + 3 + cookieBytes === end
}
