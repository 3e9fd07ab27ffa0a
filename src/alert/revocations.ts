/** Which certificates were revoked: by what servers staple themselves, verified here, by lists that are given, and by what the store has judged. */

import { type Candidate, candidateOf } from '../trust/candidate.ts'
import { ocspVerdict, RevocationLists } from '../trust/revocation.ts'
import { Signatures } from '../trust/signatures.ts'
import { type OcspResponse, parseOcspResponse } from '../wire/ocsp.ts'
import { BoundedMap } from './bounded-map.ts'
import type { CertificateRecord } from './records.ts'

/** Authorities of a network are few. */
const MAX_ISSUERS = 1024
const MAX_OF_A_NAME = 8
export const MAX_REVOKED = 16_384
/** More would be no answer for one certificate. */
const MAX_RESPONSE_CHARS = 64 * 1024

const END_OF_TIME_US = Number.MAX_SAFE_INTEGER

export type RevokedBy = 'staple' | 'list' | 'import'

/** A row of store/queries/revocations-known.sql. */
export interface StoredRevocation {
  readonly fingerprint: string
  readonly known_by: Exclude<RevokedBy, 'staple'>
  /** µs; a store may write large numbers as text. */
  readonly from_us: number | string
}

interface Revoked {
  readonly by: RevokedBy
  /** µs; 0 = at any time. */
  readonly fromUs: number
}

/** Says "revoked", and was not verified yet: the issuer may come behind the leaf. */
interface Claim {
  readonly leaf: Candidate
  readonly response: OcspResponse
  /** Of that name, those with which it was not true. */
  tried: number
}

export class Revocations {
  /** By subject: an authority that renewed its key keeps its name. */
  readonly #issuers = new BoundedMap<Candidate[]>(MAX_ISSUERS)
  readonly #stapled = new BoundedMap<Revoked>(MAX_REVOKED)
  #stored: ReadonlyMap<string, Revoked> = new Map()
  readonly #listed = new BoundedMap<Candidate>(MAX_REVOKED)
  #lists = new RevocationLists()
  readonly #claims = new BoundedMap<Claim>(MAX_REVOKED)
  readonly #signatures = new Signatures()

  /** Lists that the operator gives; they count for certificates that are seen from now on. */
  give(lists: RevocationLists): void {
    this.#lists = lists
  }

  note(record: CertificateRecord): void {
    const { ocsp_response: staple, der, subject, serial_number: serial, issuer } = record
    if (der === undefined) return
    if (serial !== undefined && issuer !== undefined && this.#lists.mentions(serial, issuer)) {
      this.#listed.set(record.fingerprint_sha256, candidateOf(Buffer.from(der, 'base64')))
    }
    if (record.is_ca === true && subject !== undefined) this.#noteIssuer(subject, record.fingerprint_sha256, der)
    if (staple === undefined || staple.length > MAX_RESPONSE_CHARS) return
    const response = parseOcspResponse(Buffer.from(staple, 'base64'))
    if (response?.answers.some(({ status }) => status === 'revoked') !== true) return
    this.#claims.set(record.fingerprint_sha256, {
      leaf: candidateOf(Buffer.from(der, 'base64')),
      response,
      tried: 0,
    })
  }

  /** Somebody showed a certificate of an authority of this name. */
  knowsAuthority(subject: string): boolean {
    return this.#issuers.get(subject) !== undefined
  }

  /** All that the store knows by now, in place of what it knew: a hold may be lifted. */
  know(rows: readonly StoredRevocation[]): void {
    this.#stored = new Map(
      rows
        .slice(0, MAX_REVOKED)
        .map(({ fingerprint, known_by, from_us }) => [fingerprint, { by: known_by, fromUs: Number(from_us) }]),
    )
  }

  /** Null = nothing that can be believed says that it was revoked by then. */
  of(fingerprint: string, timeUs: number): RevokedBy | null {
    const known = [this.#stapledOf(fingerprint), this.#stored.get(fingerprint)]
    const by = known.find((one) => one !== undefined && one.fromUs <= timeUs)?.by ?? null
    return by ?? (this.#isListed(fingerprint, timeUs) ? 'list' : null)
  }

  /** The issuer must have been seen: it is by its key that a list is believed. */
  #isListed(fingerprint: string, timeUs: number): boolean {
    const leaf = this.#listed.get(fingerprint)
    if (leaf === undefined) return false
    const issuers = this.#issuers.get(leaf.facts.issuer ?? '') ?? []
    return issuers.some(
      (issuer) => this.#lists.isRevoked(leaf, issuer, timeUs) && this.#signatures.of(leaf, issuer) === 'good',
    )
  }

  #stapledOf(fingerprint: string): Revoked | undefined {
    const claim = this.#claims.get(fingerprint)
    if (claim === undefined) return undefined
    const known = this.#stapled.get(fingerprint)
    if (known !== undefined) return known
    const fromUs = this.#verified(claim)
    if (fromUs === null) return undefined
    const revoked: Revoked = { by: 'staple', fromUs }
    this.#stapled.set(fingerprint, revoked)
    return revoked
  }

  #noteIssuer(subject: string, fingerprint: string, der: string): void {
    const known = this.#issuers.get(subject) ?? []
    if (known.length >= MAX_OF_A_NAME || known.some(({ facts }) => facts.fingerprint === fingerprint)) return
    this.#issuers.set(subject, [...known, candidateOf(Buffer.from(der, 'base64'))])
  }

  /** Since when, µs; null = not known yet, or not true. */
  #verified(claim: Claim): number | null {
    const { leaf, response } = claim
    const issuers = this.#issuers.get(leaf.facts.issuer ?? '') ?? []
    const isTrue = issuers.slice(claim.tried).some((issuer) => this.#says(claim, issuer))
    claim.tried = issuers.length
    if (!isTrue) return null
    const answer = response.answers.find(({ serialNumber }) => serialNumber === leaf.facts.serialNumber)
    return answer?.revokedAt ?? 0
  }

  #says({ leaf, response }: Claim, issuer: Candidate): boolean {
    const isIssuer = this.#signatures.of(leaf, issuer) === 'good'
    return isIssuer && ocspVerdict(response, leaf, issuer, END_OF_TIME_US, this.#signatures) === 'revoked'
  }
}
