/** A ClickHouse server or cluster over HTTP(S). */
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { ClickHouseClient } from '@clickhouse/client'
import { OperatorError } from '../core/errors.ts'
import { type Engine, insertClauses } from './engine.ts'
import { codeOf, reasonOf, shortMessage } from './reason.ts'
import { readQuery } from './sql-files.ts'

const DEFAULT_DATABASE = 'intransit'
const REQUEST_TIMEOUT_MS = 60_000
/** For all that is said before the first rows. A server that was put to sleep may need most of it to wake up. */
const GREETING_TIMEOUT_MS = 30_000
/** Year and month of the oldest release with all that the schema uses; docs/store.md says what that is. */
const OLDEST_RELEASE = [24, 7] as const

interface Address {
  /** Scheme, host and port: safe to print. */
  origin: string
  username: string
  password: string
  database: string
}

/**
 * Connects to https://user[:password]@host:port/database; without a password there, it is taken from the environment.
 * @throws OperatorError ERR_USAGE, ERR_STORE_UNREACHABLE, or ERR_STORE_SCHEMA when the server is too old
 */
export async function connectServer(url: string, greetingTimeoutMs = GREETING_TIMEOUT_MS): Promise<Engine> {
  const address = parseAddress(url)
  const [lobby, client] = await Promise.all([clientFor(address, SERVERS_CHOICE), clientFor(address, address.database)])
  try {
    await within(greetingTimeoutMs, greet(lobby, client, address))
  } catch (error) {
    await client.close()
    throw error instanceof OperatorError ? error : unreachable(address, error)
  } finally {
    await lobby.close()
  }
  return {
    client,
    database: address.database,
    takesWholeSchema: false,
    insert: (table, jsonLines, token) => insert(client, table, jsonLines, token),
    deferMerges: async () => undefined,
  }
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

async function insert(
  client: ClickHouseClient,
  table: string,
  jsonLines: string | Uint8Array,
  token: string,
): Promise<void> {
  const { stream } = await client.exec({
    query: `INSERT INTO ${table} ${insertClauses(token)}`,
    values: Readable.from([jsonLines], { objectMode: false }),
  })
  // Nothing when the rows are stored. An exception comes here where the status had been sent before it happened.
  const answer = await text(stream)
  if (answer.trim() !== '') throw new Error(answer)
}

/** Login and version come first: `client` asks for a database that may have to be made. */
async function greet(lobby: ClickHouseClient, client: ClickHouseClient, address: Address): Promise<void> {
  const version = await versionOf(lobby, address)
  if (!isNewEnough(version)) {
    throw new OperatorError(
      'ERR_STORE_SCHEMA',
      `ClickHouse at ${address.origin} is version ${version}, and ${OLDEST_RELEASE.join('.')} or newer is needed`,
      'update the server, or keep the flows in a folder with --data',
    )
  }
  const missing = await versionOf(client, address).then(
    () => false,
    (error: unknown) => {
      if (codeOf(error) === UNKNOWN_DATABASE) return true
      throw error
    },
  )
  if (missing) await createDatabase(lobby, address)
}

async function versionOf(client: ClickHouseClient, address: Address): Promise<string> {
  const answer = await client.query({ query: readQuery('server-version'), format: 'JSONEachRow' })
  const [row] = await answer.json<{ version: unknown }>().catch((error: unknown) => {
    if (codeOf(error) !== '') throw error
    // Text that is no JSON.
    return []
  })
  if (typeof row?.version === 'string' && /^\d+\.\d+/.test(row.version)) return row.version
  throw notClickHouse(address)
}

function isNewEnough(version: string): boolean {
  const [year = 0, month = 0] = version.split('.').map(Number)
  const [oldestYear, oldestMonth] = OLDEST_RELEASE
  return year > oldestYear || (year === oldestYear && month >= oldestMonth)
}

/** @throws OperatorError ERR_USAGE when the URL is none, or asks for an unencrypted link to another host. */
export function parseAddress(text: string): Address {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) {
    // The text is not repeated: it may hold a password.
    throw new OperatorError(
      'ERR_USAGE',
      'the address of the ClickHouse server is not an http or https URL',
      'write it as https://user@host:8443/database',
    )
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new OperatorError(
      'ERR_USAGE',
      `the link to ${url.host} would not be encrypted`,
      'use https (port 8443 by default), or http to this host only',
    )
  }
  if (url.search !== '' || url.hash !== '') {
    throw new OperatorError(
      'ERR_USAGE',
      'the address of the ClickHouse server has more after its database',
      'write it as https://user@host:8443/database, and % # ? in a password as %25 %23 %3F',
    )
  }
  return {
    origin: url.origin,
    username: unescaped(url.username) || 'default',
    password: unescaped(url.password) || passwordOfEnvironment(),
    database: unescaped(url.pathname.slice(1)) || DEFAULT_DATABASE,
  }
}

