/**
 * STUN, and TURN on top of it: how two ends find a way to each other. What they then say, DTLS or RTP, often has the same
 * 5-tuple, so STUN gives way to it.
 */
import type { FlowFacts } from '../core/facts.ts'
import { StunMessage } from '../wire/stun.ts'
import { CLIENT, type DatagramDissector, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { datagramMessages } from './lone-messages.ts'
import { recognisedStream } from './recognised.ts'

/** Checks of a path go on as long as a call; what could still come of them came before. */
const MAX_MESSAGES = 256

const MESSAGE = new StunMessage()

const senderOf = (buf: Uint8Array, at: number, end: number): Direction | null => {
  if (!MESSAGE.read(buf, at, end, 0)) return null
  return MESSAGE.isRequest ? CLIENT : MESSAGE.isResponse ? SERVER : null
}

export const stun: DatagramDissector = datagramMessages({
  name: 'stun',
  about: { title: 'STUN and TURN', source: 'RFC 8489, RFC 8656', reads: 'credential mechanism and outcome of TURN' },
  transport: 17,
  ports: [3478],
  yields: true,
  probe: (buf, at, end, missing) => MESSAGE.read(buf, at, end, missing),
  opener: senderOf,
  read(facts, _direction, buf, at, end, state, missing) {
    if (!MESSAGE.read(buf, at, end, missing)) return false
    // A realm makes the difference (RFC 8489 §9). Neither mechanism sends the secret.
    if (MESSAGE.hasIntegrity && MESSAGE.isRequest) {
      facts.authenticatedBy(MESSAGE.hasRealm ? 'stun-long-term' : 'stun-short-term')
    }
    if (MESSAGE.isAllocation) readOutcome(facts)
    return state.messages >= MAX_MESSAGES
  },
  finish(facts) {
    if (facts.appProtocol === 'stun') facts.protection = 'cleartext'
  },
})

/** The first 401 asks for credentials; one that follows them turns them down. */
function readOutcome(facts: FlowFacts): void {
  if (facts.authMechanisms.length === 0) return
  if (MESSAGE.isError && MESSAGE.errorCode === 401) facts.authOutcome = 'failure'
  else if (MESSAGE.isResponse && !MESSAGE.isError) facts.authOutcome = 'success'
}

export const stunOverTcp: Dissector = recognisedStream({
  name: 'stun',
  about: { title: 'STUN and TURN over TCP', source: 'RFC 8489 §6.2.2', reads: null },
  ports: [3478],
  probe(buf, at, end): Probe {
    if (end > at && (buf[at] as number) > 0x3f) return 'no_match'
    for (let i = 0; i < 4 && at + 4 + i < end; i++) if (buf[at + 4 + i] !== COOKIE[i]) return 'no_match'
    if (end - at < 20) return end - at < 4 || (buf[at + 3] as number) % 4 === 0 ? 'unsure' : 'no_match'
    const last = at + 20 + (((buf[at + 2] as number) << 8) | (buf[at + 3] as number))
    return MESSAGE.read(buf, at, Math.min(end, last), Math.max(last - end, 0)) ? 'match' : 'no_match'
  },
  opener: (buf, at, end) => (end - at < 2 ? null : ((buf[at] as number) & 1) === 0 ? CLIENT : SERVER),
})

const COOKIE = [0x21, 0x12, 0xa4, 0x42]
