/** IRC up to the first message of a registered client. */
import type { FlowFacts } from '../core/facts.ts'
import { saslMechanism } from '../wire/sasl.ts'
import {
  beginsWith,
  findText,
  isText,
  NO_LINE,
  secondWord,
  skipBlanks,
  textLineEnd,
  upperWord,
  wordEnd,
} from '../wire/text.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { feedLines, loseLines, probeLine, TextState } from './text-session.ts'
import { noteAdvertised, noteClear, noteNotOffered, noteRefused, noteRequested } from './upgrade.ts'

/** Before a client has a name, older servers write without a prefix. */
const UNNAMED = 'NOTICE AUTH :'
const OPENINGS = [UNNAMED, 'CAP LS', 'CAP REQ ', 'JOIN #', 'AUTHENTICATE PLAIN\r', 'AUTHENTICATE EXTERNAL\r']
/** What a client says first; several of these together are a registration (RFC 2812 §3.1). */
const REGISTRATION = ['NICK ', 'USER ', 'PASS ', 'STARTTLS\r']
const COLON = 0x3a
/** Numerics (RFC 2812 §5) and those of IRCv3's SASL and STARTTLS. */
const WELCOME = '001'
const STARTTLS_GOES = '670'
const STARTTLS_FAILS = '691'
const UNKNOWN_COMMAND = '421'
const SASL_SUCCESS = '903'
const SASL_FAILS: ReadonlySet<string> = new Set(['902', '904', '905', '906'])
const PASSWORD_WRONG = '464'
const OPERATOR_NOW = '381'
/** Messages of a registered client or to it. */
const TALK: ReadonlySet<string> = new Set('PRIVMSG NOTICE JOIN TOPIC MODE WHO WHOIS LIST'.split(' '))
/** Longest prefix: a server's or a user's name with its host (RFC 2812 §2.3). */
const MAX_PREFIX_BYTES = 160

class IrcState extends TextState {
  registered = false

  override reset(facts: FlowFacts): void {
    super.reset(facts)
    this.registered = false
  }
}

export const irc: Dissector<IrcState> = {
  name: 'irc',
  about: { title: 'IRC', source: 'RFC 2812', reads: 'STARTTLS, PASS, OPER, NickServ and SASL, outcome' },
  transport: 'tcp',
  ports: [6667, 6666, 6668, 6669, 7000],

  probe(buf, at, end): Probe {
    if (buf[at] === COLON) return probeServer(buf, at, end)
    const command = probeLine(buf, at, end, OPENINGS)
    if (command !== 'no_match') return command
    const talk = probeLine(buf, at, end, ['PRIVMSG '])
    if (talk !== 'match') return talk === 'unsure' ? talk : probeRegistration(buf, at, end)
    // "PRIVMSG target :text".
    return buf[secondWord(buf, secondWord(buf, at, end), end)] === COLON ? 'match' : 'no_match'
  },

  opener: (buf, at, end): Direction | null =>
    end === at ? null : buf[at] === COLON || beginsWith(buf, at, end, UNNAMED) === 1 ? SERVER : CLIENT,

  start(facts, used = null): IrcState {
    facts.appProtocol ??= 'irc'
    const state = used ?? new IrcState()
    state.reset(facts)
    return state
  },

  feed(state, facts, direction, buf, at, end): number {
    return feedLines(
      state,
      facts,
      direction,
      buf,
      at,
      end,
      'starttls',
      direction === CLIENT ? readCommand : readMessage,
    )
  },

  gap: loseLines,
  finish() {},
}

/** ":server 001 nick …", ":server NOTICE * :…", ":nick!user@host PRIVMSG …". */
function probeServer(buf: Uint8Array, at: number, end: number): Probe {
  const stop = wordEnd(buf, at, Math.min(end, at + MAX_PREFIX_BYTES))
  for (let i = at + 1; i < stop; i++) {
    const byte = buf[i] as number
    if (byte <= 0x20 || byte >= 0x7f || byte === COLON) return 'no_match'
  }
  if (stop === end) return 'unsure'
  if (stop - at < 3 || stop - at >= MAX_PREFIX_BYTES) return 'no_match'
  const lineFeed = textLineEnd(buf, at, end)
  if (lineFeed === NO_LINE) return 'no_match'
  if (lineFeed < 0) return 'unsure'
  const command = upperWord(buf, stop + 1, lineFeed)
  const isNumeric = /^\d{3}$/.test(command)
  return isNumeric || ['NOTICE', 'PRIVMSG', 'JOIN', 'CAP', 'MODE', 'PONG', 'NICK'].includes(command)
    ? 'match'
    : 'no_match'
}

