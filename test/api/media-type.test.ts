/** In which form an answer comes: what Accept means, and that each path keeps to it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Decision } from '../../src/alert/decisions.ts'
import { preferredOf } from '../../src/api/media-type.ts'
import type { Route } from '../../src/api/route.ts'
import { routesOf } from '../../src/api/routes.ts'
import { csvOf } from '../../src/export/csv.ts'
import { readCsv } from '../../src/inventory/csv.ts'
import { type Answer, askAt } from './ask.ts'
import { type Headers, madeTokens, type Served, serveCaptures } from './served.ts'

describe('of JSON and CSV, Accept', () => {
  const [json, csv] = ['application/json', 'text/csv']

  it.each([
    { name: 'that is missing takes our first', accept: undefined, want: json },
    { name: 'that is empty takes our first', accept: '', want: json },
    { name: 'of anything takes our first', accept: '*/*', want: json },
    { name: 'names a type', accept: 'text/csv', want: csv },
    { name: 'names a type in any case', accept: 'Text/CSV', want: csv },
    { name: 'names a type with parameters', accept: 'text/csv;charset=utf-8;header=present', want: csv },
    { name: 'names a kind of types', accept: 'text/*', want: csv },
    { name: 'weighs', accept: 'application/json;q=0.5, text/csv;q=0.51', want: csv },
    { name: 'weighs 1 where it says nothing', accept: 'application/json;q=0.999,text/csv', want: csv },
    { name: 'weighs with white space', accept: 'application/json ; q=0.1 ,\ttext/csv ; q=0.2', want: csv },
    { name: 'that weighs both the same takes our first', accept: 'text/csv, application/json', want: json },
    { name: 'that names one beside anything takes that', accept: 'text/csv, */*', want: csv },
    { name: 'of a browser takes our first', accept: 'text/html,application/xhtml+xml,*/*;q=0.8', want: json },
    { name: 'goes by the most specific range', accept: 'text/*, text/csv;q=0, application/json;q=0.1', want: json },
    { name: 'goes by the most specific range upwards', accept: '*/*;q=0, text/csv;q=0.1', want: csv },
    { name: 'that rules one out takes the other', accept: 'application/json;q=0, */*;q=0.001', want: csv },
    { name: 'that rules out all takes none', accept: '*/*;q=0', want: null },
    { name: 'of other types takes none', accept: 'image/png, text/html;level=1', want: null },
    { name: 'is no prefix', accept: 'text/csv-schema, text/c', want: null },
    { name: 'passes over what it cannot read', accept: 'csv, text/csv;q=2, */csv, application/json;q=0.1', want: json },
    { name: 'that cannot be read at all takes our first', accept: '"text/csv', want: json },
  ])('$name', ({ accept, want }) => expect(preferredOf(accept, [json, csv] as string[])).toBe(want))

  it('is as in RFC 9110 §12.5.1', () => {
    const accept = 'text/*;q=0.3, text/plain;q=0.7, text/html;q=0.5, */*;q=0.4'
    const order = ['text/plain', 'text/html', 'image/jpeg', 'text/csv']
    for (let n = 0; n < order.length; n++) expect(preferredOf(accept, order.slice(n).reverse())).toBe(order[n])
  })

  it('of a header as long as there can be is read in no time', () => {
    for (const one of ['text/csv;q=0.1,', '",', ',', ';', '*/', 'text/csv;'.repeat(9), '\\"']) {
      const start = performance.now()
      preferredOf(one.repeat(16_384 / one.length), [json, csv] as string[])
      expect(performance.now() - start, one).toBeLessThan(200)
    }
  })
})

const { tokens, bearer } = madeTokens('viewer', 'admin')
const decided: Decision[] = []
let served: Served
let url = ''
let routes: readonly Route[]
let finding = ''

beforeAll(async () => {
  served = await serveCaptures()
  routes = await routesOf(served.store, { version: '1', metricsWindowHours: 24, capture: null })
  url = (await served.start({ tokens, decide: (decision) => decided.push(decision) })).url
  const [first] = await served.store.select<{ key: string }>('findings')
  finding = first?.key ?? ''
})
afterAll(() => served.end())

const filled = (path: string): string =>
  path.replace('{name}', 'coverage-flows').replace('{key}', encodeURIComponent(finding))
const ask = (path: string, headers: Headers = {}): Promise<Answer> =>
  askAt(`${url}${path}`, { ...bearer.admin, ...headers })
const varies = ({ head }: Answer): boolean => /^vary\nAccept$/im.test(head)

