/** Who may call what: every route × every state of a caller. What may be smuggled in by it is in injection.test.ts. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Decision } from '../../src/alert/decisions.ts'
import { oidcVerifier } from '../../src/api/oidc.ts'
import type { Route } from '../../src/api/route.ts'
import { routesOf } from '../../src/api/routes.ts'
import type { ApiServer } from '../../src/api/server.ts'
import type { Role } from '../../src/api/tokens.ts'
import { askAt } from './ask.ts'
import { ClientAuthority, type Identity } from './client-authority.ts'
import { type Headers, madeTokens, type Served, serveCaptures } from './served.ts'

/** Written by hand, and held to the table of routes: a route that is new must be thought about here. */
const NEEDS: Readonly<Record<string, 'nobody' | 'this machine' | 'viewer' | 'operator' | 'admin'>> = {
  '/api/v1/health': 'nobody',
  '/api/v1/openapi.json': 'nobody',
  '/api/docs': 'nobody',
  '/api/v1/flows': 'viewer',
  '/api/v1/services': 'viewer',
  '/api/v1/certificates': 'viewer',
  '/api/v1/certificates/lifecycle': 'viewer',
  '/api/v1/certificates/inventory': 'viewer',
  '/api/v1/probes': 'viewer',
  '/api/v1/kpis/coverage': 'viewer',
  '/api/v1/policies': 'viewer',
  '/api/v1/sensors': 'viewer',
  '/api/v1/edges': 'viewer',
  '/api/v1/endpoints': 'viewer',
  '/api/v1/kpis': 'viewer',
  '/api/v1/kpis/{name}': 'viewer',
  '/api/v1/maturity': 'viewer',
  '/api/v1/findings': 'viewer',
  '/api/v1/findings/{key}': 'viewer',
  '/api/v1/findings/events': 'viewer',
  '/api/v1/findings/{key}/acknowledgement': 'operator',
  '/api/v1/findings/{key}/silence': 'operator',
  '/api/v1/tokens': 'admin',
  '/metrics': 'this machine',
}

const run = promisify(execFile)

let served: Served
let server: ApiServer
let routes: readonly Route[]
/** Key of one that is there. */
let finding = ''
const audited: string[] = []
const { tokens, bearer } = madeTokens('viewer', 'operator', 'admin')
const { bearer: strange } = madeTokens('admin')
const { tokens: once, bearer: revoked } = madeTokens('admin')

beforeAll(async () => {
  served = await serveCaptures()
  routes = await routesOf(served.store, { version: '1.2.3', metricsWindowHours: 24, capture: null })
  const withRevoked = once.map((holder) => ({ ...holder, name: 'the-revoked' }))
  const [first] = await served.store.select<{ key: string }>('findings')
  finding = first?.key ?? ''
  expect(finding).toContain('|')
  server = await served.start({
    tokens: [...tokens, ...withRevoked],
    audit: (line) => audited.push(line),
    decide: (decision) => decided.push(decision),
  })
  server.renew({ tls: null, tokens })
})
afterAll(() => served.end())

const ask = (path: string, headers: Headers = {}, method = 'GET', body: object | null = null) =>
  askAt(`${server.url}${path}`, headers, method, body)

const STATES = [
  'none',
  'viewer',
  'operator',
  'admin',
  'unknown',
  'revoked',
  'malformed',
  'basic',
  'other host',
] as const
type State = (typeof STATES)[number]

