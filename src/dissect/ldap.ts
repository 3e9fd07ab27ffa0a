/** LDAP over TCP: StartTLS, and every bind; behind one that agreed on a layer of its own nothing can be read. */
import { u8, u32 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import {
  checkLdapOp,
  Element,
  isLdapRequest,
  LdapMessage,
  LdapOp,
  readElement,
  readLdapMessage,
  resultCode,
  SASL,
  SEQUENCE,
  SICILY,
  SIMPLE,
} from '../wire/ldap.ts'
import { mayProtect, saslMechanism, secretIn } from '../wire/sasl.ts'
import { findText, isText } from '../wire/text.ts'
import { CLIENT, type Direction, type Dissector, type DissectorState, type Probe, SERVER } from './dissector.ts'
import { beginsTls } from './text-session.ts'
import { noteAccepted, noteAdvertised, noteClear, noteNotOffered, noteRefused, noteRequested } from './upgrade.ts'

/** RFC 4511 §4.14. */
const START_TLS = '1.3.6.1.4.1.1466.20037'
const SUPPORTED_EXTENSION = 'SUPPORTEDEXTENSION'
const SUCCESS = 0
const SASL_BIND_IN_PROGRESS = 14
/** Messages that are looked into are read whole up to this. */
const MAX_READ_BYTES = 32 * 1024
/** Messages behind the first of the application's own in which a later bind is still waited for. */
const MAX_MESSAGES = 256
const LENGTH_BYTES = 4
/** A wrapped message is shorter than the receiver's buffer, which the mechanism agrees on (RFC 4752 §3.3). */
const MAX_WRAPPED_BYTES = 0x100_0000

const MESSAGE = new LdapMessage()
const ELEMENT = new Element()

export class LdapState implements DissectorState {
  done = false
  tunnel = false
  /** Message IDs of requests that are open, 0 = none. */
  startTlsId = 0
  bindId = 0
  /** An entry with an empty name is the server's own. */
  mechanism: string | null = null
  /** The last bind succeeded with a mechanism that may protect what follows. */
  mayProtect = false
  messages = 0

  reset(): void {
    this.done = false
    this.tunnel = false
    this.startTlsId = 0
    this.bindId = 0
    this.mechanism = null
    this.mayProtect = false
    this.messages = 0
  }
}

export const ldap: Dissector<LdapState> = {
  name: 'ldap',
  about: { title: 'LDAP', source: 'RFC 4511', reads: 'StartTLS, simple and SASL binds, outcome, wrapped data' },
  transport: 'tcp',
  ports: [389, 3268],

  probe(buf, at, end): Probe {
    const parsed = readLdapMessage(buf, at, end, MESSAGE)
    const checked = parsed === 'message' ? checkLdapOp(buf, MESSAGE, end) : parsed
    if (checked === 'message') return 'match'
    return checked === 'incomplete' ? 'unsure' : 'no_match'
  },

  opener(buf, at, end): Direction | null {
    if (readLdapMessage(buf, at, end, MESSAGE) !== 'message') return null
    return isLdapRequest(MESSAGE.op) ? CLIENT : SERVER
  },

  start(facts, used = null): LdapState {
    facts.appProtocol ??= 'ldap'
    if (used === null) return new LdapState()
    used.reset()
    return used
  },

  feed(state, facts, _direction, buf, at, end): number {
    let pos = at
    while (pos < end && !state.done) {
      const next = readNext(state, facts, buf, pos, end)
      if (next < 0) break
      pos = next
    }
    return pos - at
  },

  gap(state, facts): void {
    facts.sawGap = true
    if (facts.authOutcome === 'failure') facts.authOutcome = null
    // Where the next message begins is lost with the bytes.
    state.done = true
  },

  finish() {},
}

/** Offset behind the message at `at`, beyond `end` to pass over the rest of one, or -1 to wait or at the end of reading. */
function readNext(state: LdapState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): number {
  const tls = beginsTls(buf, at, end)
  if (tls === 'perhaps') return -1
  if (tls === 'yes') {
    leave(state, facts)
    return -1
  }
  if (buf[at] !== SEQUENCE) return readWrapped(state, facts, buf, at, end)
  const parsed = readLdapMessage(buf, at, end, MESSAGE)
  if (parsed === 'incomplete') return -1
  if (parsed === 'malformed') {
    facts.malformed += 1
    state.done = true
    return -1
  }
  const behind = MESSAGE.end
  const isSmall = behind - at <= MAX_READ_BYTES
  if (isSmall && behind > end) return -1
  if (isSmall) readMessage(state, facts, buf, Math.min(end, behind))
  else if (!isOwn(MESSAGE.op)) noteClear(facts)
  settle(state, facts)
  return behind
}

/** Operations that carry nothing of the directory. */
const isOwn = (op: number): boolean =>
  op === LdapOp.BIND_REQUEST ||
  op === LdapOp.BIND_RESPONSE ||
  op === LdapOp.UNBIND_REQUEST ||
  op === LdapOp.ABANDON_REQUEST ||
  op === LdapOp.EXTENDED_REQUEST ||
  op === LdapOp.EXTENDED_RESPONSE ||
  op === LdapOp.INTERMEDIATE_RESPONSE ||
  op === LdapOp.SEARCH_DONE

/** Reads MESSAGE, which is all there. */
function readMessage(state: LdapState, facts: FlowFacts, buf: Uint8Array, end: number): void {
  const { op, at, id } = MESSAGE
  if (op === LdapOp.BIND_REQUEST) readBind(state, facts, buf)
  else if (op === LdapOp.BIND_RESPONSE && id === state.bindId) concludeBind(state, facts, resultCode(buf, MESSAGE, end))
  else if (op === LdapOp.EXTENDED_REQUEST && asksForTls(buf, at, end)) {
    state.startTlsId = id
    noteRequested(facts)
  } else if (op === LdapOp.EXTENDED_RESPONSE && id === state.startTlsId) {
    if (resultCode(buf, MESSAGE, end) === SUCCESS) leave(state, facts)
    else noteRefused(facts)
  } else if (op === LdapOp.SEARCH_REQUEST) {
    if (!asksForRoot(buf, at, end)) noteClear(facts)
  } else if (op === LdapOp.SEARCH_ENTRY) readEntry(facts, buf, at, end)
  else if (!isOwn(op)) noteClear(facts)
}

const asksForTls = (buf: Uint8Array, at: number, end: number): boolean =>
  readElement(buf, at, end, end, ELEMENT) && isText(buf, ELEMENT.at, ELEMENT.end, START_TLS)

const isNamed = (buf: Uint8Array, at: number, end: number): boolean =>
  !readElement(buf, at, end, end, ELEMENT) || ELEMENT.end > ELEMENT.at

/** The root entry says what the server can do (RFC 4512 §5.1): an empty name, and that object only. */
const asksForRoot = (buf: Uint8Array, at: number, end: number): boolean =>
  !isNamed(buf, at, end) && readElement(buf, ELEMENT.end, end, end, ELEMENT) && buf[ELEMENT.at] === 0

function readEntry(facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  if (isNamed(buf, at, end)) {
    noteClear(facts)
    return
  }
  if (findText(buf, at, end, SUPPORTED_EXTENSION) < 0) return
  if (findText(buf, at, end, START_TLS) >= 0) noteAdvertised(facts)
  else noteNotOffered(facts)
}

/** RFC 4511 §4.2: version, name, authentication. */
function readBind(state: LdapState, facts: FlowFacts, buf: Uint8Array): void {
  const { at, opEnd, id } = MESSAGE
  const version = u8(buf, at + 2)
  if (!readElement(buf, at + 3, opEnd, opEnd, ELEMENT)) return
  if (!readElement(buf, ELEMENT.end, opEnd, opEnd, ELEMENT)) return
  facts.protocolVersion = String(version)
  state.bindId = id
  state.mechanism = null
  const { tag, at: choiceAt, end } = ELEMENT
  // Without a password nobody is authenticated, whatever the name (RFC 4513 §5.1.2).
  if (tag === SIMPLE && end > choiceAt) {
    state.mechanism = 'simple'
    facts.expose('ldap-simple-bind')
    noteClear(facts)
  } else if (tag === SASL) readSaslBind(state, facts, buf, choiceAt, end)
  else if (SICILY.has(tag)) state.mechanism = 'sasl-ntlm'
  if (state.mechanism !== null) facts.authenticatedBy(state.mechanism)
}

function readSaslBind(state: LdapState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  if (!readElement(buf, at, end, end, ELEMENT)) return
  state.mechanism = saslMechanism(buf, ELEMENT.at, ELEMENT.end)
  const hasCredentials = readElement(buf, ELEMENT.end, end, end, ELEMENT) && ELEMENT.end > ELEMENT.at
  if (state.mechanism === null || !hasCredentials || secretIn(state.mechanism) === 0) return
  facts.expose(`ldap-${state.mechanism}`)
  noteClear(facts)
}

function concludeBind(state: LdapState, facts: FlowFacts, code: number): void {
  if (code === SASL_BIND_IN_PROGRESS) return
  state.bindId = 0
  if (state.mechanism === null) return
  facts.authOutcome = code === SUCCESS ? 'success' : 'failure'
  state.mayProtect = code === SUCCESS && mayProtect(state.mechanism)
}

/** RFC 4422 §3.7: four bytes of length, and a message that the mechanism wrapped. */
function readWrapped(state: LdapState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): number {
  const TELLING_BYTES = LENGTH_BYTES + 32
  if (!state.mayProtect) {
    facts.malformed += 1
    state.done = true
    return -1
  }
  if (end - at < LENGTH_BYTES) return -1
  const length = u32(buf, at)
  if (length === 0 || length > MAX_WRAPPED_BYTES) {
    facts.malformed += 1
    state.done = true
    return -1
  }
  if (end - at < Math.min(TELLING_BYTES, LENGTH_BYTES + length)) return -1
  const isReadable = showsMessage(buf, at + LENGTH_BYTES, Math.min(end, at + TELLING_BYTES))
  facts.protocolSecurity = isReadable ? 'signed' : 'sealed'
  if (isReadable) noteClear(facts)
  else if (facts.protection !== 'cleartext') facts.protection = 'opaque'
  state.done = true
  return -1
}

/** Behind a signature only, the message itself stands in the clear: 16 bytes of NTLM or of Kerberos (RFC 4121 §4.2.6.2). */
function showsMessage(buf: Uint8Array, at: number, end: number): boolean {
  const HEADER_BYTES = 16
  return end - at > HEADER_BYTES + 8 && readLdapMessage(buf, at + HEADER_BYTES, end, MESSAGE) === 'message'
}

function leave(state: LdapState, facts: FlowFacts): void {
  noteAccepted(facts, 'starttls')
  state.tunnel = true
  state.done = true
}

/** A search without a login often comes before the bind that matters, so that is waited for. */
function settle(state: LdapState, facts: FlowFacts): void {
  if (facts.protection !== 'cleartext' || state.bindId !== 0) return
  state.messages += 1
  const isKnown = facts.credentialsExposed.length > 0 && facts.authOutcome === 'success'
  if (isKnown || state.messages > MAX_MESSAGES) state.done = true
}
