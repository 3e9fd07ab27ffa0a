/** One question to an address that somebody else chose: over http(s), to a checked address, bounded in time, size and hops. */
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { type Destination, resolveDestination } from './destination.ts'

/** Why there is no answer. Closed: stored and counted by these words. */
export type FetchFailure =
  | 'not-http' // neither http nor https, or with a user in it
  | 'forbidden-address' // it points inside, and nobody allowed that
  | 'not-resolved'
  | 'no-connection'
  | 'timeout'
  | 'too-large'
  | 'too-many-redirects'
  | 'http-status'

export type Fetched = { readonly body: Uint8Array } | { readonly failure: FetchFailure }

export interface Question {
  readonly address: string
  /** Posted; null = the address is got. */
  readonly post: { readonly type: string; readonly body: Uint8Array } | null
  readonly maxBytes: number
}

export interface FetchLimits {
  /** Ranges beside the public addresses, as 10.0.0.0/8. */
  readonly allow: readonly string[]
  /** For each hop, from its name to the last byte. */
  readonly timeoutMs: number
  /** Resolves when the next connection may be made. */
  readonly turn: () => Promise<void>
}

const MAX_REDIRECTS = 3

/** Never throws: what goes wrong is the failure. */
export async function fetchBounded(question: Question, limits: FetchLimits): Promise<Fetched> {
  let { address } = question
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const url = urlOf(address)
    if (url === null) return { failure: 'not-http' }
    await limits.turn()
    const answer = await inTime(limits.timeoutMs, (signal) => ask(url, question, limits.allow, signal))
    if (!('location' in answer)) return answer
    address = answer.location
  }
  return { failure: 'too-many-redirects' }
}

function urlOf(address: string): URL | null {
  if (!URL.canParse(address)) return null
  const url = new URL(address)
  const isPlain = url.username === '' && url.password === ''
  return isPlain && (url.protocol === 'http:' || url.protocol === 'https:') ? url : null
}

type Answer = Fetched | { readonly location: string }

/** A name that is not resolved and a server that sends a byte a minute are given up alike. */
async function inTime(timeoutMs: number, work: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Answer>((resolve) => {
    timer = setTimeout(() => resolve({ failure: 'timeout' }), timeoutMs)
  })
  const answer = await Promise.race([work(controller.signal), late])
  clearTimeout(timer)
  controller.abort()
  return answer
}

async function ask(url: URL, question: Question, allow: readonly string[], signal: AbortSignal): Promise<Answer> {
  const destination = await resolveDestination(url.hostname, allow)
  if ('why' in destination) return { failure: destination.isForbidden ? 'forbidden-address' : 'not-resolved' }
  if (signal.aborted) return { failure: 'timeout' }
  return await exchange(url, question, destination, signal)
}

function exchange(url: URL, { post, maxBytes }: Question, to: Destination, signal: AbortSignal): Promise<Answer> {
  const { address, family } = to
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve) => {
    const sent = request(url, {
      method: post === null ? 'GET' : 'POST',
      headers: {
        'user-agent': 'intransit',
        ...(post === null ? {} : { 'content-type': post.type, 'content-length': String(post.body.length) }),
      },
      // No pool: a connection of its own, to the address that was checked.
      agent: false,
      signal,
      lookup: (_host, { all }, done) => (all ? done(null, [{ address, family }]) : done(null, address, family)),
    })
    // Also when it is aborted after the answer: then nobody listens any more.
    sent.on('error', () => resolve({ failure: 'no-connection' }))
    sent.on('response', (answer) => readAnswer(answer, url, maxBytes, resolve))
    sent.end(post?.body)
  })
}

const REDIRECTS = new Set([301, 302, 307, 308])

/** A redirect is asked the same again: what is posted is no secret, and means the same everywhere. */
function readAnswer(answer: IncomingMessage, url: URL, maxBytes: number, resolve: (answer: Answer) => void): void {
  answer.on('error', () => resolve({ failure: 'no-connection' }))
  const { statusCode = 0, headers } = answer
  if (REDIRECTS.has(statusCode) && headers.location !== undefined) {
    const isAddress = URL.canParse(headers.location, url.href)
    resolve(isAddress ? { location: new URL(headers.location, url).href } : { failure: 'not-http' })
    return
  }
  if (statusCode !== 200) {
    resolve({ failure: 'http-status' })
    return
  }
  const chunks: Buffer[] = []
  let bytes = 0
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > maxBytes) resolve({ failure: 'too-large' })
    else chunks.push(chunk)
  })
  answer.on('end', () => resolve({ body: Buffer.concat(chunks) }))
}
