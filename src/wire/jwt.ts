/** What a JSON Web Token says of itself (RFC 7519). It is decoded in memory, looked at and forgotten. */

/** Longer ones are not decoded. */
const MAX_BYTES = 8 * 1024

/** IANA JOSE registry, what a JWS may be signed with; anything else is "other". */
const ALGORITHMS: ReadonlySet<string> = new Set(
  'none HS256 HS384 HS512 RS256 RS384 RS512 ES256 ES384 ES512 ES256K PS256 PS384 PS512 EdDSA Ed25519 Ed448'.split(' '),
)

export interface JwtFacts {
  /** Registered name in lower case, "encrypted" for a JWE, else "other". */
  readonly algorithm: string
  /** `exp` in seconds since the epoch; null = the token names no end, or hides it. */
  readonly expires: number | null
}

/** Reads a compact JWS or JWE (RFC 7515 §7.1, RFC 7516 §7.1); null when the bytes are none. */
export function readJwt(buf: Uint8Array, at: number, end: number): JwtFacts | null {
  if (end - at > MAX_BYTES || end - at < 16) return null
  const parts = Buffer.from(buf.buffer, buf.byteOffset + at, end - at)
    .toString('latin1')
    .split('.')
  if (parts.length !== 3 && parts.length !== 5) return null
  const header = decodeObject(parts[0] as string)
  const name = header?.['alg']
  if (typeof name !== 'string') return null
  if (parts.length === 5) return { algorithm: 'encrypted', expires: null }
  const expires = decodeObject(parts[1] as string)?.['exp']
  return {
    algorithm: ALGORITHMS.has(name) ? name.toLowerCase() : 'other',
    expires: typeof expires === 'number' ? expires : null,
  }
}

function decodeObject(part: string): Record<string, unknown> | null {
  if (!/^[\w-]+$/.test(part)) return null
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
