import type { FlowFacts } from '../core/facts.ts'
import { CR, HTAB, isKnownMethod, LF, parseStartLine, SP, StartLine, type StartLineKind } from '../wire/http1.ts'
import { FieldSpan, parseChunkSize, parseField } from '../wire/http1-fields.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import {
  endHead,
  expose,
  identifySshServer,
  leaveHttp,
  loseTrack,
  openRequest,
  openResponse,
  readField,
  settle,
} from './http-message.ts'
import { HttpState, type Lane, MAX_HEAD_BYTES, type Phase } from './http-state.ts'

/** A request line is waited for this long; most servers refuse longer ones. */
const MAX_PROBE_BYTES = 8 * 1024
/** Enough of an unfinished start line to see that it is none, and short enough to look at again with each segment. */
const START_PREFIX_BYTES = 64
/** Passed over by one call, so that a sum of offsets stays a small integer. */
const MAX_SKIP_BYTES = 2 ** 30
const MAX_CHUNK_LINE_BYTES = 4096
/** Empty lines before a message (RFC 9112 §2.2) that a probe steps over. */
const MAX_EMPTY_LINES = 2

// Scratch of one call; nothing in them outlives it.
const LINE = new StartLine()
const FIELD = new FieldSpan()

/** What a step returns when it needs bytes that did not come yet. */
const WAIT = -1
/** Reads from `at` and returns the offset it is done with (beyond `end` to skip), or WAIT. It moves on or changes phase. */
type Step = (state: HttpState, facts: FlowFacts, lane: Lane, buf: Uint8Array, at: number, end: number) => number

const STEPS: Readonly<Record<Phase, Step>> = {
  start: readStart,
  fields: readFields,
  body: passBytes,
  chunk_size: readChunkSize,
  chunk_end: readChunkEnd,
  trailers: readTrailers,
  perhaps_tunnel: tellTunnel,
  resync: seekStart,
  to_close: passAll,
}

/**
 * HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112). Each direction is read on its own, so one-sided captures work, and a
 * start line says which end it comes from, so a wrong orientation does no harm. Bodies are stepped over.
 */
export const http: Dissector<HttpState> = {
  name: 'http',
  about: {
    title: 'HTTP/1.0 and 1.1',
    source: 'RFC 9112',
    reads: 'methods, hosts, credentials, cookies; CONNECT and Upgrade followed',
  },
  inside: ['websocket'],
  transport: 'tcp',
  ports: [80, 8080, 8000, 8008, 8081, 8888, 3000, 3128, 5000, 5985, 9090, 9200],

  probe(buf, at, end): Probe {
    const from = skipEmptyLines(buf, at, end)
    const kind = parseStartLine(buf, from, Math.min(end, from + MAX_PROBE_BYTES), LINE)
    if (kind === 'malformed') return 'no_match'
    if (kind !== 'incomplete') return 'match'
    if (end - from < MAX_PROBE_BYTES) return 'unsure'
    // A very long target: a registered method and a path are enough to go on reading; no fact is made of it yet.
    const isPath = LINE.targetAt > 0 && buf[LINE.targetAt] === 0x2f
    return isPath && isKnownMethod(buf, from, LINE.methodEnd) ? 'match' : 'no_match'
  },

  opener(buf, at, end): Direction | null {
    const from = skipEmptyLines(buf, at, end)
    const kind = parseStartLine(buf, from, Math.min(end, from + MAX_PROBE_BYTES), LINE)
    if (kind === 'response') return SERVER
    return kind === 'request' || kind === 'simple_request' || (kind === 'incomplete' && LINE.methodEnd > 0)
      ? CLIENT
      : null
  },

  start(_facts, used = null): HttpState {
    if (used === null) return new HttpState()
    used.reset()
    return used
  },

  feed(state, facts, direction, buf, at, end, timeUs): number {
    state.nowUs = timeUs
    const lane = state.lanes[direction]
    let pos = at
    while (pos < end && !state.done) {
      const next = STEPS[lane.phase](state, facts, lane, buf, pos, end)
      if (next === WAIT) break
      pos = next
    }
    return pos - at
  },

  gap(state, facts, direction): void {
    facts.sawGap = true
    state.unpair()
    const lane = state.lanes[direction]
    if (lane.phase === 'to_close') return
    lane.phase = 'resync'
    lane.searched = 0
    lane.headBytes = 0
    lane.lookBytes = 0
    lane.form = null
    lane.leaving = null
  },

  finish: settle,
}

