/** The certificates that were seen, with where they are in use and what is wrong with them. Members as in the JSON lines. */
import { type Chain, ChainTable, coversName } from '../classify/chain.ts'
import { rfc3339 } from '../core/clock.ts'
import type { CertificateFacts } from '../core/facts.ts'
import { PROVENANCES, type Provenance } from '../core/provenance.ts'
import type { Store } from '../store/index.ts'
import type { Origin, RevocationSource } from '../trust/judge-chain.ts'
import type { AnchorKind } from '../trust/roots.ts'
import { parseCertificate } from '../wire/x509.ts'
import { readUsage, type UsageFacts } from '../wire/x509-usage.ts'
import type { Validation } from '../wire/x509-validation.ts'
import { CERTIFICATE_FAULTS, type UsedCertificate } from './certificate-faults.ts'
import { usageOf } from './certificate-usage.ts'

/** Certificates read at a time: their DER is many times larger than what is kept of it. */
const PAGE = 2000
/** Places told of one certificate, the latest first. */
const MAX_SIGHTINGS = 1000
const US_PER_DAY = 86_400_000_000

/** One place where a certificate was shown. */
export interface Sighting {
  role: 'server' | 'client'
  /** In the chain; 0 = the leaf. */
  position: number
  server_ip: string
  server_port: number
  /** As the client asked; null when it named none. */
  server_name: string | null
  /** RFC 3339: when the first and the last flow that showed it began. */
  first_seen: string
  last_seen: string
  flows: number
  /** How that is known. */
  provenance: readonly Provenance[]
  /** Another was shown in its place since. */
  replaced: boolean
  /** Flows and probes that asked for a name that it does not cover, and went on. */
  mismatched: number
  /** Flows and probes that asked for the stapled response that it demands, and got none. */
  unstapled: number
}

/** One certificate of the path from a leaf to whoever vouches for it. */
export interface ChainLink {
  fingerprint_sha256: string
  subject: string
  /** Who had it: the peer itself, another peer, or the set of roots. */
  from: Origin
}

export interface SeenCertificate {
  fingerprint_sha256: string
  spki_sha256: string | null
  subject: string | null
  issuer: string | null
  serial_number: string | null
  /** dNSName and iPAddress. */
  subject_alt_names: readonly string[]
  /** The other kinds, each with its kind before it: email, uri, dirname, rid, othername. */
  other_alt_names: readonly string[]
  /** RFC 3339. */
  not_before: string | null
  not_after: string | null
  /** Whole days to its end, negative after it. */
  days_left: number | null
  key_type: string | null
  key_bits: number | null
  key_curve: string | null
  signature_algorithm: string | null
  signature_hash: string | null
  is_ca: boolean | null
  self_issued: boolean
  malformed: string | null
  /** Without a limit, or no authority: null. */
  path_length: number | null
  /** Words of RFC 5280 §4.2.1.3; null = any use. */
  key_usage: readonly string[] | null
  /** Object identifiers of extendedKeyUsage; null = any purpose. */
  purposes: readonly string[] | null
  /** Embedded signed certificate timestamps. */
  sct_count: number
  /** Object identifiers. */
  policies: readonly string[]
  validation: Validation | null
  must_staple: boolean
  /** Where its revocation is told, as it says. */
  ocsp_addresses: readonly string[]
  crl_addresses: readonly string[]
  /** What it was shown as, the nearest to a server's own. */
  use: 'server' | 'client' | 'ca'
  /** In some place where no other was shown since. */
  in_use: boolean
  first_seen: string
  last_seen: string
  flows: number
  /** How its sightings are known. */
  provenance: readonly Provenance[]
  /** Server addresses and ports. */
  endpoints: number
  /** Whom its key was certified for, when that is more than one. */
  key_identities: readonly string[]
  /** Who vouches for it as a leaf; null = it led no chain that was judged. */
  anchor: AnchorKind | null
  /** From it to the root that vouches, or as far as a path goes; empty where none was judged. */
  chain: readonly ChainLink[]
  /** By a stapled response, a list or an answer that was verified; null = none speaks of it, or no chain was judged. */
  revocation: 'good' | 'revoked' | null
  revocation_from: RevocationSource | null
  /** Share of its life that is left, of 1; negative after its end. */
  life_left: number | null
  /** Where its issuer's certificate could be had, as it says; told where it is missing. Nothing is fetched. */
  issuer_addresses: readonly string[]
  /** Ids of CERTIFICATE_FAULTS. */
  faults: string[]
  /** "pack/rule" of the rules that only warn and that its chains met. */
  tolerated: readonly string[]
  sightings: Sighting[]
}

