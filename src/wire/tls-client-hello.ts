/** ClientHello (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2; DTLS: RFC 6347 §4.2.1). Offsets on the hot path, one object for everybody else. */
import { copyBytes, u8, u16 } from '../core/bytes.ts'
import { malformed, message, type Parsed } from '../core/result.ts'
import {
  copyAlpn,
  copyHostName,
  ExtensionType,
  findHostName,
  readBytes,
  readCodePoints,
  readExtensionTypes,
  readKeyShareGroups,
  vectorEnd,
} from './tls-extensions.ts'

// RFC 8446 §4.1.2. Byte offsets from the start of the body.
const RANDOM = 2
const SESSION_ID = 34
/** Version, random and the session id's length: less than this is no ClientHello. */
export const MIN_CLIENT_HELLO_BYTES = 35
const MAX_SESSION_ID_BYTES = 32

export interface ClientHello {
  readonly legacyVersion: number
  readonly random: Uint8Array
  readonly sessionId: Uint8Array
  readonly cipherSuites: readonly number[]
  readonly compressionMethods: readonly number[]
  /** Extension types in the order sent. */
  readonly extensions: readonly number[]
  readonly serverName: string | null
  /** Is extension server_name there at all? */
  readonly hasServerName: boolean
  readonly alpn: readonly string[]
  /** supported_versions, empty when the extension is absent. */
  readonly supportedVersions: readonly number[]
  readonly namedGroups: readonly number[]
  readonly pointFormats: readonly number[]
  readonly signatureSchemes: readonly number[]
  readonly keyShareGroups: readonly number[]
  readonly hasEarlyData: boolean
  readonly hasEncryptedClientHello: boolean
  readonly hasPreSharedKey: boolean
  /** A length pointed outside its container and was clipped. */
  readonly clipped: boolean
}

/** Where everything lies in one ClientHello. Reused: `readClientHello` sets every field. `at === end` = absent or empty. */
export class ClientHelloView {
  legacyVersion = 0
  randomAt = 0
  sessionIdAt = 0
  sessionIdEnd = 0
  cipherSuitesAt = 0
  cipherSuitesEnd = 0
  compressionAt = 0
  compressionEnd = 0
  /** The content of the extension block. */
  extensionsAt = 0
  extensionsEnd = 0
  hostNameAt = 0
  hostNameEnd = 0
  groupsAt = 0
  groupsEnd = 0
  pointFormatsAt = 0
  pointFormatsEnd = 0
  schemesAt = 0
  schemesEnd = 0
  versionsAt = 0
  versionsEnd = 0
  keySharesAt = 0
  keySharesEnd = 0
  alpnAt = 0
  alpnEnd = 0
  hasServerName = false
  hasEarlyData = false
  hasEncryptedClientHello = false
  hasPreSharedKey = false
  clipped = false
}

function clear(out: ClientHelloView, at: number): void {
  out.hostNameAt = out.hostNameEnd = at
  out.groupsAt = out.groupsEnd = at
  out.pointFormatsAt = out.pointFormatsEnd = at
  out.schemesAt = out.schemesEnd = at
  out.versionsAt = out.versionsEnd = at
  out.keySharesAt = out.keySharesEnd = at
  out.alpnAt = out.alpnEnd = at
  out.hasServerName = false
  out.hasEarlyData = false
  out.hasEncryptedClientHello = false
  out.hasPreSharedKey = false
  out.clipped = false
}

/**
 * Reads the body of a ClientHello between `at` and `end` into `out`. False when not even its fixed part is there
 * or its session id is longer than allowed; a vector that is too long is clipped and says so in `out.clipped`.
 */
export function readClientHello(buf: Uint8Array, at: number, end: number, out: ClientHelloView): boolean {
  if (!readHead(buf, at, end, out)) return false
  readOffer(buf, out.sessionIdEnd, end, out)
  return true
}

/** As `readClientHello`, of DTLS: a cookie stands between session id and cipher suites (RFC 6347 §4.2.1, RFC 9147 §5.3). */
export function readDtlsClientHello(buf: Uint8Array, at: number, end: number, out: ClientHelloView): boolean {
  if (!readHead(buf, at, end, out) || out.sessionIdEnd >= end) return false
  const cookieEnd = out.sessionIdEnd + 1 + u8(buf, out.sessionIdEnd)
  if (cookieEnd > end) return false
  readOffer(buf, cookieEnd, end, out)
  return true
}

function readHead(buf: Uint8Array, at: number, end: number, out: ClientHelloView): boolean {
  if (end - at < MIN_CLIENT_HELLO_BYTES) return false
  const sessionIdLength = u8(buf, at + SESSION_ID)
  if (sessionIdLength > MAX_SESSION_ID_BYTES || at + SESSION_ID + 1 + sessionIdLength > end) return false
  clear(out, at)
  out.legacyVersion = u16(buf, at)
  out.randomAt = at + RANDOM
  out.sessionIdAt = at + SESSION_ID + 1
  out.sessionIdEnd = out.sessionIdAt + sessionIdLength
  return true
}

