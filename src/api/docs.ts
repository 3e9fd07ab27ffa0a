/** What the API answers, for people: the OpenAPI document itself, or a page of it to who asks for one. */
import { createHash } from 'node:crypto'
import { documentOf } from './openapi.ts'
import type { Route, Schema } from './route.ts'

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
h2{font-size:1.05rem;margin:2rem 0 .3rem}code{font-family:ui-monospace,monospace;font-size:.95em}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.25rem .8rem .25rem 0;border-top:1px solid #ddd}`
/** Nothing but this style: no script, no picture, nothing from elsewhere. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; frame-ancestors 'none'`

/** `routes` are asked for when somebody asks: this one is among them. */
export const docs = (version: string, routes: () => readonly Route[]): Route => ({
  path: '/api/docs',
  summary: 'This document, as a page to browsers',
  demand: null,
  query: {},
  answers: { 'application/json': { type: 'object' }, 'text/html': { type: 'string' } },
  answer: async (_context, _query, { reply, mediaType }) => {
    if (mediaType === 'application/json') return documentOf(version, routes())
    return reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', POLICY)
      .send(pageOf(version, routes()))
  },
})

const pageOf = (version: string, routes: readonly Route[]): string => `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>intransit: the API</title><style>${STYLE}</style>
<h1>intransit ${text(version)}: the API</h1>
<p>Where a role is needed, send <code>Authorization: Bearer TOKEN</code>; <code>intransit serve token NAME ROLE</code> makes one.
The same as OpenAPI 3.1: <a href="/api/v1/openapi.json">openapi.json</a>.
${routes.map(sectionOf).join('\n')}
</html>
`

function sectionOf({ method, path, summary, demand, params = {}, query, body = {}, answers }: Route): string {
  const takes = [
    ...Object.entries(params).map((one) => rowOf('path', ...one)),
    ...Object.entries(query).map((one) => rowOf('query', ...one)),
    ...Object.entries(body).map((one) => rowOf('body', ...one)),
  ]
  const needs = demand === null ? 'Open to everybody who reaches the port' : `Needs the role ${demand.role}`
  return `<h2><code>${method ?? 'GET'} ${text(path)}</code></h2>
<p>${text(summary)}. ${needs}. Answers in ${Object.keys(answers).map(text).join(' or ')}.
${takes.length === 0 ? '' : `<table>${takes.join('\n')}</table>`}`
}

const rowOf = (place: string, name: string, schema: Schema): string =>
  `<tr><td><code>${text(name)}</code><td>${place}<td>${text(valuesOf(schema))}<td>${text(String(schema['description'] ?? ''))}`

/** What a schema lets a value be, in words. */
function valuesOf(schema: Schema): string {
  const { type, enum: values, items, minimum, maximum, format, default: usual } = schema
  if (type === 'array') return `${valuesOf(items as Schema)}; may be given several times`
  const range = minimum === undefined ? '' : ` from ${minimum}${maximum === undefined ? '' : ` to ${maximum}`}`
  const kind = Array.isArray(values) ? values.join(', ') : `${format ?? type ?? 'text'}${range}`
  return usual === undefined ? kind : `${kind}; else ${usual}`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const text = (plain: string): string => plain.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
