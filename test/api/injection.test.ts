/**
 * What a caller may not smuggle in: by a parameter of the query or the path, a member of a body, a cursor, a header. All of them are
 * taken from the table of routes, so that a route that is new is asked as well.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Decision } from '../../src/alert/decisions.ts'
import type { Route, Schema } from '../../src/api/route.ts'
import { routesOf } from '../../src/api/routes.ts'
import { type Answer, askAt } from './ask.ts'
import { type Headers, madeTokens, type Served, serveCaptures } from './served.ts'

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
  'x\r\nSet-Cookie: a=b',
]
/** Nothing of the engine, of a file, of a table or of our own code. */
const LEAKS = /DB::|Code: \d+|system\.users|root:x:|SELECT\s+\w+\(|node_modules|\.ts:\d+/

const { tokens, bearer } = madeTokens('viewer', 'operator', 'admin')
const decided: Decision[] = []
const audited: string[] = []
const said: string[] = []
let served: Served
let url = ''
let routes: readonly Route[]
let finding = ''

beforeAll(async () => {
  served = await serveCaptures()
  routes = await routesOf(served.store, { version: '1.2.3', metricsWindowHours: 24, capture: null })
  const [first] = await served.store.select<{ key: string }>('findings')
  finding = first?.key ?? ''
  url = (
    await served.start({
      tokens,
      // Nothing here is about time.
      limits: { requestsPerMinute: 1_000_000, maxQuerySeconds: 600 },
      audit: (line) => audited.push(line),
      decide: (decision) => decided.push(decision),
      say: (line) => said.push(line),
    })
  ).url
})
afterAll(() => served.end())
beforeEach(() => {
  said.length = 0
})

/** Those that are read, with a place in the path for each of their parameters. */
const read = (): readonly Route[] => routes.filter(({ method }) => method === undefined)
const VALUES: Readonly<Record<string, string>> = { name: 'coverage-flows' }
const filled = (path: string): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(VALUES[name] ?? finding))

async function ask(path: string, headers: Headers = bearer.admin, method = 'GET', body: object | null = null) {
  const answer = await askAt(`${url}${path}`, headers, method, body)
  expect(answer.body, path).not.toMatch(LEAKS)
  expect(answer.head, path).not.toMatch(/^set-cookie/im)
  // Whatever is asked is no fault of ours, and no wrong question to the store.
  expect(said, path).toEqual([])
  return answer
}

const written = (name: string, values: readonly string[]): string =>
  values.map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')

describe('by a parameter of the query', { timeout: 900_000 }, () => {
  const parameters = () =>
    read().flatMap(({ path, query }) => Object.entries(query).map((one) => [path, ...one] as const))

  /** A list takes all of them in one question, or those of each half that it takes. */
  async function answers(
    path: string,
    name: string,
    { type }: Schema,
    values: readonly string[] = ATTEMPTS,
  ): Promise<(readonly [string, Answer])[]> {
    if (type === 'array' || values.length === 1) {
      const answer = await ask(`${path}?${written(name, values)}`)
      if (answer.status === 200 || values.length === 1) return [[values.join(), answer]]
    }
    const half = type === 'array' ? values.length >> 1 : 1
    const schema = { type }
    const first = await answers(path, name, schema, values.slice(0, half))
    return [...first, ...(await answers(path, name, schema, values.slice(half)))]
  }

  it('it is a value or a mistake, never a word of a question', async () => {
    expect(parameters().length).toBeGreaterThan(60)
    for (const [template, name, schema] of parameters()) {
      for (const [attempt, { status, body }] of await answers(filled(template), name, schema)) {
        const asked = `${template} ${name} ${attempt}`
        expect([200, 400], asked).toContain(status)
        // What is taken at its word matches nothing: no flow of captures/ has such a name.
        const isOfFlows = ['server_name', 'sensor', 'service'].includes(name) && !/kpis|maturity/.test(template)
        if (status === 200 && isOfFlows) expect(JSON.parse(body).items, asked).toEqual([])
      }
    }
  })

  it.each(ATTEMPTS)('as the name of one it is refused: %s', async (attempt) => {
    for (const { path } of read().filter(({ path }) => path.startsWith('/api/')))
      expect((await ask(`${filled(path)}?${written(attempt, ['1'])}`)).status, path).toBe(400)
  })

  it('one that asks for an order or a form that is not there is refused', async () => {
    for (const { path, query } of read()) {
      for (const [name, value] of [
        ['sort', 'first_seen'],
        ['order', 'first_seen DESC'],
        ['order_by', '(SELECT 1)'],
        ['fields', '*'],
        ['format', 'Native'],
        ['format', 'JSONEachRow INTO OUTFILE'],
      ] as const) {
        expect(Object.keys(query)).not.toContain('sort')
        expect((await ask(`${filled(path)}?${written(name, [value])}`)).status, `${path} ${name}`).toBe(400)
      }
    }
  })
})

