/**
 * Tabular Data Stream, Microsoft SQL Server's and before it Sybase's: PRELOGIN agrees on encryption, the TLS handshake is carried inside TDS
 * packets, and what follows is either all in TLS records or, with ENCRYPT_OFF, only the login is.
 */
import { u8, u16 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import {
  Encryption,
  hasLoginPassword,
  isTdsHeader,
  login7Kind,
  login7Mechanism,
  login7Version,
  loginKind,
  loginOutcome,
  loginVersion,
  preloginEncryption,
  preloginKind,
  TDS_HEADER_BYTES,
  TdsType,
  tdsLength,
  tdsType,
} from '../wire/tds.ts'
import { ContentType, RECORD_HEADER_BYTES } from '../wire/tls-record.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { InnerTls } from './inner-tls.ts'
import { BOUNDS, feedMessages, fresh, loseMessages, MessagesState, MORE, NO_MESSAGE, type Walk } from './messages.ts'

const UNKNOWN = -1
const TLS_MAJOR = 3

export class TdsState extends MessagesState {
  /** The ENCRYPTION options; UNKNOWN = not seen. */
  clientWants = UNKNOWN
  serverSays = UNKNOWN
  sawServerPrelogin = false
  readonly inner = new InnerTls()
  inTls = false
  loggedIn = false
  nowUs = 0

  override reset(): void {
    super.reset()
    this.clientWants = UNKNOWN
    this.serverSays = UNKNOWN
    this.sawServerPrelogin = false
    this.inner.release()
    this.inTls = false
    this.loggedIn = false
  }
}

const WALK: Walk<TdsState> = { ...BOUNDS, length, read }

export const tds: Dissector<TdsState> = {
  name: 'tds',
  about: {
    title: 'Microsoft SQL Server and Sybase (TDS)',
    source: '[MS-TDS]',
    reads: 'PRELOGIN encryption, the TLS inside TDS packets, login and outcome',
  },
  transport: 'tcp',
  ports: [1433],

  probe(buf, at, end): Probe {
    if (end <= at) return 'unsure'
    const prelogin = preloginKind(buf, at, end)
    const login = tdsType(buf, at) === TdsType.LOGIN ? loginKind(buf, at, end) : login7Kind(buf, at, end)
    if (prelogin === 'message' || login === 'message') return 'match'
    return prelogin === 'incomplete' || login === 'incomplete' ? 'unsure' : 'no_match'
  },

  opener(buf, at, end): Direction | null {
    if (end <= at) return null
    if (preloginKind(buf, at, end) === 'message') return tdsType(buf, at) === TdsType.RESPONSE ? SERVER : CLIENT
    return login7Kind(buf, at, end) === 'message' || loginKind(buf, at, end) === 'message' ? CLIENT : null
  },

  start(facts, used): TdsState {
    facts.appProtocol ??= 'tds'
    return fresh(used, () => new TdsState())
  },

  feed(state, facts, direction, buf, at, end, timeUs): number {
    state.nowUs = timeUs
    return feedMessages(WALK, state, facts, direction, buf, at, end)
  },

  gap(state, facts, direction): void {
    if (state.inTls) state.inner.gap(facts, direction)
    loseMessages(state, facts, direction)
  },

  finish(state, facts): void {
    const isClear = facts.protection === 'cleartext'
    if (state.inTls) state.inner.finish(facts)
    if (isClear) facts.protection = 'cleartext'
    // A handshake that hides the login says nothing of the data behind it.
    else if (state.inTls && !isForAll(state)) facts.protection = 'undetermined'
  },
}

const isForAll = ({ serverSays }: TdsState): boolean => serverSays === Encryption.ON || serverSays === Encryption.REQ

const isTlsType = (type: number): boolean =>
  type >= ContentType.CHANGE_CIPHER_SPEC && type <= ContentType.APPLICATION_DATA

function length(
  state: TdsState,
  _facts: FlowFacts,
  _direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): number {
  if (state.inTls && isTlsType(u8(buf, at))) {
    if (end - at < RECORD_HEADER_BYTES) return MORE
    return u8(buf, at + 1) === TLS_MAJOR ? RECORD_HEADER_BYTES + u16(buf, at + 3) : NO_MESSAGE
  }
  if (end - at < TDS_HEADER_BYTES) return MORE
  return isTdsHeader(buf, at) ? tdsLength(buf, at) : NO_MESSAGE
}

function read(state: TdsState, facts: FlowFacts, direction: Direction, buf: Uint8Array, at: number, end: number): void {
  if (isTlsType(u8(buf, at))) feedTls(state, facts, direction, buf, at, end)
  else if (tdsType(buf, at) === TdsType.PRELOGIN) readPrelogin(state, facts, direction, buf, at, end)
  else if (direction === SERVER && !state.sawServerPrelogin && preloginKind(buf, at, end) === 'message') {
    state.sawServerPrelogin = true
    state.serverSays = preloginEncryption(buf, at, end)
    readAnswer(state, facts)
  } else readClear(state, facts, direction, buf, at, end)
}

function readPrelogin(
  state: TdsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): void {
  if (!state.inTls && preloginKind(buf, at, end) === 'message') {
    state.clientWants = preloginEncryption(buf, at, end)
    if (wantsTls(state.clientWants)) facts.upgradeState = 'requested'
    return
  }
  if (!state.inTls) {
    state.inTls = true
    state.inner.start(facts)
    facts.upgrade = 'prelogin'
    facts.upgradeState = 'accepted'
  }
  feedTls(state, facts, direction, buf, at + TDS_HEADER_BYTES, end)
}

const wantsTls = (wants: number): boolean => wants === Encryption.ON || wants === Encryption.REQ

/** [MS-TDS] §2.2.6.5: what the two options together mean. */
function readAnswer(state: TdsState, facts: FlowFacts): void {
  const { clientWants, serverSays } = state
  if (serverSays === Encryption.NOT_SUP || serverSays === UNKNOWN) {
    if (!state.lost[CLIENT]) facts.upgradeState = wantsTls(clientWants) ? 'refused' : 'not_offered'
  } else if (state.lost[CLIENT] || clientWants === Encryption.NOT_SUP || clientWants === UNKNOWN) {
    facts.upgradeState = 'advertised'
  } else facts.upgradeState = 'accepted'
}

function feedTls(
  state: TdsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): void {
  if (!state.inner.feed(facts, direction, buf, at, end, state.nowUs)) state.done = true
  else if (isForAll(state) && state.inner.done) state.done = true
}

function readClear(
  state: TdsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): void {
  const type = tdsType(buf, at)
  facts.protection = 'cleartext'
  if (direction === CLIENT && !state.loggedIn) state.loggedIn = readLogin(facts, buf, at, end)
  if (direction === SERVER && type === TdsType.RESPONSE) {
    const outcome = loginOutcome(buf, at + TDS_HEADER_BYTES, end)
    if (outcome !== null) facts.authOutcome = outcome
    if (outcome !== null || state.inTls) state.done = true
  } else if (type === TdsType.SQL_BATCH || type === TdsType.RPC) state.done = true
}

/** Reads a login, of whichever version; false when the packet is none. */
function readLogin(facts: FlowFacts, buf: Uint8Array, at: number, end: number): boolean {
  const body = at + TDS_HEADER_BYTES
  if (tdsType(buf, at) === TdsType.LOGIN7) {
    if (facts.upgradeState === 'advertised') facts.upgradeState = 'skipped'
    if (end - body >= TDS_HEADER_BYTES) facts.protocolVersion = login7Version(buf, body)
    noteMechanism(facts, login7Mechanism(buf, body, end))
    return true
  }
  if (loginKind(buf, at, end) !== 'message') return false
  facts.protocolVersion = loginVersion(buf, body)
  noteMechanism(facts, hasLoginPassword(buf, body) ? 'password' : null)
  return true
}

function noteMechanism(facts: FlowFacts, mechanism: ReturnType<typeof login7Mechanism>): void {
  if (mechanism === null) return
  facts.authenticatedBy(mechanism)
  // [MS-TDS] §2.2.6.4: each byte with its nibbles swapped and xor 0xA5 is obfuscation, not encryption.
  if (mechanism === 'password') facts.expose('tds-login-password')
}