const headersOf = (state: State): Headers => {
  const special: Partial<Record<State, Headers>> = {
    none: {},
    unknown: strange.admin,
    revoked: revoked.admin,
    malformed: { authorization: 'Bearer' },
    basic: { authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}` },
    'other host': { host: 'evil.example' },
  }
  return special[state] ?? bearer[state as 'viewer' | 'operator' | 'admin']
}

const RANKS = ['viewer', 'operator', 'admin']

function expected(path: string, state: State): number {
  const need = NEEDS[path] ?? 'admin'
  if (need === 'nobody') return 200
  // Where something is needed, a token that is none is refused also where no token would do.
  if (['unknown', 'revoked', 'malformed', 'basic'].includes(state)) return 401
  if (state === 'none') return need === 'this machine' ? 200 : 401
  if (state === 'other host') return 401
  return need === 'this machine' || RANKS.indexOf(state) >= RANKS.indexOf(need) ? 200 : 403
}

it('is decided for every route that there is', () =>
  expect(Object.keys(NEEDS).sort()).toEqual(routes.map(({ path }) => path).sort()))

const decided: Decision[] = []
/** What is sent to those that are not read by GET. */
const BODY = { reason: 'a test', until: '2199-01-01T00:00:00Z' }
const pathOf = (path: string): string =>
  path.replace('{name}', 'coverage-flows').replace('{key}', encodeURIComponent(finding))
const methodOf = (path: string): 'GET' | 'POST' => routes.find((route) => route.path === path)?.method ?? 'GET'

function askAsMeant(path: string, headers: Headers): ReturnType<typeof askAt> {
  if (methodOf(path) === 'GET') return ask(pathOf(path), headers)
  const { reason, until } = BODY
  return ask(pathOf(path), headers, 'POST', path.endsWith('/silence') ? { reason, until } : { reason })
}

describe.each(Object.keys(NEEDS))('%s', (path) => {
  it.each(STATES)('asked by: %s', async (state) => {
    const { status, type } = await askAsMeant(path, headersOf(state))
    expect(status).toBe(expected(path, state))
    if (status >= 400) expect(type).toMatch(/^application\/problem\+json/)
  })

  it.each(['GET', 'POST', 'PUT', 'DELETE', 'PATCH'])('%s changes nothing where it is not meant', async (method) => {
    const before = decided.length
    if (method !== methodOf(path)) expect([401, 405]).toContain((await ask(pathOf(path), bearer.admin, method)).status)
    // A form of a page elsewhere can send this, without asking the browser first.
    if (methodOf(path) === 'POST') {
      const text = { ...bearer.admin, 'content-type': 'text/plain' }
      expect([400, 415]).toContain((await ask(pathOf(path), text, 'POST')).status)
    }
    expect(decided).toHaveLength(before)
  })
})

/** With TLS, tokens and certificates: by a certificate alone, and by a bad one with a good token. */
const BY_CERTIFICATE: Readonly<Record<string, { role: string | null; isBad?: true; token?: 'viewer' | 'wrong' }>> = {
  'no certificate': { role: null },
  'the certificate of a viewer': { role: 'viewer' },
  'the certificate of an operator': { role: 'operator' },
  'the certificate of an admin': { role: 'admin' },
  'the certificate of nobody who is known': { role: null, isBad: true },
  'a certificate of another CA': { role: null, isBad: true },
  'a certificate that has ended': { role: null, isBad: true },
  'a certificate that has ended, and the token of a viewer': { role: 'viewer', token: 'viewer' },
  'the certificate of an admin, and the token of a viewer': { role: 'viewer', token: 'viewer' },
  'the certificate of an admin, and a wrong token': { role: null, isBad: true, token: 'wrong' },
}

describe('with certificates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'intransit-matrix-'))
  const identities = new Map<string, Identity>()
  let port = ''

  beforeAll(async () => {
    const authority = new ClientAuthority(join(folder, 'ca'))
    const other = new ClientAuthority(join(folder, 'other'))
    const own = authority.issue('own', { alt: 'DNS:localhost', purpose: 'serverAuth' })
    for (const role of RANKS) identities.set(role, authority.issue(role, { alt: `DNS:${role}.example` }))
    identities.set('nobody', authority.issue('nobody', { alt: 'DNS:nobody.example' }))
    identities.set('another CA', other.issue('admin', { alt: 'DNS:admin.example' }))
    const past = ['20200101000000Z', '20200201000000Z'] as const
    identities.set('ended', authority.issueFor('ended', past, 'DNS:admin.example'))
    const tls = { cert: readFileSync(own.cert), key: readFileSync(own.key) }
    const roles = new Map(RANKS.map((role) => [`dns:${role}.example`, role as Role]))
    port = new URL(
      (await served.start({ tls, tokens, clients: { ca: authority.pem, roles }, decide: () => undefined })).url,
    ).port
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  /** One curl asks for all paths: the status of each. */
  async function statuses(paths: readonly string[], state: string, token?: string): Promise<number[]> {
    const whose = /another CA|ended|nobody|admin|operator|viewer/.exec(state)?.[0]
    const identity = identities.get(whose ?? '')
    const certificate = identity === undefined ? [] : ['--cert', identity.cert, '--key', identity.key]
    const trust = ['--cacert', join(folder, 'ca', 'ca.pem'), '--resolve', `localhost:${port}:127.0.0.1`]
    const header = token === undefined ? [] : ['-H', `Authorization: ${token}`]
    const common = ['-sS', '-w', '%{http_code}\n', ...trust, ...certificate, ...header, '-o', '/dev/null']
    const posted = (path: string): string[] =>
      methodOf(path) === 'GET'
        ? []
        : ['--json', JSON.stringify(path.endsWith('/silence') ? BODY : { reason: 'a test' })]
    const asked = paths.map((path) => [...common, ...posted(path), `https://localhost:${port}${pathOf(path)}`])
    const { stdout } = await run(
      'curl',
      asked.flatMap((one, n) => (n === 0 ? one : ['--next', ...one])),
    )
    return stdout.trimEnd().split('\n').map(Number)
  }

  it.each(Object.keys(BY_CERTIFICATE))('every route, asked with %s', { timeout: 120_000 }, async (state) => {
    const { role = null, isBad = false, token } = BY_CERTIFICATE[state] ?? {}
    const expectedOf = (path: string): number => {
      const need = NEEDS[path] ?? 'admin'
      if (need === 'nobody') return 200
      if (role === null) return need === 'this machine' && !isBad ? 200 : 401
      return need === 'this machine' || RANKS.indexOf(role) >= RANKS.indexOf(need) ? 200 : 403
    }
    const sent = token === undefined ? undefined : token === 'wrong' ? 'Bearer x' : bearer[token]['authorization']
    // The stream of events has no end.
    const paths = Object.keys(NEEDS).filter((path) => !path.endsWith('/events'))
    const got = await statuses(paths, state, sent)
    expect(paths.map((path, i) => `${path} ${got[i]}`)).toEqual(paths.map((path) => `${path} ${expectedOf(path)}`))
  })
})

