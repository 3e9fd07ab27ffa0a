/** Who is let in: by a token of ours or of an OpenID provider's, by a certificate, or at this machine's own door. */
import type { FastifyRequest } from 'fastify'
import type { ClientCertificates } from './client-certificates.ts'
import { KeysAway, type VerifyOidc } from './oidc.ts'
import { Problem } from './problem.ts'
import { holderOf, mayDo, type Role, type TokenHolder } from './tokens.ts'

export interface Access {
  /** Null: without tokens, which only a listener on loopback may be. */
  readonly tokens: readonly TokenHolder[] | null
  readonly isLoopback: boolean
  /** Left out or null: no provider's tokens are taken. */
  readonly oidc?: VerifyOidc | null
  /** Left out or null: certificates are not asked for. */
  readonly clients?: ClientCertificates | null
}

export interface Caller {
  readonly name: string
  readonly role: Role
}

/** What a route asks of its callers. */
export interface Demand {
  readonly role: Role
  /** Whoever is on this machine may call it at a loopback listener, also where there are tokens. */
  readonly isOpenOnLoopback: boolean
}

/** Without tokens everybody on the machine may do everything. */
const LOCAL: Caller = { name: 'local', role: 'admin' }

/** RFC 6750 §2.1. */
const BEARER = /^Bearer +([\w.~+/-]+=*) *$/i
/** RFC 6750 §3: without an error code where no token came. */
const CHALLENGE = 'Bearer realm="intransit"'

/**
 * A token counts before a certificate. Null: nobody who is known.
 * @throws Problem 401 for a token or a certificate that lets nobody in, 503 where that cannot be told
 */
export async function callerOf(request: FastifyRequest, access: Access): Promise<Caller | null> {
  const { tokens, clients = null, isLoopback } = access
  const { authorization } = request.headers
  if (isGuarded(access) && authorization !== undefined) {
    const [, token] = BEARER.exec(authorization) ?? []
    const holder = token === undefined ? null : (holderOf(token, tokens ?? []) ?? (await providers(token, access)))
    if (holder !== null) return holder
    const headers = { 'www-authenticate': `${CHALLENGE}, error="invalid_token"` }
    throw new Problem(401, 'the token is not one that is known here', headers)
  }
  if (clients !== null) return clients.callerOf(request.raw.socket)
  return !isGuarded(access) && isLoopback && isForLoopback(request.headers.host) ? LOCAL : null
}

/** Is there a way to say who one is? */
const isGuarded = ({ tokens, oidc = null, clients = null }: Access): boolean =>
  tokens !== null || oidc !== null || clients !== null

async function providers(token: string, { oidc = null }: Access): Promise<Caller | null> {
  try {
    return oidc === null ? null : await oidc(token)
  } catch (error) {
    if (error instanceof KeysAway) throw new Problem(503, "the identity provider's keys cannot be had")
    throw error
  }
}

/** @throws Problem 401, 403 */
export function demand(caller: Caller | null, request: FastifyRequest, access: Access, needs: Demand): void {
  if (caller === null) {
    if (needs.isOpenOnLoopback && access.isLoopback && isForLoopback(request.headers.host)) return
    throw new Problem(401, whyNobody(access), { 'www-authenticate': CHALLENGE })
  }
  if (mayDo(caller.role, needs.role)) return
  const headers = { 'www-authenticate': `${CHALLENGE}, error="insufficient_scope"` }
  throw new Problem(403, `this needs the role ${needs.role}; ${caller.name} is ${caller.role}`, headers)
}

const whyNobody = (access: Access): string =>
  !isGuarded(access)
    ? 'without tokens this answers only to the names of this machine, as localhost'
    : (access.clients ?? null) === null
      ? 'send a token, as Authorization: Bearer TOKEN'
      : 'send a token, as Authorization: Bearer TOKEN, or connect with a client certificate'

/**
 * A page of a stranger's can have its name resolve to 127.0.0.1, and then reads with the browser what is open there (DNS
 * rebinding). The browser still says that name here.
 */
function isForLoopback(host: string | undefined): boolean {
  return host !== undefined && /^(localhost|\[::1\]|127(\.\d{1,3}){3})(:\d+)?$/i.test(host)
}
