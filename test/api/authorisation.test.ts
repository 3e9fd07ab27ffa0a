/** Who may call what: every route × every state of a caller; and what a caller may not smuggle in by any filter. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Decision } from '../../src/alert/decisions.ts'
import type { Route } from '../../src/api/route.ts'
import { routesOf } from '../../src/api/routes.ts'
import type { ApiServer } from '../../src/api/server.ts'
import type { Role } from '../../src/api/tokens.ts'
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

/** By node:http, as fetch does not let a caller say another Host. */
function ask(
  path: string,
  headers: Headers = {},
  method = 'GET',
  body: object | null = null,
): Promise<{ status: number; body: string; type: string }> {
  return new Promise((resolve, reject) => {
    const json: Headers = body === null ? {} : { 'content-type': 'application/json' }
    const sent = request(`${server.url}${path}`, { headers: { ...headers, ...json }, method }, (response) => {
      const chunks: Buffer[] = []
      // An event stream has no end: its head is the answer.
      if (response.headers['content-type']?.startsWith('text/event-stream')) setTimeout(() => response.destroy(), 50)
      response.on('error', () => undefined)
      response.on('close', () =>
        resolve({ status: response.statusCode ?? 0, body: '', type: String(response.headers['content-type']) }),
      )
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString(),
          type: String(response.headers['content-type']),
        }),
      )
    })
    sent.on('error', reject)
    sent.end(body === null ? undefined : JSON.stringify(body))
  })
}

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

function askAsMeant(path: string, headers: Headers): ReturnType<typeof ask> {
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

/** What ends a string, a list, a comment or a statement, asks another table, or is bound twice. */
const ATTEMPTS = [
  "' OR 1=1 --",
  "') OR ('1'='1",
  "\\' OR 1=1 -- ",
  "x'; DROP TABLE flows; --",
  "x']) UNION ALL SELECT * FROM system.users --",
  "'||(SELECT version())||'",
  '{from:String}',
  '{verdicts:Array(String)}',
  '%27%20OR%201%3D1',
  '*/ SELECT 1 /*',
  '\u0000',
  '\\N',
  '`flows`',
  '["a","b"]',
  '*.*',
  "*.' OR 1=1 --",
  '../../../etc/passwd',
  '__proto__',
  '$(id)',
]

describe('what is smuggled in', () => {
  const parameters = () => routes.flatMap(({ path, query }) => Object.keys(query).map((name) => ({ path, name })))

  it('by any filter of any route is a value or a mistake, never a word of a query', { timeout: 240_000 }, async () => {
    expect(parameters().length).toBeGreaterThan(15)
    for (const { path, name } of parameters()) {
      for (const attempt of ATTEMPTS) {
        const { status, body } = await ask(`${path}?${name}=${encodeURIComponent(attempt)}`, bearer.viewer)
        const asked = `${path} ${name} ${attempt}`
        expect([200, 400], asked).toContain(status)
        expect(body, asked).not.toMatch(/DB::|Code: \d+|system\.users|root:x:|SELECT\s+\w+\(/)
        // What is taken at its word matches nothing: no flow of captures/ has such a name.
        if (status === 200 && ['server_name', 'sensor'].includes(name) && !/kpis|maturity/.test(path))
          expect(JSON.parse(body).items, asked).toEqual([])
      }
    }
  })

  it('leaves the store as it was', async () => {
    const { body } = await ask('/api/v1/flows?limit=1', bearer.viewer)
    expect(JSON.parse(body).items).toHaveLength(1)
  })

  it.each(ATTEMPTS)('as a name of a parameter is refused: %s', async (attempt) => {
    expect((await ask(`/api/v1/flows?${encodeURIComponent(attempt)}=1`, bearer.viewer)).status).toBe(400)
  })
})
