/** IMAP4 up to the first mailbox: answers carry the tag of their command, so they are paired even behind a gap. */
import { hashBytes } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import {
  beginsWith,
  findText,
  isBlanked,
  isText,
  literalBytes,
  NO_LINE,
  secondWord,
  skipBlanks,
  textLineEnd,
  upperWord,
  wordEnd,
} from '../wire/text.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { feedLines, loseLines, probeLine, TextState } from './text-session.ts'
import { noteAdvertised, noteClear, noteGarbled, noteNotOffered, noteRefused, noteRequested } from './upgrade.ts'

const GREETINGS = ['* OK ', '* PREAUTH ', '* BYE ']
/** Commands that only IMAP writes behind a tag (RFC 9051 §6). */
const TELLING: ReadonlySet<string> = new Set(
  (
    'CAPABILITY STARTTLS AUTHENTICATE LOGIN LOGOUT SELECT EXAMINE LIST LSUB NAMESPACE STATUS APPEND FETCH UID ENABLE ' +
    'NOOP ID SEARCH STORE COPY EXPUNGE'
  ).split(' '),
)
/** Commands before a login; all others ask for the mailbox's own. */
const PREPARING: ReadonlySet<string> = new Set('CAPABILITY NOOP LOGOUT ID ENABLE'.split(' '))

class ImapState extends TextState {
  /** Hashes of the tags whose answer matters, 0 = none. */
  startTlsTag = 0
  authTag = 0
  /** The command's line went on behind a literal. */
  continues = false
  loginIsOpen = false

  override reset(facts: FlowFacts): void {
    super.reset(facts)
    this.startTlsTag = 0
    this.authTag = 0
    this.continues = false
    this.loginIsOpen = false
  }
}

export const imap: Dissector<ImapState> = {
  name: 'imap',
  about: { title: 'IMAP4', source: 'RFC 9051', reads: 'STARTTLS, LOGINDISABLED, LOGIN and SASL, outcome' },
  transport: 'tcp',
  ports: [143],

  probe(buf, at, end): Probe {
    return buf[at] === 0x2a ? probeLine(buf, at, end, GREETINGS) : probeTagged(buf, at, end)
  },

  opener: (buf, at, end): Direction | null => (end === at ? null : buf[at] === 0x2a ? SERVER : CLIENT),

  start(facts, used = null): ImapState {
    facts.appProtocol ??= 'imap'
    const state = used ?? new ImapState()
    state.reset(facts)
    return state
  },

  feed(state, facts, direction, buf, at, end): number {
    return feedLines(state, facts, direction, buf, at, end, 'starttls', direction === CLIENT ? readCommand : readAnswer)
  },

  gap(state, facts, direction): void {
    loseLines(state, facts, direction)
    state.continues = false
    state.loginIsOpen = false
    state.authTag = 0
  },

  finish() {},
}

/** A tag with a digit, as clients make them, or of one character, as people do; then a command. */
function probeTagged(buf: Uint8Array, at: number, end: number): Probe {
  const MAX_TAG_BYTES = 12
  let hasDigit = false
  let i = at
  for (; i < end && buf[i] !== 0x20; i++) {
    const byte = buf[i] as number
    const isDigit = byte >= 0x30 && byte <= 0x39
    const isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
    const isTag = isDigit || isLetter || byte === 0x2e
    if (!isTag || i - at >= MAX_TAG_BYTES) return 'no_match'
    hasDigit ||= isDigit
  }
  if (i === end) return 'unsure'
  if (!hasDigit && i - at !== 1) return 'no_match'
  const lineFeed = textLineEnd(buf, at, end)
  if (lineFeed === NO_LINE) return 'no_match'
  if (lineFeed < 0) return 'unsure'
  let stop = wordEnd(buf, i + 1, lineFeed)
  if (stop === lineFeed && buf[stop - 1] === 0x0d) stop--
  return TELLING.has(upperWord(buf, i + 1, stop)) ? 'match' : 'no_match'
}

