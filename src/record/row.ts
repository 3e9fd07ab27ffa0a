import type { ClientOffer, FlowFacts } from '../core/facts.ts'
import { ROW_WORDS } from '../flow/flow-table.ts'
import { AgreementCache } from './agreement-cache.ts'
import { Conclusions } from './conclusions.ts'
import { DetailsCache } from './details-cache.ts'
import { FixedText } from './fixed-text.ts'
import { FACTS, MARK_WORDS, type MarkBuffer, NAME } from './flow-marks.ts'
import { FragmentPool } from './fragment-pool.ts'
import { type Judged, OFFER_FRAGMENTS, serverNameText } from './fragments.ts'
import { JoinedTexts } from './joined-texts.ts'
import type { LineBuffer } from './line-buffer.ts'

// Words of a flow's row. All but the last are numbers of pieces in the pool.
const OFFER = 0
const SERVER_NAME = OFFER + OFFER_FRAGMENTS.length
/** What the two ends agreed on, with the certificates they showed. */
const AGREEMENT = SERVER_NAME + 1
/** What protocols other than TLS said of themselves. */
const DETAILS = SERVER_NAME + 2
/** What went by beside it, and the verdict. */
const CONCLUSION = SERVER_NAME + 3
const PIECES = SERVER_NAME + 4
const HANDSHAKE_US = ROW_WORDS - 1

const MAX_NAMES = 32_768

const HANDSHAKE_MEMBER = new FixedText(',"handshake_us":')
const SERVER_NAME_MEMBER = new FixedText(',"server_name":"')

/** What follows the pieces: handshake_us, and the end of the line. */
const MAX_TAIL_BYTES = 64

/** The name of the member and the quotes. */
const MAX_NAME_FRAME = 32
const QUOTE = 0x22

/** Offers whose pieces are remembered, so that a known client costs a lookup. */
const MAX_OFFERS = 8192

/** Writes settled facts into the flow table's row and reads them back as JSON. */
export class RowWriter {
  readonly pool = new FragmentPool()
  /** Where the last row that was written has its parts, as offsets in the lines. */
  nameAt = 0
  nameEnd = 0
  factsEnd = 0
  // Serial numbers of its facts: what the client offered, and all else.
  #offerSerial = 0
  #answerSerial = 0
  readonly #offers = new Map<ClientOffer, readonly number[]>()
  readonly #names = new Map<string, number>()
  readonly #conclusions = new Conclusions(this.pool)
  readonly #details = new DetailsCache(this.pool)
  readonly #agreements = new AgreementCache(this.pool)
  readonly #offerTexts = new JoinedTexts(this.pool, OFFER_FRAGMENTS.length)
  readonly #answerTexts = new JoinedTexts(this.pool, PIECES - AGREEMENT)

  /** Fills the row of `flow`; a row filled before is released first. */
  settle(row: Int32Array, flow: number, facts: FlowFacts | null, judged: Judged): void {
    this.release(row, flow)
    const at = flow * ROW_WORDS
    row[at + CONCLUSION] = this.#conclusions.acquire(facts, judged)
    if (facts === null) return
    const pool = this.pool
    row[at + DETAILS] = this.#details.acquire(facts)
    const tls = facts.tls
    if (tls === null) return
    if (tls.offer !== null) {
      const pieces = this.#offer(tls.offer)
      for (let i = 0; i < pieces.length; i++) {
        const piece = pieces[i] as number
        pool.retain(piece)
        row[at + OFFER + i] = piece
      }
    }
    row[at + SERVER_NAME] = tls.serverName === null ? 0 : this.#serverName(tls.serverName)
    row[at + AGREEMENT] = this.#agreements.acquire(tls)
    row[at + HANDSHAKE_US] = Math.min(tls.handshakeUs, 0x7fffffff)
  }

  /** Appends the members of the row, each with a comma before it. */
  write(out: LineBuffer, row: Int32Array, flow: number): void {
    const at = flow * ROW_WORDS
    this.#offerSerial = row[at + OFFER] === 0 ? 0 : this.#offerTexts.write(out, row, at + OFFER)
    const name = row[at + SERVER_NAME] as number
    this.nameAt = out.end
    if (name !== 0) this.#writeName(out, this.pool.text(name))
    this.nameEnd = out.end
    this.#answerSerial = this.#answerTexts.write(out, row, at + AGREEMENT)
    this.factsEnd = out.end
    const handshakeUs = row[at + HANDSHAKE_US] as number
    out.reserve(MAX_TAIL_BYTES)
    if (handshakeUs === 0) return
    out.fixed(HANDSHAKE_MEMBER)
    out.number(handshakeUs)
  }

  #writeName(out: LineBuffer, name: string): void {
    out.reserve(MAX_NAME_FRAME)
    out.fixed(SERVER_NAME_MEMBER)
    out.longText(name)
    out.reserve(1)
    out.byte(QUOTE)
  }

  /** Which texts the row has that was written last. */
  mark({ words }: MarkBuffer, line: number, row: Int32Array, flow: number): void {
    const to = line * MARK_WORDS
    words[to + NAME] = this.pool.serial(row[flow * ROW_WORDS + SERVER_NAME] as number)
    words[to + FACTS] = this.#offerSerial
    words[to + FACTS + 1] = this.#answerSerial
  }

  release(row: Int32Array, flow: number): void {
    const at = flow * ROW_WORDS
    for (let i = 0; i < PIECES; i++) this.pool.release(row[at + i] as number)
    // By hand: of so few words a call of `fill` takes longer.
    for (let i = 0; i < ROW_WORDS; i++) row[at + i] = 0
  }

  #serverName(name: string): number {
    const known = this.#names.get(name)
    if (known !== undefined) {
      this.pool.retain(known)
      return known
    }
    if (this.#names.size >= MAX_NAMES) this.#forgetNames()
    // Most names that are not known here are of one flow.
    const piece = this.pool.add(serverNameText(name))
    this.pool.retain(piece)
    this.#names.set(name, piece)
    return piece
  }

  #forgetNames(): void {
    for (const piece of this.#names.values()) this.pool.release(piece)
    this.#names.clear()
  }

  #offer(offer: ClientOffer): readonly number[] {
    const known = this.#offers.get(offer)
    if (known !== undefined) return known
    if (this.#offers.size >= MAX_OFFERS) this.#forgetOffers()
    // The cache holds a reference of its own, so a remembered number never goes stale.
    const pieces = OFFER_FRAGMENTS.map((fragment) => this.pool.acquire(fragment(offer)))
    this.#offers.set(offer, pieces)
    return pieces
  }

  #forgetOffers(): void {
    for (const pieces of this.#offers.values()) for (const piece of pieces) this.pool.release(piece)
    this.#offers.clear()
  }
}
