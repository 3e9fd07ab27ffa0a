/** Oracle Net: whether native network encryption was agreed on. TCPS is TLS from the first byte. */
import type { FlowFacts } from '../core/facts.ts'
import {
  acceptedVersion,
  chosenEncryption,
  connectKind,
  hasLargeLengths,
  isNegotiation,
  isTnsHeader,
  refuseKind,
  TNS_DATA_AT,
  TNS_HEADER_BYTES,
  TnsType,
  tnsLength,
  tnsType,
} from '../wire/tns.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { BOUNDS, feedMessages, fresh, loseMessages, MessagesState, MORE, NO_MESSAGE, type Walk } from './messages.ts'

export class TnsState extends MessagesState {
  accepted = false
  large = false
  /** The client began to negotiate encryption, and the server has not answered. */
  negotiating = false

  override reset(): void {
    super.reset()
    this.accepted = false
    this.large = false
    this.negotiating = false
  }
}

const WALK: Walk<TnsState> = {
  ...BOUNDS,
  length(state, _facts, _direction, buf, at, end): number {
    if (end - at < TNS_HEADER_BYTES) return MORE
    return isTnsHeader(buf, at, state.large) ? tnsLength(buf, at, state.large) : NO_MESSAGE
  },
  read,
}

export const tns: Dissector<TnsState> = {
  name: 'tns',
  about: {
    title: 'Oracle Net (TNS)',
    source: 'Oracle Net Services',
    reads: 'native network encryption: whether, and the algorithm',
  },
  transport: 'tcp',
  ports: [1521, 1522, 1526],

  probe(buf, at, end): Probe {
    const connect = connectKind(buf, at, end)
    const refuse = refuseKind(buf, at, end)
    if (connect === 'message' || refuse === 'message') return 'match'
    return connect === 'incomplete' || refuse === 'incomplete' ? 'unsure' : 'no_match'
  },

  opener(buf, at, end): Direction | null {
    if (connectKind(buf, at, end) === 'message') return CLIENT
    return refuseKind(buf, at, end) === 'message' ? SERVER : null
  },

  start(facts, used): TnsState {
    facts.appProtocol ??= 'tns'
    return fresh(used, () => new TnsState())
  },

  feed: (state, facts, direction, buf, at, end) => feedMessages(WALK, state, facts, direction, buf, at, end),
  gap: loseMessages,
  finish() {},
}

function read(state: TnsState, facts: FlowFacts, direction: Direction, buf: Uint8Array, at: number, end: number): void {
  const type = tnsType(buf, at)
  if (direction === SERVER && type === TnsType.ACCEPT && end - at > TNS_HEADER_BYTES + 2) {
    const version = acceptedVersion(buf, at)
    facts.protocolVersion = String(version)
    state.accepted = true
    state.large = hasLargeLengths(version)
  } else if (type === TnsType.DATA && state.accepted) readData(state, facts, direction, buf, at + TNS_DATA_AT, end)
}

function readData(
  state: TnsState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): void {
  if (isNegotiation(buf, at, end)) {
    state.negotiating = direction === CLIENT
    if (direction === SERVER) readChoice(state, facts, chosenEncryption(buf, at, end))
    return
  }
  // What the server chose was not seen: it may hide this.
  if (state.negotiating || at >= end) return
  facts.protection = 'cleartext'
  state.done = true
}

function readChoice(state: TnsState, facts: FlowFacts, algorithm: string | null): void {
  if (algorithm === null || algorithm === 'none') return
  facts.protocolSecurity = algorithm
  // The keys are agreed on without proof of who is there, and integrity is another choice: no more than hidden.
  facts.protection = 'opaque'
  state.done = true
}
