import { u8 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { PROTO_UDP } from '../decode/packet-meta.ts'
import {
  AUTH_HEADER_BYTES,
  authLength,
  datagramFits,
  faultStatus,
  fragmentLength,
  isFromClient,
  isProfinet,
  PDU_HEADER_BYTES,
  Pdu,
  pduLength,
  pduOpens,
  pduType,
} from '../wire/dcerpc.ts'
import { tokenMechanism } from '../wire/windows-token.ts'
import { CLIENT, SERVER } from './dissector.ts'
import { framed } from './framed.ts'
import type { Walked } from './messages.ts'
import { recognisedDatagrams } from './recognised.ts'

interface DcerpcState extends Walked {
  /** Auth level of the latest request; 0 = none was seen. */
  level: number
}

const MAX_PDU_BYTES = 0xffff
/** Authentication levels ([MS-RPCE] §2.2.1.1.8). */
const LEVELS = ['none', 'none', 'connect', 'call', 'packet', 'integrity', 'privacy'] as const
const PRIVACY = 6
/** Authentication types ([MS-RPCE] §2.2.1.1.7) that have one mechanism. */
const MECHANISMS: Readonly<Record<number, string>> = { 14: 'schannel', 16: 'kerberos', 68: 'netlogon' }
const ACCESS_DENIED = 5

/** DCE/RPC over TCP. With the level "privacy" bodies are sealed by a mechanism that does not say with what. */
export const dcerpc = framed<DcerpcState>({
  name: 'dcerpc',
  about: { title: 'DCE/RPC over TCP', source: 'C706, [MS-RPCE]', reads: 'authentication mechanism and level' },
  ports: [135],
  probe(buf, at, end) {
    const answer = pduOpens(buf, at, end)
    return answer > 0 ? 'match' : answer === 0 ? 'unsure' : 'no_match'
  },
  opener: (buf, at, end) => (end - at < 3 ? null : isFromClient(pduType(buf, at)) ? CLIENT : SERVER),
  headerBytes: PDU_HEADER_BYTES,
  length: pduLength,
  lookBytes: MAX_PDU_BYTES,
  start: () => ({ done: false, messages: 0, level: 0 }),
  message(state, facts, _direction, buf, at, end) {
    const auth = authLength(buf, at)
    const trailer = auth === 0 ? -1 : at + fragmentLength(buf, at) - auth - AUTH_HEADER_BYTES
    switch (pduType(buf, at)) {
      case Pdu.BIND:
      case Pdu.ALTER_CONTEXT:
      case Pdu.AUTH3:
        if (trailer >= 0) noteMechanism(facts, buf, trailer, end)
        return
      case Pdu.REQUEST:
        state.level = levelAt(buf, trailer)
        showBody(facts, state.level)
        return
      case Pdu.RESPONSE:
        if (state.level === 0) showBody(facts, levelAt(buf, trailer))
        endCall(state, facts, true)
        return
      case Pdu.FAULT:
        endCall(state, facts, end - at < 28 || faultStatus(buf, at) !== ACCESS_DENIED)
    }
  },
})

/** A body without a verifier has the lowest level. */
const levelAt = (buf: Uint8Array, trailer: number): number => (trailer < 0 ? 1 : Math.max(u8(buf, trailer + 1), 1))

function endCall(state: DcerpcState, facts: FlowFacts, allowed: boolean): void {
  if (facts.authMechanisms.length > 0 && state.level > 0) facts.authOutcome = allowed ? 'success' : 'failure'
  state.done = true
}

function noteMechanism(facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const mechanism = MECHANISMS[u8(buf, at)] ?? tokenMechanism(buf, at + AUTH_HEADER_BYTES, end)
  if (mechanism !== null) facts.authenticatedBy(mechanism)
}

function showBody(facts: FlowFacts, level: number): void {
  facts.protocolSecurity = LEVELS[level] ?? null
  facts.protection = level === PRIVACY ? 'opaque' : 'cleartext'
}

export const dcerpcDatagrams = recognisedDatagrams({
  name: 'dcerpc',
  about: { title: 'DCE/RPC over UDP', source: 'C706', reads: null },
  transport: PROTO_UDP,
  ports: [135],
  probe: (buf, at, end, missing) => datagramFits(buf, at, end, end - at + missing) && !isProfinet(buf, at),
})

export const profinet = recognisedDatagrams({
  name: 'profinet',
  about: { title: 'PROFINET IO context manager over UDP', source: 'IEC 61158-6-10', reads: null },
  transport: PROTO_UDP,
  ports: [34964],
  probe: (buf, at, end, missing) => datagramFits(buf, at, end, end - at + missing) && isProfinet(buf, at),
})
