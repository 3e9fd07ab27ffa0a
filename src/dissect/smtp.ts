/** SMTP and LMTP up to the first mail: what a session shows of upgrade and login, it shows before. */
import type { FlowFacts } from '../core/facts.ts'
import { Reply, readReply, saysWord } from '../wire/replies.ts'
import { beginsWith, isBlanked, isContinued, isText, replyCode, secondWord, upperWord } from '../wire/text.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { feedLines, loseLines, probeLine, TextState } from './text-session.ts'
import { noteAdvertised, noteClear, noteGarbled, noteRefused, noteRequested } from './upgrade.ts'

const EHLO = 1
const STARTTLS = 2
const AUTH = 3
const OTHER = 4

/** RFC 5321 §4.1.1 and its extensions: anything else inside an exchange is a message of the mechanism. */
const VERBS: ReadonlySet<string> = new Set(
  'EHLO HELO LHLO MAIL RCPT DATA BDAT RSET VRFY EXPN HELP NOOP QUIT AUTH STARTTLS ETRN TURN SEND SOML SAML BURL'.split(
    ' ',
  ),
)
/** Keywords of an EHLO reply that no other protocol lists behind a 250 (IANA SMTP Service Extensions). */
const EXTENSIONS = [
  'STARTTLS',
  'PIPELINING',
  'SIZE',
  '8BITMIME',
  'ENHANCEDSTATUSCODES',
  'AUTH',
  'DSN',
  'ETRN',
  'HELP',
  'CHUNKING',
  'SMTPUTF8',
  'VRFY',
]

const REPLY = new Reply()

class SmtpState extends TextState {
  /** Of the list being read: entries that say something about one that is written over. */
  blanked = 0
  binary = false
  chunking = false

  openList(): void {
    this.list = 'reading'
    this.blanked = 0
    this.binary = false
    this.chunking = false
  }

  /** BINARYMIME wants CHUNKING (RFC 3030 §3), which is as long as STARTTLS. */
  get otherBlanked(): number {
    return this.binary && !this.chunking ? 1 : 0
  }
}

type Row = Pick<Dissector, 'name' | 'about' | 'ports'> & {
  /** The client's greeting. */
  readonly hello: readonly string[]
  /** What the server's greeting calls the protocol. */
  readonly banner: readonly string[]
}

export const smtp: Dissector<SmtpState> = smtpLike({
  name: 'smtp',
  about: { title: 'SMTP', source: 'RFC 5321', reads: 'STARTTLS, SASL mechanism and outcome, up to the first mail' },
  ports: [25, 587, 2525],
  hello: ['EHLO ', 'HELO ', 'MAIL FROM:<', 'RCPT TO:<'],
  banner: ['ESMTP', 'SMTP', 'ESMTPS', 'ESMTPSA'],
})

export const lmtp: Dissector<SmtpState> = smtpLike({
  name: 'lmtp',
  about: { title: 'LMTP', source: 'RFC 2033', reads: 'STARTTLS, SASL mechanism and outcome, up to the first mail' },
  ports: [24],
  hello: ['LHLO '],
  banner: ['LMTP'],
})

function smtpLike({ hello, banner, ...row }: Row): Dissector<SmtpState> {
  const { name } = row
  return {
    ...row,
    transport: 'tcp',

    probe(buf, at, end): Probe {
      const command = probeLine(buf, at, end, hello)
      return command === 'no_match' ? probeGreeting(buf, at, end, banner, name === 'smtp') : command
    },

    opener(buf, at, end): Direction | null {
      if (end - at < 3) return null
      return replyCode(buf, at, at + 3) > 0 ? SERVER : CLIENT
    },

    start(facts, used = null): SmtpState {
      facts.appProtocol ??= name
      const state = used ?? new SmtpState()
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
        direction === CLIENT ? readCommand : readAnswer,
      )
    },

    gap: loseLines,
    finish() {},
  }

  function readCommand(state: SmtpState, facts: FlowFacts, _d: Direction, buf: Uint8Array, at: number, end: number) {
    const verb = upperWord(buf, at, end)
    const { sasl } = state
    if (sasl.mechanism !== null && (sasl.challenged || !VERBS.has(verb))) sasl.line(facts, name, buf, at, end)
    else if (verb === 'EHLO' || verb === 'LHLO') state.sent(EHLO)
    else if (verb === 'AUTH') {
      state.sent(AUTH)
      sasl.open(facts, name, buf, secondWord(buf, at, end), end)
    } else if (verb === 'STARTTLS') {
      noteRequested(facts)
      state.sent(STARTTLS)
    } else readOther(state, facts, verb, isBlanked(buf, at, end, 'STARTTLS'))
    return 0
  }

  function readAnswer(state: SmtpState, facts: FlowFacts, _d: Direction, buf: Uint8Array, at: number, end: number) {
    const code = replyCode(buf, at, end)
    if (code < 0) return 0
    const isLast = !isContinued(buf, at, end)
    if (!state.greeted) {
      state.greeted = isLast
      return 0
    }
    if (code === 250) readCapability(state, facts, buf, Math.min(at + 4, end), end, isLast)
    if (isLast) answer(state, facts, code)
    return 0
  }
}

