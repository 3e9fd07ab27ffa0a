/** ManageSieve up to the first script. */
import type { FlowFacts } from '../core/facts.ts'
import { saslMechanism } from '../wire/sasl.ts'
import {
  beginsWith,
  INCOMPLETE,
  isText,
  literalBytes,
  NO_LINE,
  secondWord,
  textLineEnd,
  upperWord,
  wordEnd,
} from '../wire/text.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { feedLines, loseLines, probeLine, TextState } from './text-session.ts'
import { noteClear, noteRefused, noteRequested } from './upgrade.ts'

const STARTTLS = 1
const AUTH = 2
const OTHER = 3
const QUOTE = 0x22

const HASTY = 'STARTTLS\r\n'
const OPENINGS = ['AUTHENTICATE "', 'PUTSCRIPT "', 'HAVESPACE "', 'LISTSCRIPTS\r', 'GETSCRIPT "', 'SETACTIVE "']
/** Capabilities that the greeting lists, of which it must have the first two (RFC 5804 §1.7). */
const CAPABILITIES = [
  '"IMPLEMENTATION" "',
  '"SIEVE" "',
  '"SASL" "',
  '"VERSION" "',
  '"STARTTLS"',
  '"NOTIFY" "',
  '"MAXREDIRECTS" "',
]
const SCRIPTS: ReadonlySet<string> = new Set(
  'HAVESPACE PUTSCRIPT LISTSCRIPTS SETACTIVE GETSCRIPT DELETESCRIPT RENAMESCRIPT CHECKSCRIPT'.split(' '),
)

class SieveState extends TextState {
  /** The command's line went on behind a literal. */
  continues = false

  override reset(facts: FlowFacts): void {
    super.reset(facts)
    this.continues = false
    this.list = facts.midstream ? 'none' : 'reading'
  }
}

export const managesieve: Dissector<SieveState> = {
  name: 'managesieve',
  about: { title: 'ManageSieve', source: 'RFC 5804', reads: 'STARTTLS, SASL mechanism and outcome' },
  transport: 'tcp',
  ports: [4190],

  probe(buf, at, end): Probe {
    if (buf[at] === QUOTE) return probeGreeting(buf, at, end)
    // Others have that command too: it is kept until the greeting tells.
    return isHasty(buf, at, end) ? 'unsure' : probeLine(buf, at, end, OPENINGS)
  },

  opener: (buf, at, end): Direction | null => (end === at ? null : buf[at] === QUOTE ? SERVER : CLIENT),

  start(facts, used = null): SieveState {
    facts.appProtocol ??= 'managesieve'
    const state = used ?? new SieveState()
    state.reset(facts)
    return state
  },

  feed(state, facts, direction, buf, at, end): number {
    return feedLines(state, facts, direction, buf, at, end, 'starttls', direction === CLIENT ? readCommand : readAnswer)
  },

  gap(state, facts, direction): void {
    loseLines(state, facts, direction)
    state.continues = false
  },

  finish() {},
}

/** STARTTLS, or its beginning, from a client that does not wait for the greeting. */
const isHasty = (buf: Uint8Array, at: number, end: number): boolean =>
  beginsWith(buf, at, end, HASTY) === 0 || isText(buf, at, end, HASTY)

/** Two lines of capabilities, or one and the OK that ends the greeting. */
function probeGreeting(buf: Uint8Array, at: number, end: number): Probe {
  const first = probeLine(buf, at, end, CAPABILITIES)
  if (first !== 'match') return first
  const lineFeed = textLineEnd(buf, at, end)
  if (lineFeed === INCOMPLETE || lineFeed === NO_LINE || lineFeed + 1 === end) return 'unsure'
  return probeLine(buf, lineFeed + 1, end, [...CAPABILITIES, 'OK'])
}

function readCommand(state: SieveState, facts: FlowFacts, _d: Direction, buf: Uint8Array, at: number, end: number) {
  const literal = literalBytes(buf, at, end)
  const { sasl } = state
  if (state.continues) {
    state.continues = literal > 0
    return literal
  }
  state.continues = literal > 0
  const isString = buf[at] === QUOTE || (buf[at] === 0x7b && literal > 0)
  if (sasl.mechanism !== null && isString) {
    if (!isText(buf, at, end, '"*"')) sasl.message(facts, 'managesieve')
    return literal
  }
  const verb = upperWord(buf, at, end)
  if (verb === 'STARTTLS') {
    noteRequested(facts)
    state.sent(STARTTLS)
  } else if (verb === 'AUTHENTICATE') {
    state.sent(AUTH)
    const mechanismAt = secondWord(buf, at, end)
    const stop = wordEnd(buf, mechanismAt, end)
    sasl.begin(facts, saslMechanism(buf, mechanismAt + 1, stop - 1))
    if (secondWord(buf, mechanismAt, end) < end) sasl.message(facts, 'managesieve')
  } else {
    state.sent(OTHER)
    if (SCRIPTS.has(verb)) {
      noteClear(facts)
      if (sasl.mechanism === null) state.done = true
    }
  }
  return literal
}

function readAnswer(state: SieveState, facts: FlowFacts, _d: Direction, buf: Uint8Array, at: number, end: number) {
  const literal = literalBytes(buf, at, end)
  if (buf[at] === QUOTE || buf[at] === 0x7b) {
    if (buf[at] === QUOTE && buf[end - 1] === QUOTE) state.lists(buf, at + 1, end - 1, 'STARTTLS')
    return literal
  }
  const isOk = upperWord(buf, at, end) === 'OK'
  if (!isOk && beginsWith(buf, at, end, 'NO') !== 1 && beginsWith(buf, at, end, 'BYE') !== 1) return literal
  if (!state.greeted) {
    state.greeted = true
    state.concludeList(facts)
    return literal
  }
  const { answered } = state
  state.commands.shift()
  if (answered === STARTTLS) {
    if (isOk) state.goOver(facts, 'starttls')
    else noteRefused(facts)
  }
  if (answered === AUTH) {
    state.sasl.end(facts, isOk)
    if (isOk && facts.protection === 'cleartext') state.done = true
  }
  return literal
}
