/** Protocols in which both ends send lines of text, and in which TLS may begin wherever a line is due. */
import type { FlowFacts } from '../core/facts.ts'
import { beginsWith, isBlanked, isText, NO_LINE, textLineEnd, trimmedEnd } from '../wire/text.ts'
import { RECORD_HEADER_BYTES, recordLength } from '../wire/tls-record.ts'
import { CLIENT, type Direction, type DissectorState, type Probe, SERVER } from './dissector.ts'
import { SaslExchange } from './sasl-exchange.ts'
import { noteAccepted, noteAdvertised, noteGarbled, noteNotOffered } from './upgrade.ts'

/** Longer lines are passed over. */
const MAX_LINE_BYTES = 16 * 1024
/** Commands whose reply did not come yet; more are not paired. */
const MAX_OUTSTANDING = 64
const LF = 0x0a
const HANDSHAKE_RECORD = 0x16
const TLS_MAJOR = 0x03
const MAX_TLS_MINOR = 0x04

/** One direction's place in its stream. */
class Lane {
  /** Bytes of the unconsumed line that were already searched for its end. */
  searched = 0
  /** The rest of a line is passed over: it was too long, or its beginning was lost. */
  passing = false
  /** Nothing came since bytes were lost. */
  lost = false

  /** A line is due, or may be. */
  get isAtStart(): boolean {
    return this.searched === 0 && (!this.passing || this.lost)
  }
}

/** What every one of these protocols keeps; each adds its own. */
export class TextState implements DissectorState {
  done = false
  tunnel = false
  atHand = false
  readonly lanes: readonly [Lane, Lane] = [new Lane(), new Lane()]
  /** The server's first words were seen, or are past. */
  greeted = false
  /** Bytes were lost: which command a reply answers is not known any more. */
  unpaired = false
  /** Commands without their reply, oldest first, by the protocol's own numbers. */
  readonly commands: number[] = []
  /** What is known of the capability list being read. */
  list: 'none' | 'reading' | 'offers' | 'garbled' = 'none'
  readonly sasl = new SaslExchange()

  /** As new, for the next flow. */
  reset(facts: FlowFacts): void {
    this.done = false
    this.tunnel = false
    this.atHand = false
    this.greeted = facts.midstream
    this.unpaired = facts.midstream
    this.commands.length = 0
    this.list = 'none'
    this.sasl.reset()
    for (const lane of this.lanes) {
      lane.searched = 0
      lane.passing = false
      lane.lost = false
    }
  }

  sent(command: number): void {
    if (this.commands.length < MAX_OUTSTANDING) this.commands.push(command)
    else this.unpaired = true
  }

  /** The command that a reply answers, -1 = not known. */
  get answered(): number {
    return this.unpaired ? -1 : (this.commands[0] ?? -1)
  }

  /** One entry of the list being read; `word` (upper case) is the one that offers TLS. */
  lists(buf: Uint8Array, at: number, end: number, word: string): void {
    if (this.list === 'none') return
    if (isText(buf, at, end, word)) this.list = 'offers'
    else if (this.list === 'reading' && isBlanked(buf, at, end, word)) this.list = 'garbled'
  }

  /** The list is at its end. Behind a login a server need not offer TLS any more. */
  concludeList(facts: FlowFacts): void {
    if (this.list === 'offers') noteAdvertised(facts)
    else if (this.list === 'garbled') noteGarbled(facts)
    else if (this.list === 'reading' && facts.authOutcome !== 'success') noteNotOffered(facts)
    this.list = 'none'
  }

  /** What follows on the connection is TLS. */
  goOver(facts: FlowFacts, upgrade: string): void {
    noteAccepted(facts, upgrade)
    this.tunnel = true
    this.done = true
  }
}

/** Reads the line between `at` and `end`, which has no line end. Returns how many bytes behind it are to be passed over. */
export type ReadLine<S> = (
  state: S,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
) => number

