import { u32 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { PROTO_UDP } from '../decode/packet-meta.ts'
import { standsAt } from '../wire/inner-text.ts'
import {
  AUTH_NONE,
  AUTH_SYS,
  AUTH_TLS,
  credential,
  flavor,
  fragmentLength,
  isAccepted,
  isCall,
  isLastFragment,
  procedure,
  programName,
  RECORD_MARK_BYTES,
  RPCSEC_GSS,
  rpcFits,
  verifier,
  verifierBytes,
  verifierFlavor,
  xid,
} from '../wire/sunrpc.ts'
import { CLIENT, type DatagramDissector, SERVER } from './dissector.ts'
import { framed } from './framed.ts'
import type { Walked } from './messages.ts'

interface SunrpcState extends Walked {
  tunnel: boolean
  /** xid of the probe for TLS; -1 = none waits. */
  probeXid: number
  first: boolean
}

const about = {
  title: 'ONC RPC, NFS',
  source: 'RFC 5531',
  reads: 'program, AUTH_SYS, RPCSEC_GSS and its service, RPC-with-TLS followed',
}
const PORTS = [2049, 111]
const LOOK_BYTES = 512
const NULL_PROCEDURE = 0
/** RFC 2203 §5: services of RPCSEC_GSS, and the control procedure that carries data. */
const SERVICES: Readonly<Record<number, string>> = { 1: 'gss-none', 2: 'gss-integrity', 3: 'gss-privacy' }
const GSS_DATA = 0
const MIN_MARK_BYTES = 12
/** Of an accepted reply without verifier and result. */
const REPLY_BYTES = 24

const fresh = (): SunrpcState => ({ done: false, messages: 0, tunnel: false, probeXid: -1, first: true })

/** Remote procedure calls over TCP, with record marks. */
export const sunrpc = framed<SunrpcState>({
  name: 'sunrpc',
  about: { ...about, title: 'ONC RPC, NFS over TCP' },
  ports: PORTS,
  probe(buf, at, end) {
    if (end - at < RECORD_MARK_BYTES) return 'unsure'
    const length = fragmentLength(buf, at) - RECORD_MARK_BYTES
    if (!isLastFragment(buf, at) && length < MIN_MARK_BYTES) return 'no_match'
    const answer = rpcFits(buf, at + RECORD_MARK_BYTES, end, isLastFragment(buf, at) ? length : length & ~3)
    return answer > 0 ? 'match' : answer === 0 ? 'unsure' : 'no_match'
  },
  opener(buf, at, end) {
    if (end - at < RECORD_MARK_BYTES + 8) return null
    return isCall(buf, at + RECORD_MARK_BYTES) ? CLIENT : SERVER
  },
  headerBytes: RECORD_MARK_BYTES,
  length: fragmentLength,
  lookBytes: LOOK_BYTES,
  start: fresh,
  message: (state, facts, _direction, buf, at, end, total) =>
    readMessage(state, facts, buf, at + RECORD_MARK_BYTES, end, total - RECORD_MARK_BYTES),
  finish: settle,
})

export const sunrpcDatagrams: DatagramDissector<SunrpcState> = {
  name: 'sunrpc',
  about: { ...about, title: 'ONC RPC, NFS over UDP' },
  transport: PROTO_UDP,
  ports: PORTS,
  probe: (buf, at, end, missing) => rpcFits(buf, at, end, end - at + missing) === 1,
  opener: (buf, at) => (isCall(buf, at) ? CLIENT : SERVER),
  start: fresh,
  read(state, facts, _direction, buf, at, end, missing) {
    facts.appProtocol ??= 'sunrpc'
    readMessage(state, facts, buf, at, end, end - at + missing)
    // RPC-with-TLS over datagrams is DTLS, which has a flow to itself.
    if (state.tunnel) state.done = true
  },
  finish: settle,
}

/** Empty calls are all there was, and neither TLS nor GSS was asked for: what would have followed has no other way. */
function settle(state: SunrpcState, facts: FlowFacts): void {
  if (state.done || state.first || facts.sawGap || facts.upgradeState !== null) return
  if (facts.authMechanisms.length === 0) showClear(state, facts, 'auth-none')
}

function readMessage(
  state: SunrpcState,
  facts: FlowFacts,
  buf: Uint8Array,
  at: number,
  end: number,
  length: number,
): void {
  if (rpcFits(buf, at, end, length) !== 1) return
  if (isCall(buf, at)) readCall(state, facts, buf, at, end)
  else if (state.probeXid === xid(buf, at)) readTlsAnswer(state, facts, buf, at, end)
  else if (state.first && showsResult(buf, at, length)) {
    // One side alone, and what it answers can be read.
    facts.protection = 'cleartext'
    state.done = true
  }
}

/** An empty call's answer ends with its outcome, the probe for TLS's too. */
const showsResult = (buf: Uint8Array, at: number, length: number): boolean =>
  isAccepted(buf, at) && verifierFlavor(buf, at) !== RPCSEC_GSS && length > REPLY_BYTES + verifierBytes(buf, at)

function readCall(state: SunrpcState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  state.first = false
  facts.protocolVersion ??= programName(buf, at)
  const kind = flavor(buf, at)
  if (kind === AUTH_TLS) {
    facts.upgradeState = 'requested'
    state.probeXid = xid(buf, at)
    return
  }
  if (kind === RPCSEC_GSS) {
    readGss(state, facts, buf, credential(at), end)
    return
  }
  if (procedure(buf, at) === NULL_PROCEDURE && kind === AUTH_NONE) return
  if (kind === AUTH_SYS) facts.authenticatedBy('auth-sys')
  showClear(state, facts, kind === AUTH_SYS ? 'auth-sys' : kind === AUTH_NONE ? 'auth-none' : null)
}

/** gss_version, gss_proc, seq_num, service: the context's own calls show nothing yet. */
function readGss(state: SunrpcState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  if (end - at < 16) return
  facts.authenticatedBy('rpcsec-gss')
  if (u32(buf, at + 4) !== GSS_DATA) return
  const service = SERVICES[u32(buf, at + 12)] ?? null
  if (service !== 'gss-privacy') {
    showClear(state, facts, service)
    return
  }
  facts.protocolSecurity = service
  facts.protection = 'opaque'
  state.done = true
}

function showClear(state: SunrpcState, facts: FlowFacts, security: string | null): void {
  facts.protocolSecurity = security
  facts.protection = 'cleartext'
  state.done = true
}

/** RFC 9289 §4.1: an AUTH_NONE verifier with the token "STARTTLS" agrees. */
function readTlsAnswer(state: SunrpcState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  state.probeXid = -1
  const agreed =
    isAccepted(buf, at) &&
    verifierFlavor(buf, at) === AUTH_NONE &&
    verifierBytes(buf, at) === 8 &&
    standsAt(buf, verifier(at), end, 'STARTTLS')
  facts.upgradeState = agreed ? 'accepted' : 'refused'
  if (!agreed) return
  facts.upgrade = 'rpc-tls'
  state.tunnel = true
  state.done = true
}
