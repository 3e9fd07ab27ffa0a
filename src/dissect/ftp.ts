/** FTP's control connection, read as long as it lasts: it says where the files go. */
import type { AnnouncedFlow, FlowFacts } from '../core/facts.ts'
import { PROTO_TCP } from '../core/ip-numbers.ts'
import { type DataAddress, extendedPort, hostPort } from '../wire/ftp-address.ts'
import { Reply, readReply, saysWord } from '../wire/replies.ts'
import {
  beginsWith,
  findText,
  isContinued,
  isText,
  replyCode,
  secondWord,
  textLineEnd,
  upperWord,
} from '../wire/text.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { probeLogin } from './pop3.ts'
import { feedLines, loseLines, probeLine, TextState } from './text-session.ts'
import { noteClear, noteRefused, noteRequested } from './upgrade.ts'

const USER = 1
const PASS = 2
const AUTH_TLS = 3
const AUTH_OTHER = 4
const FEAT = 5
const OTHER = 6

/** Commands that FTP alone has, with what follows them (RFC 959 §5.3, RFC 2228, RFC 2389, RFC 2428, RFC 3659). */
const OPENINGS = [
  'AUTH TLS\r',
  'AUTH SSL\r',
  'AUTH TLS-',
  'AUTH GSSAPI\r',
  'FEAT\r',
  'OPTS UTF8 ',
  'SYST\r',
  'PASV\r',
  'EPSV\r',
  'EPSV ALL\r',
  'EPRT |',
  'TYPE I\r',
  'TYPE A\r',
  'PBSZ 0\r',
  'PROT P\r',
  'PROT C\r',
  'MLSD\r',
  'CLNT ',
  'USER ANONYMOUS\r',
]
const BEHIND_LOGIN = [...OPENINGS, 'PWD\r', 'CWD ', 'PORT ', 'SIZE ', 'MDTM ', 'STOR ', 'ACCT ', 'XPWD\r', 'RETR /']
/** Words by which a server calls itself in its greeting. */
const BANNER = ['FTP', 'FTPD', 'VSFTPD', 'PROFTPD', 'PURE-FTPD', 'FILEZILLA', 'SFTPD', 'WU-FTPD']
/** Second replies that no mail server gives to a greeting. */
const TELLING: ReadonlySet<number> = new Set([211, 215, 227, 229, 230, 234, 257, 331, 332, 334, 532])
/** Replies behind the greeting that are looked at. */
const MAX_REPLIES = 4
const PASSIVE = ['227 ENTERING PASSIVE MODE', '229 ENTERING EXTENDED PASSIVE MODE']
/** What sends a file or a list of them. */
const TRANSFERS: ReadonlySet<string> = new Set('RETR STOR STOU APPE LIST NLST MLSD MLST'.split(' '))
/** RFC 2228 §3: a command that GSSAPI wraps. */
const WRAPPED: ReadonlySet<string> = new Set(['MIC', 'CONF', 'ENC'])
/** The port that active data connections come from (RFC 959 §5.2). */
const FTP_DATA_PORT = 20

const REPLY = new Reply()

class FtpState extends TextState {
  user: 'unknown' | 'anonymous' | 'named' = 'unknown'

  override reset(facts: FlowFacts): void {
    super.reset(facts)
    this.user = 'unknown'
  }
}

export const ftp: Dissector<FtpState> = {
  name: 'ftp',
  about: {
    title: 'FTP',
    source: 'RFC 959, RFC 4217',
    reads: 'AUTH TLS and GSSAPI, USER/PASS, outcome; data connections followed',
  },
  transport: 'tcp',
  ports: [21],

  probe(buf, at, end): Probe {
    const command = probeLine(buf, at, end, OPENINGS)
    if (command !== 'no_match') return command
    const port = probeLine(buf, at, end, ['PORT '])
    if (port !== 'no_match')
      return port === 'match' && hostPort(buf, at, textLineEnd(buf, at, end)) === null ? 'no_match' : port
    const login = probeLogin(buf, at, end, BEHIND_LOGIN)
    if (login !== 'no_match') return login
    const passive = probeLine(buf, at, end, PASSIVE)
    return passive === 'match' ? passive : probeGreeting(buf, at, end)
  },

  opener(buf, at, end): Direction | null {
    if (end - at < 3) return null
    return replyCode(buf, at, at + 3) > 0 ? SERVER : CLIENT
  },

  start(facts, used = null): FtpState {
    facts.appProtocol ??= 'ftp'
    const state = used ?? new FtpState()
    state.reset(facts)
    return state
  },

  feed(state, facts, direction, buf, at, end): number {
    const read = feedLines(
      state,
      facts,
      direction,
      buf,
      at,
      end,
      'auth-tls',
      direction === CLIENT ? readCommand : readAnswer,
    )
    // What PASV says inside cannot be read; where the server calls, its port still tells.
    if (state.tunnel) announce(facts, 'server', 'calls', { address: null, port: FTP_DATA_PORT })
    return read
  },

  gap(state, facts, direction): void {
    loseLines(state, facts, direction)
    if (direction === CLIENT) state.user = 'unknown'
  },

  finish() {},
}

