/** The document is held to what the server does, and to the rules of OpenAPI by somebody else's validator. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { madeTokens, type Served, serveCaptures } from './served.ts'

interface Parameter {
  name: string
  in: 'query' | 'path'
  schema: { type?: string; enum?: string[]; items?: { enum?: string[] } }
}
interface Operation {
  operationId: string
  description?: string
  security: unknown[]
  parameters: Parameter[]
  responses: Record<string, { content: Record<string, { schema: object }> }>
}
interface Document {
  openapi: string
  info: { version: string }
  paths: Record<string, { get?: Operation; post?: Operation }>
  components: { schemas: { Problem: object } }
}

const { tokens, bearer } = madeTokens('viewer', 'admin')
let served: Served
let url = ''
let document: Document

beforeAll(async () => {
  served = await serveCaptures({ filled: false })
  url = (await served.start({ tokens })).url
  document = (await (await fetch(`${url}/api/v1/openapi.json`)).json()) as Document
})
afterAll(() => served.end())

const listed = (): [string, Operation, 'GET' | 'POST'][] =>
  Object.entries(document.paths).flatMap(([path, { get, post }]): [string, Operation, 'GET' | 'POST'][] => [
    ...(get === undefined ? [] : [[path, get, 'GET'] as [string, Operation, 'GET']]),
    ...(post === undefined ? [] : [[path, post, 'POST'] as [string, Operation, 'POST']]),
  ])
/** Those that are read. */
const operations = (): [string, Operation][] =>
  listed().flatMap(([path, operation, method]) => (method === 'GET' ? [[path, operation]] : []))
const isStream = ({ responses }: Operation): boolean => 'text/event-stream' in (responses['200']?.content ?? {})
/** What an empty store does not have. */
const isOfOne = (path: string): boolean => path === '/api/v1/findings/{key}'
async function ask(path: string, headers: Record<string, string> = bearer.admin, method = 'GET'): Promise<Response> {
  const aborting = new AbortController()
  const response = await fetch(`${url}${path}`, { headers, method, signal: aborting.signal })
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    aborting.abort()
    return new Response('', { status: response.status, headers: response.headers })
  }
  return response
}

/** With the first value that each parameter of a path may have. */
const asked = (path: string, { parameters }: Operation): string =>
  path.replace(/\{(\w+)\}/g, (_, name) => parameters.find((one) => one.name === name)?.schema.enum?.[0] ?? 'x')

describe('the OpenAPI document', () => {
  it('is one, by the schema of OpenAPI 3.1', async () => {
    const validator = new Validator()
    const { valid, errors } = await validator.validate(structuredClone(document) as never)
    expect(errors).toBeUndefined()
    expect(valid).toBe(true)
    expect(validator.version).toBe('3.1')
    expect(document.info.version).toBe('1.2.3')
  })

  it('has a name of its own for each operation', () => {
    const names = listed().map(([, { operationId }]) => operationId)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toEqual(expect.arrayContaining(['flows', 'kpis_coverage', 'kpis_name']))
  })

  it('lists exactly the paths that docs/api.md has', () => {
    const text = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8')
    const told = Array.from(text.matchAll(/^\| `(\/[^`]+)` \| (\w*) ?\|/gm), ([, path, role]) => [path, role])
    const documented = listed().map(([path, { description }]) => [
      path,
      /role (\w+)/.exec(description ?? '')?.[1] ?? '',
    ])
    expect(told.sort()).toEqual(documented.sort())
  })

  it('says of each path whether it needs a token, and which role', async () => {
    for (const [template, operation, method] of listed()) {
      const { security, description } = operation
      const path = asked(template, operation)
      // Metrics are open to whoever is on this machine, and only to them.
      const isOpen = security.length === 0 || path === '/metrics'
      expect((await ask(path, {}, method)).status === 401, path).toBe(!isOpen)
      expect((await ask(path, bearer.viewer, method)).status === 403, path).toBe(
        /role (admin|operator)/.test(description ?? ''),
      )
    }
  })

  it('says which parameters a path takes, and no other is taken', async () => {
    for (const [template, operation] of operations()) {
      const path = asked(template, operation)
      for (const { name, schema } of operation.parameters.filter((one) => one.in === 'query')) {
        const [value] = schema.enum ?? schema.items?.enum ?? []
        // Whatever the value: the name is known.
        const response = await ask(`${path}?${name}=${value ?? 'x'}`)
        if (response.status !== 200 && !isOfOne(template))
          expect(await response.text(), `${path} ${name}`).not.toContain('is not asked here')
        else await response.text()
      }
      expect((await ask(`${path}?other=1`)).status, path).toBe(400)
    }
  }, 120_000)

  it('says of what type answers are, also of an empty store', async () => {
    for (const [template, operation] of operations()) {
      const path = asked(template, operation)
      const { responses } = operation
      const response = await ask(path)
      expect(response.status, path).toBe(isOfOne(template) ? 404 : 200)
      if (isOfOne(template) || isStream(operation)) continue
      const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
      const schema = responses['200']?.content[type]?.schema
      expect(schema, `${path} ${type}`).toBeDefined()
      const answer = type === 'application/json' ? await response.json() : await response.text()
      const ajv = new Ajv2020({ strict: false, validateFormats: false })
      expect(ajv.validate(schema as object, answer), `${path} ${ajv.errorsText()}`).toBe(true)
    }
  })

  it('is at /api/docs too, and there a page with every path and parameter to browsers', async () => {
    const response = await ask('/api/docs', {})
    expect(await response.json()).toEqual(document)
    const page = await ask('/api/docs', { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' })
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const html = await page.text()
    for (const [path, { parameters }, method] of listed()) {
      const section = html.split(`<h2><code>${method} ${path}</code></h2>`)[1]?.split('<h2>')[0]
      expect(section, path).toBeDefined()
      for (const { name } of parameters) expect(section, path).toContain(`<td><code>${name}</code><td>`)
    }
    // The one style that it has is the one that its policy lets in; there is no script to let in.
    const [, style = ''] = /<style>(.*)<\/style>/s.exec(html) ?? []
    const hash = createHash('sha256').update(style).digest('base64')
    const policy = page.headers.get('content-security-policy')
    expect(policy).toBe(`default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'`)
    expect(html).not.toMatch(/<script|undefined|\[object/)
  })

  it('says what a problem is', async () => {
    const ajv = new Ajv2020()
    for (const path of ['/none', '/api/v1/flows?limit=0']) {
      expect(ajv.validate(document.components.schemas.Problem, await (await ask(path)).json())).toBe(true)
    }
  })
})
