/** ServerHello (RFC 8446 §4.1.3, RFC 5246 §7.4.1.3) and the shorter one of TLS 1.3's drafts before 22. */
import { copyBytes, copyLatin1, u8, u16, u32 } from '../core/bytes.ts'
import type { DowngradeSentinel } from '../core/facts.ts'
import { malformed, message, type Parsed } from '../core/result.ts'
import { ExtensionType, readExtensionTypes, vectorEnd } from './tls-extensions.ts'

// RFC 8446 §4.1.3. Byte offsets from the start of the body.
const RANDOM = 2
const RANDOM_BYTES = 32
const SESSION_ID = 34
const MAX_SESSION_ID_BYTES = 32
/** Version, random, cipher suite: what even a draft's ServerHello has. */
const MIN_SERVER_HELLO_BYTES = 36

/** SHA-256 of "HelloRetryRequest", the random of a ServerHello that is one (RFC 8446 §4.1.3). */
const HELLO_RETRY_RANDOM = [
  0xcf21ad74, 0xe59a6111, 0xbe1d8c02, 0x1e65b891, 0xc2a21116, 0x7abb8c5e, 0x079e09e2, 0xc8a8339c,
] as const
/** "DOWNGRD", its first four bytes and its last three with the version behind them (RFC 8446 §4.1.3). */
const DOWNGRADE_HEAD = 0x444f574e
const DOWNGRADE_TLS12 = 0x47524401
const DOWNGRADE_TLS11 = 0x47524400

export interface ServerHello {
  readonly legacyVersion: number
  /** supported_versions, null when the extension is absent. */
  readonly selectedVersion: number | null
  readonly random: Uint8Array
  readonly sessionId: Uint8Array
  readonly cipherSuite: number
  readonly compressionMethod: number
  readonly extensions: readonly number[]
  /** Group of key_share, 0 = absent. */
  readonly namedGroup: number
  readonly alpn: string | null
  readonly isHelloRetryRequest: boolean
  readonly downgradeSentinel: DowngradeSentinel | null
}

/** Where everything lies in one ServerHello. Reused: `readServerHello` sets every field. */
export class ServerHelloView {
  legacyVersion = 0
  /** supported_versions, 0 = absent. */
  selectedVersion = 0
  randomAt = 0
  sessionIdAt = 0
  sessionIdEnd = 0
  cipherSuite = 0
  compressionMethod = 0
  extensionsAt = 0
  extensionsEnd = 0
  namedGroup = 0
  /** The first id of ALPN's list, without its length. */
  alpnAt = 0
  alpnEnd = 0
  hasPreSharedKey = false
  hasExtendedMasterSecret = false
  hasRenegotiationInfo = false
  hasEncryptThenMac = false
  hasHeartbeat = false
  hasEncryptedClientHello = false
}

/** The version both sides agreed on: the extension wins over legacy_version (RFC 8446 §4.2.1). */
export const negotiatedVersion = (legacyVersion: number, selectedVersion: number | null): number =>
  selectedVersion || legacyVersion

/** TLS 1.3 or one of its drafts, IETF's (0x7fxx) or Facebook's (0xfbxx), or DTLS 1.3. */
export const isTls13 = (version: number): boolean =>
  version === 0x0304 || version >>> 8 === 0x7f || version >>> 8 === 0xfb || version === 0xfefc

/** Drafts of TLS 1.3 before 22 send neither session id nor compression; the first ones called themselves 0x0304. */
export const lacksSessionId = (legacyVersion: number): boolean =>
  legacyVersion === 0x0304 || (legacyVersion > 0x7f00 && legacyVersion < 0x7f16)

/** Is the 32-byte random at `randomAt` the one that makes a ServerHello a HelloRetryRequest (RFC 8446 §4.1.3)? */
export function isHelloRetryRequest(buf: Uint8Array, randomAt: number): boolean {
  for (let i = 0; i < HELLO_RETRY_RANDOM.length; i++)
    if (u32(buf, randomAt + 4 * i) !== HELLO_RETRY_RANDOM[i]) return false
  return true
}

/** What the last eight bytes of the 32-byte random at `randomAt` say (RFC 8446 §4.1.3). */
export function downgradeSentinel(buf: Uint8Array, randomAt: number): DowngradeSentinel | null {
  if (u32(buf, randomAt + 24) !== DOWNGRADE_HEAD) return null
  const tail = u32(buf, randomAt + 28)
  if (tail === DOWNGRADE_TLS12) return 'tls12'
  return tail === DOWNGRADE_TLS11 ? 'tls11' : null
}

