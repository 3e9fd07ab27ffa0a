/** Redis and what speaks its protocol: AUTH and HELLO, and how the server answers them. */
import { copyLatin1, u8 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { Bulk, CountLine, commandKind, readBulk, readCount, replyKind } from '../wire/resp.ts'
import { isAnsweredInline, mayBeInline } from '../wire/resp-inline.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { BOUNDS, feedMessages, fresh, loseMessages, MessagesState, MORE, NO_MESSAGE, type Walk } from './messages.ts'

/** Commands after which nobody authenticates any more. */
const MAX_COMMANDS = 16
/** Words that are looked at: a command's name, HELLO's version and options. */
const MAX_WORD_BYTES = 16
const MAX_LINE_BYTES = 4096
const ARRAY = 0x2a
const ERROR = 0x2d
const PUSH = 0x3e
const ATTRIBUTE = 0x7c
const LF = 0x0a
const SPACE = 0x20
/** Types of replies, by what lies behind their first line: nothing, bytes, elements, pairs of elements. */
const LINES = '+-:_,#('
const WITH_BYTES = '$!='
const WITH_ELEMENTS = '*~>'
const WITH_PAIRS = '%|'
const NONE = -1

const LINE = new CountLine()
const BULK = new Bulk()

export class RedisState extends MessagesState {
  commands = 0
  /** Name of the client's current command, the words of it that went by and those to come. */
  command = ''
  word = 0
  wordsLeft = 0
  replies = 0
  /** Elements of the server's current reply that are still to come. */
  elementsLeft = 0
  isPush = false
  /** Number of the command whose reply tells how authentication went. */
  authenticating = NONE

  override reset(): void {
    super.reset()
    this.commands = 0
    this.command = ''
    this.word = 0
    this.wordsLeft = 0
    this.replies = 0
    this.elementsLeft = 0
    this.isPush = false
    this.authenticating = NONE
  }
}

/** A "message" is one line with what belongs to it: an element of a command or of a reply. */
const WALK: Walk<RedisState> = {
  ...BOUNDS,
  length: (state, _facts, direction, buf, at, end) =>
    direction === CLIENT ? wordLength(state, buf, at, end) : elementLength(buf, at, end),
  read(state, facts, direction, buf, at, end) {
    // Lines are many: commands are counted instead.
    state.messages = 0
    if (direction === CLIENT) readWord(state, facts, buf, at, end)
    else readElement(state, facts, buf, at, end)
  },
}

export const redis: Dissector<RedisState> = {
  name: 'redis',
  about: {
    title: 'Redis',
    source: 'Redis serialization protocol specification',
    reads: 'AUTH, HELLO and their outcome',
  },
  transport: 'tcp',
  ports: [6379, 26379],

  probe(buf, at, end): Probe {
    if (end <= at) return 'unsure'
    const command = commandKind(buf, at, end)
    const reply = replyKind(buf, at, end)
    if (command === 'message' || reply === 'message') return 'match'
    return command === 'incomplete' || reply === 'incomplete' || mayBeInline(buf, at, end) ? 'unsure' : 'no_match'
  },

  confirms: isAnsweredInline,

  opener: (buf, at, end): Direction | null => (replyKind(buf, at, end) === 'message' ? SERVER : null),

  start(facts, used): RedisState {
    facts.appProtocol ??= 'redis'
    facts.protection = 'cleartext'
    return fresh(used, () => new RedisState())
  },

  feed: (state, facts, direction, buf, at, end) => feedMessages(WALK, state, facts, direction, buf, at, end),
  gap: loseMessages,
  finish() {},
}

function wordLength(state: RedisState, buf: Uint8Array, at: number, end: number): number {
  if (state.wordsLeft === 0) {
    if (u8(buf, at) !== ARRAY) return inlineLength(buf, at, end)
    const kind = readCount(buf, at, end, LINE)
    if (kind !== 'message') return kind === 'incomplete' ? MORE : NO_MESSAGE
    return LINE.value > 0 ? LINE.end - at : NO_MESSAGE
  }
  const kind = readBulk(buf, at, end, BULK)
  if (kind !== 'message') return kind === 'incomplete' ? MORE : NO_MESSAGE
  return BULK.next - at
}

function inlineLength(buf: Uint8Array, at: number, end: number): number {
  if (!mayBeInline(buf, at, end)) return NO_MESSAGE
  const length = lineLength(buf, at, end)
  return length === MORE && end - at > MAX_LINE_BYTES ? NO_MESSAGE : length
}

/** Bytes of the line at `at` with its line feed, or MORE. */
function lineLength(buf: Uint8Array, at: number, end: number): number {
  let p = at
  while (p < end && buf[p] !== LF) p++
  return p < end ? p + 1 - at : MORE
}

function readWord(state: RedisState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  if (state.wordsLeft === 0 && u8(buf, at) !== ARRAY) {
    BULK.at = at
    BULK.end = at
    while (BULK.end < end && u8(buf, BULK.end) > SPACE) BULK.end++
    openCommand(state, facts, buf)
  } else if (state.wordsLeft === 0) {
    readCount(buf, at, end, LINE)
    state.wordsLeft = LINE.value
    state.word = 0
  } else {
    readBulk(buf, at, end, BULK)
    state.wordsLeft--
    const word = state.word++
    if (word === 0) openCommand(state, facts, buf)
    else if (state.command === 'hello') readHello(state, facts, word, buf)
  }
}

function openCommand(state: RedisState, facts: FlowFacts, buf: Uint8Array): void {
  state.command = copyWord(buf)
  if (state.command === 'auth') authenticate(state, facts)
  state.commands++
  if (state.commands >= MAX_COMMANDS && state.authenticating === NONE) state.done = true
}

/** HELLO protover [AUTH username password] [SETNAME name], in any order. */
function readHello(state: RedisState, facts: FlowFacts, word: number, buf: Uint8Array): void {
  const text = copyWord(buf)
  if (word === 1 && /^\d$/.test(text)) facts.protocolVersion = text
  if ((word === 2 || word === 4) && text === 'auth') {
    state.commands--
    authenticate(state, facts)
    state.commands++
  }
}

function authenticate(state: RedisState, facts: FlowFacts): void {
  state.authenticating = state.commands
  facts.authenticatedBy('password')
  facts.expose('redis-auth')
}

const copyWord = (buf: Uint8Array): string =>
  BULK.end - BULK.at > MAX_WORD_BYTES ? '' : copyLatin1(buf, BULK.at, BULK.end).toLowerCase()

const isOf = (types: string, buf: Uint8Array, at: number): boolean => types.includes(String.fromCharCode(u8(buf, at)))

function elementLength(buf: Uint8Array, at: number, end: number): number {
  if (isOf(LINES, buf, at)) {
    const length = lineLength(buf, at, end)
    return length === MORE && end - at >= MAX_LINE_BYTES ? NO_MESSAGE : length
  }
  const hasBytes = isOf(WITH_BYTES, buf, at)
  if (!hasBytes && !isOf(WITH_ELEMENTS, buf, at) && !isOf(WITH_PAIRS, buf, at)) return NO_MESSAGE
  const kind = readCount(buf, at, end, LINE)
  if (kind !== 'message') return kind === 'incomplete' ? MORE : NO_MESSAGE
  return LINE.end - at + (hasBytes && LINE.value >= 0 ? LINE.value + 2 : 0)
}

function readElement(state: RedisState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  if (u8(buf, at) === ATTRIBUTE) {
    // Beside its pairs comes the element that they are about.
    readCount(buf, at, end, LINE)
    state.elementsLeft += 2 * Math.max(LINE.value, 0) + (state.elementsLeft === 0 ? 1 : 0)
    return
  }
  if (state.elementsLeft === 0) {
    state.isPush = u8(buf, at) === PUSH
    if (state.replies === state.authenticating && !state.isPush) {
      facts.authOutcome = u8(buf, at) === ERROR ? 'failure' : 'success'
      state.done = true
    }
  } else state.elementsLeft--
  if (isOf(WITH_ELEMENTS, buf, at) || isOf(WITH_PAIRS, buf, at)) {
    readCount(buf, at, end, LINE)
    state.elementsLeft += Math.max(LINE.value, 0) * (isOf(WITH_PAIRS, buf, at) ? 2 : 1)
  }
  if (state.elementsLeft === 0 && !state.isPush) state.replies++
}
