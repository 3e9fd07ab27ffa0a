/** By which mechanism a client authenticates over HTTP: what its Authorization field or its query shows. */
import { SP } from './http1.ts'
import { equalsText, indexOf, skipSpace, startsWith } from './http1-fields.ts'
import { readJwt } from './jwt.ts'

/** Schemes of the IANA registry, and some that are only common, with what they are called in a flow record. */
const SCHEMES: readonly (readonly [scheme: string, mechanism: string])[] = [
  ['basic', 'http-basic'],
  ['digest', 'http-digest'],
  ['bearer', 'http-bearer'],
  ['ntlm', 'http-ntlm'],
  ['negotiate', 'http-negotiate'],
  ['aws4-hmac-sha256', 'aws-sigv4'],
  ['aws4-ecdsa-p256-sha256', 'aws-sigv4a'],
  ['aws', 'aws-sigv2'],
  ['dpop', 'http-dpop'],
  ['hoba', 'http-hoba'],
  ['mutual', 'http-mutual'],
  ['scram-sha-1', 'http-scram-sha-1'],
  ['scram-sha-256', 'http-scram-sha-256'],
  ['vapid', 'http-vapid'],
  ['gnap', 'http-gnap'],
  ['token', 'http-token'],
  ['apikey', 'http-apikey'],
]

/** Base64 of "NTLMSSP\0", which begins every NTLM message ([MS-NLMP] §2.2.1). */
const NTLM = 'TlRMTVNTUA'
/** Base64 of a GSS-API token's tag and a length of two bytes (RFC 2743 §3.1): SPNEGO around Kerberos is that long. */
const GSSAPI = 'YII'

/**
 * Names of the mechanisms that an Authorization value shows; a bearer token that is a JWT adds its algorithm, and
 * whether it was past its end at `timeUs`. Empty for a scheme that is not known or carries nothing.
 */
export function authenticationMechanisms(buf: Uint8Array, at: number, end: number, timeUs: number): readonly string[] {
  const schemeEnd = indexOf(buf, at, end, SP)
  const from = skipSpace(buf, schemeEnd, end)
  if (from >= end) return []
  const known = SCHEMES.find(([scheme]) => equalsText(buf, at, schemeEnd, scheme))
  if (known === undefined) return []
  const [scheme, mechanism] = known
  if (scheme === 'negotiate') return [negotiated(buf, from, end)]
  return scheme === 'bearer' || scheme === 'dpop' ? [mechanism, ...tokenNames(buf, from, end, timeUs)] : [mechanism]
}

function negotiated(buf: Uint8Array, at: number, end: number): string {
  if (beginsWith(buf, at, end, NTLM)) return 'http-ntlm'
  return beginsWith(buf, at, end, GSSAPI) ? 'http-kerberos' : 'http-negotiate'
}

function beginsWith(buf: Uint8Array, at: number, end: number, text: string): boolean {
  if (end - at < text.length) return false
  for (let i = 0; i < text.length; i++) if (buf[at + i] !== text.charCodeAt(i)) return false
  return true
}

function tokenNames(buf: Uint8Array, at: number, end: number, timeUs: number): string[] {
  const jwt = readJwt(buf, at, end)
  if (jwt === null) return []
  const isExpired = jwt.expires !== null && jwt.expires * 1_000_000 < timeUs
  return isExpired ? [`jwt-${jwt.algorithm}`, 'jwt-expired'] : [`jwt-${jwt.algorithm}`]
}

/**
 * The mechanism of a presigned URL (Signature Version 4 in query parameters), null = none. Whoever reads it can repeat
 * the request until it expires.
 */
export function presignedMechanism(buf: Uint8Array, at: number, end: number): string | null {
  for (let i = indexOf(buf, at, end, 0x3f) + 1; i < end; i = indexOf(buf, i, end, 0x26) + 1) {
    if (!startsWith(buf, i, end, 'x-amz-algorithm=')) continue
    const from = i + 'x-amz-algorithm='.length
    if (startsWith(buf, from, end, 'aws4-hmac-sha256')) return 'aws-sigv4-presigned'
    return startsWith(buf, from, end, 'aws4-ecdsa-p256-sha256') ? 'aws-sigv4a-presigned' : null
  }
  return null
}
