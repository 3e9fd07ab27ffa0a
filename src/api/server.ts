/** The HTTP server: its limits and its headers, who is let in, and every error in one form. */
import { Server as TlsServer } from 'node:tls'
import { fastifyHelmet } from '@fastify/helmet'
import { fastifyRateLimit } from '@fastify/rate-limit'
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify'
import { OperatorError } from '../core/errors.ts'
import { endpointText, isLoopback, listenError } from '../source/endpoint.ts'
import type { Store } from '../store/index.ts'
import { type Access, type Caller, callerOf, demand } from './access.ts'
import { boundedSelect, type QueryLimits } from './bounded-select.ts'
import { ClientCertificates } from './client-certificates.ts'
import { Connections } from './connections.ts'
import { checkExposure, type Exposure, type Secrets, tlsOptions } from './exposure.ts'
import { FindingStream } from './finding-stream.ts'
import { freshRollups } from './fresh-rollups.ts'
import { mediaTypeFor } from './media-type.ts'
import { Problem, problemOf, rawProblem, sendProblem } from './problem.ts'
import type { Context, Query, Route } from './route.ts'
import { type RouteSettings, routesOf } from './routes.ts'
import { objectOf } from './schemas.ts'

export interface ServerSettings extends Exposure, RouteSettings {
  readonly limits?: Partial<Limits>
  /** Left out or null: nobody in this process looks for alerts. */
  readonly decide?: Context['decide']
  /** A line for the operator. */
  readonly say: (line: string) => void
  /** A line of JSON for each call that is audited. */
  readonly audit: (line: string) => void
}

export interface Limits extends QueryLimits {
  /** Of one address; of IPv6, of one /64. */
  readonly requestsPerMinute: number
}

export interface ApiServer {
  /** With the port that was bound, if 0 was asked for. */
  readonly url: string
  /** From now on with these, for new connections and for the next request of others. @throws OperatorError ERR_USAGE */
  renew(secrets: Secrets): void
  /** Answers what was asked before, and then no more. */
  close(): Promise<void>
}

const LIMITS: Limits = { requestsPerMinute: 300, maxQuerySeconds: 20, maxQueries: 4, maxWaiting: 16 }
const MAX_BODY_BYTES = 16 * 1024
const MAX_CONNECTIONS = 512
/** To send a request whole, headers and body. */
const REQUEST_MS = 15_000
/** Longer than a query may wait and take. */
const IDLE_MS = 120_000

/** @throws OperatorError ERR_USAGE beyond loopback without TLS or tokens, ERR_SOURCE_ADDRESS */
export async function startServer(store: Store, settings: ServerSettings): Promise<ApiServer> {
  checkExposure(settings)
  const { listen, tls } = settings
  const clients = settings.clients ? new ClientCertificates(settings.clients) : null
  const access = { tokens: settings.tokens, oidc: settings.oidc ?? null, clients, isLoopback: isLoopback(listen.host) }
  const stream = new FindingStream()
  const app = await buildServer(store, settings, access, stream)
  clients?.watch(app.server)
  try {
    await app.listen({ host: listen.host, port: listen.port, exclusive: true })
  } catch (error) {
    await app.close()
    throw listenError(`tcp ${endpointText(listen)}`, listen, error as NodeJS.ErrnoException)
  }
  const bound = app.server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : listen.port
  const url = `${tls === null ? 'http' : 'https'}://${endpointText({ host: listen.host, port })}`
  return {
    url,
    renew(secrets) {
      checkExposure({ listen, ...secrets })
      access.tokens = secrets.tokens
      access.oidc = secrets.oidc ?? null
      stream.end()
      if (secrets.tls !== null && app.server instanceof TlsServer) {
        app.server.setSecureContext(tlsOptions(secrets))
      }
      if (secrets.clients) clients?.renew(secrets.clients)
    },
    close: () => app.close(),
  }
}

