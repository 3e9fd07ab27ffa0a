/** MongoDB: which mechanism the client authenticates by, and whether it was let in. TLS, where there is any, comes first. */
import { copyLatin1, u32le } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { BsonElement, BsonType, findElement, isNamed, readElement } from '../wire/bson.ts'
import { copyName, saslMechanism } from '../wire/inner-text.ts'
import {
  documentAt,
  isMongoHeader,
  isMongoRequest,
  MONGODB_HEADER_BYTES,
  mongoKind,
  mongoLength,
  mongoOpcode,
  Opcode,
} from '../wire/mongodb.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { BOUNDS, feedMessages, fresh, loseMessages, MessagesState, MORE, NO_MESSAGE, type Walk } from './messages.ts'

const AUTHENTICATION_FAILED = 18
/** Commands that clients send before and between those that authenticate. */
const GREETINGS = new Set([
  'hello',
  'ismaster',
  'ping',
  'buildinfo',
  'whatsmyuri',
  'getnonce',
  'replsetgetstatus',
  'connectionstatus',
])
const AUTHENTICATING = new Set(['saslstart', 'saslcontinue', 'authenticate'])

const ELEMENT = new BsonElement()

export class MongodbState extends MessagesState {
  /** The client's last command authenticates, and the server did not answer it yet. */
  authenticating = false

  override reset(): void {
    super.reset()
    this.authenticating = false
  }
}

const WALK: Walk<MongodbState> = {
  ...BOUNDS,
  length(_state, _facts, _direction, buf, at, end): number {
    if (end - at < MONGODB_HEADER_BYTES) return MORE
    return isMongoHeader(buf, at) ? mongoLength(buf, at) : NO_MESSAGE
  },
  read(state, facts, direction, buf, at, end) {
    facts.protection = 'cleartext'
    const document = documentAt(buf, at, end)
    if (document < 0) return
    if (direction === CLIENT) readCommand(state, facts, buf, document, end)
    else readReply(state, facts, buf, document, end)
  },
}

export const mongodb: Dissector<MongodbState> = {
  name: 'mongodb',
  about: {
    title: 'MongoDB',
    source: 'MongoDB manual, "Wire Protocol"',
    reads: 'authentication mechanism and outcome',
  },
  transport: 'tcp',
  ports: [27017, 27018, 27019],

  probe(buf, at, end): Probe {
    const kind = mongoKind(buf, at, end)
    if (kind === 'incomplete') return 'unsure'
    return kind === 'message' ? 'match' : 'no_match'
  },

  opener(buf, at, end): Direction | null {
    if (mongoKind(buf, at, end) !== 'message') return null
    if (mongoOpcode(buf, at) === Opcode.REPLY) return SERVER
    return isMongoRequest(buf, at) ? CLIENT : SERVER
  },

  start(facts, used): MongodbState {
    facts.appProtocol ??= 'mongodb'
    return fresh(used, () => new MongodbState())
  },

  feed: (state, facts, direction, buf, at, end) => feedMessages(WALK, state, facts, direction, buf, at, end),
  gap: loseMessages,
  finish() {},
}

function readCommand(state: MongodbState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  if (readElement(buf, at + 4, end, ELEMENT) < 0) return
  let document = at
  // Drivers of the old way wrap the command: { $query: { isMaster: 1 } }.
  if (ELEMENT.type === BsonType.DOCUMENT && isNamed(buf, ELEMENT, '$query')) {
    document = ELEMENT.valueAt
    if (readElement(buf, document + 4, end, ELEMENT) < 0) return
  }
  const name = copyLatin1(buf, ELEMENT.nameAt, Math.min(ELEMENT.nameEnd, ELEMENT.nameAt + 32)).toLowerCase()
  state.authenticating = AUTHENTICATING.has(name)
  if (state.authenticating) readMechanism(facts, buf, document, end)
  else if (!GREETINGS.has(name)) state.done = true
  // A greeting may carry the first step in advance.
  else if (findElement(buf, document, end, 'speculativeAuthenticate', ELEMENT) && ELEMENT.type === BsonType.DOCUMENT) {
    readMechanism(facts, buf, ELEMENT.valueAt, end)
  }
}

function readMechanism(facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  if (!findElement(buf, at, end, 'mechanism', ELEMENT) || ELEMENT.type !== BsonType.STRING) return
  const name = copyName(buf, ELEMENT.valueAt + 4, ELEMENT.valueEnd - 1)
  if (name === null) return
  facts.authenticatedBy(saslMechanism(name))
  if (name === 'plain') facts.expose('mongodb-sasl-plain')
}

function readReply(state: MongodbState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  if (!state.authenticating) return
  state.authenticating = false
  if (!findElement(buf, at, end, 'ok', ELEMENT)) return
  // A step in between says done: false; MONGODB-X509 and MONGODB-CR have one step and do not say it.
  if (isTrue(buf)) {
    if (findElement(buf, at, end, 'done', ELEMENT) && !isTrue(buf)) return
    facts.authOutcome = 'success'
  } else if (findElement(buf, at, end, 'code', ELEMENT) && ELEMENT.type === BsonType.INT32) {
    if (u32le(buf, ELEMENT.valueAt) === AUTHENTICATION_FAILED) facts.authOutcome = 'failure'
  }
  state.done = true
}

/** 1 and 1.0 and true: drivers and servers write `ok` in all three ways. */
function isTrue(buf: Uint8Array): boolean {
  for (let i = ELEMENT.valueAt; i < ELEMENT.valueEnd; i++) if (buf[i] !== 0) return true
  return false
}
