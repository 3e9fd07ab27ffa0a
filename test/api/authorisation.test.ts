/** Who may call what: every route × every state of a caller; and what a caller may not smuggle in by any filter. */
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Route } from '../../src/api/route.ts'
import { routesOf } from '../../src/api/routes.ts'
import type { ApiServer } from '../../src/api/server.ts'
import { type Headers, madeTokens, type Served, serveCaptures } from './served.ts'

/** Written by hand, and held to the table of routes: a route that is new must be thought about here. */
const NEEDS: Readonly<Record<string, 'nobody' | 'this machine' | 'viewer' | 'operator' | 'admin'>> = {
  '/api/v1/health': 'nobody',
  '/api/v1/openapi.json': 'nobody',
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
  '/api/v1/tokens': 'admin',
  '/metrics': 'this machine',
}

let served: Served
let server: ApiServer
let routes: readonly Route[]
const audited: string[] = []
const { tokens, bearer } = madeTokens('viewer', 'operator', 'admin')
const { bearer: strange } = madeTokens('admin')
const { tokens: once, bearer: revoked } = madeTokens('admin')

beforeAll(async () => {
  served = await serveCaptures()
  routes = await routesOf(served.store, { version: '1.2.3', metricsWindowHours: 24, capture: null })
  const withRevoked = once.map((holder) => ({ ...holder, name: 'the-revoked' }))
  server = await served.start({ tokens: [...tokens, ...withRevoked], audit: (line) => audited.push(line) })
  server.renew({ tls: null, tokens })
})
afterAll(() => served.end())

/** By node:http, as fetch does not let a caller say another Host. */
function ask(
  path: string,
  headers: Headers = {},
  method = 'GET',
): Promise<{ status: number; body: string; type: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}${path}`, { headers, method }, (response) => {
      const chunks: Buffer[] = []
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
    sent.end()
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

describe.each(Object.keys(NEEDS))('%s', (path) => {
  it.each(STATES)('asked by: %s', async (state) => {
    const { status, type } = await ask(path.replace('{name}', 'coverage-flows'), headersOf(state))
    expect(status).toBe(expected(path, state))
    if (status >= 400) expect(type).toMatch(/^application\/problem\+json/)
  })

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('%s changes nothing, whoever asks', async (method) => {
    expect([401, 405]).toContain((await ask(path, bearer.admin, method)).status)
  })
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