async function buildServer(
  store: Store,
  settings: ServerSettings,
  access: Access,
  stream: FindingStream,
): Promise<FastifyInstance> {
  const { tls, say, audit } = settings
  const limits = { ...LIMITS, ...settings.limits }
  const routes = await routesOf(store, settings)
  const app = fastify({
    https: tls === null ? null : tlsOptions(settings),
    bodyLimit: MAX_BODY_BYTES,
    connectionTimeout: IDLE_MS,
    requestTimeout: REQUEST_MS,
    forceCloseConnections: 'idle',
    // Asked on a connection that is open while the server closes: it is still answered.
    return503OnClosing: false,
    // What a schema does not name is a mistake of the caller's, not to be passed over in silence.
    // All that is wrong is told: a request is too short for more than its answer is worth.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array', allErrors: true } },
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply, new Problem(error.statusCode ?? 400, error.message))
    },
    clientErrorHandler: ({ code }, socket) => {
      if (code !== 'ECONNRESET' && socket.writable && !socket.destroyed) socket.end(rawProblem(code))
    },
  }) as unknown as FastifyInstance
  app.server.maxConnections = MAX_CONNECTIONS
  const connections = new Connections(app.server)

  app.setErrorHandler((error, request, reply) => {
    const schema = (request.routeOptions.schema ?? {}) as Readonly<Record<string, { properties?: object } | undefined>>
    const problem = problemOf(error, (part) => Object.keys(schema[part]?.properties ?? {}))
    if (error instanceof OperatorError) say(`${error.code}: ${error.message}`)
    if (problem === null) say(`${request.method} ${request.routeOptions.url}: ${(error as Error).stack}`)
    return sendProblem(reply, problem ?? new Problem(500, 'the fault is of intransit itself: its log has more'))
  })
  app.setNotFoundHandler((request) => {
    throw nothingThere(request, routes)
  })

  await protect(app, limits.requestsPerMinute, tls !== null)

  const rollups = freshRollups(store, say)
  // The store must not be closed under them.
  app.addHook('onClose', async () => void (await Promise.all([rollups.settle(), ...routes.map(({ end }) => end?.())])))
  // Else they would be waited for.
  app.addHook('preClose', (done) => {
    stream.end()
    connections.end()
    done()
  })
  const { decide = null } = settings
  const context: Context = { store, access, select: boundedSelect(store, limits), rollups, decide, stream }
  for (const route of routes) addRoute(app, route, context, audit)
  return app
}

/** Headers of every answer, and how often one address may ask. */
async function protect(app: FastifyInstance, requestsPerMinute: number, isTls: boolean): Promise<void> {
  await app.register(fastifyHelmet, {
    // Nothing of an answer is to be run, framed or loaded from elsewhere.
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
    },
    frameguard: { action: 'deny' },
    hsts: isTls && { maxAge: 31_536_000, includeSubDomains: false },
  })
  await app.register(fastifyRateLimit, {
    global: false,
    max: requestsPerMinute,
    timeWindow: 60_000,
    errorResponseBuilder: (_request, { after }) => new Problem(429, `too many requests; again in ${after}`),
  })
  // Before anybody is asked for a token, so that guesses count as well.
  app.addHook('onRequest', app.rateLimit())
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })
}

function addRoute(app: FastifyInstance, route: Route, context: Context, audit: (line: string) => void): void {
  const callers = new WeakMap<FastifyRequest, Caller>()
  app.route<{ Querystring: Query; Params: Query; Body?: Query }>({
    method: route.method ?? 'GET',
    url: route.path.replace(/\{(\w+)\}/g, ':$1'),
    schema: {
      ...(route.body === undefined ? {} : { body: objectOf(route.body) }),
      querystring: { type: 'object', properties: route.query, additionalProperties: false },
      params: { type: 'object', properties: route.params ?? {} },
    },
    onRequest: async (request) => {
      if (route.demand === null) return
      const caller = await callerOf(request, context.access)
      if (caller !== null) callers.set(request, caller)
      demand(caller, request, context.access, route.demand)
    },
    onResponse: async (request, reply) => {
      if (route.isAudited) audit(auditLine(route, callers.get(request) ?? null, request, reply.statusCode))
    },
    handler: async (request, reply) => {
      const query = { ...request.query, ...request.params, ...request.body }
      const mediaType = mediaTypeFor(reply, query, Object.keys(route.answers))
      return route.answer(context, query, { reply, caller: callers.get(request) ?? null, mediaType })
    },
  })
}

/** One line of JSON. Names are those of the tokens' file, or the provider's; nothing the caller chose freely is in it. */
function auditLine(route: Route, caller: Caller | null, request: FastifyRequest, status: number): string {
  const { name = null, role = null } = caller ?? {}
  const { method, ip: address } = request
  return JSON.stringify({
    audit: { time: new Date().toISOString(), name, role, address, method, path: route.path, status },
  })
}

function nothingThere({ method, url }: FastifyRequest, routes: readonly Route[]): Problem {
  const path = url.split('?')[0] ?? ''
  const here = routes.filter((route) => new RegExp(`^${route.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(path))
  if (here.length === 0) return new Problem(404, 'there is nothing under this path; /api/docs has those that there are')
  const allow = here.some((route) => route.method === undefined) ? 'GET, HEAD' : 'POST'
  return new Problem(405, `${method} is not answered here`, { allow })
}
