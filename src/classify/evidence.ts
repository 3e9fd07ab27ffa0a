/**
 * Everything a rule can see of one flow, as plain numbers in one reused object. What a rule can see is also what
 * verdicts are remembered by: a field added here is part of the memo key because `sameEvidence` compares it.
 */
import type { ClientCertificate, ClientOffer, FlowFacts, HttpFacts, TlsFacts } from '../core/facts.ts'
import { type Chain, type ChainTable, CLOCK_SKEW_US, coversName, momentOf, NO_CHAIN } from './chain.ts'
import { hashTerms, type IkeTerms, type SshTerms, type TermsTable } from './terms.ts'

/** Yes/no facts, one bit each in `Evidence.flags`. */
export const FLAG = {
  tls: 1 << 0,
  serverHello: 1 << 1,
  established: 1 << 2,
  helloRetry: 1 << 3,
  resumed: 1 << 4,
  earlyData: 1 << 5,
  extendedMasterSecret: 1 << 6,
  secureRenegotiation: 1 << 7,
  encryptThenMac: 1 << 8,
  heartbeat: 1 << 9,
  renegotiation: 1 << 10,
  ocspStaple: 1 << 11,
  sentinelTls12: 1 << 12,
  sentinelTls11: 1 << 13,
  nameComparable: 1 << 14,
  nameMismatch: 1 << 15,
  credentialsExposed: 1 << 16,
  http: 1 << 17,
  cookiesWithoutSecure: 1 << 18,
  cookiesWithoutHttpOnly: 1 << 19,
  cookiesWithoutSameSite: 1 << 20,
  clientHello: 1 << 21,
  stapleAsked: 1 << 22,
  stapleDated: 1 << 23,
  stapleStale: 1 << 24,
  masterSecretSeen: 1 << 25,
} as const

export class Evidence {
  protection: FlowFacts['protection'] = 'undetermined'
  appProtocol: string | null = null
  upgrade: string | null = null
  upgradeState: string | null = null
  protocolVersion: string | null = null
  protocolSecurity: string | null = null
  ssh: SshTerms | null = null
  ike: IkeTerms | null = null
  flags = 0
  /** Comparable version (`versionRank`), 0 = not seen. */
  version = 0
  /** 1 when the negotiated version is a draft of TLS 1.3. */
  draft = 0
  /** Highest published version the client offered, 0 = not seen. */
  offeredVersion = 0
  cipherSuite = -1
  namedGroup = 0
  dhBits = 0
  /** -1 = not seen. */
  compressionMethod = -1
  clientCertificate: ClientCertificate = 'unobservable'
  serverChain: Chain = NO_CHAIN
  /** Which stretch between the chain's boundaries the packet time falls into. */
  serverMoment = 0
  clientChain: Chain = NO_CHAIN
  clientMoment = 0
  /** Packet time, µs. Not compared: the two moments say all that rules may learn from it. */
  timeUs = 0
}

const TLS_1_1 = 0x0302
const TLS_1_2 = 0x0303
const TLS_1_3 = 0x0304

/**
 * Versions in one order. DTLS counts downwards from 0xfeff (1.0, built on TLS 1.1) and drafts of TLS 1.3 have code
 * points of their own (0x7fNN, 0x7eNN and 0xfbNN), all above TLS 1.2.
 */
export function versionRank(version: number): number {
  if (isDraft(version)) return TLS_1_3
  if (version === 0xfeff || version === 0x0100) return TLS_1_1
  if (version === 0xfefd) return TLS_1_2
  if (version === 0xfefc) return TLS_1_3
  return version
}

const isDraft = (version: number): boolean => version >>> 8 === 0x7f || version >>> 8 === 0x7e || version >>> 8 === 0xfb