function skipEmptyLines(buf: Uint8Array, at: number, end: number): number {
  let i = at
  for (let lines = 0; lines < MAX_EMPTY_LINES && i < end; lines++) {
    if (buf[i] === LF) i++
    else if (buf[i] === CR && (i + 1 === end || buf[i + 1] === LF)) i = Math.min(i + 2, end)
    else break
  }
  return i
}

/** Offset of the line feed that ends the line at `at`, or -1; what was searched is not searched again. */
function findLineFeed(lane: Lane, buf: Uint8Array, at: number, end: number): number {
  let i = at + lane.searched
  while (i < end && buf[i] !== LF) i++
  lane.searched = i < end ? 0 : end - at
  return i < end ? i : -1
}

const isEmptyLine = (buf: Uint8Array, at: number, lineFeed: number): boolean =>
  lineFeed === at || (lineFeed === at + 1 && buf[at] === CR)

/** A line of a head, counted against MAX_HEAD_BYTES: the offset of its line feed, or -1 (and then perhaps given up). */
function findHeadLine(facts: FlowFacts, lane: Lane, buf: Uint8Array, at: number, end: number): number {
  const lineFeed = findLineFeed(lane, buf, at, end)
  const lineBytes = lineFeed < 0 ? end - at : lineFeed + 1 - at
  if (lane.headBytes + lineBytes > MAX_HEAD_BYTES) {
    facts.capHit = true
    lane.phase = 'to_close'
    return -1
  }
  if (lineFeed >= 0) lane.headBytes += lineBytes
  return lineFeed
}

/** After `findHeadLine` said -1: wait for more, or go on in the phase it changed to. */
const unlessGivenUp = (lane: Lane, at: number): number => (lane.phase === 'to_close' ? at : WAIT)

function readStart(state: HttpState, facts: FlowFacts, lane: Lane, buf: Uint8Array, at: number, end: number): number {
  const lineFeed = findHeadLine(facts, lane, buf, at, end)
  if (lineFeed < 0) {
    const mayBecome = lane.phase === 'to_close' || mayBecomeStart(buf, at, Math.min(end, at + START_PREFIX_BYTES))
    return mayBecome ? unlessGivenUp(lane, at) : readStrange(state, facts, lane, buf, at, end)
  }
  if (isEmptyLine(buf, at, lineFeed)) return lineFeed + 1
  const kind: StartLineKind = parseStartLine(buf, at, lineFeed + 1, LINE)
  if (kind === 'request') openRequest(state, facts, lane, buf, at, LINE)
  else if (kind === 'simple_request') openSimpleRequest(state, facts, lane, buf, at)
  else if (kind === 'response') openResponse(state, facts, lane, LINE.status)
  else return readStrange(state, facts, lane, buf, at, end)
  return lineFeed + 1
}

/** HTTP/0.9 has no heads: its response is a body up to the close. */
function openSimpleRequest(state: HttpState, facts: FlowFacts, lane: Lane, buf: Uint8Array, at: number): void {
  openRequest(state, facts, lane, buf, at, LINE)
  for (const each of state.lanes) each.phase = 'to_close'
}

const mayBecomeStart = (buf: Uint8Array, at: number, end: number): boolean =>
  (buf[at] === CR && at + 1 === end) || parseStartLine(buf, at, end, LINE) !== 'malformed'

/** Bytes that are no HTTP where a message was due: the tunnel's own, if the last request asked for one. */
function readStrange(state: HttpState, facts: FlowFacts, lane: Lane, buf: Uint8Array, at: number, end: number): number {
  if (lane === state.lanes[SERVER] && !identifySshServer(facts, buf, at, end)) return WAIT
  if (lane.leaving === 'connect') leaveHttp(state, facts, 'connect', true)
  else if (lane.leaving === 'upgrade') lane.phase = 'to_close'
  else loseTrack(facts, lane)
  return at
}

function readFields(state: HttpState, facts: FlowFacts, lane: Lane, buf: Uint8Array, at: number, end: number): number {
  const lineFeed = findHeadLine(facts, lane, buf, at, end)
  if (lineFeed < 0) return unlessGivenUp(lane, at)
  if (isEmptyLine(buf, at, lineFeed)) {
    endHead(state, facts, lane)
    return lineFeed + 1
  }
  // A folded line goes on with the field before it (RFC 9112 §5.2) and adds nothing that is looked for.
  if (buf[at] === SP || buf[at] === HTAB) return lineFeed + 1
  if (!parseField(buf, at, lineFeed, FIELD)) facts.malformed++
  else if (FIELD.name !== null) readField(state, facts, lane, buf, FIELD)
  return lineFeed + 1
}

