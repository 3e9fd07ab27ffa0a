/** XMPP, of clients and of servers, up to the first stanza. */
import type { FlowFacts } from '../core/facts.ts'
import { saslMechanism, secretIn } from '../wire/sasl.ts'
import { beginsWith } from '../wire/text.ts'
import { attribute, nextOpen, readTag, Tag } from '../wire/xml-stream.ts'
import { CLIENT, type Direction, type Dissector, type DissectorState, type Probe, SERVER } from './dissector.ts'
import { SaslExchange } from './sasl-exchange.ts'
import { beginsTls } from './text-session.ts'
import { noteAccepted, noteAdvertised, noteClear, noteNotOffered, noteRefused, noteRequested } from './upgrade.ts'

/** A stream header or a list of features is shorter. */
const MAX_TAG_BYTES = 8 * 1024
const STREAMS = 'http://etherx.jabber.org/streams'
const OPENINGS = ['<?XML ', '<STREAM:STREAM ', "<?XML'"]
const OPEN = 0x3c

const TAG = new Tag()

class XmppState implements DissectorState {
  done = false
  tunnel = false
  readonly sasl = new SaslExchange()
  inFeatures = false
  offers = false
  /** The TLS negotiation is what a <failure> answers. */
  startTls = false
  /** By side: between the tags of an element whose text is a secret. */
  inSecret: 'none' | 'sasl' | 'password' = 'none'

  reset(): void {
    this.done = false
    this.tunnel = false
    this.sasl.reset()
    this.inFeatures = false
    this.offers = false
    this.startTls = false
    this.inSecret = 'none'
  }
}

export const xmpp: Dissector<XmppState> = {
  name: 'xmpp',
  about: { title: 'XMPP', source: 'RFC 6120', reads: 'STARTTLS, SASL mechanism and outcome, XEP-0078 logins' },
  transport: 'tcp',
  ports: [5222, 5269],

  probe: probeStream,

  /** An opening for a server names it; an answer has an id (RFC 6120 §4.7.3). */
  opener(buf, at, end): Direction | null {
    if (probeStream(buf, at, end) !== 'match') return null
    return attribute(buf, TAG, 'id') === null ? CLIENT : SERVER
  },

  start(facts, used = null): XmppState {
    facts.appProtocol ??= 'xmpp'
    if (used === null) return new XmppState()
    used.reset()
    return used
  },

  feed(state, facts, direction, buf, at, end): number {
    let pos = at
    while (pos < end && !state.done) {
      const next = readNext(state, facts, direction, buf, pos, end)
      if (next < 0) break
      pos = next
    }
    return pos - at
  },

  gap(state, facts): void {
    facts.sawGap = true
    if (facts.authOutcome === 'failure') facts.authOutcome = null
    state.inFeatures = false
    state.startTls = false
    state.inSecret = 'none'
    state.sasl.abandon()
  },

  finish() {},
}

/** Leaves TAG at the stream's own tag. An XML declaration may come before it. */
function probeStream(buf: Uint8Array, at: number, end: number): Probe {
  const opens = OPENINGS.map((opening) => beginsWith(buf, at, end, opening))
  if (!opens.includes(1)) return opens.includes(0) ? 'unsure' : 'no_match'
  const stop = Math.min(end, at + MAX_TAG_BYTES)
  const orTooLong = stop - at < MAX_TAG_BYTES ? 'unsure' : 'no_match'
  if (!readTag(buf, at, stop, TAG)) return orTooLong
  if (TAG.name === '?xml') {
    const next = nextOpen(buf, TAG.end, stop)
    if (next === stop || !readTag(buf, next, stop, TAG)) return orTooLong
  }
  return TAG.name === 'stream' && attribute(buf, TAG, 'xmlns:stream') === STREAMS ? 'match' : 'no_match'
}

