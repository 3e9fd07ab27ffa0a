/** Bearer tokens of an OpenID provider: JWTs (RFC 9068, OpenID Connect Core §3.1.3.7), verified by `jose`. */
import { createLocalJWKSet, createRemoteJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import type { Caller } from './access.ts'
import { ROLES, type Role } from './tokens.ts'

export interface OidcSettings {
  /** As the tokens' `iss` says it. */
  readonly issuer: string
  /** One of their `aud`. */
  readonly audience: string
  /** The provider's keys (RFC 7517 §5), or where it publishes them. */
  readonly keys: URL | JSONWebKeySet
  /** The claim that holds roles or groups, as "roles" or "realm_access.roles". */
  readonly roleClaim: string
  /** Values of the claim, and what each makes of its holder. */
  readonly roles: ReadonlyMap<string, Role>
}

/** `null` = it is no token of the provider's. @throws KeysAway */
export type VerifyOidc = (token: string) => Promise<Caller | null>

/** The provider's keys cannot be had: nobody can be told from anybody. */
export class KeysAway extends Error {}

/** Asymmetric ones alone: with a public key as an HMAC's secret anybody could sign (RFC 8725 §2.1). */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']
/** Clocks of two machines. */
const CLOCK_TOLERANCE_S = 30
/** No JWT of a provider's is longer, and a longer one costs. */
const MAX_TOKEN = 8192
const KEYS_TIMEOUT_MS = 5000

export function oidcVerifier({ issuer, audience, keys, roleClaim, roles }: OidcSettings): VerifyOidc {
  const keySet =
    keys instanceof URL ? createRemoteJWKSet(keys, { timeoutDuration: KEYS_TIMEOUT_MS }) : createLocalJWKSet(keys)
  const demands = {
    issuer,
    audience,
    algorithms: ALGORITHMS,
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: ['exp', 'sub'],
  }
  return async (token) => {
    if (token.length > MAX_TOKEN || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return null
    try {
      const { payload } = await jwtVerify(token, keySet, demands)
      const role = roleOf(payload, roleClaim, roles)
      return role === null ? null : { name: nameOf(payload), role }
    } catch (error) {
      if (isOfToken(error)) return null
      throw new KeysAway((error as Error).message)
    }
  }
}

/** Everything that jose says of the token itself; the rest is of the way to the keys. */
const isOfToken = (error: unknown): boolean => error instanceof errors.JOSEError && !OF_THE_KEYS.includes(error.code)

const OF_THE_KEYS = ['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID']

/** The highest of those that the claim's values give; null = none. */
function roleOf(payload: JWTPayload, claim: string, roles: ReadonlyMap<string, Role>): Role | null {
  let value: unknown = payload
  for (const step of claim.split('.')) {
    value = typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? Reflect.get(value, step) : null
  }
  // A scope is one text with spaces between (RFC 8693 §4.2).
  const held = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : []
  const given = held.flatMap((one) => (typeof one === 'string' ? (roles.get(one) ?? []) : []))
  return ROLES.findLast((role) => given.includes(role)) ?? null
}

/** For the audit log: printable, and no longer than a token's name. */
const nameOf = ({ sub = '' }: JWTPayload): string => `oidc:${sub.replace(/[^\x21-\x7e]/g, '?').slice(0, 64)}`
