/** IKE of both versions, with or without the marker of UDP encapsulation, and the ESP that shares its ports then. */
import { type FlowFacts, IkeFacts } from '../core/facts.ts'
import { PROTO_UDP } from '../core/ip-numbers.ts'
import { ikeEncryption } from '../registry/ike-transforms.ts'
import { clearInside, isEsp } from '../wire/esp.ts'
import {
  IkeExchange,
  ikeExchange,
  ikeHeaderAt,
  ikeVersion,
  isFromInitiator,
  isProtected,
  isResponse,
  parseIkeProposals,
} from '../wire/ike.ts'
import { ClearWatch } from './clear-watch.ts'
import { CLIENT, type DatagramDissector, type Direction, type DissectorState, SERVER } from './dissector.ts'
import { noteChoice, proposalTexts } from './ike-proposals.ts'
import type { CaptureMemory } from './memory.ts'

/** Messages after which neither a choice nor ESP is waited for. */
const MAX_MESSAGES = 64

class IkeState implements DissectorState {
  done = false
  messages = 0
  /** Protected messages went by in this direction. */
  readonly sawProtected: [boolean, boolean] = [false, false]
  readonly watch = new ClearWatch()
  /** Of the capture that is read. */
  memory: CaptureMemory | null = null
}

export const ike: DatagramDissector<IkeState> = {
  name: 'ike',
  transport: PROTO_UDP,
  about: {
    title: 'IKE',
    source: 'RFC 7296, RFC 2409',
    reads:
      'versions 1 and 2: the proposals offered and the one chosen, aggressive mode; ESP in UDP, ESP-NULL told apart',
  },
  ports: [500, 4500],

  probe: (buf, at, end, missing): boolean => ikeHeaderAt(buf, at, end, missing) >= 0,

  opener(buf, at, end): Direction | null {
    const header = ikeHeaderAt(buf, at, end, 0)
    const isInitiator = header < 0 ? null : isFromInitiator(buf, header)
    if (isInitiator === null) return null
    return isInitiator ? CLIENT : SERVER
  },

  start(facts, used = null, memory): IkeState {
    facts.appProtocol ??= 'ike'
    facts.ike = new IkeFacts()
    const state = used ?? new IkeState()
    state.done = false
    state.messages = 0
    state.sawProtected.fill(false)
    state.watch.reset()
    state.memory = memory ?? null
    return state
  },

  read(state, facts, direction, buf, at, end, missing): void {
    state.messages += 1
    const header = ikeHeaderAt(buf, at, end, missing)
    if (header >= 0) readMessage(state, facts, direction, buf, header, end, header > at)
    else if (isEsp(buf, at, end, missing)) {
      state.done = state.watch.packet(facts, missing === 0 ? clearInside(buf, at, end) : 0)
    }
    if (state.messages >= MAX_MESSAGES) state.done = true
  },

  finish(): void {},
}

function readMessage(
  state: IkeState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  header: number,
  end: number,
  marked: boolean,
): void {
  const told = facts.ike as IkeFacts
  if (state.messages === 1) goOn(state, told, buf, header)
  told.version = ikeVersion(buf, header)
  const exchange = ikeExchange(buf, header)
  if (told.version === 1 && exchange === IkeExchange.AGGRESSIVE) told.mode = 'aggressive'
  if (told.version === 1 && exchange === IkeExchange.MAIN) told.mode = 'main'
  if (isProtected(buf, header, end)) {
    state.sawProtected[direction] = true
    settle(state, facts, marked)
  } else if (isNegotiation(told.version, exchange)) {
    if (isResponse(buf, header)) readChoice(state, facts, buf, header, end)
    else readOffer(facts, told, buf, header, end)
  }
}

/** An association that moved to other ports keeps what was chosen for it. */
function goOn(state: IkeState, told: IkeFacts, buf: Uint8Array, header: number): void {
  const chosen = state.memory?.ike.find(buf, header) ?? null
  if (chosen !== null) Object.assign(told, chosen)
}

/** Exchanges whose SA payloads are the offer and the choice for IKE itself. */
const isNegotiation = (version: number, exchange: number): boolean =>
  version === 2
    ? exchange === IkeExchange.IKE_SA_INIT
    : exchange === IkeExchange.MAIN || exchange === IkeExchange.AGGRESSIVE

/** The first one: it is repeated for a cookie, and for another group. */
function readOffer(facts: FlowFacts, told: IkeFacts, buf: Uint8Array, header: number, end: number): void {
  if (told.offered.length > 0) return
  const proposals = parseIkeProposals(buf, header, end)
  if (proposals === null) facts.malformed += 1
  else told.offered = proposalTexts(told.version, proposals)
}

function readChoice(state: IkeState, facts: FlowFacts, buf: Uint8Array, header: number, end: number): void {
  const told = facts.ike as IkeFacts
  const proposals = parseIkeProposals(buf, header, end)
  if (proposals === null) facts.malformed += 1
  // The responder answers with one of those offered (RFC 7296 §2.7); several are an offer of its own.
  const [chosen] = proposals ?? []
  if (chosen !== undefined && proposals?.length === 1 && told.encryption === null) noteChoice(told, chosen)
  if (told.encryption !== null) state.memory?.ike.remember(buf, header, told)
}

/** ESP that came by says more of the flow's data than IKE's own messages. */
function settle(state: IkeState, facts: FlowFacts, marked: boolean): void {
  if (state.watch.watched > 0) return
  const chosen = (facts.ike as IkeFacts).encryption
  if (chosen === null) facts.protection = 'opaque'
  else facts.protection = ikeEncryption(chosen)?.kind === 'null' ? 'cleartext' : 'encrypted'
  // Behind the marker ESP may follow on the same ports.
  if (!marked && state.sawProtected[CLIENT] && state.sawProtected[SERVER]) state.done = true
}
