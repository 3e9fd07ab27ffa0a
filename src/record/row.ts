import type { CertificateFacts, ClientOffer, FlowFacts, TlsFacts } from '../core/facts.ts'
import type { UnknownReason, Verdict } from '../core/verdict.ts'
import { ROW_WORDS } from '../flow/flow-table.ts'
import { AgreementCache } from './agreement-cache.ts'
import { FragmentPool } from './fragment-pool.ts'
import {
  certificatesFragment,
  httpFragment,
  OFFER_FRAGMENTS,
  observationFragment,
  serverNameFragment,
  strings,
} from './fragments.ts'
import { JoinedTexts } from './joined-texts.ts'
import type { LineBuffer } from './line-buffer.ts'

// Words of a flow's row. All but the last are numbers of pieces in the pool.
const OFFER = 0
const SERVER_NAME = OFFER + OFFER_FRAGMENTS.length
const AGREEMENT = SERVER_NAME + 1
const CERTIFICATES = SERVER_NAME + 2
const HTTP = SERVER_NAME + 3
const OBSERVATION = SERVER_NAME + 4
const VERDICT = SERVER_NAME + 5
const PIECES = SERVER_NAME + 6
const HANDSHAKE_US = ROW_WORDS - 1

const MAX_CHAINS = 8192
const MAX_NAMES = 32_768

/** What follows the pieces: handshake_us, and the end of the line. */
const MAX_TAIL_BYTES = 64

/** Offers whose pieces are remembered, so that a known client costs a lookup. */
const MAX_OFFERS = 8192

export interface Judged {
  readonly verdict: Verdict
  readonly violations: readonly string[]
  readonly reason: UnknownReason | null
}

/** Writes settled facts into the flow table's row and reads them back as JSON. */
export class RowWriter {
  readonly pool = new FragmentPool()
  readonly #offers = new Map<ClientOffer, readonly number[]>()
  readonly #verdicts = new Map<Judged, number>()
  readonly #names = new Map<string, number>()
  /** Few: the names of our own dissectors. */
  readonly #protocols = new Map<string, number>()
  readonly #agreements = new AgreementCache(this.pool)
  readonly #offerTexts = new JoinedTexts(this.pool, OFFER_FRAGMENTS.length)
  readonly #answerTexts = new JoinedTexts(this.pool, PIECES - AGREEMENT)
  /** Piece of the last chain seen that begins with a certificate. */
  readonly #chains = new Map<CertificateFacts, { certificates: readonly CertificateFacts[]; piece: number }>()

  /** Fills the row of `flow`; a row filled before is released first. */
  settle(row: Int32Array, flow: number, facts: FlowFacts | null, judged: Judged): void {
    this.release(row, flow)
    const at = flow * ROW_WORDS
    row[at + VERDICT] = this.#verdict(judged)
    if (facts === null) return
    const pool = this.pool
    row[at + OBSERVATION] = this.#observation(facts)
    if (facts.http !== null) row[at + HTTP] = pool.acquire(httpFragment(facts.http))
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
    row[at + CERTIFICATES] = this.#chain(tls)
    row[at + HANDSHAKE_US] = Math.min(tls.handshakeUs, 0x7fffffff)
  }

  /** Appends the members of the row, each with a comma before it. */
  write(out: LineBuffer, row: Int32Array, flow: number): void {
    const at = flow * ROW_WORDS
    if (row[at + OFFER] !== 0) this.#offerTexts.write(out, row, at + OFFER)
    const name = row[at + SERVER_NAME] as number
    if (name !== 0) out.longText(this.pool.text(name))
    this.#answerTexts.write(out, row, at + AGREEMENT)
    const handshakeUs = row[at + HANDSHAKE_US] as number
    out.reserve(MAX_TAIL_BYTES)
    if (handshakeUs === 0) return
    out.text(',"handshake_us":')
    out.number(handshakeUs)
  }

  release(row: Int32Array, flow: number): void {
    const at = flow * ROW_WORDS
    for (let i = 0; i < PIECES; i++) this.pool.release(row[at + i] as number)
    row.fill(0, at, at + ROW_WORDS)
  }

  #serverName(name: string): number {
    const known = this.#names.get(name)
    if (known !== undefined) {
      this.pool.retain(known)
      return known
    }
    if (this.#names.size >= MAX_NAMES) this.#forget(this.#names)
    const piece = this.pool.acquire(serverNameFragment(name))
    this.pool.retain(piece)
    this.#names.set(name, piece)
    return piece
  }

  /** Nearly every flow shows its protocol and nothing beside it. */
  #observation(facts: FlowFacts): number {
    const { appProtocol, upgrade, credentialsExposed, tls } = facts
    const isPlain = upgrade === null && credentialsExposed.length === 0 && (tls === null || tls.alerts.length === 0)
    if (appProtocol === null || !isPlain) return this.pool.acquire(observationFragment(facts))
    const known = this.#protocols.get(appProtocol)
    if (known !== undefined) {
      this.pool.retain(known)
      return known
    }
    const piece = this.pool.acquire(observationFragment(facts))
    this.pool.retain(piece)
    this.#protocols.set(appProtocol, piece)
    return piece
  }

  #forget<K>(pieces: Map<K, number>): void {
    for (const piece of pieces.values()) this.pool.release(piece)
    pieces.clear()
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

  /** Servers show the same chain again and again; its text is found by its first certificate. */
  #chain({ serverCertificates, clientCertificates }: TlsFacts): number {
    const leaf = serverCertificates[0]
    if (leaf === undefined || clientCertificates.length > 0) {
      return this.pool.acquire(certificatesFragment(serverCertificates, clientCertificates))
    }
    const known = this.#chains.get(leaf)
    if (known !== undefined && isSameChain(known.certificates, serverCertificates)) {
      this.pool.retain(known.piece)
      return known.piece
    }
    if (known !== undefined) this.pool.release(known.piece)
    else if (this.#chains.size >= MAX_CHAINS) {
      for (const { piece } of this.#chains.values()) this.pool.release(piece)
      this.#chains.clear()
    }
    const piece = this.pool.acquire(certificatesFragment(serverCertificates, clientCertificates))
    this.pool.retain(piece)
    this.#chains.set(leaf, { certificates: serverCertificates, piece })
    return piece
  }

  /** Judgements are shared objects; the judge's own cache bounds how many there are. */
  #verdict(judged: Judged): number {
    const known = this.#verdicts.get(judged)
    if (known !== undefined) {
      this.pool.retain(known)
      return known
    }
    if (this.#verdicts.size >= MAX_OFFERS) this.#forget(this.#verdicts)
    const violations = judged.violations.length > 0 ? strings('violations', judged.violations) : ''
    const reason = judged.reason === null ? '' : `,"reason":"${judged.reason}"`
    const piece = this.pool.acquire(`,"verdict":"${judged.verdict}"${violations}${reason}`)
    this.#verdicts.set(judged, piece)
    this.pool.retain(piece)
    return piece
  }
}

const isSameChain = (a: readonly CertificateFacts[], b: readonly CertificateFacts[]): boolean =>
  a === b || (a.length === b.length && a.every((certificate, i) => certificate === b[i]))
