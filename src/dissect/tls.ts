/** TLS and SSL on any port: records are read as long as they are in the clear, and counted from there on. */
import type { FlowFacts } from '../core/facts.ts'
import { HANDSHAKE_HEADER_BYTES, handshakeLength, handshakeType } from '../wire/tls-handshake.ts'
import { ContentType, mayBecomeTlsRecord, RECORD_HEADER_BYTES, recordLength, recordType } from '../wire/tls-record.ts'
import { type Direction, type Dissector, SERVER } from './dissector.ts'
import { readHeartbeat } from './tls-heartbeat.ts'
import { readAlert, readMessage } from './tls-messages.ts'
import { isHelloRecord, looksLikePlainHandshake, openerOf, probeTls } from './tls-probe.ts'
import { noteChangeCipherSpec, noteProtected, settle, settleEnd } from './tls-progress.ts'
import { readSslV2Record } from './tls-sslv2.ts'
import { MAX_HANDSHAKE_BYTES, type TlsSide, TlsState } from './tls-state.ts'
import { noteAnswered } from './upgrade.ts'

const ALERT_BYTES = 2
/** Where the next message begins is lost: nothing of the handshake is read any more, up to ChangeCipherSpec. */
const UNKNOWN_REST = Number.MAX_SAFE_INTEGER
/** Ports on which TLS is common from the first byte on. */
const PORTS = [443, 8443, 993, 995, 465, 636, 853, 990, 989, 5061, 6443, 9443, 2376, 2379, 5671, 8883, 3269, 6697]

export const tls: Dissector<TlsState> = {
  name: 'tls',
  about: {
    title: 'TLS',
    source: 'RFC 8446, RFC 5246',
    reads: 'both hellos, certificates, alerts, up to the first protected record',
  },
  transport: 'tcp',
  ports: PORTS,
  probe: probeTls,
  opener: openerOf,
  start,
  feed,
  gap,
  finish,
}

function start(facts: FlowFacts, used: TlsState | null = null): TlsState {
  facts.openTls()
  facts.appProtocol ??= 'tls'
  if (used === null) return new TlsState()
  used.reset()
  return used
}

function feed(
  state: TlsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
  firstPiece = 0,
): number {
  const side = state.side(direction)
  side.fed = true
  state.firstPiece = firstPiece
  let p = at
  while (p < end && !state.done) {
    const next = readRecord(state, facts, direction, buf, p, end, timeUs)
    if (next === p) break
    p = next
  }
  if (direction === SERVER && p > at && !side.sawGap) noteAnswered(facts, !side.lost)
  if (!state.done) return p - at
  state.release()
  return Math.max(p, end) - at
}

function gap(state: TlsState, facts: FlowFacts, direction: Direction): void {
  const side = state.side(direction)
  side.release()
  side.skip = 0
  side.lost = true
  side.sawGap = true
  facts.sawGap = true
}

function finish(state: TlsState, facts: FlowFacts): void {
  settleEnd(state, facts)
  state.done = true
  state.release()
}

/** Offset behind the record at `at`, which may lie beyond `end`; `at` itself to wait for more bytes. */
function readRecord(
  state: TlsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
): number {
  const side = state.side(direction)
  if (state.sslV2 || !mayBecomeTlsRecord(buf, at, end)) return readOther(state, facts, direction, buf, at, end, timeUs)
  if (end - at < RECORD_HEADER_BYTES) return at
  side.lost = false
  const body = at + RECORD_HEADER_BYTES
  const recordEnd = body + recordLength(buf, at)
  const type = recordType(buf, at)
  if (type === ContentType.APPLICATION_DATA) {
    noteProtected(state, facts, direction, type, timeUs)
    return recordEnd
  }
  if (recordEnd > end) return at
  if (type === ContentType.HANDSHAKE) readHandshakeRecord(state, facts, direction, buf, body, recordEnd, timeUs)
  if (type === ContentType.CHANGE_CIPHER_SPEC) noteChangeCipherSpec(state, facts, direction)
  if (type === ContentType.ALERT) readAlertRecord(state, facts, direction, buf, body, recordEnd, timeUs)
  if (type === ContentType.HEARTBEAT) readHeartbeat(state, facts, direction, buf, body, recordEnd)
  return recordEnd
}

/** SSL 2.0, or bytes that are nothing we know: those are passed over, all of them. */
function readOther(
  state: TlsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
): number {
  const side = state.side(direction)
  if (side.lost) return end
  const next = readSslV2Record(state, facts, direction, buf, at, end, timeUs)
  if (next >= 0) return next
  side.lost = true
  side.release()
  facts.malformed += 1
  return end
}

