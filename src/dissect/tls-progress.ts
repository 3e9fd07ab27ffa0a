/** What protected records and ChangeCipherSpec say of a connection: how far it came, and when nothing more can show. */
import type { FlowFacts } from '../core/facts.ts'
import { ContentType } from '../wire/tls-record.ts'
import { isTls13 } from '../wire/tls-server-hello.ts'
import { type Direction, SERVER } from './dissector.ts'
import { tlsFacts } from './tls-messages.ts'
import type { TlsSide, TlsState } from './tls-state.ts'

/** Protected records of one direction after which the other is taken to be missing from the capture. */
const ONE_SIDED_RECORDS = 8
/** Protected records of one direction after which the other, though seen, is not waited for. */
const MAX_PROTECTED_RECORDS = 128

/** Where heartbeats were agreed upon, so many protected records are waited for one that asks for too much. */
const MAX_HEARTBEAT_RECORDS = 64

/** A record that is not readable went by, of ContentType `type`. */
export function noteProtected(
  state: TlsState,
  facts: FlowFacts,
  direction: Direction,
  type: number,
  timeUs: number,
): void {
  const tls = tlsFacts(facts)
  state.side(direction).protectedRecords += 1
  if (type === ContentType.APPLICATION_DATA) state.sawApplicationData = true
  if (!state.handshakeEnded && state.role(direction) === SERVER && state.helloUs >= 0) {
    state.handshakeEnded = true
    tls.handshakeUs = Math.max(0, timeUs - state.helloUs)
  }
  if (sawNothingReadable(state)) {
    facts.midstream = true
    state.sawApplicationData = true
  }
  settle(state, facts)
}

/** A ChangeCipherSpec went by: what its sender sends from now on is protected, up to TLS 1.2. */
export function noteChangeCipherSpec(state: TlsState, facts: FlowFacts, direction: Direction): void {
  const tls = tlsFacts(facts)
  const side = state.side(direction)
  side.changedCipherSpec = true
  side.release()
  side.skip = 0
  // A full handshake puts ServerHelloDone in between (RFC 5246 §7.3).
  const abbreviated = tls.sawServerHello && !isTls13(tls.version) && !state.sawServerHelloDone && !side.sawGap
  if (abbreviated && state.role(direction) === SERVER) {
    tls.resumed = true
    tls.clientCertificate = 'unobservable'
  }
  settle(state, facts)
}

const sawNothingReadable = (state: TlsState): boolean => !state.client.sawMessage && !state.server.sawMessage

/** Draws the facts that depend on both directions. */
export function settle(state: TlsState, facts: FlowFacts): void {
  settleProtection(state, facts)
  settleEstablished(state, facts)
  state.done = isDone(state, facts)
}

/**
 * The flow is over. A client of TLS 1.3 that was heard to its end, and protected nothing, went away before its Finished
 * (RFC 8446 §4.4.4): it accepted no server, and what the server protected was its part of the handshake.
 */
export function settleEnd(state: TlsState, facts: FlowFacts): void {
  settle(state, facts)
  const tls = tlsFacts(facts)
  if (tls.established || !tls.sawServerHello || !isTls13(tls.version)) return
  const client = state.swapped ? state.server : state.client
  const wentAway = client.sawMessage && client.protectedRecords === 0 && !client.sawGap && !client.lost
  if (wentAway && facts.protection === 'encrypted') facts.protection = 'undetermined'
}

function settleProtection(state: TlsState, facts: FlowFacts): void {
  if (state.failed) return
  const tls = tlsFacts(facts)
  const changed = state.client.changedCipherSpec || state.server.changedCipherSpec
  if (!tls.sawServerHello) {
    if (state.sawApplicationData) facts.protection = 'opaque'
    return
  }
  if (isTls13(tls.version) || changed || state.sawApplicationData) facts.protection = 'encrypted'
}

function settleEstablished(state: TlsState, facts: FlowFacts): void {
  const tls = tlsFacts(facts)
  if (tls.established || state.failed) return
  const { client, server } = state
  const most = Math.max(client.protectedRecords, server.protectedRecords)
  const bothProtected = client.protectedRecords > 0 && server.protectedRecords > 0
  if (bothProtected || most >= ONE_SIDED_RECORDS || sawNothingReadable(state)) tls.established = most > 0
  if (!tls.sawServerHello || isTls13(tls.version)) return
  if (state.sawApplicationData || (client.changedCipherSpec && server.changedCipherSpec)) tls.established = true
}

function isDone(state: TlsState, facts: FlowFacts): boolean {
  const { client, server } = state
  if (tlsFacts(facts).heartbeat && client.protectedRecords + server.protectedRecords < MAX_HEARTBEAT_RECORDS)
    return false
  if (client.protectedRecords > 0 && server.protectedRecords > 0) return true
  if (sawNothingReadable(state)) return client.protectedRecords + server.protectedRecords > 0
  return isDoneAlone(client, server, facts) || isDoneAlone(server, client, facts)
}

/** Can nothing more come of a capture that has only `side`, or in which the other side got lost? */
function isDoneAlone(side: TlsSide, other: TlsSide, facts: FlowFacts): boolean {
  if (side.protectedRecords >= MAX_PROTECTED_RECORDS) return true
  if (other.fed && !other.lost) return false
  const tls = tlsFacts(facts)
  // A side that got lost may find a record again, and that may be the alert that refuses all this.
  const isAlone = !other.fed && tls.sawServerHello && !isTls13(tls.version)
  if (isAlone && side.changedCipherSpec && side.protectedRecords > 0) return true
  return side.protectedRecords >= ONE_SIDED_RECORDS
}