export interface CertificateQuestion {
  /** µs; what "expired" and "days left" go by. */
  readonly nowUs: number
  /** Judgements by other roots than these do not count (`basisOf`). */
  readonly basis: string
  /** Part of a subject or name, or a host that a wildcard covers; '' = all. */
  readonly name: string
  /** µs; only leaves in use that end within this time, or ended no longer ago, or were shown after their end. */
  readonly expiringUs: number | null
  readonly failing: boolean
  /** Only what is known by one of these; empty = all. */
  readonly provenances?: readonly Provenance[]
}

/** Those that are asked for, the one that ends first first. `takeDer` is handed the DER of each of them. */
export async function readCertificates(
  store: Store,
  question: CertificateQuestion,
  takeDer: (fingerprint: string, der: Uint8Array) => void = () => undefined,
): Promise<SeenCertificate[]> {
  const found: SeenCertificate[] = []
  let after = ''
  let isLast = false
  while (!isLast) {
    const rows = await store.select<StoredCertificate>('certificate-facts', { after, name: question.name, limit: PAGE })
    isLast = rows.length < PAGE
    const last = rows.at(-1)?.fingerprint_sha256 ?? after
    const span = { after, last, provenances: question.provenances ?? [] }
    const places = await readPlaces(store, span)
    const verdicts = await readVerdicts(store, { ...span, basis: question.basis })
    for (const row of rows) {
      const der = Buffer.from(row.der, 'base64')
      const seen = describe(
        row,
        der,
        places.get(row.fingerprint_sha256) ?? [],
        verdicts.get(row.fingerprint_sha256),
        question.nowUs,
      )
      if (seen === null || !isWanted(seen, question)) continue
      found.push(seen)
      takeDer(seen.fingerprint_sha256, der)
    }
    after = last
  }
  return found.sort(byEnd)
}

interface StoredCertificate {
  fingerprint_sha256: string
  der: string
  issuer_seen: number
  key_identities: string[]
}

interface Place extends Omit<Sighting, 'replaced'> {
  fingerprint_sha256: string
  replaced: number
  probes: number
  probes_without_staple: number
  endpoints_of_certificate: number
  flows_of_certificate: number
  first_seen_of_certificate: string
}

async function readPlaces(
  store: Store,
  asked: { after: string; last: string; provenances: readonly Provenance[] },
): Promise<ReadonlyMap<string, Place[]>> {
  const places = await store.select<Place>('certificate-sightings', { ...asked, limit: MAX_SIGHTINGS })
  const of = new Map<string, Place[]>()
  for (const place of places) {
    const known = of.get(place.fingerprint_sha256)
    if (known === undefined) of.set(place.fingerprint_sha256, [place])
    else known.push(place)
  }
  return of
}

interface Verdict {
  leaf: string
  faults: string[]
  tolerated: string[]
  anchor: AnchorKind
  revocation: 'good' | 'revoked' | null
  revocation_from: RevocationSource | null
  path: string[]
  path_names: string[]
  path_from: Origin[]
}

async function readVerdicts(
  store: Store,
  asked: { basis: string; after: string; last: string; provenances: readonly string[] },
): Promise<Map<string, Verdict>> {
  const rows = await store.select<Verdict>('certificate-verdicts', asked)
  return new Map(rows.map((row) => [row.leaf, row]))
}

/** Null when nothing is known any more of where it was shown. */
function describe(
  { fingerprint_sha256, issuer_seen, key_identities }: StoredCertificate,
  der: Uint8Array,
  places: readonly Place[],
  verdict: Verdict | undefined,
  nowUs: number,
): SeenCertificate | null {
  const [latest] = places
  if (latest === undefined) return null
  const certificate = { fingerprint: fingerprint_sha256, der, ...parseCertificate(der, 0, der.length) }
  const usage = readUsage(der)
  const chain = NAMES.intern([certificate])
  const sightings = places.map((place) => sighting(place, chain, usage))
  const used: UsedCertificate = {
    certificate,
    nowUs,
    firstShownUs: timeUs(latest.first_seen_of_certificate),
    lastShownUs: timeUs(latest.last_seen),
    position: Math.min(...sightings.map(({ position }) => position)),
    isServerLeaf: sightings.some(({ role, position }) => role === 'server' && position === 0),
    inUse: sightings.some(({ replaced }) => !replaced),
    issuerSeen: issuer_seen === 1,
    anchor: verdict?.anchor ?? null,
    chainProblems: new Set(verdict?.faults),
    endpoints: Number(latest.endpoints_of_certificate),
    keyIdentities: key_identities,
    unstapled: sightings.reduce((sum, { unstapled }) => sum + unstapled, 0),
    mismatched: sightings.reduce((sum, { mismatched }) => sum + mismatched, 0),
  }
  const faults = CERTIFICATE_FAULTS.filter(({ found }) => found(used)).map(({ id }) => id)
  return {
    fingerprint_sha256,
    ...factsOf(certificate, nowUs),
    ...usageOf(usage),
    use: used.isServerLeaf ? 'server' : used.position === 0 ? 'client' : 'ca',
    in_use: used.inUse,
    first_seen: latest.first_seen_of_certificate,
    last_seen: latest.last_seen,
    // Some servers send 64-bit integers as text.
    flows: Number(latest.flows_of_certificate),
    provenance: PROVENANCES.filter((one) => sightings.some(({ provenance }) => provenance.includes(one))),
    endpoints: used.endpoints,
    key_identities,
    anchor: used.anchor,
    revocation: verdict?.revocation ?? null,
    revocation_from: verdict?.revocation_from ?? null,
    chain: (verdict?.path ?? []).map((fingerprint, i) => ({
      fingerprint_sha256: fingerprint,
      subject: verdict?.path_names[i] ?? '',
      from: verdict?.path_from[i] ?? 'sent',
    })),
    issuer_addresses: faults.some((id) => LACKS_ISSUER.has(id)) ? usage.issuerAddresses : [],
    faults,
    tolerated: verdict?.tolerated ?? [],
    sightings,
  }
}