export function feedLines<S extends TextState>(
  state: S,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  upgrade: string,
  readLine: ReadLine<S>,
): number {
  const lane = state.lanes[direction] as Lane
  let pos = at
  while (pos < end && !state.done) {
    if (lane.isAtStart && endsLines(state, facts, direction, buf, pos, end, upgrade)) {
      state.atHand = state.tunnel && pos === at
      break
    }
    lane.lost = false
    const lineFeed = findLineFeed(lane, buf, pos, end)
    if (lineFeed < 0) {
      if (!lane.passing && end - pos <= MAX_LINE_BYTES) break
      lane.passing = true
      lane.searched = 0
      return end - at
    }
    const isWhole = !lane.passing && lineFeed - pos <= MAX_LINE_BYTES
    lane.passing = false
    const passed = isWhole ? readLine(state, facts, direction, buf, pos, trimmedEnd(buf, pos, lineFeed)) : 0
    pos = lineFeed + 1 + passed
  }
  return pos - at
}

/** A record of a TLS handshake shows itself by three bytes, and no line begins with its first (RFC 8446 §5.1). */
export function beginsTls(buf: Uint8Array, at: number, end: number): 'yes' | 'no' | 'perhaps' {
  if (buf[at] !== HANDSHAKE_RECORD) return 'no'
  if (end - at < 3) return 'perhaps'
  return buf[at + 1] === TLS_MAJOR && (buf[at + 2] as number) <= MAX_TLS_MINOR ? 'yes' : 'no'
}

/** Is what comes where a line is due none, or too short to tell? */
function endsLines(
  state: TextState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
  upgrade: string,
): boolean {
  // RFC 4422 §3.7: a length of four bytes, whose first is 0. The mechanism's own layer wraps all that follows.
  if (state.sasl.mayProtect && buf[at] === 0) {
    if (facts.protection !== 'cleartext') facts.protection = 'opaque'
    state.done = true
    return true
  }
  const tls = beginsTls(buf, at, end)
  if (tls === 'yes' && !isEarly(state, facts, direction, buf, at, end)) state.goOver(facts, upgrade)
  return tls !== 'no'
}

/**
 * A client may send its first record before the server's consent is read: that is held until then, or until more follows,
 * which a client sends only behind an answer.
 */
function isEarly(
  state: TextState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): boolean {
  if (direction !== CLIENT || state.unpaired || facts.upgradeState !== 'requested') return false
  return end - at < RECORD_HEADER_BYTES || end - at <= RECORD_HEADER_BYTES + recordLength(buf, at)
}

function findLineFeed(lane: Lane, buf: Uint8Array, at: number, end: number): number {
  let i = at + lane.searched
  while (i < end && buf[i] !== LF) i++
  lane.searched = i < end ? 0 : end - at
  return i < end ? i : -1
}

/** Bytes were lost: the line they belong to is passed over, and replies are not paired from here on. */
export function loseLines(state: TextState, facts: FlowFacts, direction: Direction): void {
  facts.sawGap = true
  // Whether a refused client tried again is not known any more.
  if (facts.authOutcome === 'failure') facts.authOutcome = null
  const lane = state.lanes[direction] as Lane
  lane.searched = 0
  lane.passing = true
  lane.lost = true
  if (direction === SERVER) {
    state.greeted = true
    state.list = 'none'
  }
  state.unpaired = true
  state.commands.length = 0
  state.sasl.abandon()
}

/** Do the bytes open with one of these beginnings (upper case) of a line of text? The line has to end to tell. */
export function probeLine(buf: Uint8Array, at: number, end: number, openings: readonly string[]): Probe {
  let answer: Probe = 'no_match'
  for (const opening of openings) {
    const begins = beginsWith(buf, at, end, opening)
    if (begins === 0) answer = 'unsure'
    if (begins <= 0) continue
    const lineFeed = textLineEnd(buf, at, end)
    if (lineFeed === NO_LINE) return 'no_match'
    return lineFeed < 0 ? 'unsure' : 'match'
  }
  return answer
}
