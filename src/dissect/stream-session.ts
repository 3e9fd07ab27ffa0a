import { type PacketMeta, SYN } from '../decode/packet-meta.ts'
import type { ByteBudget } from '../flow/byte-budget.ts'
import { type StreamReader, TcpStream } from '../flow/tcp-stream.ts'
import { payloadKind } from '../wire/payload-kind.ts'
import { CLIENT, type Direction, type Dissector, type DissectorState, SERVER } from './dissector.ts'
import { ANNOUNCED_DISSECTORS, IN_BAND_DISSECTOR, TCP_DISSECTORS } from './index.ts'
import { Session } from './session.ts'
import { StatePool } from './state-pool.ts'
import { noteRefused } from './upgrade.ts'

/** Places in the table. */
type Candidates = readonly number[]

/** Bytes of a direction that may be looked at before some dissector must have said yes or no. */
const MAX_PROBE_BYTES = 16 * 1024
/** Bytes of an unrecognised flow, both directions together, that are watched for TLS coming up in the middle. */
const MAX_SCAN_BYTES = 512 * 1024
const HANDSHAKE_RECORD = 0x16
const BOTH_SIDES = 3
/** Changes of protocol that one segment may bring about: a banner told apart, an upgrade, what comes after it. */
const MAX_OFFERS = 4
/** By first byte, the rows of the table that may begin with it, in their order: most protocols allow very few. Found out as bytes come. */
const BY_FIRST_BYTE: (Candidates | null)[] = new Array(256).fill(null)

/** Those that are unsure of what is looked at right now. */
const UNSURE: number[] = []
const NO_ROWS: Candidates = []

function rowsThatMayBegin(byte: number): Candidates {
  const known = BY_FIRST_BYTE[byte]
  if (known !== null && known !== undefined) return known
  const first = Uint8Array.of(byte)
  const mayBegin = (dissector: Dissector): boolean =>
    [CLIENT, SERVER].some((sender) => dissector.probe(first, 0, 1, sender as Direction) !== 'no_match')
  const rows = TCP_DISSECTORS.flatMap((dissector, n) => (mayBegin(dissector) ? [n] : []))
  BY_FIRST_BYTE[byte] = rows
  return rows
}

/**
 * Reads one TCP flow until its verdict: finds the dissector, feeds it both directions in order, and follows a tunnel
 * or an upgrade into what comes after. Lives only while the opening is being read.
 */
export class StreamSession extends Session implements StreamReader {
  readonly streams: readonly [TcpStream, TcpStream]
  #dissector: Dissector | null = null
  #state: DissectorState | null = null
  /** What a control connection announced the flow as, until its first byte. */
  #announced: Dissector | null = null
  /** By side: dissectors that did not say no to its bytes yet; null = none was asked. */
  readonly #candidates: [Candidates | null, Candidates | null] = [null, null]
  /** Bit a side: every dissector said no, only an in-band upgrade can still be found. */
  #scanning = 0
  /** Bit a side: its bytes are the dissector's. */
  #joined = BOTH_SIDES
  #scanned = 0
  #now = 0
  #offerOther = -1
  readonly #states: StatePool

  constructor(budget: ByteBudget, states: StatePool = new StatePool()) {
    super()
    this.#states = states
    this.streams = [new TcpStream(0, budget), new TcpStream(1, budget)]
  }

  override open(clientSide: number, oriented: boolean): void {
    super.open(clientSide, oriented)
    this.streams[0].reset()
    this.streams[1].reset()
    this.#dissector = null
    this.#state = null
    this.#announced = null
    this.#candidates[0] = null
    this.#candidates[1] = null
    this.#scanning = 0
    this.#joined = BOTH_SIDES
    this.#scanned = 0
    this.#offerOther = -1
  }

  /** A control connection announced the flow as `name`: it is read as that, whatever its bytes look like. */
  expect(name: string | null): void {
    this.#announced = ANNOUNCED_DISSECTORS.find((dissector) => dissector.name === name) ?? null
  }

