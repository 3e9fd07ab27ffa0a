/** What happens to findings, as server-sent events: one look at the store for all who listen, and a bound on each of them. */
import { createHash } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import type { Select } from './bounded-select.ts'
import { Problem } from './problem.ts'
import { type Context, type Route, VIEWERS } from './route.ts'

const MAX_CLIENTS = 64
/** Bytes that a client has not taken yet; one that takes none is let go. */
const MAX_WAITING_BYTES = 1024 * 1024
const LOOK_MS = 1000
/** A field of the stream: come again after so many milliseconds. */
const RETRY = 'retry: 2000\n\n'
const HEARTBEAT_MS = 15_000
/** Rows of one second may become visible in another order: so much is looked at again. */
const OVERLAP_S = 5
/** For who has not taken the last of it; then the connection is cut. */
const END_MS = 1000
/** What happened earlier is in the list. */
const MAX_BACK_S = 86_400
const MAX_ROWS = 1000
const ROWS_A_TURN = 16
/** Told lately, so that what is looked at again is not told again. */
const MAX_TOLD = 10_000

interface Row {
  readonly stored_s: number
  readonly [column: string]: unknown
}

/** What a store is asked, and when it stops; made once for a server. */
export class FindingStream {
  readonly #clients = new Set<PassThrough>()
  /** Another set when nobody has listened in between: a look that was under way then is over. */
  #told = new Set<string>()
  #sinceS = 0
  #timer: NodeJS.Timeout | null = null
  #heartbeat: NodeJS.Timeout | null = null
  #isLooking = false
  /** What is told lately is known, so that whoever comes without an id asks the store nothing. */
  #isCaughtUp = false
  /** They catch up one after the other: many that come at once, as after a restart, are one question at a time to the store. */
  #opening: Promise<void> = Promise.resolve()

  /** Everything since the event of this id, and what comes. @throws Problem 503 */
  async open(select: Select, lastId: string | null): Promise<PassThrough> {
    if (this.#clients.size >= MAX_CLIENTS) {
      throw new Problem(503, `${MAX_CLIENTS} listen already`, { 'retry-after': '30' })
    }
    const stream = new PassThrough({ highWaterMark: MAX_WAITING_BYTES })
    // Before the store is asked: the place is taken, and an end in between ends this as well.
    this.#clients.add(stream)
    stream.once('close', () => this.#leave(stream))
    try {
      await this.#inTurn(() => this.#catchUp(select, stream, lastId))
    } catch (error) {
      stream.destroy()
      throw error
    }
    // Whoever left meanwhile must not leave a clock behind.
    if (!this.#clients.has(stream)) return stream
    this.#timer ??= setInterval(() => void this.#look(select), LOOK_MS)
    this.#heartbeat ??= setInterval(() => this.#say(': still here\n\n'), HEARTBEAT_MS)
    return stream
  }

  /** Ends all of them. Whoever wants more comes again, and is asked again who it is. */
  end(): void {
    for (const stream of this.#clients) {
      stream.end()
      setTimeout(() => stream.destroy(), END_MS).unref()
      this.#leave(stream)
    }
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#opening.then(work)
    this.#opening = turn.catch(() => undefined)
    await turn
  }

  async #catchUp(select: Select, stream: PassThrough, lastId: string | null): Promise<void> {
    // Left while it waited.
    if (!this.#clients.has(stream)) return
    const lastS = secondsOf(lastId)
    if (this.#isCaughtUp && lastS === null) {
      stream.write(RETRY)
      return
    }
    const [clock] = await select<{ now_us: string | number }>('clock', {})
    const nowS = Math.floor(Number(clock?.now_us) / 1e6)
    if (!this.#isCaughtUp) {
      this.#sinceS = nowS
      // What is there by now is not news to whoever comes without an id.
      for (const row of await rowsSince(select, nowS - OVERLAP_S, MAX_TOLD)) this.#told.add(idOf(row))
      this.#isCaughtUp = this.#clients.size > 0
    }
    stream.write(RETRY)
    if (lastS === null) return
    for (const row of await rowsSince(select, Math.max(lastS - OVERLAP_S, nowS - MAX_BACK_S))) {
      if (idOf(row) !== lastId) stream.write(eventOf(row))
    }
  }

  async #look(select: Select): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      // What is looked at again must not fill the answer: a burst would hide all that comes after it.
      const told = this.#told
      const limit = MAX_ROWS + told.size
      let said = 0
      for (const row of await rowsSince(select, this.#sinceS - OVERLAP_S, limit)) {
        if (this.#told !== told) return
        const id = idOf(row)
        if (told.has(id)) continue
        this.#note(id)
        this.#sinceS = Math.max(this.#sinceS, row.stored_s)
        this.#say(eventOf(row))
        said += 1
        // Who reads must get the time to: in one go a burst would look like a client that takes nothing.
        if (said % ROWS_A_TURN === 0) await turn()
      }
    } catch {
      // The store is away: there is another second.
    } finally {
      this.#isLooking = false
    }
  }

  #note(id: string): void {
    this.#told.add(id)
    const [oldest] = this.#told
    if (this.#told.size > MAX_TOLD && oldest !== undefined) this.#told.delete(oldest)
  }

  #say(text: string): void {
    for (const stream of this.#clients) {
      if (stream.writableLength + stream.readableLength > MAX_WAITING_BYTES) stream.destroy()
      else stream.write(text)
    }
  }

  #leave(stream: PassThrough): void {
    this.#clients.delete(stream)
    if (this.#clients.size > 0) return
    if (this.#timer !== null) clearInterval(this.#timer)
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat)
    this.#timer = null
    this.#heartbeat = null
    this.#told = new Set()
    this.#isCaughtUp = false
  }
}

const rowsSince = (select: Select, since: number, limit = MAX_ROWS): Promise<Row[]> =>
  select<Row>('finding-events-since', { since: Math.max(0, since), limit })

/** "1764435600-" and a hash: the same event has the same, in every process. */
function idOf({ stored_s, ...event }: Row): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([event['at'], event['key'], event['kind']]))
    .digest('hex')
  return `${stored_s}-${hash.slice(0, 16)}`
}

const secondsOf = (id: string | null): number | null => {
  const seconds = /^(\d{1,10})-[0-9a-f]{16}$/.exec(id ?? '')?.[1]
  return seconds === undefined ? null : Number(seconds)
}

const eventOf = ({ stored_s, ...event }: Row): string =>
  `id: ${idOf({ stored_s, ...event })}\nevent: ${String(event['kind'])}\ndata: ${JSON.stringify(event)}\n\n`

export const findingEvents: Route = {
  path: '/api/v1/findings/events',
  summary:
    'What happens to findings from now on, or since Last-Event-ID, as server-sent events; some may come twice, with one id',
  demand: VIEWERS,
  query: {},
  answers: { 'text/event-stream': { type: 'string' } },
  answer: async ({ select, stream }: Context, _query, { reply }) => {
    reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no')
    // When the stream has ended nothing more comes on its connection, and a server that ends need not wait for it.
    reply.header('connection', 'close')
    if (reply.request.method === 'HEAD') return ''
    const lastId = reply.request.headers['last-event-id']
    const opened = await stream.open(select, typeof lastId === 'string' ? lastId : null)
    // What it has handed on may still be waiting for a client that reads nothing.
    opened.once('close', () => setTimeout(() => reply.raw.destroy(), END_MS).unref())
    return opened
  },
}
