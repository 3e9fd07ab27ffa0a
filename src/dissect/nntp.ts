/** NNTP up to the first article: a reader may be told to log in at any command before. */
import type { FlowFacts } from '../core/facts.ts'
import { Reply, readReply, saysWord } from '../wire/replies.ts'
import { isBlanked, isText, replyCode, secondWord, upperWord } from '../wire/text.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { feedLines, loseLines, probeLine, TextState } from './text-session.ts'
import { noteClear, noteGarbled, noteRefused, noteRequested } from './upgrade.ts'

const CAPABILITIES = 1
const STARTTLS = 2
const LOGIN = 3
const OTHER = 4

const OPENINGS = [
  'CAPABILITIES\r',
  'MODE READER\r',
  'MODE STREAM\r',
  'AUTHINFO USER ',
  'AUTHINFO SASL ',
  'GROUP ',
  'LIST ACTIVE',
  'XOVER ',
  'ARTICLE <',
  'IHAVE <',
  'CHECK <',
  'TAKETHIS <',
]
/** Words that a server's greeting has about itself. */
const BANNER = ['NNTP', 'NNRP', 'INN', 'INND', 'NNRPD', 'INTERNETNEWS', 'LEAFNODE', 'USENET']
/** Replies with lines behind them, up to a dot (RFC 3977 §3.1.1), that hold no article. */
const LISTS: ReadonlySet<number> = new Set([100, 101, 215, 230, 231, 282])
/** An article, or leave to send one. */
const ARTICLES: ReadonlySet<number> = new Set([220, 221, 222, 224, 225, 235, 238, 239, 240, 335, 340])
const ASKS: ReadonlySet<string> = new Set(
  'GROUP LISTGROUP ARTICLE HEAD BODY STAT NEXT LAST OVER XOVER HDR XHDR NEWNEWS POST IHAVE CHECK TAKETHIS LIST'.split(
    ' ',
  ),
)

const REPLY = new Reply()

class NntpState extends TextState {
  /** Lines up to a dot belong to a reply. */
  inBody = false

  override reset(facts: FlowFacts): void {
    super.reset(facts)
    this.inBody = false
  }
}

export const nntp: Dissector<NntpState> = {
  name: 'nntp',
  about: { title: 'NNTP', source: 'RFC 3977', reads: 'STARTTLS, AUTHINFO and SASL, outcome' },
  transport: 'tcp',
  ports: [119, 433],

  probe(buf, at, end): Probe {
    const command = probeLine(buf, at, end, OPENINGS)
    if (command !== 'no_match') return command
    if (!readReply(buf, at, end, REPLY)) return 'no_match'
    const { code, end: behind } = REPLY
    if (code !== 0 && code !== 200 && code !== 201) return 'no_match'
    if (behind < 0) return 'unsure'
    return BANNER.some((word) => saysWord(buf, at + 4, behind, word)) ? 'match' : 'unsure'
  },

  opener(buf, at, end): Direction | null {
    if (end - at < 3) return null
    return replyCode(buf, at, at + 3) > 0 ? SERVER : CLIENT
  },

  start(facts, used = null): NntpState {
    facts.appProtocol ??= 'nntp'
    const state = used ?? new NntpState()
    state.reset(facts)
    return state
  },

  feed(state, facts, direction, buf, at, end): number {
    return feedLines(state, facts, direction, buf, at, end, 'starttls', direction === CLIENT ? readCommand : readAnswer)
  },

  gap(state, facts, direction): void {
    loseLines(state, facts, direction)
    if (direction === SERVER) state.inBody = false
  },

  finish() {},
}

function readCommand(state: NntpState, facts: FlowFacts, _d: Direction, buf: Uint8Array, at: number, end: number) {
  const { sasl } = state
  if (sasl.mechanism !== null && sasl.challenged) {
    sasl.line(facts, 'nntp', buf, at, end)
    return 0
  }
  const verb = upperWord(buf, at, end)
  if (verb === 'CAPABILITIES') state.sent(CAPABILITIES)
  else if (verb === 'STARTTLS') {
    noteRequested(facts)
    state.sent(STARTTLS)
  } else if (verb === 'AUTHINFO') readAuthInfo(state, facts, buf, secondWord(buf, at, end), end)
  else {
    if (isBlanked(buf, at, end, 'STARTTLS')) noteGarbled(facts)
    state.sent(OTHER)
    if (ASKS.has(verb)) noteClear(facts)
  }
  return 0
}

/** RFC 4643 §2.3.1 and §2.4.1. */
function readAuthInfo(state: NntpState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const kind = upperWord(buf, at, end)
  const argumentAt = secondWord(buf, at, end)
  state.sent(kind === 'USER' ? OTHER : LOGIN)
  if (kind === 'PASS') {
    facts.authenticatedBy('user-pass')
    facts.expose('nntp-authinfo-pass')
    noteClear(facts)
  } else if (kind === 'SASL') {
    state.sasl.open(facts, 'nntp', buf, argumentAt, end)
  }
}

function readAnswer(state: NntpState, facts: FlowFacts, _d: Direction, buf: Uint8Array, at: number, end: number) {
  if (state.inBody) {
    readBodyLine(state, facts, buf, at, end)
    return 0
  }
  const code = replyCode(buf, at, end)
  if (code < 0) return 0
  if (!state.greeted) {
    state.greeted = true
    return 0
  }
  if (code === 383) state.sasl.challenged = true
  else answer(state, facts, code)
  return 0
}

function answer(state: NntpState, facts: FlowFacts, code: number): void {
  const { answered } = state
  state.commands.shift()
  if (LISTS.has(code)) {
    state.inBody = true
    state.list = answered === CAPABILITIES && code === 101 ? 'reading' : 'none'
  }
  if (answered === STARTTLS && code === 382) state.goOver(facts, 'starttls')
  else if (answered === STARTTLS) noteRefused(facts)
  else if (answered === LOGIN || code === 281 || code === 481) concludeLogin(state, facts, code)
  if (!ARTICLES.has(code)) return
  noteClear(facts)
  state.done = true
}

/** 283 carries a last message of the mechanism (RFC 4643 §2.4.2). */
function concludeLogin(state: NntpState, facts: FlowFacts, code: number): void {
  facts.authOutcome = code === 281 || code === 283 ? 'success' : 'failure'
  state.sasl.end(facts, facts.authOutcome === 'success')
  if (facts.authOutcome === 'success' && facts.protection === 'cleartext') state.done = true
}

function readBodyLine(state: NntpState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  state.lists(buf, at, end, 'STARTTLS')
  if (!isText(buf, at, end, '.')) return
  state.inBody = false
  state.concludeList(facts)
}