/** CLICKHOUSE_PASSWORD, or the first line of the file that CLICKHOUSE_PASSWORD_FILE names. @throws OperatorError ERR_USAGE */
function passwordOfEnvironment(): string {
  const { CLICKHOUSE_PASSWORD: password, CLICKHOUSE_PASSWORD_FILE: file } = process.env
  if (password !== undefined || file === undefined) return password ?? ''
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/, 1)[0] as string
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const fix = 'have CLICKHOUSE_PASSWORD_FILE name a file that this user may read'
    throw new OperatorError('ERR_USAGE', `the password in ${file} cannot be read (${code})`, fix)
  }
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new OperatorError(
      'ERR_USAGE',
      'the address of the ClickHouse server has a % that escapes no character',
      'write % as %25',
    )
  }
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127\.[\d.]+$/.test(host)

async function clientFor({ origin, username, password }: Address, database: string): Promise<ClickHouseClient> {
  const { createClient, ClickHouseLogLevel } = await import('@clickhouse/client')
  return createClient({
    url: origin,
    username,
    password,
    database,
    application: 'intransit',
    request_timeout: REQUEST_TIMEOUT_MS,
    log: { level: ClickHouseLogLevel.OFF },
    // Counters as numbers; servers before 25.8 quote them by default.
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  })
}

async function createDatabase(lobby: ClickHouseClient, { origin, username, database }: Address): Promise<void> {
  try {
    await lobby.command({
      query: 'CREATE DATABASE IF NOT EXISTS {database:Identifier}',
      query_params: { database },
    })
  } catch (error) {
    if (codeOf(error) !== ACCESS_DENIED) throw error
    throw new OperatorError(
      'ERR_STORE_UNREACHABLE',
      `${origin} has no database ${database}, and user ${username} may not create it`,
      `create the database, or grant CREATE DATABASE to ${username}`,
    )
  }
}

/** To the client this name is none: it sends no database, and the server takes the user's own. */
const SERVERS_CHOICE = 'default'

// ClickHouse's error codes (src/Common/ErrorCodes.cpp).
const UNKNOWN_DATABASE = '81'
const ACCESS_DENIED = '497'
/** UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, AUTHENTICATION_FAILED. */
const LOGIN_REFUSED: readonly string[] = ['192', '193', '194', '516']

const UNKNOWN_ISSUER = [
  'nobody who is trusted here issued it',
  "name a PEM file with its issuer's certificate in NODE_EXTRA_CA_CERTS",
] as const

/** Node's codes of a certificate that cannot be trusted: what is wrong with it, and what to do. */
const UNTRUSTED: Record<string, readonly [what: string, fix: string]> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_ISSUER,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_ISSUER,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_ISSUER,
  ERR_TLS_CERT_ALTNAME_INVALID: ['it is for another host', 'use the host name that the certificate is for'],
  CERT_HAS_EXPIRED: ['it has expired', 'renew the certificate of the server'],
  CERT_NOT_YET_VALID: ['it is not valid yet', 'correct the clock here, or the certificate of the server'],
}

function unreachable(address: Address, error: unknown): OperatorError {
  const { origin, username } = address
  const code = codeOf(error)
  if (LOGIN_REFUSED.includes(code)) {
    return new OperatorError(
      'ERR_STORE_UNREACHABLE',
      `${origin} refuses the login of user ${username}`,
      'correct the user in the URL and its password there or in CLICKHOUSE_PASSWORD',
    )
  }
  const untrusted = UNTRUSTED[code]
  if (untrusted !== undefined) {
    const [what, fix] = untrusted
    return new OperatorError('ERR_STORE_UNREACHABLE', `the certificate of ${origin} is not trusted: ${what}`, fix)
  }
  // Neither ClickHouse nor the system has put a code on it: somebody else's answer. HPE_: not even HTTP.
  if (code === '' || code.startsWith('HPE_')) return notClickHouse(address, shortMessage(error))
  return new OperatorError(
    'ERR_STORE_UNREACHABLE',
    `ClickHouse at ${origin} cannot be reached: ${reasonOf(error)}`,
    'correct the address after --clickhouse, or start the server',
  )
}

function notClickHouse({ origin }: Address, says = ''): OperatorError {
  return new OperatorError(
    'ERR_STORE_UNREACHABLE',
    `what answers at ${origin} is not ClickHouse's HTTP interface${says === '' ? '' : `: ${says}`}`,
    'correct the address after --clickhouse; ClickHouse listens for https on 8443, for http on 8123',
  )
}