/** Reads a tag, or the text before one. Returns the offset behind it, or -1 to wait or when TLS is due. */
function readNext(
  state: XmppState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): number {
  const tls = beginsTls(buf, at, end)
  if (tls === 'yes') leave(state, facts)
  if (tls !== 'no') return -1
  if (buf[at] !== OPEN) return readText(state, facts, direction, buf, at, end)
  if (!readTag(buf, at, end, TAG)) {
    if (end - at < MAX_TAG_BYTES) return -1
    facts.capHit = true
    state.done = true
    return -1
  }
  const { end: behind } = TAG
  if (direction === CLIENT) readRequest(state, facts, buf)
  else readAnswer(state, facts, buf)
  return behind
}

function leave(state: XmppState, facts: FlowFacts): void {
  noteAccepted(facts, 'starttls')
  state.tunnel = true
  state.done = true
}

/** Text between tags: of a login's element it is the login. Returns the offset of what comes behind it. */
function readText(
  state: XmppState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): number {
  const stop = nextOpen(buf, at, end)
  if (direction !== CLIENT || state.inSecret === 'none') return stop
  let hasText = false
  for (let i = at; i < stop; i++) hasText ||= (buf[i] as number) > 0x20
  const isEmpty = buf[at] === 0x3d
  if (!hasText || isEmpty) return stop
  if (state.inSecret === 'sasl') state.sasl.message(facts, 'xmpp')
  else {
    facts.authenticatedBy('iq-auth')
    facts.expose('xmpp-iq-auth')
    noteClear(facts)
  }
  state.inSecret = 'none'
  return stop
}

function readRequest(state: XmppState, facts: FlowFacts, buf: Uint8Array): void {
  const { sasl } = state
  if (TAG.closes) {
    state.inSecret = 'none'
    return
  }
  switch (TAG.name) {
    case 'starttls':
      state.startTls = true
      noteRequested(facts)
      return
    case 'auth':
    case 'authenticate': {
      const name = attribute(buf, TAG, 'mechanism') ?? ''
      const bytes = Buffer.from(name, 'latin1')
      sasl.begin(facts, saslMechanism(bytes, 0, bytes.length))
      state.inSecret = !TAG.isEmpty && secretIn(sasl.mechanism ?? '') > 0 ? 'sasl' : 'none'
      return
    }
    case 'response':
      state.inSecret = !TAG.isEmpty && sasl.mechanism !== null ? 'sasl' : 'none'
      return
    case 'password':
      state.inSecret = 'password'
      return
    case 'message':
    case 'presence':
      noteClear(facts)
      if (sasl.mechanism === null) state.done = true
  }
}

function readAnswer(state: XmppState, facts: FlowFacts, buf: Uint8Array): void {
  const { name } = TAG
  if (name === 'features') readFeatures(state, facts)
  else if (state.inFeatures && name === 'starttls') state.offers = true
  else if (name === 'proceed') leave(state, facts)
  else if (name === 'success') state.sasl.end(facts, true)
  else if (name === 'failure' && !TAG.closes) {
    if (state.startTls) noteRefused(facts)
    else state.sasl.end(facts, false)
    state.startTls = false
  } else if (name === 'message' || name === 'presence') noteClear(facts)
  else if (name === 'iq' && !TAG.closes && facts.authMechanisms.includes('iq-auth')) noteQueryAnswer(facts, buf)
}

/** XEP-0078 §2: the first answer behind the password is the answer to it. */
function noteQueryAnswer(facts: FlowFacts, buf: Uint8Array): void {
  const type = attribute(buf, TAG, 'type')
  if (type === 'result') facts.authOutcome ??= 'success'
  if (type === 'error') facts.authOutcome ??= 'failure'
}

/** RFC 6120 §4.3.2: what the server can do at this point of the stream. */
function readFeatures(state: XmppState, facts: FlowFacts): void {
  if (!TAG.closes && !TAG.isEmpty) {
    state.inFeatures = true
    state.offers = false
    return
  }
  if (!state.inFeatures) return
  state.inFeatures = false
  if (state.offers) noteAdvertised(facts)
  else if (facts.authOutcome !== 'success') noteNotOffered(facts)
}
