/**
 * Child of tests: a ClickHouse server as far as its HTTP interface goes
 * (https://clickhouse.com/docs/interfaces/http), on loopback and a port of the system's choice. Every statement runs on
 * the real engine, which exists as a library; what is made here is the way to it. Statements run one by one, because the
 * library's databases and settings belong to its only session.
 *
 * Says its port on the IPC channel; there it also takes `Order`s.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import { Session } from 'chdb'

/** Given as JSON in the first argument. */
export interface ServerOptions {
  username: string
  password: string
  /** PEM: speaks TLS. */
  tls?: { key: string; cert: string }
  /** Configuration of the engine, XML: it reads config.xml of the folder that the process is in. */
  config?: string
  /** Where the engine keeps its tables; left there at the end. Left out: a place that goes with the process. */
  folder?: string
  /** Left out: one of the system's choice. */
  port?: number
}

/**
 * `lose_answer`: the next INSERT is carried out, and the connection ends without a word of it. `answer_late`: from now on an
 * INSERT is answered LATE_MS after it was carried out. `refuse_login`: nobody's password is right. `behave`: none of this.
 */
export type Order = 'lose_answer' | 'answer_late' | 'refuse_login' | 'behave'
const LATE_MS = 1500

const options = JSON.parse(process.argv[2] as string) as ServerOptions
const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'chdb-http-server-'))
if (options.config !== undefined) {
  writeFileSync(join(folder, 'config.xml'), options.config)
  process.chdir(folder)
}
const session = new Session(join(folder, 'data'))
const rows = join(folder, 'rows')
let order: Order = 'behave'

interface Answer {
  status: number
  headers: Record<string, string>
  body: Buffer
}

const { version } = (await session.queryAsync('SELECT version() AS version', { format: 'JSONEachRow' })).json<{
  version: string
}>()

const server = options.tls === undefined ? createHttpServer() : createHttpsServer(options.tls)
let queue: Promise<unknown> = Promise.resolve()
server.on('request', (request: IncomingMessage, response: ServerResponse) => {
  queue = queue.then(() => serve(request, response)).catch((error) => response.destroy(error))
})
server.listen(options.port ?? 0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('message', (asked: Order) => {
  order = asked
  process.send?.(asked)
})
// The parent has ended, or wants this to.
process.on('disconnect', () => {
  session.close()
  if (options.folder === undefined) rmSync(folder, { recursive: true, force: true })
  process.exit()
})

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const body = decompressed(await buffer(request), request.headers['content-encoding'])
  const answer = url.pathname === '/ping' ? ok(Buffer.from('Ok.\n')) : await answerTo(request, url.searchParams, body)
  const isInsert = /^INSERT/.test(url.searchParams.get('query') ?? '')
  if (order === 'lose_answer' && isInsert) {
    order = 'behave'
    request.socket.destroy()
    return
  }
  if (order === 'answer_late' && isInsert) await sleep(LATE_MS)
  const [encoding, encoded] = compressed(answer.body, url.searchParams, request.headers['accept-encoding'])
  response.writeHead(answer.status, { ...answer.headers, ...encoding }).end(encoded)
}

const ok = (body: Buffer, headers: Record<string, string> = {}): Answer => ({ status: 200, headers, body })

async function answerTo(request: IncomingMessage, params: URLSearchParams, body: Buffer): Promise<Answer> {
  try {
    authenticate(request, params)
    return await run(params, body)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    const code = /^Code: (\d+)/.exec(text)?.[1] ?? '1002'
    return {
      status: httpStatus(Number(code)),
      headers: { 'X-ClickHouse-Exception-Code': code },
      body: Buffer.from(`${text} (version ${version})\n`),
    }
  }
}

const exception = (code: number, name: string, text: string): Error =>
  new Error(`Code: ${code}. DB::Exception: ${text}. (${name})`)

function authenticate({ headers }: IncomingMessage, params: URLSearchParams): void {
  const [, basic] = /^Basic (.*)$/.exec(headers.authorization ?? '') ?? []
  const [, user, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(basic ?? '', 'base64').toString()) ?? []
  const given = {
    username: user ?? headers['x-clickhouse-user'] ?? params.get('user') ?? 'default',
    password: password ?? headers['x-clickhouse-key'] ?? params.get('password') ?? '',
  }
  const isRight = given.username === options.username && given.password === options.password
  if (isRight && order !== 'refuse_login') return
  const reason = 'Authentication failed: password is incorrect, or there is no user with such name'
  throw exception(516, 'AUTHENTICATION_FAILED', `${given.username}: ${reason}`)
}