describe('by a place in the path', { timeout: 300_000 }, () => {
  /** Also such as a server might take for a step up, or for two parameters. */
  const RAW = [
    '..%2f..%2ftokens',
    '%2e%2e',
    '%252e%252e%252f',
    'a%2fb',
    'coverage-flows%00',
    '%c0%ae%c0%ae',
    'x'.repeat(600),
  ]

  it('it names nothing that is there', async () => {
    const placed = routes.flatMap((route) => Object.keys(route.params ?? {}).map((name) => ({ ...route, name })))
    expect(placed.length).toBeGreaterThan(3)
    for (const { path, name, method, body } of placed) {
      for (const value of [...ATTEMPTS.map(encodeURIComponent), ...RAW]) {
        const asked = filled(path.replace(`{${name}}`, '@@')).replace('@@', value)
        const sent = body === undefined ? null : { reason: 'a test', ...(body['until'] ? { until: UNTIL } : {}) }
        const { status } = await ask(asked, bearer.admin, method ?? 'GET', sent)
        expect([400, 404, 414], asked).toContain(status)
      }
    }
    expect(decided).toEqual([])
  })
})

const UNTIL = '2199-01-01T00:00:00Z'

describe('by a member of a body', { timeout: 300_000 }, () => {
  it('it is a text as it was sent, or a mistake', async () => {
    const taking = routes.flatMap(({ path, method, body }) =>
      body && method ? [{ path: filled(path), method, body }] : [],
    )
    expect(taking.length).toBeGreaterThan(1)
    for (const { path, method, body } of taking) {
      const good: Record<string, unknown> = { reason: 'a test', until: UNTIL }
      const whole = Object.fromEntries(Object.keys(body).map((member) => [member, good[member]]))
      for (const member of Object.keys(body)) {
        for (const attempt of ATTEMPTS) {
          decided.length = 0
          const { status } = await ask(path, bearer.operator, method, { ...whole, [member]: attempt })
          if (status === 200)
            expect(decided, attempt).toMatchObject([{ [member]: attempt, by: 'the-operator', key: finding }])
          else expect([status, decided], attempt).toEqual([400, []])
          if (member === 'until') expect(status, attempt).toBe(400)
        }
        // A number is taken for its text, and a list of one for the one, as in a query.
        for (const wrong of [null, {}, ['a', 'b'], '', 'x'.repeat(2000)])
          expect((await ask(path, bearer.operator, method, { ...whole, [member]: wrong })).status, String(wrong)).toBe(
            400,
          )
      }
      decided.length = 0
      for (const more of [
        { key: 'other' },
        { by: 'the-admin' },
        JSON.parse('{"__proto__": {"by": "x"}}'),
        { constructor: { prototype: {} } },
      ])
        expect(
          (await ask(path, bearer.operator, method, Object.assign(Object.create(null), whole, more))).status,
        ).toBeGreaterThan(199)
      expect(decided.every(({ by, key }) => by === 'the-operator' && key === finding)).toBe(true)
    }
  })
})

describe('by a cursor', { timeout: 300_000 }, () => {
  it('that has the form of one that was given, it is a place in the list or a mistake', async () => {
    const paged = read().filter(({ query }) => query['cursor'] !== undefined)
    expect(paged.length).toBeGreaterThan(6)
    let given = 0
    for (const { path } of paged) {
      const first = JSON.parse((await ask(`${filled(path)}?limit=1`)).body) as { next_cursor: string | null }
      if (first.next_cursor === null) continue
      given++
      const key = JSON.parse(Buffer.from(first.next_cursor, 'base64url').toString()) as unknown[]
      for (let place = 0; place < key.length; place++) {
        for (const attempt of ATTEMPTS) {
          const cursor = Buffer.from(JSON.stringify(key.with(place, attempt))).toString('base64url')
          const { status, body } = await ask(`${filled(path)}?limit=1&cursor=${cursor}`)
          expect([200, 400], `${path} ${attempt}`).toContain(status)
          if (status === 200) expect(JSON.parse(body).items.length, `${path} ${attempt}`).toBeLessThanOrEqual(1)
        }
      }
      // Of another list, of another length, and none.
      for (const cursor of [
        'W10',
        'bnVsbA',
        'eyJsZW5ndGgiOjJ9',
        Buffer.from(JSON.stringify([...key, 1])).toString('base64url'),
      ])
        expect((await ask(`${filled(path)}?cursor=${cursor}`)).status, `${path} ${cursor}`).toBe(400)
    }
    expect(given).toBeGreaterThan(4)
  })
})

