/** The OpenAPI 3.1 document, made of the same table that the server answers by. */
import { PROBLEM_JSON } from './problem.ts'
import type { Route, Schema } from './route.ts'
import { objectOf, TEXT } from './schemas.ts'

const MISTAKE = {
  type: 'object',
  properties: { parameter: TEXT, pointer: TEXT, detail: TEXT },
  required: ['detail'],
  additionalProperties: false,
}

/** RFC 9457 §3.1, and what is wrong with a request one by one. */
const PROBLEM = {
  type: 'object',
  properties: {
    type: { const: 'about:blank' },
    title: TEXT,
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: TEXT,
    errors: { type: 'array', items: MISTAKE, minItems: 1 },
  },
  required: ['type', 'title', 'status', 'detail'],
  additionalProperties: false,
}

/** `routes` are asked for when somebody asks: this one is among them. */
export const openApi = (version: string, routes: () => readonly Route[]): Route => ({
  path: '/api/v1/openapi.json',
  summary: 'This document',
  demand: null,
  query: {},
  answers: { 'application/json': { type: 'object' } },
  answer: async () => documentOf(version, routes()),
})

export function documentOf(version: string, routes: readonly Route[]): Schema {
  return {
    openapi: '3.1.0',
    info: {
      title: 'intransit',
      version,
      description: 'How well conversations on the network are encrypted, by which rule, with what evidence.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths: Object.fromEntries(
      routes.map((route) => [route.path, { [route.method === 'POST' ? 'post' : 'get']: operationOf(route) }]),
    ),
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, certificate: { type: 'mutualTLS' } },
      schemas: { Problem: PROBLEM },
      responses: {
        Problem: {
          description: 'Why there is no such answer (RFC 9457)',
          content: { [PROBLEM_JSON]: { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  }
}

function operationOf({ path, summary, demand, params = {}, query, body, answers }: Route): Schema {
  const content = Object.fromEntries(Object.entries(answers).map(([type, schema]) => [type, { schema }]))
  return {
    operationId: operationId(path),
    summary,
    ...(demand === null ? {} : { description: `Needs the role ${demand.role}.` }),
    security: demand === null ? [] : [{ bearer: [] }, { certificate: [] }],
    parameters: [
      ...Object.entries(params).map(([name, schema]) => pathParameterOf(name, schema)),
      ...Object.entries(query).map(([name, schema]) => parameterOf(name, schema)),
    ],
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: objectOf(body) } } } }),
    responses: { 200: { description: summary, content }, default: { $ref: '#/components/responses/Problem' } },
  }
}

/** A list is the parameter given several times. */
function parameterOf(name: string, { description, ...schema }: Schema): Schema {
  const isList = schema['type'] === 'array'
  return { name, in: 'query', description, schema, ...(isList ? { style: 'form', explode: true } : {}) }
}

const pathParameterOf = (name: string, { description, ...schema }: Schema): Schema => ({
  ...{ name, in: 'path', required: true, description, schema },
})

/** "/api/v1/kpis/coverage" is kpis_coverage, "/api/v1/kpis/{name}" is kpis_name. */
const operationId = (path: string): string =>
  path
    .replace(/^\/(api\/(v1\/)?)?/, '')
    .replace(/\.json$/, '')
    .replaceAll('/', '_')
    .replace(/[{}]/g, '')