const LACKS_ISSUER: ReadonlySet<string> = new Set(['incomplete-chain', 'completed-chain'])

const NAMES = new ChainTable()

const sighting = (place: Place, chain: Chain, { mustStaple }: UsageFacts): Sighting => ({
  role: place.role,
  position: place.position,
  server_ip: place.server_ip,
  server_port: place.server_port,
  server_name: place.server_name,
  first_seen: place.first_seen,
  last_seen: place.last_seen,
  flows: Number(place.flows),
  provenance: place.provenance,
  replaced: place.replaced === 1,
  mismatched: Number(place.mismatched) + (isMismatch(place, chain) ? Number(place.probes) : 0),
  unstapled: Number(place.unstapled) + (mustStaple ? Number(place.probes_without_staple) : 0),
})

/** A probe asks for the name that clients asked for, and goes on in any case. */
const isMismatch = ({ server_name }: Place, chain: Chain): boolean =>
  server_name !== null && coversName(chain, server_name) === false

const factsOf = (certificate: CertificateFacts, nowUs: number) => ({
  spki_sha256: certificate.spkiSha256,
  subject: certificate.subject,
  issuer: certificate.issuer,
  serial_number: certificate.serialNumber,
  subject_alt_names: certificate.subjectAltNames,
  not_before: timeText(certificate.notBefore),
  not_after: timeText(certificate.notAfter),
  days_left: certificate.notAfter === null ? null : Math.floor((certificate.notAfter - nowUs) / US_PER_DAY),
  life_left: lifeLeft(certificate, nowUs),
  key_type: certificate.keyType,
  key_bits: certificate.keyBits,
  key_curve: certificate.keyCurve,
  signature_algorithm: certificate.signatureAlgorithm,
  signature_hash: certificate.signatureHash,
  is_ca: certificate.isCa,
  self_issued: certificate.selfIssued,
  malformed: certificate.malformed,
})

/** To three digits: it is a figure for people and thresholds. */
function lifeLeft({ notBefore, notAfter }: CertificateFacts, nowUs: number): number | null {
  if (notBefore === null || notAfter === null || notAfter <= notBefore) return null
  return Math.round((1000 * (notAfter - nowUs)) / (notAfter - notBefore)) / 1000
}

/** Of a certificate, which has whole seconds. */
const timeText = (us: number | null): string | null => (us === null ? null : `${rfc3339(us).slice(0, 19)}Z`)

const timeUs = (time: string): number => Date.parse(time) * 1000

function isWanted(seen: SeenCertificate, { nowUs, expiringUs, failing }: CertificateQuestion): boolean {
  if (failing && seen.faults.length === 0) return false
  if (expiringUs === null) return true
  if (seen.use === 'ca' || !seen.in_use || seen.not_after === null) return false
  const endUs = timeUs(seen.not_after)
  return endUs <= nowUs + expiringUs && (endUs >= nowUs - expiringUs || timeUs(seen.last_seen) > endUs)
}

/** Those without an end that could be read come last. */
function byEnd(a: SeenCertificate, b: SeenCertificate): number {
  const [first, second] = [a.not_after ?? '~', b.not_after ?? '~']
  if (first !== second) return first < second ? -1 : 1
  return a.fingerprint_sha256 < b.fingerprint_sha256 ? -1 : 1
}
