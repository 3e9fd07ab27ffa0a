/** What the options say of an OpenID provider. */
import { readFileSync } from 'node:fs'
import type { VerifyOidc } from '../api/oidc.ts'
import { isRole, ROLES, type Role } from '../api/tokens.ts'
import { OperatorError } from '../core/errors.ts'
import { allOf } from '../core/mistakes.ts'
import type { ListenOptions } from './serve-options.ts'

/** Null where none is named. A file of keys is read now. @throws OperatorError ERR_USAGE */
export async function oidcOf(options: ListenOptions): Promise<VerifyOidc | null> {
  const { oidcIssuer: issuer, oidcAudience: audience, oidcKeys: keys, oidcRole: roles } = options
  if ([issuer, audience, keys, roles].every((one) => one === undefined)) return null
  if (issuer === undefined || audience === undefined || keys === undefined || roles === undefined) {
    const fix = 'name --oidc-issuer, --oidc-audience, --oidc-keys and --oidc-role'
    throw new OperatorError('ERR_USAGE', 'an OpenID provider is not known by halves', fix)
  }
  // Loaded only where there is a provider.
  const { oidcVerifier } = await import('../api/oidc.ts')
  const [read, ...named] = await allOf(() => readOidcKeys(keys), ...roles.map((text) => () => parseOidcRole(text)))
  return oidcVerifier({ issuer, audience, keys: read, roleClaim: options.oidcRoleClaim, roles: new Map(named) })
}

/** @throws OperatorError ERR_USAGE */
export function parseOidcRole(text: string): [string, Role] {
  const [, value = '', role = ''] = /^(.+)=([a-z]+)$/.exec(text) ?? []
  if (isRole(role)) return [value, role]
  throw new OperatorError('ERR_USAGE', `--oidc-role ${text} gives no role`, `write it as VALUE=${ROLES.join(' or ')}`)
}

/** A file is read now. @throws OperatorError ERR_USAGE */
export function readOidcKeys(text: string) {
  if (/^https?:\/\//i.test(text)) return urlOf(text)
  try {
    const keys = JSON.parse(readFileSync(text, 'utf8')) as { keys?: unknown }
    if (Array.isArray(keys.keys)) return keys as { keys: object[] }
  } catch (error) {
    const what = `the keys in ${text} cannot be read: ${(error as Error).message}`
    throw new OperatorError('ERR_USAGE', what, 'name a JSON file (RFC 7517) or its https address')
  }
  throw new OperatorError('ERR_USAGE', `${text} is no set of keys`, 'name a JSON file with "keys" (RFC 7517 §5)')
}

/** Whoever can change the keys on their way can let in anybody. */
function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  const isHere = url !== null && /^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname)
  if (url !== null && (url.protocol === 'https:' || isHere)) return url
  throw new OperatorError('ERR_USAGE', `--oidc-keys ${text} would come in clear`, 'use its https address, or a file')
}
