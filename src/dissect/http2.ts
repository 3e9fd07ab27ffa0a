/** HTTP/2 in the clear: with prior knowledge, or behind an Upgrade to h2c; gRPC by its content type. */
import type { FlowFacts } from '../core/facts.ts'
import { lendBuffer, returnBuffer } from '../flow/buffer-pool.ts'
import { HpackReader } from '../wire/hpack.ts'
import {
  END_HEADERS,
  FRAME_HEADER_BYTES,
  FrameType,
  frameFlags,
  frameLength,
  frameStream,
  frameType,
  headerFragment,
  http2Opening,
  PREFACE_BYTES,
} from '../wire/http2-frame.ts'
import { CLIENT, type Direction, type Dissector, type DissectorState, type Probe, SERVER } from './dissector.ts'
import { type Block, type Effect, effectOf, http2Facts, NOW } from './http2-fields.ts'

/** Frames larger than SETTINGS_MAX_FRAME_SIZE's default may carry data; those with headers are not waited for. */
const MAX_HEADERS_BYTES = 48 * 1024
/** Header blocks read of one direction. What a connection shows, it shows early. */
const MAX_BLOCKS = 64
/** Streams whose request carried credentials and has no response yet. */
const MAX_AUTHENTICATING = 32

class Lane {
  readonly hpack = new HpackReader<Effect>(effectOf)
  blocks = 0
  /** A header block that goes on in CONTINUATION frames. */
  join: Uint8Array | null = null
  joined = 0
  stream = 0
  /** The client's preface was read, or is not due. */
  begun = false

  reset(): void {
    this.hpack.reset()
    this.blocks = 0
    this.release()
    this.begun = false
  }

  release(): void {
    if (this.join !== null) returnBuffer(this.join)
    this.join = null
    this.joined = 0
  }
}

export class Http2State implements DissectorState {
  done = false
  readonly lanes: readonly [Lane, Lane] = [new Lane(), new Lane()]
  readonly authenticating = new Set<number>()

  reset(): void {
    this.done = false
    for (const lane of this.lanes) lane.reset()
    this.authenticating.clear()
  }
}

export const http2: Dissector<Http2State> = {
  name: 'http2',
  about: {
    title: 'HTTP/2 and gRPC in the clear',
    source: 'RFC 9113, RFC 7541',
    reads: 'methods, hosts, credentials, cookies of the header blocks',
  },
  inside: ['grpc'],
  transport: 'tcp',
  ports: [80, 8080, 50051],

  probe(buf, at, end): Probe {
    const opening = http2Opening(buf, at, end)
    return opening === 'client' || opening === 'server' ? 'match' : opening
  },

  opener(buf, at, end): Direction | null {
    const opening = http2Opening(buf, at, end)
    if (opening === 'client') return CLIENT
    return opening === 'server' ? SERVER : null
  },

  start(facts, used = null): Http2State {
    if (facts.appProtocol === null || facts.appProtocol === 'http') facts.appProtocol = 'http2'
    if (used === null) return new Http2State()
    used.reset()
    return used
  },

  feed(state, facts, direction, buf, at, end, timeUs): number {
    let p = at + skipPreface(state, facts, direction, buf, at, end)
    if (!state.lanes[direction].begun) return state.done ? end - at : 0
    while (!state.done && end - p >= FRAME_HEADER_BYTES) {
      const next = p + FRAME_HEADER_BYTES + frameLength(buf, p)
      if (carriesHeaders(frameType(buf, p))) {
        if (next - p > MAX_HEADERS_BYTES) return giveUp(state, facts, end - at)
        if (next > end) break
        readHeaders(state, facts, direction, buf, p, next, timeUs)
      } else if (frameType(buf, p) === FrameType.DATA) {
        facts.protection = 'cleartext'
      }
      p = next
    }
    return state.done ? Math.max(p, end) - at : p - at
  },

  gap(state, facts): void {
    // Both tables of fields depend on every byte before.
    facts.sawGap = true
    state.done = true
  },

  finish(state): void {
    for (const lane of state.lanes) lane.release()
  },
}