describe('by a header', { timeout: 600_000 }, () => {
  const NAMES = [
    ...['host', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'forwarded', 'x-real-ip', 'x-original-url'],
    ...[
      'x-rewrite-url',
      'x-http-method-override',
      'last-event-id',
      'accept',
      'accept-encoding',
      'range',
      'if-none-match',
    ],
    ...['cookie', 'origin', 'referer', 'user-agent', 'x-ssl-client-verify', 'x-client-cert', 'x-remote-user'],
  ]
  /** What a header may hold at all (RFC 9110 §5.5). */
  const HOSTILE = [
    ...ATTEMPTS.filter((attempt) => /^[\x20-\x7e]+$/.test(attempt)),
    ...[
      'evil.example',
      'evil.example:443@localhost',
      '127.0.0.1',
      '::1',
      'SUCCESS',
      'admin',
      '/api/v1/tokens',
      'DELETE',
    ],
  ]

  it('nothing is answered otherwise, and nothing of it comes back', async () => {
    for (const { path } of read()) {
      const plain = await ask(filled(path))
      // All of them at once, each with another value every time.
      for (const turn of [0, 7, 13]) {
        const headers = NAMES.map((name, n) => [name, HOSTILE[(n + turn) % HOSTILE.length] as string] as const)
        const answer = await ask(filled(path), { ...bearer.admin, ...Object.fromEntries(headers) })
        expect(answer.status, `${path} ${turn}`).toBe(plain.status)
        expect(answer.head, `${path} ${turn}`).not.toContain('evil.example')
      }
    }
  })

  it('Last-Event-ID is an event that was, or none', async () => {
    for (const value of [...HOSTILE, "1764435600-' OR 1=1 --", '1764435600-0000000000000000', '9'.repeat(4000)])
      expect((await ask('/api/v1/findings/events', { ...bearer.viewer, 'last-event-id': value })).status, value).toBe(
        200,
      )
  })

  it.each(HOSTILE)('to a path that needs no store, each header with: %s', async (value) => {
    for (const name of NAMES)
      expect((await ask('/api/v1/policies', { ...bearer.admin, [name]: value })).status, name).toBe(200)
  })

  it('none makes anybody somebody', async () => {
    for (const name of NAMES) {
      for (const value of HOSTILE) {
        expect((await ask('/api/v1/policies', { [name]: value })).status, `${name}: ${value}`).toBe(401)
        expect((await ask('/api/v1/tokens', { ...bearer.viewer, [name]: value })).status, `${name}: ${value}`).toBe(403)
      }
    }
  })

  it('Authorization is a token that is known, or a refusal', async () => {
    for (const value of HOSTILE) {
      for (const scheme of ['', 'Bearer ', 'bearer  ', 'Basic ', 'Bearer Bearer '])
        expect((await ask('/api/v1/policies', { authorization: `${scheme}${value}` })).status, scheme + value).toBe(401)
    }
  })

  it('no proxy is believed who is asking: neither in the audit log, nor where requests are counted', async () => {
    audited.length = 0
    await ask('/api/v1/tokens', { ...bearer.admin, 'x-forwarded-for': '6.6.6.6', forwarded: 'for=6.6.6.6' })
    expect(audited.map((line) => JSON.parse(line).audit.address)).toEqual(['127.0.0.1'])
    const few = await served.start({ tokens, limits: { requestsPerMinute: 5 } })
    const statuses: number[] = []
    for (let n = 0; n < 8; n++)
      statuses.push(
        (await askAt(`${few.url}/api/v1/health`, { 'x-forwarded-for': `10.0.0.${n}`, 'x-real-ip': `10.0.1.${n}` }))
          .status,
      )
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429])
  })
})

it('leaves the store as it was', async () => {
  expect(JSON.parse((await ask('/api/v1/flows?limit=1')).body).items).toHaveLength(1)
})
