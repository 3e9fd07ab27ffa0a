/** DTLS 1.0 to 1.3: what crosses in the clear is read as TLS's messages, and records under keys are counted. */
import type { FlowFacts } from '../core/facts.ts'
import { PROTO_UDP } from '../decode/packet-meta.ts'
import { DtlsRecordView, readDtlsRecord, showsConnectionId } from '../wire/dtls-record.ts'
import { ContentType } from '../wire/tls-record.ts'
import type { DatagramDissector, Direction } from './dissector.ts'
import { flushMessages, readFragments } from './dtls-messages.ts'
import { openerOfDtls, probeDtls } from './dtls-probe.ts'
import { DtlsState } from './dtls-state.ts'
import { readAlert } from './tls-messages.ts'
import { noteChangeCipherSpec, noteProtected, settle, settleEnd } from './tls-progress.ts'

/** Records that one datagram may hold. */
const MAX_RECORDS = 64
const ALERT_BYTES = 2

const record = new DtlsRecordView()

export const dtls: DatagramDissector<DtlsState> = {
  name: 'dtls',
  transport: PROTO_UDP,
  ports: [4433, 5684, 443, 853, 5061, 2055],
  about: {
    title: 'DTLS (1.0 to 1.3, and OpenSSL’s 0x0100)',
    source: 'RFC 4347, RFC 6347, RFC 9147, RFC 9146',
    reads: 'hellos, cookies, fragments, certificates, alerts',
  },
  probe: probeDtls,
  opener: openerOfDtls,

  start(facts, used = null): DtlsState {
    facts.openTls()
    // What finds a way through the NATs says nothing of what then takes it (RFC 8445 §2).
    if (facts.appProtocol === null || facts.appProtocol === 'stun') facts.appProtocol = 'dtls'
    used?.reset()
    return used ?? new DtlsState()
  },

  read(state, facts, direction, buf, at, end, missing, timeUs): void {
    let p = at
    // What is no record (STUN, RTP) shares the flow and is passed over (RFC 7983 §7).
    for (let count = 0; p < end && count < MAX_RECORDS && !state.done; count++) {
      if (showsConnectionId(buf, p, end)) {
        noteHidden(state, facts, direction, ContentType.APPLICATION_DATA, timeUs)
        return
      }
      if (!readDtlsRecord(buf, p, end, end + missing, 0, record)) return
      p = record.end
      readRecord(state, facts, direction, buf, Math.min(record.end, end), timeUs)
    }
  },

  finish(state, facts): void {
    flushMessages(state, facts, 0, 0)
    flushMessages(state, facts, 1, 0)
    settleEnd(state.tls, facts)
    state.reset()
    state.done = true
  },
}

/** Reads what `record` describes, of which the bytes before `end` were captured. */
function readRecord(
  state: DtlsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  end: number,
  timeUs: number,
): void {
  const { type, at } = record
  state.tls.side(direction).fed = true
  if (record.epoch > 0 || record.isUnified) {
    noteHidden(state, facts, direction, type, timeUs)
    return
  }
  if (type === ContentType.HANDSHAKE) {
    readFragments(state, facts, direction, buf, at, end, timeUs)
    settle(state.tls, facts)
  }
  if (type === ContentType.CHANGE_CIPHER_SPEC) {
    flushMessages(state, facts, direction, timeUs)
    noteChangeCipherSpec(state.tls, facts, direction)
  }
  if (type === ContentType.ALERT && end - at === ALERT_BYTES) readAlert(state.tls, facts, direction, buf, at)
  state.done = state.tls.done
}

/** A record went by under keys that we cannot have. */
function noteHidden(state: DtlsState, facts: FlowFacts, direction: Direction, type: number, timeUs: number): void {
  flushMessages(state, facts, direction, timeUs)
  noteProtected(state.tls, facts, direction, type, timeUs)
  state.done = state.tls.done
}
