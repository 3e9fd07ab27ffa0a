/** Words about the certificates that crossed in the handshake (TLS 1.2 and older; TLS 1.3 encrypts them). */
import type { CertificateFacts } from '../core/facts.ts'
import { readUsage } from '../wire/x509-usage.ts'
import { type Answer, answer, type Condition, NO, not, UNSEEN, YES } from './answer.ts'
import { type Chain, isExpired, isNotYetValid } from './chain.ts'
import { aBoolean, aDay, aNumber, anObject, compileWords, dayUs, oneOf, texts, type Words } from './words.ts'

export interface PresentedChain {
  readonly chain: Chain
  /** Packet time, µs. */
  readonly timeUs: number
}

export interface Presented {
  readonly certificate: CertificateFacts
  /** 0 = the peer's own certificate. */
  readonly position: number
  readonly timeUs: number
}

const WHICH = ['leaf', 'issuers', 'any'] as const

/** `{ which, …words }`: does one of the chosen certificates meet all of the words? */
export function compileCertificate(value: unknown, where: string): Condition<PresentedChain> {
  const { which = 'leaf', ...words } = anObject(value, where)
  const [first, last] = RANGE[oneOf(which, `${where}.which`, WHICH)]
  const meets = compilePresented(words, where)
  return ({ chain: { certificates }, timeUs }) => {
    const end = Math.min(last, certificates.length)
    if (first >= end) return UNSEEN
    let most: Answer = NO
    for (let position = first; position < end && most !== YES; position++) {
      const here = meets({ certificate: certificates[position] as CertificateFacts, position, timeUs })
      if (here > most) most = here
    }
    return most
  }
}

/** The words alone, of one certificate. */
export const compilePresented = (words: unknown, where: string): Condition<Presented> =>
  compileWords(words, where, CERTIFICATE_WORDS)

/** First position and the one after the last. */
const RANGE = { leaf: [0, 1], issuers: [1, Number.POSITIVE_INFINITY], any: [0, Number.POSITIVE_INFINITY] } as const

/** `{ length_lt, unordered }`: the chain as a whole. */
export const compileChain = (value: unknown, where: string): Condition<PresentedChain> =>
  compileWords(value, where, CHAIN_WORDS)

const CHAIN_WORDS: Words<PresentedChain> = {
  length_lt: (value, where) => {
    const limit = aNumber(value, where)
    return ({ chain }) => (chain.id === 0 ? UNSEEN : answer(chain.certificates.length < limit))
  },
  unordered: (value, where) => {
    const wanted = aBoolean(value, where)
    return ({ chain }) => (chain.id === 0 ? UNSEEN : answer(isUnordered(chain.certificates) === wanted))
  },
}

/** RFC 5246 §7.4.2: each certificate must directly certify the one before it. */
const isUnordered = (certificates: readonly CertificateFacts[]): boolean =>
  certificates.some((certificate, i) => {
    const before = certificates[i - 1]
    return before !== undefined && before.issuer !== null && before.issuer !== certificate.subject
  })

const CERTIFICATE_WORDS: Words<Presented> = {
  key_type: (value, where) => isOneOf((c) => c.keyType, texts(value, where)),
  key_type_not_in: (value, where) => isNoneOf((c) => c.keyType, texts(value, where)),
  key_bits_lt: (value, where) => {
    const limit = aNumber(value, where)
    return ({ certificate: { keyBits } }) => (keyBits === null ? UNSEEN : answer(keyBits < limit))
  },
  key_curve: (value, where) => isOneOf((c) => c.keyCurve, texts(value, where)),
  key_curve_not_in: (value, where) => isNoneOf((c) => c.keyCurve, texts(value, where)),
  signature_algorithm: (value, where) => isOneOf((c) => c.signatureAlgorithm, texts(value, where)),
  signature_hash: (value, where) => {
    const matches = isOneOf((c) => c.signatureHash, texts(value, where))
    // A root vouches for itself: it is trusted by being in a store, and nobody checks how it signed itself.
    return (presented) => (presented.position > 0 && presented.certificate.selfIssued ? UNSEEN : matches(presented))
  },
  self_issued: (value, where) => is((c) => (c.malformed === null ? c.selfIssued : null), aBoolean(value, where)),
  is_ca: (value, where) => is((c) => c.isCa, aBoolean(value, where)),
  malformed: (value, where) => is((c) => c.malformed !== null, aBoolean(value, where)),
  validity_days_gt: (value, where) => {
    const limitUs = aNumber(value, where) * 86_400_000_000
    return ({ certificate: { notBefore, notAfter } }) => {
      if (notBefore === null || notAfter === null) return UNSEEN
      // Both ends belong to the period (RFC 5280 §4.1.2.5), so the second named by notAfter counts.
      return answer(notAfter - notBefore + 1_000_000 > limitUs)
    }
  },
  issued_from: (value, where) => {
    const day = dayUs(aDay(value, where))
    return ({ certificate: { notBefore } }) => (notBefore === null ? UNSEEN : answer(notBefore >= day))
  },
  issued_before: (value, where) => {
    const day = dayUs(aDay(value, where))
    return ({ certificate: { notBefore } }) => (notBefore === null ? UNSEEN : answer(notBefore < day))
  },
  expired: (value, where) => {
    const wanted = aBoolean(value, where)
    return ({ certificate: { notAfter }, timeUs }) =>
      notAfter === null ? UNSEEN : answer(isExpired(notAfter, timeUs) === wanted)
  },
  not_yet_valid: (value, where) => {
    const wanted = aBoolean(value, where)
    return ({ certificate: { notBefore }, timeUs }) =>
      notBefore === null ? UNSEEN : answer(isNotYetValid(notBefore, timeUs) === wanted)
  },
  must_staple: (value, where) => is((c) => readUsage(c.der).mustStaple, aBoolean(value, where)),
  claims_public_policy: (value, where) => is((c) => claimsPublicPolicy(c.der), aBoolean(value, where)),
}

type Pick<T> = (certificate: CertificateFacts) => T | null

function is(pick: Pick<boolean>, wanted: boolean): Condition<Presented> {
  return ({ certificate }) => {
    const value = pick(certificate)
    return value === null ? UNSEEN : answer(value === wanted)
  }
}

function isOneOf(pick: Pick<string>, choices: readonly string[]): Condition<Presented> {
  const wanted = new Set(choices.map((choice) => choice.toLowerCase()))
  return ({ certificate }) => {
    const value = pick(certificate)
    return value === null ? UNSEEN : answer(wanted.has(value.toLowerCase()))
  }
}

function isNoneOf(pick: Pick<string>, choices: readonly string[]): Condition<Presented> {
  const matches = isOneOf(pick, choices)
  return (presented) => not(matches(presented))
}

// DER of the object identifiers under 2.23.140.1 by which a certificate says which CA/Browser Forum policy it was
// issued under (Baseline Requirements §7.1.6.1): 2.1 domain, 2.2 organisation, 2.3 individual; 1 extended validation.
const RESERVED_POLICIES = ['060667810c010201', '060667810c010202', '060667810c010203', '060567810c0101'].map((hex) =>
  Buffer.from(hex, 'hex'),
)

/**
 * Does the certificate itself say that it follows the rules for public certificates? Every publicly trusted server
 * certificate must carry one of these identifiers, so this tells public from private without a list of roots.
 */
export function claimsPublicPolicy(der: Uint8Array): boolean {
  const bytes = Buffer.from(der.buffer, der.byteOffset, der.byteLength)
  return RESERVED_POLICIES.some((policy) => bytes.includes(policy))
}