/** The rows of an answer in JSON, as its CSV has them. */
const ROWS: Readonly<Record<string, (answer: Record<string, unknown>) => unknown>> = {
  '/api/v1/maturity': ({ criteria }) => criteria,
  '/api/v1/policies': ({ items }) =>
    (items as { id: string; rules: object[] }[]).flatMap(({ id: pack, rules }) =>
      rules.map((rule) => ({ pack, ...rule })),
    ),
}

describe('each path with CSV', () => {
  const withCsv = (): string[] => routes.filter(({ answers }) => 'text/csv' in answers).map(({ path }) => path)

  it('is every list but that of tokens, and what has rows of its own', () => {
    const isList = ({ answers }: Route): boolean =>
      'items' in ((answers['application/json']?.['properties'] ?? {}) as object)
    const lists = routes.filter(isList).map(({ path }) => path)
    const others = ['/api/v1/tokens', '/api/v1/kpis/{name}', '/api/v1/maturity']
    expect(lists).toEqual(expect.arrayContaining(['/api/v1/sensors', '/api/v1/flows', '/api/v1/tokens']))
    expect([...withCsv(), '/api/v1/tokens'].sort()).toEqual([...new Set([...lists, ...others])].sort())
  })

  it('answers so where Accept prefers it, with the rows of its JSON', { timeout: 120_000 }, async () => {
    for (const path of withCsv()) {
      const json = await ask(filled(path))
      const csv = await ask(filled(path), { accept: 'application/json;q=0.5, text/csv' })
      expect([csv.status, csv.type], path).toEqual([200, 'text/csv; charset=utf-8; header=present'])
      expect([varies(json), varies(csv)], path).toEqual([true, true])
      const answer = JSON.parse(json.body)
      const items = (ROWS[path] ?? (({ items }) => items))(answer) as Record<string, unknown>[] | undefined
      const rows = readCsv(csv.body)
      if (items === undefined) expect(rows, path).toMatchObject([{ point: String(answer.point) }])
      else {
        const columns = csv.body.split('\r\n')[0]?.split(',') ?? []
        expect(
          Object.keys(items[0] ?? rows[0] ?? {}).filter((name) => !columns.includes(name)),
          path,
        ).toEqual([])
        expect(csv.body, path).toBe(csvOf(columns, items))
        expect(rows.length, path).toBe(items.length)
      }
    }
  })

  it('goes by format where that is given, and varies by nothing then', { timeout: 120_000 }, async () => {
    for (const path of withCsv()) {
      const csv = await ask(`${filled(path)}?format=csv`, { accept: 'application/json' })
      const json = await ask(`${filled(path)}?format=json`, { accept: 'text/csv' })
      expect(
        [csv.type, json.type].map((type) => type.split(';')[0]),
        path,
      ).toEqual(['text/csv', 'application/json'])
      expect([varies(csv), varies(json)], path).toEqual([false, false])
      expect((await ask(`${filled(path)}?format=xml`)).status, path).toBe(400)
    }
  })

  it('has the next page in a header', async () => {
    const { head } = await ask('/api/v1/flows?limit=5', { accept: 'text/csv' })
    const [, next = ''] = /^link\n<([^>]+)>; rel="next"$/im.exec(head) ?? []
    expect((await ask(next, { accept: 'text/csv' })).body.split('\r\n')).toHaveLength(7)
  })
})

describe('every path', () => {
  it('answers what Accept does not take with a problem, and does nothing', async () => {
    const members: Headers = { reason: 'mine', until: '2099-01-01T00:00:00Z' }
    for (const { path, body, method = 'GET' } of routes) {
      const sent = body && Object.fromEntries(Object.keys(body).map((name) => [name, members[name]]))
      const headers = { ...bearer.admin, accept: 'image/png, text/*;q=0, application/json;q=0' }
      const answer = await askAt(`${url}${filled(path)}`, headers, method, sent ?? null)
      expect([answer.status, answer.type], path).toEqual([406, 'application/problem+json'])
      expect(JSON.parse(answer.body).detail, path).toMatch(/^this path answers in \w+\/[\w-]+/)
      expect(varies(answer), path).toBe(true)
    }
    expect(decided).toEqual([])
  })

  it('asks first who it is', async () => {
    for (const { path, demand, method = 'GET' } of routes) {
      if (demand === null || demand.isOpenOnLoopback) continue
      expect((await askAt(`${url}${filled(path)}`, { accept: 'image/png' }, method)).status, path).toBe(401)
    }
  })

  it('answers whoever takes anything', { timeout: 120_000 }, async () => {
    for (const { path, method, answers } of routes) {
      if (method === 'POST') continue
      const { status, type } = await ask(filled(path), { accept: '*/*' })
      expect([status, type.split(';')[0]], path).toEqual([200, Object.keys(answers)[0]])
    }
  })
})