/** Parameters of a request that are not settings of the engine. */
const NOT_SETTINGS = new Set([
  ...['database', 'query', 'default_format', 'query_id', 'session_id', 'role', 'user', 'password', 'compress'],
  ...['enable_http_compression', 'wait_end_of_query', 'send_progress_in_http_headers'],
])

async function run(params: URLSearchParams, body: Buffer): Promise<Answer> {
  const settings = [...params].filter(([name]) => !NOT_SETTINGS.has(name) && !name.startsWith('param_'))
  const binding = [...params].flatMap(([name, value]) =>
    name.startsWith('param_') ? [[name.slice('param_'.length), unescaped(value)] as const] : [],
  )
  const started = process.hrtime.bigint()
  try {
    await session.queryAsync(`USE ${identifier(params.get('database') ?? 'default')}`)
    for (const [name, value] of settings) await session.queryAsync(`SET ${identifier(name)} = ${quoted(value)}`)
    const sql = statement(params.get('query'), body)
    // A server takes one statement at a time; the library would take several.
    await session.queryBindAsync('SELECT formatQuery({sql:String})', { sql })
    const format = params.get('default_format') ?? 'TabSeparated'
    const result =
      binding.length > 0
        ? await session.queryBindAsync(sql, Object.fromEntries(binding), { format })
        : await session.queryAsync(sql, { format })
    const summary = { read_rows: `${result.rowsRead}`, read_bytes: `${result.bytesRead}` }
    const elapsed = { elapsed_ns: `${process.hrtime.bigint() - started}` }
    return ok(Buffer.from(result.bytes()), { 'X-ClickHouse-Summary': JSON.stringify({ ...summary, ...elapsed }) })
  } finally {
    for (const [name] of settings) await reset(name)
  }
}

/** Forgets a setting that was good for one request. */
async function reset(name: string): Promise<void> {
  try {
    await session.queryAsync(`SET ${identifier(name)} = DEFAULT`)
  } catch {
    // It was not one, and the request has been told so.
  }
}

/** The statement is in the URL, in the body, or begins in the one and goes on in the other. */
function statement(inUrl: string | null, body: Buffer): string {
  if (inUrl === null) return body.toString()
  if (body.length === 0) return inUrl
  const insert = /^(INSERT INTO [\w.`"]+ *(?:\([^)]*\) *)?)(.*)$/s.exec(inUrl)
  if (insert === null) return `${inUrl}\n${body}`
  // In a statement the library takes an empty line for the end of its rows.
  writeFileSync(rows, body)
  return `${insert[1]} FROM INFILE ${quoted(rows)} ${insert[2]}`
}

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`
const identifier = (name: string): string => `\`${name.replace(/[\\`]/g, '\\$&')}\``

const ESCAPES: Record<string, string> = { t: '\t', n: '\n', r: '\r', b: '\b', f: '\f', '0': '\0' }

/** Values of parameters come as a field of the TabSeparated format. */
const unescaped = (value: string): string =>
  value.replace(/\\(.)/gs, (_, character: string) => ESCAPES[character] ?? character)

// As ClickHouse answers them (src/Server/HTTP/exceptionCodeToHTTPStatus.cpp), for the codes that occur here.
const STATUSES: readonly (readonly [status: number, codes: readonly number[]])[] = [
  [400, [6, 26, 27, 36, 38, 41, 62, 72, 117]],
  [403, [192, 193, 497, 516]],
  [404, [46, 47, 50, 56, 60, 81, 115]],
  [501, [48]],
]
const httpStatus = (code: number): number => STATUSES.find(([, codes]) => codes.includes(code))?.[0] ?? 500

function decompressed(body: Buffer, encoding: string | undefined): Buffer {
  if (encoding === 'gzip') return gunzipSync(body)
  return encoding === 'deflate' ? inflateSync(body) : body
}

function compressed(body: Buffer, params: URLSearchParams, accepted: string | string[] | undefined) {
  if (params.get('enable_http_compression') !== '1') return [{}, body] as const
  if (/gzip/.test(String(accepted))) return [{ 'Content-Encoding': 'gzip' }, gzipSync(body)] as const
  if (/deflate/.test(String(accepted))) return [{ 'Content-Encoding': 'deflate' }, deflateSync(body)] as const
  return [{}, body] as const
}