/** "USER name mode unused :real name" tells; NICK, PASS and a STARTTLS of its own may come before it. */
function probeRegistration(buf: Uint8Array, at: number, end: number): Probe {
  const MAX_LINES = 5
  let pos = at
  for (let n = 0; n < MAX_LINES; n++) {
    const answer = probeLine(buf, pos, end, REGISTRATION)
    if (answer === 'no_match' && n > 1) return probeLine(buf, pos, end, ['JOIN #'])
    if (answer !== 'match') return answer
    const lineFeed = textLineEnd(buf, pos, end)
    if (beginsWith(buf, pos, end, 'USER ') === 1 && isUser(buf, pos, lineFeed)) return 'match'
    pos = lineFeed + 1
    if (pos === end) return 'unsure'
  }
  return 'no_match'
}

function isUser(buf: Uint8Array, at: number, end: number): boolean {
  let pos = at
  for (let n = 0; n < 3; n++) pos = secondWord(buf, pos, end)
  const realName = secondWord(buf, pos, end)
  return pos < end && realName < end && (buf[realName] === COLON || wordEnd(buf, realName, end) === end)
}

function readCommand(state: IrcState, facts: FlowFacts, _d: Direction, buf: Uint8Array, at: number, end: number) {
  const verb = upperWord(buf, at, end)
  const argumentAt = secondWord(buf, at, end)
  if (verb === 'STARTTLS') noteRequested(facts)
  else if (verb === 'AUTHENTICATE') readSasl(state, facts, buf, argumentAt, end)
  else if (verb === 'PASS') expose(facts, 'pass', 'irc-pass')
  else if (verb === 'OPER') expose(facts, 'oper', 'irc-oper')
  else if (TALK.has(verb)) readTalk(state, facts, buf, argumentAt, end)
  return 0
}

function expose(facts: FlowFacts, mechanism: string, kind: string): void {
  facts.authenticatedBy(mechanism)
  facts.expose(kind)
  noteClear(facts)
}

/** IRCv3 SASL: the first message names the mechanism, "+" is an empty one. */
function readSasl(state: IrcState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const { sasl } = state
  if (sasl.mechanism === null) sasl.begin(facts, saslMechanism(buf, at, end))
  else if (!isText(buf, at, end, '+')) sasl.line(facts, 'irc', buf, at, end)
}

/** What comes first behind the registration is mostly the password for the services. */
function readTalk(state: IrcState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const identifies = beginsWith(buf, at, end, 'NICKSERV') === 1 && findText(buf, at, end, ':IDENTIFY ') > 0
  if (identifies) expose(facts, 'nickserv', 'irc-nickserv')
  noteClear(facts)
  if (state.registered || state.unpaired) state.done = true
}

function readMessage(state: IrcState, facts: FlowFacts, _d: Direction, buf: Uint8Array, at: number, end: number) {
  const commandAt = buf[at] === COLON ? secondWord(buf, at, end) : at
  const command = upperWord(buf, commandAt, end)
  if (command === 'CAP') readCapabilities(state, facts, buf, commandAt, end)
  else if (command === STARTTLS_GOES) state.goOver(facts, 'starttls')
  else if (command === STARTTLS_FAILS) noteRefused(facts)
  else if (command === UNKNOWN_COMMAND && findText(buf, commandAt, end, ' STARTTLS ') > 0) noteRefused(facts)
  else if (command === SASL_SUCCESS) state.sasl.end(facts, true)
  else if (SASL_FAILS.has(command)) state.sasl.end(facts, false)
  else if (command === PASSWORD_WRONG) facts.authOutcome = 'failure'
  else if (command === OPERATOR_NOW) facts.authOutcome = 'success'
  else if (command === WELCOME) {
    state.registered = true
    // A server without STARTTLS may say nothing to it before the welcome.
    if (facts.upgradeState === 'requested') noteRefused(facts)
    if (facts.authMechanisms.includes('pass')) facts.authOutcome ??= 'success'
    noteClear(facts)
  }
  return 0
}

/** ":server CAP * LS [*] :cap cap=value …"; an asterisk says that the list goes on (IRCv3 capability negotiation). */
function readCapabilities(state: IrcState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const kindAt = secondWord(buf, secondWord(buf, at, end), end)
  if (upperWord(buf, kindAt, end) !== 'LS') return
  let pos = secondWord(buf, kindAt, end)
  const goesOn = isText(buf, pos, wordEnd(buf, pos, end), '*')
  if (goesOn) pos = secondWord(buf, pos, end)
  if (buf[pos] === COLON) pos++
  if (state.list === 'none' && !state.unpaired) state.list = 'reading'
  for (; pos < end; pos = secondWord(buf, pos, end)) {
    const stop = wordEnd(buf, pos, end)
    if (isText(buf, pos, stop, 'TLS')) state.list = 'offers'
    pos = skipBlanks(buf, pos, end)
  }
  if (goesOn) return
  if (state.list === 'offers') noteAdvertised(facts)
  else if (state.list === 'reading') noteNotOffered(facts)
  state.list = 'none'
}
