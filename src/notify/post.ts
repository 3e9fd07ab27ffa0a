/** One HTTP POST: to a checked address, verified, bounded in time and size, without following anything. */
import { readFileSync } from 'node:fs'
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { resolveDestination } from '../fetch/destination.ts'
import { type Outcome, type ReceiverOptions, TAKEN } from './receiver.ts'
import { urlOf } from './secret.ts'

const TIMEOUT_MS = 10_000
const MAX_ANSWER_BYTES = 64 * 1024
const MAX_WAIT_S = 3600
/** What a receiver will say of the same body again. */
const REFUSALS = new Set([400, 413, 415, 422])

export async function post(options: ReceiverOptions, body: string, headers: Record<string, string>): Promise<Outcome> {
  const url = urlOf(options)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { kind: 'refused', why: 'not an http(s) address' }
  const destination = await resolveDestination(url.hostname, options.allow ?? [])
  if ('why' in destination) return { kind: 'later', why: destination.why }
  const { address, family } = destination
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  const sent = request(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'intransit',
      ...headers,
    },
    // No pool: a connection of its own, to the address that was checked.
    agent: false,
    lookup: (_host, { all }, done) => (all ? done(null, [{ address, family }]) : done(null, address, family)),
    ...tlsOf(options),
  })
  return await outcomeOf(sent, body)
}

/** @throws when a file cannot be read: the queue keeps the message */
function tlsOf({ ca_file, cert_file, key_file }: ReceiverOptions): { ca?: Buffer; cert?: Buffer; key?: Buffer } {
  return {
    ...(ca_file === undefined ? {} : { ca: readFileSync(ca_file) }),
    ...(cert_file === undefined ? {} : { cert: readFileSync(cert_file) }),
    ...(key_file === undefined ? {} : { key: readFileSync(key_file) }),
  }
}

function outcomeOf(sent: ClientRequest, body: string): Promise<Outcome> {
  return new Promise((resolve) => {
    // Of the whole exchange: a receiver that sends a byte a minute is hanging as well.
    const timer = setTimeout(() => end({ kind: 'later', why: `no answer in ${TIMEOUT_MS / 1000} s` }), TIMEOUT_MS)
    const end = (outcome: Outcome): void => {
      clearTimeout(timer)
      sent.destroy()
      resolve(outcome)
    }
    sent.on('error', (error: NodeJS.ErrnoException) =>
      end({ kind: 'later', why: error.code ?? 'the connection failed' }),
    )
    sent.on('response', (answer) => void readAnswer(answer, end))
    sent.end(body)
  })
}

function readAnswer(answer: IncomingMessage, end: (outcome: Outcome) => void): void {
  const status = answer.statusCode ?? 0
  let bytes = 0
  const finish = (): void => end(judge(status, answer.headers['retry-after']))
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) finish()
  })
  answer.on('end', finish)
  // The status is the acknowledgement; what follows it does not matter.
  answer.on('error', finish)
}

function judge(status: number, retryAfter: string | undefined): Outcome {
  if (status >= 200 && status < 300) return TAKEN
  if (REFUSALS.has(status)) return { kind: 'refused', why: `status ${status}` }
  if (status >= 300 && status < 400) return { kind: 'later', why: `status ${status}: redirects are not followed` }
  const seconds = Number(retryAfter)
  if (!(seconds > 0)) return { kind: 'later', why: `status ${status}` }
  return { kind: 'later', why: `status ${status}`, afterMs: Math.min(seconds, MAX_WAIT_S) * 1000 }
}
