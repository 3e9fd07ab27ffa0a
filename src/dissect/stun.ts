/**
 * STUN, and TURN on top of it: how two ends find a way to each other. What they then say, DTLS or RTP, often has the same
 * 5-tuple, so STUN gives way to it.
 */

import { u16 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { channelDataBytes, STUN_HEADER_BYTES, StunMessage } from '../wire/stun.ts'
import { CLIENT, type DatagramDissector, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { datagramMessages, type Reader, streamMessages } from './lone-messages.ts'

/** Checks of a path go on as long as a call; what could still come of them came before. */
const MAX_MESSAGES = 256

const MESSAGE = new StunMessage()

const senderOf = (buf: Uint8Array, at: number, end: number): Direction | null => {
  if (!MESSAGE.read(buf, at, end, 0)) return null
  return MESSAGE.isRequest ? CLIENT : MESSAGE.isResponse ? SERVER : null
}

const MESSAGES = datagramMessages({
  name: 'stun',
  about: {
    title: 'STUN and TURN',
    source: 'RFC 8489, RFC 8656',
    reads: 'credential mechanism and outcome of TURN; whether it relays',
  },
  transport: 17,
  ports: [3478],
  yields: true,
  probe: (buf, at, end, missing) => MESSAGE.read(buf, at, end, missing),
  opener: senderOf,
  read(facts, _direction, buf, at, end, state, missing) {
    if (!MESSAGE.read(buf, at, end, missing)) return false
    readMessage(facts)
    return state.messages >= MAX_MESSAGES
  },
  finish: conclude,
})

export const stun: DatagramDissector<Reader> = {
  ...MESSAGES,
  read(state, facts, direction, buf, at, end, missing, time) {
    const channel = channelDataBytes(buf, at, end)
    const short = channel - (end + missing - at)
    // Over UDP the padding may be left out.
    if (channel > 0 && short >= 0 && short < 4) facts.ambiguous = true
    else MESSAGES.read(state, facts, direction, buf, at, end, missing, time)
  },
}

function readMessage(facts: FlowFacts): void {
  // A realm makes the difference (RFC 8489 §9). Neither mechanism sends the secret.
  if (MESSAGE.hasIntegrity && MESSAGE.isRequest) {
    facts.authenticatedBy(MESSAGE.hasRealm ? 'stun-long-term' : 'stun-short-term')
  }
  if (MESSAGE.isAllocation) readOutcome(facts)
  if (MESSAGE.isRelaying) facts.ambiguous = true
}

/** Its own messages are in the clear; what it relays, DTLS mostly, is somebody else's. */
function conclude(facts: FlowFacts): void {
  if (facts.appProtocol === 'stun') facts.protection = facts.ambiguous ? 'undetermined' : 'cleartext'
}

/** The first 401 asks for credentials; one that follows them turns them down. */
function readOutcome(facts: FlowFacts): void {
  if (facts.authMechanisms.length === 0) return
  if (MESSAGE.isError && MESSAGE.errorCode === 401) facts.authOutcome = 'failure'
  else if (MESSAGE.isResponse && !MESSAGE.isError) facts.authOutcome = 'success'
}

export const stunOverTcp: Dissector<Reader> = streamMessages({
  name: 'stun',
  about: {
    title: 'STUN and TURN over TCP',
    source: 'RFC 8489 §6.2.2, RFC 8656',
    reads: 'credential mechanism and outcome of TURN; whether it relays',
  },
  ports: [3478],
  probe(buf, at, end): Probe {
    if (end > at && (buf[at] as number) > 0x3f) return 'no_match'
    for (let i = 0; i < 4 && at + 4 + i < end; i++) if (buf[at + 4 + i] !== COOKIE[i]) return 'no_match'
    if (end - at < 20) return end - at < 4 || (buf[at + 3] as number) % 4 === 0 ? 'unsure' : 'no_match'
    const last = at + 20 + (((buf[at + 2] as number) << 8) | (buf[at + 3] as number))
    return MESSAGE.read(buf, at, Math.min(end, last), Math.max(last - end, 0)) ? 'match' : 'no_match'
  },
  opener: (buf, at, end) => (end - at < 2 ? null : ((buf[at] as number) & 1) === 0 ? CLIENT : SERVER),
  size(buf, at, end) {
    if (end - at < 4) return 0
    const channel = channelDataBytes(buf, at, end)
    if (channel > 0) return channel
    return (buf[at] as number) > 0x3f ? -1 : STUN_HEADER_BYTES + u16(buf, at + 2)
  },
  read(facts, _direction, buf, at, end, state) {
    state.messages += 1
    const isRelayed = channelDataBytes(buf, at, end) > 0
    if (isRelayed) facts.ambiguous = true
    else if (MESSAGE.read(buf, at, end, 0)) readMessage(facts)
    return isRelayed || state.messages >= MAX_MESSAGES
  },
  finish: conclude,
})

const COOKIE = [0x21, 0x12, 0xa4, 0x42]