function readOther(state: SmtpState, facts: FlowFacts, verb: string, isGarbled: boolean): void {
  if (isGarbled) noteGarbled(facts)
  state.sent(OTHER)
  if (verb !== 'MAIL' && verb !== 'RCPT' && verb !== 'DATA') return
  noteClear(facts)
  settle(state, facts)
}

function readCapability(
  state: SmtpState,
  facts: FlowFacts,
  buf: Uint8Array,
  at: number,
  end: number,
  isLast: boolean,
): void {
  // Without its command, a line says what it lists and nothing of what the list leaves out.
  if (isText(buf, at, end, 'STARTTLS') && (state.answered === EHLO || state.unpaired)) noteAdvertised(facts)
  if (state.answered !== EHLO) return
  if (state.list === 'none') state.openList()
  if (isText(buf, at, end, 'STARTTLS')) state.list = 'offers'
  else if (isText(buf, at, end, 'BINARYMIME')) state.binary = true
  else if (isText(buf, at, end, 'CHUNKING')) state.chunking = true
  else if (isBlanked(buf, at, end, 'STARTTLS')) state.blanked += 1
  if (!isLast) return
  if (state.list === 'reading' && state.blanked > state.otherBlanked) state.list = 'garbled'
  state.concludeList(facts)
}

function answer(state: SmtpState, facts: FlowFacts, code: number): void {
  const { sasl, answered } = state
  if (code === 334) {
    sasl.challenged = true
    return
  }
  if (answered === STARTTLS) {
    if (code === 220) state.goOver(facts, 'starttls')
    else noteRefused(facts)
  }
  // RFC 4954 §6: codes that only an exchange has.
  if (answered === AUTH || (state.unpaired && (code === 235 || code === 535))) {
    sasl.end(facts, code === 235)
    settle(state, facts)
  }
  state.commands.shift()
}

/** Mail goes, and no login is under way, or the login succeeded in the clear: nothing further can be told. */
function settle(state: SmtpState, facts: FlowFacts): void {
  const isUnderWay = state.sasl.mechanism !== null
  const hasMail = facts.protection === 'cleartext'
  if (hasMail && !isUnderWay && facts.authOutcome !== 'failure') state.done = true
  if (hasMail && !isUnderWay && state.commands.at(-1) === OTHER) state.done = true
}

/** A banner says little; a second reply that lists extensions is an answer to EHLO, whoever asked. */
function probeGreeting(
  buf: Uint8Array,
  at: number,
  end: number,
  banner: readonly string[],
  listsExtensions: boolean,
): Probe {
  if (!readReply(buf, at, end, REPLY)) return 'no_match'
  const { code, end: behind } = REPLY
  if (code !== 0 && code !== 220 && code !== 554) return 'no_match'
  if (behind < 0) return 'unsure'
  if (banner.some((word) => saysWord(buf, at + 4, behind, word))) return 'match'
  if (code !== 220) return 'no_match'
  if (behind === end) return 'unsure'
  if (!readReply(buf, behind, end, REPLY)) return 'no_match'
  if (REPLY.end < 0) return 'unsure'
  if (REPLY.code !== 250 || !listsExtensions) return REPLY.code >= 500 ? 'unsure' : 'no_match'
  return lists(buf, behind, REPLY.end) ? 'match' : 'unsure'
}

function lists(buf: Uint8Array, at: number, end: number): boolean {
  for (let i = at; i + 4 < end; i++) {
    const isLineStart = i === at || buf[i - 1] === 0x0a
    if (isLineStart && EXTENSIONS.some((word) => beginsWith(buf, i + 4, end, word) === 1)) return true
  }
  return false
}