function readCommand(state: ImapState, facts: FlowFacts, _d: Direction, buf: Uint8Array, at: number, end: number) {
  const literal = literalBytes(buf, at, end)
  const { sasl } = state
  if (sasl.mechanism !== null && !state.continues) {
    sasl.line(facts, 'imap', buf, at, end)
    return literal
  }
  if (!state.continues) openCommand(state, facts, buf, at, end)
  state.continues = literal > 0
  if (state.loginIsOpen && literal === 0) {
    facts.expose('imap-login')
    noteClear(facts)
    state.loginIsOpen = false
  }
  return literal
}

function openCommand(state: ImapState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const tag = hashBytes(buf, at, wordEnd(buf, at, end)) || 1
  const verbAt = secondWord(buf, at, end)
  const verb = upperWord(buf, verbAt, end)
  const argumentAt = secondWord(buf, verbAt, end)
  if (verb === 'STARTTLS') {
    state.startTlsTag = tag
    noteRequested(facts)
  } else if (isBlanked(buf, verbAt, end, 'STARTTLS')) noteGarbled(facts)
  else if (verb === 'LOGIN') {
    state.authTag = tag
    state.loginIsOpen = true
    facts.authenticatedBy('login')
  } else if (verb === 'AUTHENTICATE') {
    state.authTag = tag
    state.sasl.open(facts, 'imap', buf, argumentAt, end)
  } else if (TELLING.has(verb) && !PREPARING.has(verb)) {
    noteClear(facts)
    if (state.authTag === 0) state.done = true
  }
}

function readAnswer(state: ImapState, facts: FlowFacts, _d: Direction, buf: Uint8Array, at: number, end: number) {
  const literal = literalBytes(buf, at, end)
  if (buf[at] === 0x2b) {
    state.sasl.challenged = true
    return literal
  }
  const verdictAt = secondWord(buf, at, end)
  readCapabilities(state, facts, buf, verdictAt, end)
  if (buf[at] === 0x2a) {
    if (beginsWith(buf, verdictAt, end, 'PREAUTH') === 1) facts.authOutcome = 'success'
    return literal
  }
  const tag = hashBytes(buf, at, wordEnd(buf, at, end)) || 1
  const isOk = upperWord(buf, verdictAt, end) === 'OK'
  if (tag === state.startTlsTag) {
    state.startTlsTag = 0
    if (isOk) state.goOver(facts, 'starttls')
    else noteRefused(facts)
  }
  if (tag === state.authTag) {
    state.authTag = 0
    facts.authOutcome = isOk ? 'success' : 'failure'
    state.sasl.end(facts, isOk)
    if (facts.protection === 'cleartext' && isOk) state.done = true
  }
  return literal
}

/** "CAPABILITY …" as a response of its own, or "OK [CAPABILITY …]" with another (RFC 9051 §7.1). */
function readCapabilities(state: ImapState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  // "PREAUTH [CAPABILITY " is the longest way to it.
  const CODE_BYTES = 20
  const code = findText(buf, at, Math.min(end, at + CODE_BYTES), 'CAPABILITY ')
  if (code < 0) return
  let offers = false
  let garbled = false
  for (let i = skipBlanks(buf, wordEnd(buf, code, end), end); i < end; i = secondWord(buf, i, end)) {
    const stop = wordEnd(buf, i, end)
    const last = buf[stop - 1] === 0x5d ? stop - 1 : stop
    if (isText(buf, i, last, 'STARTTLS')) offers = true
    if (isBlanked(buf, i, last, 'STARTTLS')) garbled = true
    if (isText(buf, i, last, 'LOGINDISABLED')) facts.protocolSecurity = 'LOGINDISABLED'
    if (last < stop) break
  }
  if (offers) noteAdvertised(facts)
  else if (garbled) noteGarbled(facts)
  // Behind a login a server need not offer it any more.
  else if (state.authTag === 0 && !state.unpaired && facts.authOutcome !== 'success') noteNotOffered(facts)
}
