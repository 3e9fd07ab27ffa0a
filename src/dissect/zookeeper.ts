/** ZooKeeper: what a client authenticates by, and the outcome. TLS, where there is any, comes first. */
import { i32, u32 } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import { copyName } from '../wire/inner-text.ts'
import { connectKind, isConnectRequest } from '../wire/zookeeper.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { BOUNDS, feedMessages, fresh, loseMessages, MessagesState, MORE, NO_MESSAGE, type Walk } from './messages.ts'

const LENGTH_BYTES = 4
const MAX_BYTES = 4 * 1024 * 1024
/** The number that requests of their kind carry (ClientCnxn.AUTHPACKET_XID), and operation codes (ZooDefs.OpCode). */
const AUTH_XID = -4
const AUTH = 100
const SASL = 102
const AUTH_FAILED = -115
/** Requests of other kinds after which nobody authenticates any more. */
const MAX_REQUESTS = 4

export class ZookeeperState extends MessagesState {
  connected: [boolean, boolean] = [false, false]
  requests = 0

  override reset(): void {
    super.reset()
    this.connected = [false, false]
    this.requests = 0
  }
}

const WALK: Walk<ZookeeperState> = {
  ...BOUNDS,
  length(_state, _facts, _direction, buf, at, end): number {
    if (end - at < LENGTH_BYTES) return MORE
    const size = u32(buf, at)
    return size > 0 && size <= MAX_BYTES ? LENGTH_BYTES + size : NO_MESSAGE
  },
  read(state, facts, direction, buf, at, end) {
    // The first record of each side connects; it has no header.
    if (!state.connected[direction]) state.connected[direction] = true
    else if (direction === CLIENT) readRequest(state, facts, buf, at + LENGTH_BYTES, end)
    else readReply(state, facts, buf, at + LENGTH_BYTES, end)
  },
}

export const zookeeper: Dissector<ZookeeperState> = {
  name: 'zookeeper',
  about: { title: 'ZooKeeper', source: 'zookeeper.jute', reads: 'authentication scheme and outcome' },
  transport: 'tcp',
  ports: [2181],

  probe(buf, at, end): Probe {
    const kind = connectKind(buf, at, end)
    if (kind === 'incomplete') return 'unsure'
    return kind === 'message' ? 'match' : 'no_match'
  },

  opener(buf, at, end): Direction | null {
    if (connectKind(buf, at, end) !== 'message') return null
    return isConnectRequest(buf, at) ? CLIENT : SERVER
  },

  start(facts, used): ZookeeperState {
    facts.appProtocol ??= 'zookeeper'
    facts.protection = 'cleartext'
    return fresh(used, () => new ZookeeperState())
  },

  feed: (state, facts, direction, buf, at, end) => feedMessages(WALK, state, facts, direction, buf, at, end),
  gap: loseMessages,
  finish() {},
}

/** RequestHeader: xid, type; AuthPacket: type, scheme, auth. */
function readRequest(state: ZookeeperState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  if (end - at < 8) return
  const type = i32(buf, at + 4)
  if (i32(buf, at) === AUTH_XID && type === AUTH && end - at >= 16) {
    const schemeAt = at + 16
    const scheme = copyName(buf, schemeAt, Math.min(end, schemeAt + u32(buf, at + 12)))
    if (scheme === null) return
    facts.authenticatedBy(scheme)
    // The scheme's digest is what the server keeps; what crosses is name and password.
    if (scheme === 'digest') facts.expose('zookeeper-digest')
  } else if (type === SASL) facts.authenticatedBy('sasl')
  else if (++state.requests >= MAX_REQUESTS) state.done = true
}

/** ReplyHeader: xid, zxid, err. */
function readReply(state: ZookeeperState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  if (end - at < 16 || i32(buf, at) !== AUTH_XID) return
  const error = i32(buf, at + 12)
  if (error === 0) facts.authOutcome = 'success'
  if (error === AUTH_FAILED) facts.authOutcome = 'failure'
  state.done = true
}
