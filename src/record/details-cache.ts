import type { FlowFacts, HttpFacts } from '../core/facts.ts'
import type { FragmentPool } from './fragment-pool.ts'
import { detailsFragment } from './fragments.ts'
import { areSameTexts } from './same-texts.ts'

/** Power of two. Details that share a slot push each other out. */
const SLOTS = 4096

/** What the text of most protocols is made of. */
interface Details {
  readonly http: HttpFacts | null
  readonly appProtocol: string | null
  readonly upgradeState: string | null
  readonly protocolVersion: string | null
  readonly protocolSecurity: string | null
  readonly authMechanisms: readonly string[]
  readonly authOutcome: string | null
  readonly payloadKind: string | null
  readonly quicVersion: number
  readonly piece: number
}

/** What protocols other than TLS said of themselves: clients ask the same hosts, and log in the same way, again and again. */
export class DetailsCache {
  readonly #pool: FragmentPool
  readonly #slots: (Details | undefined)[] = new Array(SLOTS)

  constructor(pool: FragmentPool) {
    this.#pool = pool
  }

  /** The number of the details' piece, counted once more. */
  acquire(facts: FlowFacts): number {
    // Of these there are few flows, with much to compare.
    if (facts.ssh !== null || facts.ike !== null) return this.#pool.acquire(detailsFragment(facts))
    if (saysNothing(facts)) return 0
    const slot = hash(facts)
    const known = this.#slots[slot]
    if (known !== undefined && isSame(known, facts)) {
      this.#pool.retain(known.piece)
      return known.piece
    }
    // The cache holds a reference of its own, so a remembered number never goes stale.
    if (known !== undefined) this.#pool.release(known.piece)
    const piece = this.#pool.acquire(detailsFragment(facts))
    this.#pool.retain(piece)
    this.#slots[slot] = describe(facts, piece)
    return piece
  }
}

const saysNothing = (facts: FlowFacts): boolean =>
  facts.http === null &&
  facts.upgradeState === null &&
  facts.protocolVersion === null &&
  facts.protocolSecurity === null &&
  facts.authMechanisms.length === 0 &&
  facts.authOutcome === null &&
  facts.payloadKind === null &&
  facts.quicVersion === 0

function hash({ http, appProtocol, protocolVersion, authMechanisms, quicVersion }: FlowFacts): number {
  let h = ofText(appProtocol, quicVersion + authMechanisms.length)
  h = ofText(protocolVersion, h)
  if (http !== null) h = ofText(http.method, ofText(http.host, h + http.status))
  return (h ^ (h >>> 16)) & (SLOTS - 1)
}

function ofText(text: string | null, seed: number): number {
  let h = Math.imul(seed, 0x9e3779b1)
  if (text === null) return h
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h ^ (h >>> 15)
}

function isSame(a: Details, b: FlowFacts): boolean {
  return (
    a.appProtocol === b.appProtocol &&
    a.upgradeState === b.upgradeState &&
    a.protocolVersion === b.protocolVersion &&
    a.protocolSecurity === b.protocolSecurity &&
    a.authOutcome === b.authOutcome &&
    a.payloadKind === b.payloadKind &&
    a.quicVersion === b.quicVersion &&
    areSameTexts(a.authMechanisms, b.authMechanisms) &&
    isSameHttp(a.http, b.http)
  )
}

/** But for the counts of messages, which no record has. */
function isSameHttp(a: HttpFacts | null, b: HttpFacts | null): boolean {
  if (a === null || b === null) return a === b
  return (
    a.method === b.method &&
    a.host === b.host &&
    a.service === b.service &&
    a.status === b.status &&
    a.redirectsToHttps === b.redirectsToHttps &&
    a.hsts === b.hsts &&
    a.cookiesSet === b.cookiesSet &&
    a.cookiesWithoutSecure === b.cookiesWithoutSecure &&
    a.cookiesWithoutHttpOnly === b.cookiesWithoutHttpOnly &&
    a.cookiesWithoutSameSite === b.cookiesWithoutSameSite
  )
}

const describe = (facts: FlowFacts, piece: number): Details => ({
  http: facts.http === null ? null : { ...facts.http },
  appProtocol: facts.appProtocol,
  upgradeState: facts.upgradeState,
  protocolVersion: facts.protocolVersion,
  protocolSecurity: facts.protocolSecurity,
  authMechanisms: facts.authMechanisms,
  authOutcome: facts.authOutcome,
  payloadKind: facts.payloadKind,
  quicVersion: facts.quicVersion,
  piece,
})