/** Fills `out` from a flow's facts. `chains` and `terms` make certificate lists and agreements comparable. */
export function gatherEvidence(
  facts: FlowFacts,
  timeUs: number,
  chains: ChainTable,
  terms: TermsTable,
  out: Evidence,
): void {
  out.protection = facts.protection
  out.appProtocol = facts.appProtocol
  out.upgrade = facts.upgrade
  out.upgradeState = facts.upgradeState
  out.protocolVersion = facts.protocolVersion
  out.protocolSecurity = facts.protocolSecurity
  out.timeUs = timeUs
  out.flags = facts.credentialsExposed.length > 0 ? FLAG.credentialsExposed : 0
  if (facts.http !== null) out.flags |= httpFlags(facts.http)
  if (facts.tls === null) clearTls(out)
  else gatherTls(facts.tls, timeUs, chains, out)
  out.ssh = facts.ssh === null ? null : terms.ssh(facts.ssh)
  out.ike = facts.ike === null ? null : terms.ike(facts.ike)
  if (out.ssh !== null && out.ssh.dhBits > 0) out.dhBits = out.ssh.dhBits
}

function clearTls(out: Evidence): void {
  out.version = 0
  out.draft = 0
  out.offeredVersion = 0
  out.cipherSuite = -1
  out.namedGroup = 0
  out.dhBits = 0
  out.compressionMethod = -1
  out.clientCertificate = 'unobservable'
  out.serverChain = NO_CHAIN
  out.serverMoment = 0
  out.clientChain = NO_CHAIN
  out.clientMoment = 0
}

function gatherTls(tls: TlsFacts, timeUs: number, chains: ChainTable, out: Evidence): void {
  out.version = tls.version === 0 ? 0 : versionRank(tls.version)
  out.draft = isDraft(tls.version) ? 1 : 0
  const offer = tls.offer === null ? NO_OFFER : termsOf(tls.offer)
  out.offeredVersion = offer.version
  out.cipherSuite = tls.cipherSuite
  out.namedGroup = tls.namedGroup
  out.dhBits = tls.dhBits
  out.compressionMethod = tls.sawServerHello ? tls.compressionMethod : -1
  out.clientCertificate = tls.clientCertificate
  out.serverChain = chains.intern(tls.serverCertificates)
  out.serverMoment = momentOf(out.serverChain, timeUs)
  out.clientChain = chains.intern(tls.clientCertificates)
  out.clientMoment = momentOf(out.clientChain, timeUs)
  out.flags |= tlsFlags(tls) | offer.flags | stapleFlags(tls, timeUs) | nameFlags(tls.serverName, out.serverChain)
}

function tlsFlags(tls: TlsFacts): number {
  let flags: number = FLAG.tls
  if (tls.sawServerHello) flags |= FLAG.serverHello
  if (tls.established) flags |= FLAG.established
  if (tls.helloRetry) flags |= FLAG.helloRetry
  if (tls.resumed) flags |= FLAG.resumed
  if (tls.earlyData) flags |= FLAG.earlyData
  if (tls.extendedMasterSecret !== null) flags |= FLAG.masterSecretSeen
  if (tls.extendedMasterSecret === true) flags |= FLAG.extendedMasterSecret
  if (tls.secureRenegotiation) flags |= FLAG.secureRenegotiation
  if (tls.encryptThenMac) flags |= FLAG.encryptThenMac
  if (tls.heartbeat) flags |= FLAG.heartbeat
  if (tls.renegotiation) flags |= FLAG.renegotiation
  if (tls.ocspStaple) flags |= FLAG.ocspStaple
  if (tls.downgradeSentinel === 'tls12') flags |= FLAG.sentinelTls12
  if (tls.downgradeSentinel === 'tls11') flags |= FLAG.sentinelTls11
  return flags
}

function stapleFlags({ ocspResponse }: TlsFacts, timeUs: number): number {
  const nextUpdate = ocspResponse?.nextUpdate ?? null
  if (nextUpdate === null) return 0
  return FLAG.stapleDated | (timeUs > nextUpdate + CLOCK_SKEW_US ? FLAG.stapleStale : 0)
}

function httpFlags(http: HttpFacts): number {
  let flags: number = FLAG.http
  if (http.cookiesWithoutSecure > 0) flags |= FLAG.cookiesWithoutSecure
  if (http.cookiesWithoutHttpOnly > 0) flags |= FLAG.cookiesWithoutHttpOnly
  if (http.cookiesWithoutSameSite > 0) flags |= FLAG.cookiesWithoutSameSite
  return flags
}

function nameFlags(serverName: string | null, chain: Chain): number {
  if (serverName === null) return 0
  const covered = coversName(chain, serverName)
  if (covered === null) return 0
  return covered ? FLAG.nameComparable : FLAG.nameComparable | FLAG.nameMismatch
}