/** Cipher suites, compression methods and extensions, from `at` on. */
function readOffer(buf: Uint8Array, at: number, end: number, out: ClientHelloView): void {
  let p = at
  out.cipherSuitesAt = p + 2
  out.cipherSuitesEnd = vectorEnd(buf, p, end, 2)
  if (p + 2 > end || p + 2 + u16(buf, p) > end) out.clipped = true
  p = out.cipherSuitesEnd
  out.compressionAt = p + 1
  out.compressionEnd = vectorEnd(buf, p, end, 1)
  if (p + 1 > end || p + 1 + u8(buf, p) > end) out.clipped = true
  p = out.compressionEnd
  out.extensionsAt = p + 2
  out.extensionsEnd = vectorEnd(buf, p, end, 2)
  if (p + 2 <= end && p + 2 + u16(buf, p) > end) out.clipped = true
  for (p = out.extensionsAt; p + 4 <= out.extensionsEnd; ) {
    const bodyEnd = vectorEnd(buf, p + 2, out.extensionsEnd, 2)
    if (p + 4 + u16(buf, p + 2) > out.extensionsEnd) out.clipped = true
    readExtension(buf, u16(buf, p), p + 4, bodyEnd, out)
    p = bodyEnd
  }
}

function readExtension(buf: Uint8Array, type: number, at: number, end: number, out: ClientHelloView): void {
  switch (type) {
    case ExtensionType.SERVER_NAME:
      readServerName(buf, at, end, out)
      break
    case ExtensionType.SUPPORTED_GROUPS:
      out.groupsAt = at + 2
      out.groupsEnd = vectorEnd(buf, at, end, 2)
      break
    case ExtensionType.EC_POINT_FORMATS:
      out.pointFormatsAt = at + 1
      out.pointFormatsEnd = vectorEnd(buf, at, end, 1)
      break
    case ExtensionType.SIGNATURE_ALGORITHMS:
      out.schemesAt = at + 2
      out.schemesEnd = vectorEnd(buf, at, end, 2)
      break
    case ExtensionType.SUPPORTED_VERSIONS:
      out.versionsAt = at + 1
      out.versionsEnd = vectorEnd(buf, at, end, 1)
      break
    case ExtensionType.KEY_SHARE:
    case ExtensionType.KEY_SHARE_DRAFT:
      out.keySharesAt = at + 2
      out.keySharesEnd = vectorEnd(buf, at, end, 2)
      break
    case ExtensionType.ALPN:
      out.alpnAt = at + 2
      out.alpnEnd = vectorEnd(buf, at, end, 2)
      break
    case ExtensionType.EARLY_DATA:
      out.hasEarlyData = true
      break
    case ExtensionType.ENCRYPTED_CLIENT_HELLO:
      out.hasEncryptedClientHello = true
      break
    case ExtensionType.PRE_SHARED_KEY:
      out.hasPreSharedKey = true
      break
  }
}

function readServerName(buf: Uint8Array, at: number, end: number, out: ClientHelloView): void {
  out.hasServerName = true
  const listEnd = vectorEnd(buf, at, end, 2)
  const entry = findHostName(buf, at + 2, listEnd)
  if (entry < 0) return
  out.hostNameAt = entry + 3
  out.hostNameEnd = vectorEnd(buf, entry + 1, listEnd, 2)
}

/** The body of a ClientHello between `at` and `end`, without its four bytes of handshake header (RFC 8446 §4.1.2). */
export function parseClientHello(buf: Uint8Array, at: number, end: number): Parsed<ClientHello> {
  const view = new ClientHelloView()
  if (!readClientHello(buf, at, end, view)) return malformed('bad_length', at)
  return message(
    {
      legacyVersion: view.legacyVersion,
      random: copyBytes(buf, view.randomAt, view.randomAt + 32),
      sessionId: copyBytes(buf, view.sessionIdAt, view.sessionIdEnd),
      cipherSuites: readCodePoints(buf, view.cipherSuitesAt, view.cipherSuitesEnd),
      compressionMethods: readBytes(buf, view.compressionAt, view.compressionEnd),
      extensions: readExtensionTypes(buf, view.extensionsAt, view.extensionsEnd),
      serverName: copyHostName(buf, view.hostNameAt, view.hostNameEnd),
      hasServerName: view.hasServerName,
      alpn: copyAlpn(buf, view.alpnAt, view.alpnEnd),
      supportedVersions: readCodePoints(buf, view.versionsAt, view.versionsEnd),
      namedGroups: readCodePoints(buf, view.groupsAt, view.groupsEnd),
      pointFormats: readBytes(buf, view.pointFormatsAt, view.pointFormatsEnd),
      signatureSchemes: readCodePoints(buf, view.schemesAt, view.schemesEnd),
      keyShareGroups: readKeyShareGroups(buf, view.keySharesAt, view.keySharesEnd),
      hasEarlyData: view.hasEarlyData,
      hasEncryptedClientHello: view.hasEncryptedClientHello,
      hasPreSharedKey: view.hasPreSharedKey,
      clipped: view.clipped,
    },
    end,
  )
}
