/** Was a certificate revoked by the time at which it was shown? By signed words alone: a stapled response, or a list. */
import { constants, createHash, type VerifyKeyObjectInput, verify, X509Certificate } from 'node:crypto'
import type { RevocationList } from '../wire/crl.ts'
import type { OcspAnswer, OcspResponse } from '../wire/ocsp.ts'
import type { Signed } from '../wire/signed-object.ts'
import { outlineOf } from '../wire/x509-outline.ts'
import { type Candidate, candidateOf, comparedName } from './candidate.ts'
import type { Signatures } from './signatures.ts'

/** null = nothing that could be verified speaks of it. */
export type Revocation = 'good' | 'revoked' | null

const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9'

/** The response's word on `certificate` at `timeUs` (RFC 6960 §3.2); null where it is not about it, not verified or not of that time. */
export function ocspVerdict(
  response: OcspResponse,
  certificate: Candidate,
  issuer: Candidate,
  timeUs: number,
  signatures: Signatures,
): Revocation {
  const answer = answerAbout(response, certificate, issuer)
  if (answer === null || !isBySomebodyWhoMay(response, issuer, signatures)) return null
  // Who is revoked stays so, however old the response is.
  if (answer.status === 'revoked') return answer.revokedAt !== null && answer.revokedAt > timeUs ? 'good' : 'revoked'
  const isOfThatTime =
    answer.thisUpdate !== null && answer.thisUpdate <= timeUs + SKEW_US && timeUs <= endOf(answer) + SKEW_US
  return answer.status === 'good' && isOfThatTime ? 'good' : null
}

/** Null where it is about others. Who signed it is another question. */
export const answerAbout = (response: OcspResponse, certificate: Candidate, issuer: Candidate): OcspAnswer | null =>
  response.answers.find((one) => isAbout(one, certificate, issuer)) ?? null

const SKEW_US = 5 * 60 * 1_000_000
/** Without a nextUpdate newer information is there at any time (§4.2.2.1): a day is taken for it. */
const DAY_US = 86_400_000_000
const endOf = ({ thisUpdate, nextUpdate }: OcspAnswer): number => nextUpdate ?? (thisUpdate ?? 0) + DAY_US

/** DER of hash identifiers in a CertID, hex. */
const HASHES: Readonly<Record<string, string>> = {
  '2b0e03021a': 'sha1',
  '608648016503040201': 'sha256',
  '608648016503040202': 'sha384',
  '608648016503040203': 'sha512',
}

function isAbout(answer: OcspAnswer, { facts }: Candidate, issuer: Candidate): boolean {
  const hash = HASHES[answer.hash]
  const outline = outlineOf(issuer.facts.der)
  if (hash === undefined || outline?.keyBits == null || answer.serialNumber !== facts.serialNumber) return false
  const hashed = (bytes: Uint8Array): string => createHash(hash).update(bytes).digest('hex')
  return answer.issuerNameHash === hashed(outline.subject) && answer.issuerKeyHash === hashed(outline.keyBits)
}

/** The issuer itself, or whom it certified for this (§4.2.2.2). */
export function isBySomebodyWhoMay(response: OcspResponse, issuer: Candidate, signatures: Signatures): boolean {
  if (isSignedBy(response.signed, issuer)) return true
  return response.certificates.some((der) => {
    const responder = candidateOf(der)
    return (
      responder.usage.purposes?.includes(OCSP_SIGNING) === true &&
      responder.issuerName === issuer.subjectName &&
      isValidAt(responder, response.producedAt) &&
      signatures.of(responder, issuer) === 'good' &&
      isSignedBy(response.signed, responder)
    )
  })
}

const isValidAt = ({ facts: { notBefore, notAfter } }: Candidate, timeUs: number | null): boolean =>
  timeUs !== null && notBefore !== null && notAfter !== null && notBefore <= timeUs && timeUs <= notAfter + 1_000_000

/** What a responder or a list said when it was asked, verified then. Times in µs. */
export interface FetchedWord {
  readonly kind: 'ocsp' | 'crl'
  readonly status: 'good' | 'revoked'
  /** Whose word it is. */
  readonly issuerSpkiSha256: string
  readonly revokedAt: number | null
  readonly nextUpdate: number | null
}