  /** Takes the segment `m` describes, sent by `side`. */
  segment(side: number, buf: Uint8Array, m: PacketMeta): void {
    this.#now = m.time
    const stream = this.streams[side] as TcpStream
    const seq = (m.tcpFlags & SYN) !== 0 ? m.seq + 1 : m.seq
    stream.segment(seq | 0, buf, m.at, m.end, m.missing, this)
    // What one side showed may explain what the other said before: once each, so that no two sides wait for each other.
    for (let n = 0; n < MAX_OFFERS && this.#offerOther >= 0; n++) this.#offer()
    if (stream.conflicted) this.facts.odd('conflicting_bytes')
    if (stream.overflowed) this.#giveUp()
  }

  /** `side` ends its stream with the segment `m` describes, whose payload was taken already. */
  goodbye(side: number, m: PacketMeta): void {
    const syn = (m.tcpFlags & SYN) !== 0 ? 1 : 0
    ;(this.streams[side] as TcpStream).endAt(m.seq + syn + (m.end - m.at) + m.missing)
  }

  /** Both sides said goodbye, and every byte before was read. */
  get isOver(): boolean {
    return this.streams[0].isOver && this.streams[1].isOver
  }

  /** The flow is over: delivers what still waits, and lets the dissector conclude. */
  override finish(): void {
    if (!this.done) {
      this.streams[0].flush(this)
      this.streams[1].flush(this)
      // Behind a tunnel's opening, what one side said waits for the other, which may never have answered.
      if (this.#dissector === null) for (const stream of this.streams) stream.offerAgain(this)
      for (let n = 0; n < MAX_OFFERS && this.#offerOther >= 0; n++) this.#offer()
    }
    this.#conclude()
    if (this.facts.upgradeState === 'requested' && this.#serverLeft) noteRefused(this.facts)
    this.streams[0].close()
    this.streams[1].close()
  }

  /** The server ended its side, and all that it said before was read: an answer that is missing was not given. */
  get #serverLeft(): boolean {
    const server = this.direction(0) === SERVER ? 0 : 1
    return !this.facts.sawGap && (this.streams[server] as TcpStream).isOver
  }

  read(side: number, buf: Uint8Array, at: number, end: number): number {
    if (this.done) return end - at
    if (this.#dissector !== null) {
      return (this.#joined & (1 << side)) !== 0 ? this.#feed(side, buf, at, end) : this.#join(side, buf, at, end)
    }
    return (this.#scanning & (1 << side)) !== 0 ? this.#scan(side, buf, at, end) : this.#probe(side, buf, at, end)
  }

  lost(side: number, bytes: number): void {
    this.facts.sawGap = true
    if (this.#dissector !== null && this.#state !== null) {
      this.#dissector.gap(this.#state, this.facts, this.direction(side), bytes)
      this.#followState(side)
    }
  }

  #unseen(side: number): number {
    return (this.streams[side] as TcpStream).unseen
  }

  #probe(side: number, buf: Uint8Array, at: number, end: number): number {
    const announced = this.#announced
    this.#announced = null
    if (announced !== null) return this.#begin(announced, side, buf, at, end)
    const asked = this.#candidates[side] ?? rowsThatMayBegin(buf[at] as number)
    const direction = this.direction(side)
    const unseen = this.#unseen(side)
    let count = 0
    for (let i = 0; i < asked.length; i++) {
      const n = asked[i] as number
      const dissector = TCP_DISSECTORS[n] as Dissector
      const answer = dissector.probe(buf, at, end, direction, unseen)
      if (answer === 'match') return this.#begin(dissector, side, buf, at, end)
      if (answer === 'unsure') UNSURE[count++] = n
    }
    // Most flows are known at once, and have no list.
    const unsure = count === 0 ? NO_ROWS : UNSURE.slice(0, count)
    this.#candidates[side] = unsure
    const confirmed = count === 0 ? null : this.#confirmed(unsure, side, buf, at, end)
    if (confirmed !== null) return this.#beginTogether(confirmed, side, buf, at, end)
    if (count > 0 && end - at < MAX_PROBE_BYTES) return 0
    this.#scanning |= 1 << side
    this.facts.payloadKind ??= payloadKind(buf, at, end)
    // What was kept came in several writes, and TLS may begin with the second.
    const { firstPiece } = this.streams[side] as TcpStream
    const isFirstPassed = firstPiece > 0 && at + firstPiece < end && buf[at] !== HANDSHAKE_RECORD
    return this.#scan(side, buf, at, isFirstPassed && !this.facts.midstream ? at + firstPiece : end)
  }

  /** The row that is sure of both sides together, which was sure of neither alone. */
  #confirmed(unsure: Candidates, side: number, buf: Uint8Array, at: number, end: number): Dissector | null {
    const { pending, pendingLength } = this.streams[1 - side] as TcpStream
    const others = this.#candidates[1 - side]
    if (pending === null || pendingLength === 0 || others === null || others === undefined) return null
    const isClient = this.direction(side) === CLIENT
    for (const n of unsure) {
      const dissector = TCP_DISSECTORS[n] as Dissector
      if (dissector.confirms === undefined || !others.includes(n)) continue
      const isSure = isClient
        ? dissector.confirms(buf, at, end, pending, 0, pendingLength)
        : dissector.confirms(pending, 0, pendingLength, buf, at, end)
      if (isSure) return dissector
    }
    return null
  }

  /** Begins with both sides' bytes, the client's first: they were said first. */
  #beginTogether(dissector: Dissector, side: number, buf: Uint8Array, at: number, end: number): number {
    if (this.direction(side) === CLIENT) return this.#begin(dissector, side, buf, at, end)
    this.#dissector = dissector
    this.#state = dissector.start(this.facts, this.#states.take(dissector))
    ;(this.streams[1 - side] as TcpStream).offerAgain(this)
    return this.read(side, buf, at, end)
  }

  /**
   * Looks for a ClientHello or ServerHello where a write begins: the way STARTTLS, SSLRequest, CONNECT and their like
   * all continue, whichever protocol asked for it.
   */
  #scan(side: number, buf: Uint8Array, at: number, end: number): number {
    if (buf[at] === HANDSHAKE_RECORD || this.facts.midstream) {
      const answer = IN_BAND_DISSECTOR.probe(buf, at, end, this.direction(side), this.#unseen(side))
      if (answer === 'match') {
        if (buf[at] === HANDSHAKE_RECORD && this.#isUpgrade(buf, at, end)) this.facts.upgrade ??= 'in_band'
        if (!this.facts.midstream) this.#joined &= ~(1 << (1 - side))
        return this.#begin(IN_BAND_DISSECTOR, side, buf, at, end)
      }
      if (answer === 'unsure' && end - at < MAX_PROBE_BYTES) return 0
    }
    this.#scanned += end - at
    if (this.#scanned > MAX_SCAN_BYTES) this.done = true
    return end - at
  }

  /** Did another protocol come before? Where bytes are missing they may have been TLS's own, unless its first message follows. */
  #isUpgrade(buf: Uint8Array, at: number, end: number): boolean {
    if (this.#scanned === 0) return false
    const isWhole = !this.facts.sawGap && !this.facts.midstream
    return isWhole || IN_BAND_DISSECTOR.opener?.(buf, at, end) === CLIENT
  }

  /** One side has changed over in the middle; what the other still says in the old protocol is passed over. */
  #join(side: number, buf: Uint8Array, at: number, end: number): number {
    if (buf[at] !== HANDSHAKE_RECORD) return end - at
    const answer = IN_BAND_DISSECTOR.probe(buf, at, end, this.direction(side), this.#unseen(side))
    if (answer === 'unsure' && end - at < MAX_PROBE_BYTES) return 0
    if (answer !== 'match') return end - at
    this.#joined |= 1 << side
    return this.#feed(side, buf, at, end)
  }

  #begin(dissector: Dissector, side: number, buf: Uint8Array, at: number, end: number): number {
    this.orient(side, dissector.opener?.(buf, at, end) ?? null)
    this.#candidates[0] = null
    this.#candidates[1] = null
    this.#dissector = dissector
    this.#state = dissector.start(this.facts, this.#states.take(dissector))
    this.#offerOther = 1 - side
    return this.#feed(side, buf, at, end)
  }

  #feed(side: number, buf: Uint8Array, at: number, end: number): number {
    const dissector = this.#dissector as Dissector
    const state = this.#state as DissectorState
    const { firstPiece } = this.streams[side] as TcpStream
    const consumed = dissector.feed(state, this.facts, this.direction(side), buf, at, end, this.#now, firstPiece)
    this.#followState(side)
    return consumed === 0 && state.atHand === true ? this.#probe(side, buf, at, end) : consumed
  }

  /** A tunnel that the dissector found is a new conversation on the same connection; anything else done is done. */
  #followState(side: number): void {
    const state = this.#state as DissectorState
    if (state.tunnel === true) {
      this.#conclude()
      this.#candidates[0] = null
      this.#candidates[1] = null
      this.#scanning = 0
      this.#joined = BOTH_SIDES
      this.facts.protection = 'undetermined'
      this.#offerOther = 1 - side
      return
    }
    if (state.done) this.done = true
  }

  #conclude(): void {
    if (this.#dissector === null || this.#state === null) return
    this.#dissector.finish(this.#state, this.facts)
    this.#states.give(this.#dissector, this.#state)
    this.#dissector = null
    this.#state = null
  }

  #offer(): void {
    const side = this.#offerOther
    this.#offerOther = -1
    ;(this.streams[side] as TcpStream).offerAgain(this)
  }

  #giveUp(): void {
    this.facts.capHit = true
    this.done = true
  }
}
