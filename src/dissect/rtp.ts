/**
 * RTP and RTCP. A packet of RTP is known by those before it: one source whose numbers follow each other. Whether its payload
 * is encrypted (SRTP) the header does not say. What can tell: RTCP on the same ports, in the clear or not, and a payload that
 * no cipher would produce. Without either the protection stays undetermined.
 */
import type { FlowFacts } from '../core/facts.ts'
import {
  isClearRtcp,
  isReadable,
  isRtcpType,
  mayBeRtp,
  rtpPayloadAt,
  rtpPayloadType,
  rtpSequence,
  rtpSource,
  rtpTimestamp,
} from '../wire/rtp.ts'
import type { DatagramDissector, DissectorState } from './dissector.ts'
import { recognisedDatagrams } from './recognised.ts'

/** Packets of one direction that follow each other before the name is given. */
const MIN_FOLLOWING = 3
/** Packets that did not fit before the name is taken back. */
const MAX_STRANGE = 3
/** RTCP comes every five seconds or so (RFC 3550 §6.2). */
const MAX_PACKETS = 1500
/** Packets that may be lost or late between two (RFC 3550 appendix A.1 allows more once a source is known). */
const MAX_STEP = 50
/** Ten seconds of a clock of 90 kHz. */
const MAX_TIME_STEP = 900_000

class Lane {
  source = 0
  type = 0
  sequence = 0
  timestamp = 0
  following = 0

  reset(): void {
    this.source = 0
    this.following = 0
  }

  /** Does the packet follow those before it? */
  takes(buf: Uint8Array, at: number): boolean {
    const sequence = rtpSequence(buf, at)
    const timestamp = rtpTimestamp(buf, at)
    const step = (sequence - this.sequence) & 0xffff
    const timeStep = (timestamp - this.timestamp) >>> 0
    const isKnown = this.source === rtpSource(buf, at)
    const isLate = step > 0xffff - MAX_STEP
    // Once it has its name, it may change to comfort noise or events.
    const isSameType = this.following >= MIN_FOLLOWING || this.type === rtpPayloadType(buf, at)
    const isNear = isKnown && isSameType && (isLate || (step >= 1 && step <= MAX_STEP))
    const isInTime = timeStep <= MAX_TIME_STEP || timeStep >= 2 ** 32 - MAX_TIME_STEP
    if (isNear && isLate) return true
    const follows = isNear && isInTime
    this.following = follows ? this.following + 1 : 1
    this.source = rtpSource(buf, at)
    this.type = rtpPayloadType(buf, at)
    this.sequence = sequence
    this.timestamp = timestamp
    return follows
  }
}

class State implements DissectorState {
  done = false
  refused = false
  packets = 0
  strange = 0
  readonly lanes: readonly [Lane, Lane] = [new Lane(), new Lane()]
}

export const rtp: DatagramDissector<State> = {
  name: 'rtp',
  about: {
    title: 'RTP and SRTP',
    source: 'RFC 3550, RFC 3711',
    reads: 'encrypted or not, where RTCP or the payload shows it',
  },
  transport: 17,
  ports: [5004],
  tentative: true,
  probe: mayBeRtp,
  start(_facts, used = null) {
    const state = used ?? new State()
    state.done = false
    state.refused = false
    state.packets = 0
    state.strange = 0
    state.lanes[0].reset()
    state.lanes[1].reset()
    return state
  },
  read(state, facts, direction, buf, at, end, missing) {
    state.packets += 1
    if (isRtcpType(buf, at, end)) readRtcp(state, facts, isClearRtcp(buf, at, end, missing))
    else readRtp(state, facts, state.lanes[direction], buf, at, end, missing)
    if (state.packets >= MAX_PACKETS) state.done = true
  },
  finish() {},
}

function readRtp(
  state: State,
  facts: FlowFacts,
  lane: Lane,
  buf: Uint8Array,
  at: number,
  end: number,
  missing: number,
): void {
  const isFirst = lane.source === 0
  const follows = mayBeRtp(buf, at, end, missing) && lane.takes(buf, at)
  if (!follows) {
    if (!isFirst && !isNamed(facts)) state.strange += 1
    // Two sources may share a flow; nothing else may before it has its name.
    state.refused = state.strange >= MAX_STRANGE
    return
  }
  if (lane.following < MIN_FOLLOWING) return
  name(facts)
  facts.ambiguous = true
  if (isReadable(buf, rtpPayloadAt(buf, at, end), end)) conclude(state, facts, 'cleartext', 'RTP')
}

/** RFC 3711 §3.4: who encrypts RTP also authenticates RTCP, which then no longer adds up. */
function readRtcp(state: State, facts: FlowFacts, isClear: boolean): void {
  if (!isNamed(facts)) return
  conclude(state, facts, isClear ? 'cleartext' : 'opaque', isClear ? 'RTP' : 'SRTP')
}

const isNamed = (facts: FlowFacts): boolean => facts.appProtocol === 'rtp'

/** What came before on the same ports only found the way to it. */
function name(facts: FlowFacts): void {
  if (facts.appProtocol === null || facts.appProtocol === 'stun') facts.appProtocol = 'rtp'
}

function conclude(state: State, facts: FlowFacts, protection: 'cleartext' | 'opaque', security: string): void {
  facts.protection = protection
  facts.protocolSecurity = security
  state.done = true
}

export const rtcp: DatagramDissector = recognisedDatagrams({
  name: 'rtcp',
  about: { title: 'RTCP', source: 'RFC 3550 §6', reads: null },
  transport: 17,
  ports: [5005],
  probe: isClearRtcp,
})