function readAlertRecord(
  state: TlsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
): void {
  if (end - at !== ALERT_BYTES) noteProtected(state, facts, direction, ContentType.ALERT, timeUs)
  else if (!state.side(direction).changedCipherSpec) readAlert(state, facts, direction, buf, at)
}

function readHandshakeRecord(
  state: TlsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
): void {
  if (!isInTheClear(state.side(direction), buf, at, end)) {
    noteProtected(state, facts, direction, ContentType.HANDSHAKE, timeUs)
    return
  }
  readMessages(state, facts, direction, buf, at, end, timeUs)
  settle(state, facts)
}

function isInTheClear(side: TlsSide, buf: Uint8Array, at: number, end: number): boolean {
  if (side.join !== null || side.skip > 0) return true
  if (side.changedCipherSpec) return isHelloRecord(buf, at, end)
  if (side.sawMessage && !side.sawGap) return true
  return looksLikePlainHandshake(buf, at, end)
}

/** Reads the messages in a fragment of the handshake stream; keeps what a following record must complete. */
function readMessages(
  state: TlsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
): void {
  const side = state.side(direction)
  let p = at
  while (p < end) {
    if (side.skip > 0) {
      const skipped = Math.min(side.skip, end - p)
      side.skip -= skipped
      p += skipped
    } else if (side.join !== null) {
      p = continueMessage(state, facts, direction, buf, p, end, timeUs)
    } else if (end - p >= HANDSHAKE_HEADER_BYTES && p + HANDSHAKE_HEADER_BYTES + handshakeLength(buf, p) <= end) {
      const body = p + HANDSHAKE_HEADER_BYTES
      const bodyEnd = body + handshakeLength(buf, p)
      readMessage(state, facts, direction, handshakeType(buf, p), buf, body, bodyEnd, timeUs)
      p = bodyEnd
    } else {
      p = openMessage(facts, side, buf, p, end)
    }
  }
}

/** Keeps the beginning of a message that goes on in another record. */
function openMessage(facts: FlowFacts, side: TlsSide, buf: Uint8Array, at: number, end: number): number {
  const hasHeader = end - at >= HANDSHAKE_HEADER_BYTES
  if (hasHeader && handshakeLength(buf, at) > MAX_HANDSHAKE_BYTES) {
    side.skip = HANDSHAKE_HEADER_BYTES + handshakeLength(buf, at)
    facts.capHit = true
    return at
  }
  if (!side.append(buf, at, end)) dropMessage(facts, side, hasHeader ? restOf(buf, at, end) : UNKNOWN_REST)
  return end
}

const restOf = (buf: Uint8Array, at: number, end: number): number =>
  HANDSHAKE_HEADER_BYTES + handshakeLength(buf, at) - (end - at)

function dropMessage(facts: FlowFacts, side: TlsSide, rest: number): void {
  facts.capHit = true
  side.release()
  side.skip = rest
}

/** Adds to the open message as much as it wants, and reads it once it is whole. Returns the offset behind what it took. */
function continueMessage(
  state: TlsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  timeUs: number,
): number {
  const side = state.side(direction)
  const want = wantedBytes(side)
  const take = Math.min(want, end - at)
  const header = side.joinEnd < HANDSHAKE_HEADER_BYTES
  if (!side.append(buf, at, at + take)) {
    dropMessage(facts, side, header ? UNKNOWN_REST : want - take)
    return at + take
  }
  const joined = side.join
  if (joined === null || take < want) return at + take
  if (header) {
    if (handshakeLength(joined, 0) > MAX_HANDSHAKE_BYTES) dropMessage(facts, side, handshakeLength(joined, 0))
    if (side.skip > 0 || handshakeLength(joined, 0) > 0) return at + take
  }
  const type = handshakeType(joined, 0)
  readMessage(state, facts, direction, type, joined, HANDSHAKE_HEADER_BYTES, side.joinEnd, timeUs)
  side.release()
  return at + take
}

/** Bytes that the open message lacks: of its header first, then of its body. */
function wantedBytes(side: TlsSide): number {
  const joined = side.join
  if (joined === null || side.joinEnd < HANDSHAKE_HEADER_BYTES) return HANDSHAKE_HEADER_BYTES - side.joinEnd
  return HANDSHAKE_HEADER_BYTES + handshakeLength(joined, 0) - side.joinEnd
}