/** Bytes of the client's preface, which is stepped over once; `begun` stays false while it is not all there. */
function skipPreface(
  state: Http2State,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): number {
  const lane = state.lanes[direction]
  if (lane.begun) return 0
  const opening = direction === SERVER ? 'server' : http2Opening(buf, at, end)
  if (opening === 'unsure') return 0
  if (opening === 'no_match') giveUp(state, facts, 0)
  else lane.begun = true
  return opening === 'client' ? PREFACE_BYTES : 0
}

const carriesHeaders = (type: number): boolean => type === FrameType.HEADERS || type === FrameType.CONTINUATION

function giveUp(state: Http2State, facts: FlowFacts, bytes: number): number {
  facts.malformed += 1
  state.done = true
  return bytes
}

function readHeaders(
  state: Http2State,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
): void {
  const lane = state.lanes[direction]
  const isFirst = frameType(buf, at) === FrameType.HEADERS
  const { at: from, end: to } = isFirst ? headerFragment(buf, at) : { at: at + FRAME_HEADER_BYTES, end }
  // RFC 9113 §6.10: nothing comes between a block's frames.
  if (to < from || isFirst !== (lane.join === null)) {
    giveUp(state, facts, 0)
    return
  }
  if (isFirst) lane.stream = frameStream(buf, at)
  const isLast = (frameFlags(buf, at) & END_HEADERS) !== 0
  if (isFirst && isLast) {
    readBlock(state, facts, direction, buf, from, to, timeUs)
    return
  }
  if (!append(lane, buf, from, to)) giveUp(state, facts, 0)
  else if (isLast) readBlock(state, facts, direction, lane.join as Uint8Array, 0, lane.joined, timeUs)
  if (isLast) lane.release()
}

function append(lane: Lane, buf: Uint8Array, at: number, end: number): boolean {
  const need = lane.joined + end - at
  if (need > MAX_HEADERS_BYTES) return false
  lane.join ??= lendBuffer(MAX_HEADERS_BYTES)
  lane.join.set(buf.subarray(at, end), lane.joined)
  lane.joined = need
  return true
}

function readBlock(
  state: Http2State,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
): void {
  const lane = state.lanes[direction]
  const block: Block = { status: 0, isRequest: false, authenticates: false, isGrpc: false, grpcStatus: -1, timeUs }
  facts.protection = 'cleartext'
  NOW.timeUs = timeUs
  if (!lane.hpack.read(buf, at, end, (effect) => effect(facts, block))) {
    giveUp(state, facts, 0)
    return
  }
  const http = http2Facts(facts)
  if (block.isRequest) http.requests++
  if (block.status >= 200) http.responses++
  noteOutcome(state, facts, lane.stream, block)
  lane.blocks += 1
  if (lane.blocks >= MAX_BLOCKS) state.done = true
}

function noteOutcome({ authenticating }: Http2State, facts: FlowFacts, stream: number, block: Block): void {
  if (block.authenticates && authenticating.size < MAX_AUTHENTICATING) authenticating.add(stream)
  const isAnswered = block.grpcStatus >= 0 || (block.status >= 200 && !block.isGrpc)
  if (!isAnswered || !authenticating.delete(stream)) return
  if (block.status === 401 || block.status === 407 || isTurnedAway(facts, block.grpcStatus))
    facts.authOutcome = 'failure'
  else if (block.grpcStatus === 0 || (block.grpcStatus < 0 && block.status < 400)) facts.authOutcome = 'success'
}

/** gRPC's statuses: UNAUTHENTICATED, and for etcd INVALID_ARGUMENT where the password is wrong. */
const isTurnedAway = (facts: FlowFacts, status: number): boolean =>
  status === 16 || (status === 3 && facts.authMechanisms.includes('etcd-password'))