/** Claims and signatures of an OpenID provider's token: the role that each gives, null where it lets nobody in. */
const OF_A_PROVIDER: Readonly<Record<string, Made & { role: Role | null }>> = {
  'a viewer': { role: 'viewer', claims: { roles: ['viewer'] } },
  'an operator': { role: 'operator', claims: { roles: ['viewer', 'operator'] } },
  'an admin': { role: 'admin', claims: { roles: 'openid admin' } },
  'somebody without a role': { role: null, claims: { roles: ['guest'] } },
  'an admin whose token has ended': { role: null, claims: { roles: ['admin'], exp: 1_600_000_000 } },
  'an admin whose token has not begun': { role: null, claims: { roles: ['admin'], nbf: 4_000_000_000 } },
  'an admin of another service': { role: null, claims: { roles: ['admin'], aud: 'another' } },
  'an admin of another provider': { role: null, claims: { roles: ['admin'], iss: 'https://other.example' } },
  'an admin without a name': { role: null, claims: { roles: ['admin'], sub: undefined } },
  'an admin by a key of somebody else': { role: null, claims: { roles: ['admin'] }, key: 'other' },
  'an admin without a signature': { role: null, claims: { roles: ['admin'] }, key: 'none' },
}

interface Made {
  claims?: Record<string, unknown>
  key?: 'other' | 'none'
}