/** A body's or chunk's bytes. A form's first bytes are looked at as they pass; all others are not even waited for. */
function passBytes(_state: HttpState, facts: FlowFacts, lane: Lane, buf: Uint8Array, at: number, end: number): number {
  let passed = Math.min(lane.remaining, MAX_SKIP_BYTES)
  if (lane.lookBytes > 0) {
    passed = Math.min(passed, end - at, lane.lookBytes)
    lane.lookBytes -= passed
    if (lane.form?.feed(buf, at, at + passed) === true) {
      expose(facts, 'http-form-password')
      facts.authenticatedBy('http-form')
      lane.lookBytes = 0
    }
  }
  lane.remaining -= passed
  if (lane.remaining === 0) lane.phase = lane.coding === 'chunked' ? 'chunk_end' : 'start'
  return at + passed
}

/** RFC 9112 §7.1: chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF. */
function readChunkSize(_s: HttpState, facts: FlowFacts, lane: Lane, buf: Uint8Array, at: number, end: number): number {
  const lineFeed = findLineFeed(lane, buf, at, end)
  const lineBytes = lineFeed < 0 ? end - at : lineFeed - at
  const size = lineFeed < 0 ? 0 : parseChunkSize(buf, at, lineFeed)
  if (lineBytes > MAX_CHUNK_LINE_BYTES || size < 0) {
    lane.searched = 0
    loseTrack(facts, lane)
    return at
  }
  if (lineFeed < 0) return WAIT
  lane.remaining = size
  lane.phase = size > 0 ? 'body' : 'trailers'
  return lineFeed + 1
}

function readChunkEnd(_s: HttpState, facts: FlowFacts, lane: Lane, buf: Uint8Array, at: number, end: number): number {
  const lineFeed = buf[at] === CR ? at + 1 : at
  if (lineFeed === end) return WAIT
  if (buf[lineFeed] !== LF) {
    loseTrack(facts, lane)
    return at
  }
  lane.phase = 'chunk_size'
  return lineFeed + 1
}

/** RFC 9112 §7.1.2: fields behind the last chunk; nothing in them may change what the head said. */
function readTrailers(_s: HttpState, facts: FlowFacts, lane: Lane, buf: Uint8Array, at: number, end: number): number {
  const lineFeed = findHeadLine(facts, lane, buf, at, end)
  if (lineFeed < 0) return unlessGivenUp(lane, at)
  if (isEmptyLine(buf, at, lineFeed)) {
    lane.headBytes = 0
    lane.phase = 'start'
  }
  return lineFeed + 1
}

/** A 2xx response without framing, its request unseen. A TLS handshake record right behind it was let through a tunnel. */
function tellTunnel(state: HttpState, facts: FlowFacts, lane: Lane, buf: Uint8Array, at: number, end: number): number {
  if (buf[at] === 0x16) {
    if (at + 1 === end) return WAIT
    if (buf[at + 1] === 0x03) {
      leaveHttp(state, facts, 'connect', true)
      return at
    }
  }
  facts.protection = 'cleartext'
  lane.phase = 'to_close'
  return at
}

/**
 * After a gap: bytes are passed over until a segment begins with a start line. The tail of a method whose first bytes
 * were lost looks like a method, so only registered ones count.
 */
function seekStart(_s: HttpState, _facts: FlowFacts, lane: Lane, buf: Uint8Array, at: number, end: number): number {
  const kind = parseStartLine(buf, at, Math.min(end, at + MAX_PROBE_BYTES), LINE)
  if (kind === 'malformed') return end
  if (kind === 'incomplete') return end - at < MAX_PROBE_BYTES ? WAIT : end
  if (kind === 'request' && !isKnownMethod(buf, at, LINE.methodEnd)) return end
  lane.phase = 'start'
  return at
}

function passAll(state: HttpState, facts: FlowFacts, _lane: Lane, _buf: Uint8Array, at: number): number {
  if (state.lanes.every((each) => each.phase === 'to_close')) {
    state.done = true
    settle(state, facts)
  }
  return at + MAX_SKIP_BYTES
}
