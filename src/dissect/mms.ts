import { u8, u16 } from '../core/bytes.ts'
import { findText } from '../wire/inner-text.ts'
import {
  CONNECTION_CONFIRM,
  CONNECTION_REQUEST,
  TPKT_HEADER_BYTES,
  tpktLength,
  x224Code,
  x224Opens,
} from '../wire/rdp.ts'
import { CLIENT, type Direction, type Probe, SERVER } from './dissector.ts'
import { framed } from './framed.ts'
import type { Walked } from './messages.ts'

/** TPKT, a data TPDU, the first octet of a session PDU (ISO 8327-1 §8.3). */
const SESSION_AT = 7
const DATA = 0xf0
const CONNECT = 0x0d
const ACCEPT = 0x0e
/** Without sessions MMS begins at once: Initiate-Request and -Response (ISO 9506-2 §8.2), their first element behind them. */
const INITIATES = [0xa8, 0xa9]
const LOCAL_DETAIL = 0x80
const PROPOSED_CALLING = 0x81
const LOOK_BYTES = 512
/** 1.0.9506.2.1, MMS's abstract syntax (ISO 9506-2). */
const MMS_SYNTAX = '\x06\x05\x28\xca\x22\x02\x01'
/** ACSE's mechanism "password" and the value behind it (ISO 8650-1). */
const PASSWORD = '\x8b\x03\x52\x03\x01\xac'

/** MMS, the protocol of IEC 61850 and ICCP, by the presentation context that its association names. */
export const mms = framed<Walked>({
  name: 'mms',
  about: { title: 'MMS (IEC 61850, ICCP)', source: 'ISO 9506, RFC 1006', reads: 'passwords of an association' },
  ports: [102],
  probe(buf, at, end): Probe {
    const connect = x224Opens(buf, at, end)
    return connect === 0 ? 'unsure' : association(buf, connect === 1 ? at + u16(buf, at + 2) : at, end)
  },
  opener(buf, at, end): Direction | null {
    if (end - at <= SESSION_AT) return null
    const code = x224Code(buf, at)
    if (code === CONNECTION_REQUEST || code === CONNECTION_CONFIRM) return code === CONNECTION_REQUEST ? CLIENT : SERVER
    return buf[at + SESSION_AT] === CONNECT ? CLIENT : SERVER
  },
  headerBytes: TPKT_HEADER_BYTES,
  length: tpktLength,
  lookBytes: LOOK_BYTES,
  start: () => ({ done: false, messages: 0 }),
  message(state, facts, _direction, buf, at, end) {
    const kind = end - at > SESSION_AT && x224Code(buf, at) === DATA ? u8(buf, at + SESSION_AT) : 0
    if (kind === 0) return
    if (kind === CONNECT && findText(buf, at, end, PASSWORD) > 0) {
      facts.authenticatedBy('acse-password')
      facts.expose('mms-password')
    }
    facts.protection = 'cleartext'
    // An answer before its question: the capture has the directions in the wrong order.
    if (kind !== ACCEPT) state.done = true
  },
})

function association(buf: Uint8Array, at: number, end: number): Probe {
  const want = [3, 0, -1, -1, 2, 0xf0, 0x80]
  for (let i = 0; i < want.length; i++) {
    if (end <= at + i) return 'unsure'
    if (want[i] !== -1 && buf[at + i] !== want[i]) return 'no_match'
  }
  if (end - at <= SESSION_AT) return 'unsure'
  const kind = u8(buf, at + SESSION_AT)
  if (INITIATES.includes(kind)) return bareInitiate(buf, at, end)
  if (kind !== CONNECT && kind !== ACCEPT) return 'no_match'
  const last = at + Math.min(tpktLength(buf, at), LOOK_BYTES)
  if (findText(buf, at, Math.min(end, last), MMS_SYNTAX) > 0) return 'match'
  return end < last ? 'unsure' : 'no_match'
}

/** In one byte of length, to the end of the packet. */
function bareInitiate(buf: Uint8Array, at: number, end: number): Probe {
  const body = at + SESSION_AT + 2
  if (end <= body) return 'unsure'
  const first = u8(buf, body)
  const isFilled = u8(buf, body - 1) < 0x80 && body + u8(buf, body - 1) === at + tpktLength(buf, at)
  return isFilled && (first === LOCAL_DETAIL || first === PROPOSED_CALLING) ? 'match' : 'no_match'
}
