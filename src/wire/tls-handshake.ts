/** The header in front of each handshake message (RFC 8446 §4, RFC 5246 §7.4). */
import { u24 } from '../core/bytes.ts'

export const HANDSHAKE_HEADER_BYTES = 4

/** TLS HandshakeType, IANA registry; names as in the RFCs that define them. */
export const HandshakeType = {
  HELLO_REQUEST: 0,
  CLIENT_HELLO: 1,
  SERVER_HELLO: 2,
  NEW_SESSION_TICKET: 4,
  /** Drafts of TLS 1.3 before 22; later ones use a ServerHello with a fixed random. */
  HELLO_RETRY_REQUEST: 6,
  CERTIFICATE: 11,
  SERVER_KEY_EXCHANGE: 12,
  CERTIFICATE_REQUEST: 13,
  SERVER_HELLO_DONE: 14,
  CERTIFICATE_VERIFY: 15,
  CLIENT_KEY_EXCHANGE: 16,
  FINISHED: 20,
  CERTIFICATE_URL: 21,
  CERTIFICATE_STATUS: 22,
  SUPPLEMENTAL_DATA: 23,
  NEXT_PROTOCOL: 67,
} as const

const KNOWN: ReadonlySet<number> = new Set(Object.values(HandshakeType))

export const handshakeType = (buf: Uint8Array, at: number): number => buf[at] as number
/** Bytes of the message's body. */
export const handshakeLength = (buf: Uint8Array, at: number): number => u24(buf, at + 1)
/** A message that can cross unencrypted. */
export const isPlaintextHandshakeType = (type: number): boolean => KNOWN.has(type)
