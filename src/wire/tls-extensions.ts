/** Extension blocks of hello messages, shared by TLS, DTLS and QUIC (RFC 8446 §4.2). */
import { copyLatin1, u8, u16, u24 } from '../core/bytes.ts'

/** TLS ExtensionType values that are read here, IANA registry. */
export const ExtensionType = {
  SERVER_NAME: 0,
  STATUS_REQUEST: 5,
  SUPPORTED_GROUPS: 10,
  EC_POINT_FORMATS: 11,
  SIGNATURE_ALGORITHMS: 13,
  HEARTBEAT: 15,
  ALPN: 16,
  ENCRYPT_THEN_MAC: 22,
  EXTENDED_MAIN_SECRET: 23,
  SESSION_TICKET: 35,
  /** key_share in drafts of TLS 1.3 before 23. */
  KEY_SHARE_DRAFT: 40,
  PRE_SHARED_KEY: 41,
  EARLY_DATA: 42,
  SUPPORTED_VERSIONS: 43,
  KEY_SHARE: 51,
  ENCRYPTED_CLIENT_HELLO: 0xfe0d,
  RENEGOTIATION_INFO: 0xff01,
} as const

/** server_name's host_name (RFC 6066 §3). */
const NAME_TYPE_HOST = 0
/** A DNS name cannot be longer; what is beyond is not kept. */
export const MAX_SERVER_NAME_BYTES = 255
/** ALPN ids and extensions kept of one hello; the RFCs allow 2^16 bytes of them. */
export const MAX_ALPN_IDS = 64

export interface Extension {
  readonly type: number
  /** Offsets of extension_data. */
  readonly at: number
  readonly end: number
}

/**
 * Where the content of a vector ends whose length field of `lengthBytes` lies at `at`, clipped to its container.
 * The content starts at `at + lengthBytes`; a length field that does not fit leaves it empty.
 */
export function vectorEnd(buf: Uint8Array, at: number, end: number, lengthBytes: 1 | 2 | 3): number {
  const start = at + lengthBytes
  if (start > end) return start
  const length = lengthBytes === 1 ? u8(buf, at) : lengthBytes === 2 ? u16(buf, at) : u24(buf, at)
  return Math.min(start + length, end)
}

/**
 * The extensions between `at` and `end` (the content of the block, without its own length field), in the order sent.
 * A length that points outside is clipped to the block, so that one bad extension does not lose the others.
 */
export function parseExtensions(buf: Uint8Array, at: number, end: number): Extension[] {
  const extensions: Extension[] = []
  for (let p = at; p + 4 <= end; ) {
    const extensionEnd = vectorEnd(buf, p + 2, end, 2)
    extensions.push({ type: u16(buf, p), at: p + 4, end: extensionEnd })
    p = extensionEnd
  }
  return extensions
}

/** Extension types between two offsets of an extension block's content, in the order sent. */
export function readExtensionTypes(buf: Uint8Array, at: number, end: number): number[] {
  const types: number[] = []
  for (let p = at; p + 4 <= end; p = vectorEnd(buf, p + 2, end, 2)) types.push(u16(buf, p))
  return types
}

/** A list of 16-bit code points; an odd byte at the end is left out. */
export function readCodePoints(buf: Uint8Array, at: number, end: number): number[] {
  const codes: number[] = []
  for (let p = at; p + 2 <= end; p += 2) codes.push(u16(buf, p))
  return codes
}

export function readBytes(buf: Uint8Array, at: number, end: number): number[] {
  const values: number[] = []
  for (let p = at; p < end; p++) values.push(u8(buf, p))
  return values
}

/** Groups of the entries of a KeyShareClientHello's client_shares (RFC 8446 §4.2.8). */
export function readKeyShareGroups(buf: Uint8Array, at: number, end: number): number[] {
  const groups: number[] = []
  for (let p = at; p + 4 <= end; p = vectorEnd(buf, p + 2, end, 2)) groups.push(u16(buf, p))
  return groups
}

/** The ids of a ProtocolNameList's content, ISO 8859-1, at most `MAX_ALPN_IDS` (RFC 7301 §3.1). */
export function copyAlpn(buf: Uint8Array, at: number, end: number): string[] {
  const ids: string[] = []
  for (let p = at; p < end && ids.length < MAX_ALPN_IDS; ) {
    const idEnd = vectorEnd(buf, p, end, 1)
    ids.push(copyLatin1(buf, p + 1, idEnd))
    p = idEnd
  }
  return ids
}

/** Offset of the first host_name entry in a ServerNameList's content, -1 when there is none (RFC 6066 §3). */
export function findHostName(buf: Uint8Array, at: number, end: number): number {
  for (let p = at; p + 3 <= end; p = vectorEnd(buf, p + 1, end, 2)) if (u8(buf, p) === NAME_TYPE_HOST) return p
  return -1
}

/** The host name between two offsets as it lies in the bytes, or null when it is empty. */
export const copyHostName = (buf: Uint8Array, at: number, end: number): string | null =>
  end > at ? copyLatin1(buf, at, Math.min(end, at + MAX_SERVER_NAME_BYTES)) : null
