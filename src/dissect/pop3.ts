/** POP3 up to the first mail. */
import type { FlowFacts } from '../core/facts.ts'
import { beginsWith, isBlanked, isText, secondWord, textLineEnd, upperWord } from '../wire/text.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { feedLines, loseLines, probeLine, TextState } from './text-session.ts'
import { noteClear, noteGarbled, noteRefused, noteRequested } from './upgrade.ts'

const CAPA = 1
const STLS = 2
const LOGIN = 3
const AUTH = 4
const OTHER = 5

const VERBS: ReadonlySet<string> = new Set(
  'CAPA STLS USER PASS APOP AUTH STAT LIST RETR DELE NOOP RSET TOP UIDL QUIT UTF8 LANG'.split(' '),
)
/** What a mailbox is asked for. */
const ASKS_FOR_MAIL: ReadonlySet<string> = new Set('STAT LIST RETR DELE TOP UIDL'.split(' '))
const OPENINGS = ['CAPA\r', 'STLS\r', 'APOP ']
/** Behind USER and PASS, which FTP has as well. */
const TELLING = ['STAT\r', 'UIDL\r', 'LIST\r', 'LIST 1', 'RETR 1', 'CAPA\r', 'TOP 1']

export const pop3: Dissector<TextState> = {
  name: 'pop3',
  about: { title: 'POP3', source: 'RFC 1939', reads: 'STLS, USER/PASS, APOP and SASL, outcome' },
  transport: 'tcp',
  ports: [110],

  probe(buf, at, end): Probe {
    // "+OK" without a text is what Redis says to anything, so a greeting has one.
    const answer = probeLine(buf, at, end, ['+OK '])
    if (answer !== 'no_match') return answer
    const command = probeLine(buf, at, end, OPENINGS)
    return command === 'no_match' ? probeLogin(buf, at, end, TELLING) : command
  },

  opener: (buf, at, end): Direction | null => (end === at ? null : buf[at] === 0x2b ? SERVER : CLIENT),

  start(facts, used = null): TextState {
    facts.appProtocol ??= 'pop3'
    const state = used ?? new TextState()
    state.reset(facts)
    return state
  },

  feed(state, facts, direction, buf, at, end): number {
    return feedLines(state, facts, direction, buf, at, end, 'stls', direction === CLIENT ? readCommand : readAnswer)
  },

  gap: loseLines,
  finish() {},
}

/** A name and a password, as POP3 and FTP take them, and then a command that one of them has alone. */
export function probeLogin(buf: Uint8Array, at: number, end: number, telling: readonly string[]): Probe {
  const MAX_LINES = 4
  let pos = at
  for (let line = 0; line < MAX_LINES; line++) {
    const isLogin = probeLine(buf, pos, end, line === 0 ? ['USER '] : ['PASS ', 'USER '])
    if (isLogin === 'unsure') return 'unsure'
    if (isLogin === 'no_match') return line < 2 ? 'no_match' : probeLine(buf, pos, end, telling)
    pos = textLineEnd(buf, pos, end) + 1
    if (pos === end) return 'unsure'
  }
  return 'no_match'
}

function readCommand(state: TextState, facts: FlowFacts, _d: Direction, buf: Uint8Array, at: number, end: number) {
  const { sasl } = state
  const verb = upperWord(buf, at, end)
  const argumentAt = secondWord(buf, at, end)
  if (sasl.mechanism !== null && (sasl.challenged || !VERBS.has(verb))) sasl.line(facts, 'pop3', buf, at, end)
  else if (verb === 'CAPA') state.sent(CAPA)
  else if (verb === 'STLS') {
    noteRequested(facts)
    state.sent(STLS)
  } else if (verb === 'PASS' || verb === 'APOP') readLogin(state, facts, verb)
  // Without a mechanism it asks for the list of them (RFC 5034 §4).
  else if (verb === 'AUTH' && argumentAt < end) {
    state.sent(AUTH)
    sasl.open(facts, 'pop3', buf, argumentAt, end)
  } else readOther(state, facts, verb, isBlanked(buf, at, end, 'STLS'))
  return 0
}

function readLogin(state: TextState, facts: FlowFacts, verb: 'PASS' | 'APOP'): void {
  facts.authenticatedBy(verb === 'PASS' ? 'user-pass' : 'apop')
  state.sent(LOGIN)
  if (verb === 'APOP') return
  facts.expose('pop3-pass')
  noteClear(facts)
}

function readOther(state: TextState, facts: FlowFacts, verb: string, isGarbled: boolean): void {
  if (isGarbled) noteGarbled(facts)
  state.sent(OTHER)
  if (!ASKS_FOR_MAIL.has(verb)) return
  noteClear(facts)
  if (!state.commands.some((one) => one === LOGIN || one === AUTH)) state.done = true
}

function readAnswer(state: TextState, facts: FlowFacts, _d: Direction, buf: Uint8Array, at: number, end: number) {
  if (state.list !== 'none') {
    // RFC 2449 §5: one capability a line, up to a dot.
    state.lists(buf, at, end, 'STLS')
    if (isText(buf, at, end, '.')) state.concludeList(facts)
    return 0
  }
  if (buf[at] === 0x2b && (at + 1 === end || buf[at + 1] === 0x20)) {
    state.sasl.challenged = true
    return 0
  }
  const isOk = beginsWith(buf, at, end, '+OK') === 1
  if (!isOk && beginsWith(buf, at, end, '-ERR') !== 1) return 0
  if (!state.greeted) {
    state.greeted = true
    return 0
  }
  const { answered } = state
  state.commands.shift()
  if (answered === CAPA && isOk) state.list = 'reading'
  else if (answered === STLS && isOk) state.goOver(facts, 'stls')
  else if (answered === STLS) noteRefused(facts)
  else if (answered === LOGIN || answered === AUTH) concludeLogin(state, facts, isOk)
  return 0
}

function concludeLogin(state: TextState, facts: FlowFacts, isOk: boolean): void {
  state.sasl.end(facts, isOk)
  facts.authOutcome = isOk ? 'success' : 'failure'
  if (isOk && facts.protection === 'cleartext') state.done = true
}