/** A banner that calls itself FTP, or the first reply behind it that only FTP has. */
function probeGreeting(buf: Uint8Array, at: number, end: number): Probe {
  if (!readReply(buf, at, end, REPLY)) return 'no_match'
  const { code, end: behind } = REPLY
  if (code !== 0 && code !== 220 && code !== 421) return 'no_match'
  if (behind < 0) return 'unsure'
  const isMail = ['ESMTP', 'SMTP', 'LMTP'].some((word) => saysWord(buf, at + 4, behind, word))
  if (isMail) return 'no_match'
  if (BANNER.some((word) => saysWord(buf, at + 4, behind, word))) return 'match'
  if (code !== 220) return 'no_match'
  let pos = behind
  for (let n = 0; n < MAX_REPLIES; n++) {
    if (pos === end) return 'unsure'
    if (!readReply(buf, pos, end, REPLY)) return 'no_match'
    if (REPLY.end < 0) return 'unsure'
    if (TELLING.has(REPLY.code)) return 'match'
    if (REPLY.code < 500) return 'no_match'
    pos = REPLY.end
  }
  return 'no_match'
}

function readCommand(state: FtpState, facts: FlowFacts, _d: Direction, buf: Uint8Array, at: number, end: number) {
  const verb = upperWord(buf, at, end)
  const argumentAt = secondWord(buf, at, end)
  if (verb === 'USER') {
    const isAnonymous = isText(buf, argumentAt, end, 'ANONYMOUS') || isText(buf, argumentAt, end, 'FTP')
    state.user = isAnonymous ? 'anonymous' : 'named'
    facts.authenticatedBy(isAnonymous ? 'anonymous' : 'user-pass')
    state.sent(USER)
  } else if (verb === 'PASS') {
    state.sent(PASS)
    if (state.user === 'named') facts.expose('ftp-pass')
    if (state.user === 'named') noteClear(facts)
  } else if (verb === 'AUTH') openAuth(state, facts, buf, argumentAt, end)
  else if (verb === 'FEAT') state.sent(FEAT)
  else readOther(state, facts, verb, buf, argumentAt, end)
  return 0
}

function readOther(state: FtpState, facts: FlowFacts, verb: string, buf: Uint8Array, at: number, end: number): void {
  state.sent(OTHER)
  if (TRANSFERS.has(verb)) noteClear(facts)
  else if (verb === 'PORT') announce(facts, 'client', 'accepts', hostPort(buf, at, end))
  else if (verb === 'EPRT') announce(facts, 'client', 'accepts', extendedPort(buf, at, end))
  else if (WRAPPED.has(verb)) hide(state, facts, verb)
}

function openAuth(state: FtpState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const isTls = beginsWith(buf, at, end, 'TLS') === 1 || beginsWith(buf, at, end, 'SSL') === 1
  if (isTls) noteRequested(facts)
  else if (isText(buf, at, end, 'GSSAPI')) facts.authenticatedBy('gssapi')
  else if (isText(buf, at, end, 'KERBEROS_V4')) facts.authenticatedBy('kerberos_v4')
  state.sent(isTls ? AUTH_TLS : AUTH_OTHER)
}

/** From here on commands and replies are wrapped: MIC shows them, ENC and CONF do not. */
function hide(state: FtpState, facts: FlowFacts, verb: string): void {
  if (state.unpaired) return
  facts.protocolSecurity = verb === 'MIC' ? 'integrity' : 'confidential'
  if (verb !== 'MIC' && facts.protection === 'undetermined') facts.protection = 'opaque'
}

function readAnswer(state: FtpState, facts: FlowFacts, _d: Direction, buf: Uint8Array, at: number, end: number) {
  const code = replyCode(buf, at, end)
  if (state.list !== 'none' && offersTls(buf, at, end)) state.list = 'offers'
  if (code < 0) return 0
  const isLast = !isContinued(buf, at, end)
  if (state.answered === FEAT && code === 211 && !isLast && state.list === 'none') state.list = 'reading'
  if (!isLast) return 0
  if (!state.greeted) {
    state.greeted = true
    return 0
  }
  if (code === 227) announce(facts, 'server', 'accepts', hostPort(buf, at + 4, end))
  if (code === 229) announce(facts, 'server', 'accepts', extendedPort(buf, at + 4, end))
  // Marks and the end of a transfer belong to a command that was answered, or will be.
  if (code >= 200 || code === 120) answer(state, facts, code)
  return 0
}

/** "AUTH TLS", or one of several: "AUTH SSL;TLS" (RFC 4217 §6). */
function offersTls(buf: Uint8Array, at: number, end: number): boolean {
  const auth = findText(buf, at, end, 'AUTH ')
  if (auth < 0) return false
  return findText(buf, auth, end, 'TLS') >= 0 || findText(buf, auth, end, 'SSL') >= 0
}

function answer(state: FtpState, facts: FlowFacts, code: number): void {
  const { answered } = state
  state.commands.shift()
  if (answered === FEAT) state.concludeList(facts)
  if (answered === AUTH_TLS) {
    if (code === 234) state.goOver(facts, 'auth-tls')
    else if (code !== 334) noteRefused(facts)
  }
  if (answered === USER || answered === PASS) {
    if (code === 230 || code === 232) facts.authOutcome = 'success'
    else if (code >= 400) facts.authOutcome = 'failure'
  }
}

function announce(
  facts: FlowFacts,
  end: AnnouncedFlow['end'],
  how: AnnouncedFlow['how'],
  where: DataAddress | null,
): void {
  if (where !== null) facts.announce({ appProtocol: 'ftp-data', transport: PROTO_TCP, end, how, ...where })
}