/** Asked later, it speaks of before too: who is revoked stays so, and who is not was not. */
export function fetchedVerdict(word: FetchedWord, issuer: Candidate, timeUs: number): Revocation {
  if (word.issuerSpkiSha256 !== issuer.facts.spkiSha256) return null
  if (word.status === 'revoked') return word.revokedAt === null || word.revokedAt <= timeUs ? 'revoked' : null
  return word.nextUpdate !== null && timeUs > word.nextUpdate + SKEW_US ? null : 'good'
}

/** A list of an issuer that was verified once, so that asking it costs a look-up. */
export class RevocationLists {
  readonly id: string
  readonly #byIssuer = new Map<string, RevocationList[]>()
  readonly #verified = new Map<RevocationList, Map<string, boolean>>()

  constructor(lists: readonly RevocationList[] = []) {
    const hash = createHash('sha256')
    for (const list of lists) {
      hash.update(list.signed.signature)
      const name = comparedName(list.issuer)
      if (name !== null) this.#byIssuer.set(name, [...(this.#byIssuer.get(name) ?? []), list])
    }
    this.id = lists.length === 0 ? '' : hash.digest('hex').slice(0, 16)
  }

  /** Does a list have this number under this issuer's name? Whether it may is another question. */
  mentions(serialNumber: string, issuer: string): boolean {
    const lists = this.#byIssuer.get(comparedName(issuer) ?? '')
    return lists?.some((list) => list.revoked.get(serialNumber) !== undefined) === true
  }

  /** Not being in a list says little: it may be one of several (RFC 5280 §5.2.5). */
  isRevoked(certificate: Candidate, issuer: Candidate, timeUs: number): boolean {
    const { serialNumber } = certificate.facts
    const lists = issuer.subjectName === null ? undefined : this.#byIssuer.get(issuer.subjectName)
    if (serialNumber === null || lists === undefined) return false
    return lists.some((list) => {
      const revokedAt = list.revoked.get(serialNumber)
      return revokedAt !== undefined && revokedAt <= timeUs && this.#isBy(list, issuer)
    })
  }

  #isBy(list: RevocationList, issuer: Candidate): boolean {
    const known = this.#verified.get(list) ?? new Map<string, boolean>()
    this.#verified.set(list, known)
    const answer = known.get(issuer.facts.fingerprint) ?? isListOf(list, issuer)
    known.set(issuer.facts.fingerprint, answer)
    return answer
  }
}

/** It signed the list, and may (RFC 5280 §6.3.3 (f)). */
export const isListOf = (list: RevocationList, issuer: Candidate): boolean =>
  issuer.usage.keyUsage?.includes('cRLSign') !== false &&
  comparedName(list.issuer) === issuer.subjectName &&
  isSignedBy(list.signed, issuer)

/** The same beside other work: the hash over megabytes is made in another thread. */
export const isListOfLater = async (list: RevocationList, issuer: Candidate): Promise<boolean> =>
  issuer.usage.keyUsage?.includes('cRLSign') !== false &&
  comparedName(list.issuer) === issuer.subjectName &&
  (await isSignedByLater(list.signed, issuer))

function isSignedBy(signed: Signed, issuer: Candidate): boolean {
  try {
    return verify(signed.signatureHash, signed.toBeSigned, keyFor(signed, issuer), signed.signature)
  } catch {
    return false
  }
}

function isSignedByLater(signed: Signed, issuer: Candidate): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const { signatureHash, toBeSigned, signature } = signed
      verify(signatureHash, toBeSigned, keyFor(signed, issuer), signature, (error, isGood) =>
        resolve(error === null && isGood),
      )
    } catch {
      resolve(false)
    }
  })
}

/** @throws Error where the issuer has no key that is known here. */
function keyFor({ signatureAlgorithm }: Signed, { facts }: Candidate): VerifyKeyObjectInput {
  const key = new X509Certificate(facts.der).publicKey
  if (signatureAlgorithm !== 'rsa-pss') return { key }
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
}
