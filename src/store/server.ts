/** A ClickHouse server or cluster over HTTP(S). */
import { Readable } from 'node:stream'
import type { ClickHouseClient } from '@clickhouse/client'
import { OperatorError } from '../core/errors.ts'
import { type Engine, insertClauses } from './engine.ts'
import { shortMessage } from './short-message.ts'
import { readQuery } from './sql-files.ts'

const DEFAULT_DATABASE = 'intransit'
const REQUEST_TIMEOUT_MS = 60_000

interface Address {
  /** Scheme, host and port: safe to print. */
  origin: string
  username: string
  password: string
  database: string
}

/**
 * Connects to https://user[:password]@host:port/database; without a password there, CLICKHOUSE_PASSWORD is used.
 * @throws OperatorError ERR_USAGE, ERR_STORE_UNREACHABLE
 */
export async function connectServer(url: string): Promise<Engine> {
  const address = parseAddress(url)
  const client = await clientFor(address, address.database)
  try {
    await reach(client, address)
  } catch (error) {
    await client.close()
    throw error
  }
  return { client, insert: (table, jsonLines, token) => insert(client, table, jsonLines, token) }
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
  // An unread answer keeps its connection busy.
  stream.resume()
}

async function reach(client: ClickHouseClient, address: Address): Promise<void> {
  const failure = await greet(client)
  if (failure === null) return
  if (codeOf(failure) !== UNKNOWN_DATABASE) throw unreachable(address, failure)
  await createDatabase(address)
}

/** What is wrong with the server, or null. */
async function greet(client: ClickHouseClient): Promise<unknown> {
  try {
    const answer = await client.query({ query: readQuery('server-version'), format: 'JSONEachRow' })
    const [row] = await answer.json<{ version: string }>().catch(() => [])
    return typeof row?.version === 'string' ? null : new Error('what answers there is not ClickHouse')
  } catch (error) {
    return error
  }
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
  const { CLICKHOUSE_PASSWORD = '' } = process.env
  return {
    origin: url.origin,
    username: decodeURIComponent(url.username) || 'default',
    password: decodeURIComponent(url.password) || CLICKHOUSE_PASSWORD,
    database: decodeURIComponent(url.pathname.slice(1)) || DEFAULT_DATABASE,
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

async function createDatabase(address: Address): Promise<void> {
  const client = await clientFor(address, 'default')
  try {
    await client.command({
      query: 'CREATE DATABASE IF NOT EXISTS {database:Identifier}',
      query_params: { database: address.database },
    })
  } catch (error) {
    if (codeOf(error) !== ACCESS_DENIED) throw unreachable(address, error)
    throw new OperatorError(
      'ERR_STORE_UNREACHABLE',
      `${address.origin} has no database ${address.database}, and user ${address.username} may not create it`,
      `create the database, or grant CREATE DATABASE to ${address.username}`,
    )
  } finally {
    await client.close()
  }
}

// ClickHouse's error codes (src/Common/ErrorCodes.cpp).
const UNKNOWN_DATABASE = '81'
const REQUIRED_PASSWORD = '194'
const ACCESS_DENIED = '497'
const AUTHENTICATION_FAILED = '516'

/** ClickHouse's number or the system's name of an error, or of the first one inside it. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name could not be looked up',
  ECONNRESET: 'the connection was reset',
  EPROTO: 'it does not speak TLS on that port',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
}

function unreachable({ origin, username }: Address, error: unknown): OperatorError {
  const code = codeOf(error)
  if (code === AUTHENTICATION_FAILED || code === REQUIRED_PASSWORD) {
    return new OperatorError(
      'ERR_STORE_UNREACHABLE',
      `${origin} refuses the login of user ${username}`,
      'correct the user in the URL and its password there or in CLICKHOUSE_PASSWORD',
    )
  }
  return new OperatorError(
    'ERR_STORE_UNREACHABLE',
    `ClickHouse at ${origin} cannot be reached: ${REASONS[code] ?? shortMessage(error)}`,
    'correct the address after --clickhouse, or start the server',
  )
}