/** status_request and status_request_v2 (RFC 6066 §8, RFC 6961 §2.2). */
const STATUS_REQUESTS = [5, 17]

/** What counts of an offer, found out once for all flows whose clients offer the same. */
interface OfferTerms {
  /** Comparable (`versionRank`), 0 = none. */
  readonly version: number
  readonly flags: number
}

const NO_OFFER: OfferTerms = { version: 0, flags: 0 }
const offerTerms = new WeakMap<ClientOffer, OfferTerms>()

function termsOf(offer: ClientOffer): OfferTerms {
  const known = offerTerms.get(offer)
  if (known !== undefined) return known
  const asksStaple = offer.extensions.some((type) => STATUS_REQUESTS.includes(type))
  const terms = {
    version: highestOffered(offer.versions),
    flags: FLAG.clientHello | (asksStaple ? FLAG.stapleAsked : 0),
  }
  offerTerms.set(offer, terms)
  return terms
}

/** Drafts do not count: a server that knows only the final TLS 1.3 was never asked for it by a draft's client. */
function highestOffered(versions: readonly number[]): number {
  let best = 0
  for (const version of versions) {
    const rank = isDraft(version) ? 0 : versionRank(version)
    if (rank <= TLS_1_3 && rank > best) best = rank
  }
  return best
}

/** Words are few; their ends and their length tell them apart well enough. */
function hashWord(word: string | null): number {
  if (word === null) return 0
  const last = word.length - 1
  return last < 0 ? 1 : (word.charCodeAt(0) << 7) ^ (word.charCodeAt(last) << 3) ^ word.length
}

/** Small and even enough for a table of slots; two evidences that collide are told apart by `sameEvidence`. */
export function hashEvidence(e: Evidence): number {
  let hash = Math.imul(e.flags ^ 0x811c9dc5, 0x01000193)
  hash = Math.imul(hash ^ e.cipherSuite, 0x01000193)
  hash = Math.imul(hash ^ (e.version + (e.offeredVersion << 16)), 0x01000193)
  hash = Math.imul(hash ^ (e.namedGroup + (e.dhBits << 16)), 0x01000193)
  hash = Math.imul(hash ^ (e.serverChain.id + (e.serverMoment << 24)), 0x01000193)
  hash = Math.imul(hash ^ (e.clientChain.id + (e.clientMoment << 24)), 0x01000193)
  if (e.ssh !== null || e.ike !== null) hash = Math.imul(hash ^ hashTerms(e.ssh) ^ hashTerms(e.ike), 0x01000193)
  hash = Math.imul(hash ^ (hashWord(e.appProtocol) + (hashWord(e.upgrade) << 12)), 0x01000193)
  hash = Math.imul(hash ^ (hashWord(e.upgradeState) + (hashWord(e.protocolVersion) << 12)), 0x01000193)
  hash = Math.imul(hash ^ hashWord(e.protocolSecurity), 0x01000193)
  return hash ^ (hash >>> 15)
}

export function sameEvidence(a: Evidence, b: Evidence): boolean {
  return (
    a.flags === b.flags &&
    a.cipherSuite === b.cipherSuite &&
    a.version === b.version &&
    a.namedGroup === b.namedGroup &&
    a.dhBits === b.dhBits &&
    a.serverChain === b.serverChain &&
    a.serverMoment === b.serverMoment &&
    a.clientChain === b.clientChain &&
    a.clientMoment === b.clientMoment &&
    sameRest(a, b)
  )
}

const sameRest = (a: Evidence, b: Evidence): boolean =>
  a.protection === b.protection &&
  a.appProtocol === b.appProtocol &&
  a.upgrade === b.upgrade &&
  a.upgradeState === b.upgradeState &&
  a.protocolVersion === b.protocolVersion &&
  a.protocolSecurity === b.protocolSecurity &&
  a.ssh === b.ssh &&
  a.ike === b.ike &&
  a.draft === b.draft &&
  a.offeredVersion === b.offeredVersion &&
  a.compressionMethod === b.compressionMethod &&
  a.clientCertificate === b.clientCertificate