function clear(out: ServerHelloView, at: number): void {
  out.selectedVersion = 0
  out.sessionIdAt = out.sessionIdEnd = at
  out.compressionMethod = 0
  out.namedGroup = 0
  out.alpnAt = out.alpnEnd = at
  out.hasPreSharedKey = false
  out.hasExtendedMasterSecret = false
  out.hasRenegotiationInfo = false
  out.hasEncryptThenMac = false
  out.hasHeartbeat = false
  out.hasEncryptedClientHello = false
}

/** Reads the body of a ServerHello between `at` and `end` into `out`; false when its fixed part is not there. */
export function readServerHello(buf: Uint8Array, at: number, end: number, out: ServerHelloView): boolean {
  if (end - at < MIN_SERVER_HELLO_BYTES) return false
  clear(out, at)
  out.legacyVersion = u16(buf, at)
  out.randomAt = at + RANDOM
  let p = at + RANDOM + RANDOM_BYTES
  if (lacksSessionId(out.legacyVersion)) {
    out.cipherSuite = u16(buf, p)
    p += 2
  } else {
    const sessionIdLength = u8(buf, at + SESSION_ID)
    out.sessionIdAt = p + 1
    out.sessionIdEnd = p + 1 + sessionIdLength
    p = out.sessionIdEnd
    if (sessionIdLength > MAX_SESSION_ID_BYTES || p + 3 > end) return false
    out.cipherSuite = u16(buf, p)
    out.compressionMethod = u8(buf, p + 2)
    p += 3
  }
  out.extensionsAt = p + 2
  out.extensionsEnd = vectorEnd(buf, p, end, 2)
  for (p = out.extensionsAt; p + 4 <= out.extensionsEnd; ) {
    const bodyEnd = vectorEnd(buf, p + 2, out.extensionsEnd, 2)
    readExtension(buf, u16(buf, p), p + 4, bodyEnd, out)
    p = bodyEnd
  }
  return true
}

function readExtension(buf: Uint8Array, type: number, at: number, end: number, out: ServerHelloView): void {
  switch (type) {
    case ExtensionType.SUPPORTED_VERSIONS:
      if (at + 2 <= end) out.selectedVersion = u16(buf, at)
      break
    case ExtensionType.KEY_SHARE:
    case ExtensionType.KEY_SHARE_DRAFT:
      if (at + 2 <= end) out.namedGroup = u16(buf, at)
      break
    case ExtensionType.ALPN:
      out.alpnAt = at + 3
      out.alpnEnd = vectorEnd(buf, at + 2, vectorEnd(buf, at, end, 2), 1)
      break
    case ExtensionType.PRE_SHARED_KEY:
      out.hasPreSharedKey = true
      break
    case ExtensionType.EXTENDED_MAIN_SECRET:
      out.hasExtendedMasterSecret = true
      break
    case ExtensionType.RENEGOTIATION_INFO:
      out.hasRenegotiationInfo = true
      break
    case ExtensionType.ENCRYPT_THEN_MAC:
      out.hasEncryptThenMac = true
      break
    case ExtensionType.HEARTBEAT:
      out.hasHeartbeat = true
      break
    case ExtensionType.ENCRYPTED_CLIENT_HELLO:
      out.hasEncryptedClientHello = true
      break
  }
}

/** The server's one ALPN id, or null when it sent none in the clear. */
export const copyServerAlpn = (buf: Uint8Array, view: ServerHelloView): string | null =>
  view.alpnEnd > view.alpnAt ? copyLatin1(buf, view.alpnAt, view.alpnEnd) : null

/** The body of a ServerHello between `at` and `end`, without its four bytes of handshake header (RFC 8446 §4.1.3). */
export function parseServerHello(buf: Uint8Array, at: number, end: number): Parsed<ServerHello> {
  const view = new ServerHelloView()
  if (!readServerHello(buf, at, end, view)) return malformed('bad_length', at)
  return message(
    {
      legacyVersion: view.legacyVersion,
      selectedVersion: view.selectedVersion || null,
      random: copyBytes(buf, view.randomAt, view.randomAt + RANDOM_BYTES),
      sessionId: copyBytes(buf, view.sessionIdAt, view.sessionIdEnd),
      cipherSuite: view.cipherSuite,
      compressionMethod: view.compressionMethod,
      extensions: readExtensionTypes(buf, view.extensionsAt, view.extensionsEnd),
      namedGroup: view.namedGroup,
      alpn: copyServerAlpn(buf, view),
      isHelloRetryRequest: isHelloRetryRequest(buf, view.randomAt),
      downgradeSentinel: downgradeSentinel(buf, view.randomAt),
    },
    end,
  )
}