describe('with an OpenID provider', () => {
  const issuer = 'https://id.example'
  const keys = { own: generateKeyPair('ES256', { extractable: true }), other: generateKeyPair('ES256') }
  let url = ''
  let away = ''

  beforeAll(async () => {
    const { publicKey } = await keys.own
    const roles = new Map(RANKS.map((role) => [role, role as Role]))
    const settings = { issuer, audience: 'intransit', roleClaim: 'roles', roles }
    const own = { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] }
    const startWith = async (from: URL | typeof own) => {
      const oidc = oidcVerifier({ ...settings, keys: from })
      return (await served.start({ tokens, oidc, decide: () => undefined })).url
    }
    url = await startWith(own)
    away = await startWith(new URL('http://127.0.0.1:1/keys'))
  })

  async function tokenOf({ claims = {}, key }: Made): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    const all = { iss: issuer, aud: 'intransit', sub: 'ada', iat: now, exp: now + 600, ...claims }
    const payload = JSON.parse(JSON.stringify(all))
    if (key === 'none') return new UnsecuredJWT(payload).encode()
    const { privateKey } = await (key === 'other' ? keys.other : keys.own)
    return await new SignJWT(payload).setProtectedHeader({ alg: 'ES256' }).sign(privateKey)
  }

  const statusOf = async (at: string, path: string, token: string): Promise<number> => {
    const body = path.endsWith('/silence') ? BODY : { reason: 'a test' }
    const method = methodOf(path)
    const headers = { authorization: `Bearer ${token}` }
    return (await askAt(`${at}${pathOf(path)}`, headers, method, method === 'GET' ? null : body)).status
  }

  it.each(Object.keys(OF_A_PROVIDER))('every route, asked by %s', { timeout: 240_000 }, async (who) => {
    const { role = null, ...made } = OF_A_PROVIDER[who] ?? {}
    const token = await tokenOf(made)
    for (const path of Object.keys(NEEDS)) {
      const need = NEEDS[path] ?? 'admin'
      const isEnough = need === 'this machine' || RANKS.indexOf(role ?? '') >= RANKS.indexOf(need)
      const want = need === 'nobody' ? 200 : role === null ? 401 : isEnough ? 200 : 403
      expect(await statusOf(url, path, token), path).toBe(want)
    }
  })

  it('nobody is let in by a token while the keys are away, but by one of ours', { timeout: 120_000 }, async () => {
    const token = await tokenOf({ claims: { roles: ['admin'] } })
    for (const path of Object.keys(NEEDS))
      expect(await statusOf(away, path, token), path).toBe(NEEDS[path] === 'nobody' ? 200 : 503)
    expect((await askAt(`${away}/api/v1/tokens`, bearer.admin)).status).toBe(200)
  })
})

it('names who decided, and decides nothing for who may not', () => {
  expect(new Set(decided.map(({ do: what, by, key }) => `${what} ${by} ${key}`))).toEqual(
    new Set(
      ['ack', 'silence'].flatMap((what) => ['the-operator', 'the-admin'].map((by) => `${what} ${by} ${finding}`)),
    ),
  )
  const lines = audited.map((line) => JSON.parse(line).audit).filter(({ method }) => method === 'POST')
  expect(lines.filter(({ status }) => status === 200).length).toBe(decided.length)
  expect(lines.some(({ status, name }) => status === 403 && name === 'the-viewer')).toBe(true)
})

it('leaves a line for every call that is audited, refused or not, and nothing of a token', async () => {
  const lines = audited.map((line) => JSON.parse(line).audit)
  const ofTokens = lines.filter((line) => line.path === '/api/v1/tokens')
  expect(new Set(ofTokens.map(({ status }) => status))).toEqual(new Set([200, 401, 403]))
  expect(new Set(ofTokens.map(({ name }) => name))).toEqual(new Set([null, 'the-viewer', 'the-operator', 'the-admin']))
  expect(audited.join('\n')).not.toMatch(/intransit_|Bearer/)
})
