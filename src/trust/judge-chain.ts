/** The judgement of a chain as it was shown: who vouches for the leaf, and what is wrong on the way there. */
import type { CertificateFacts } from '../core/facts.ts'
import type { OcspResponse } from '../wire/ocsp.ts'
import { ANY_PURPOSE, CLIENT_AUTH, SERVER_AUTH } from '../wire/x509-usage.ts'
import type { Candidate } from './candidate.ts'
import type { StepProblem } from './issuing.ts'
import { bestPath, type Path } from './paths.ts'
import { Pool } from './pool.ts'
import { type FetchedWord, fetchedVerdict, ocspVerdict, type Revocation, type RevocationLists } from './revocation.ts'
import type { AnchorKind, Roots } from './roots.ts'
import type { Signatures } from './signatures.ts'

export type ChainProblem =
  | StepProblem
  | 'untrusted' // it ends at a root that nobody named, or below one that was seen nowhere
  | 'self-signed' // the leaf is that root
  | 'incomplete-chain' // the leaf's issuer was seen nowhere
  | 'completed-chain' // whole only with certificates that this server did not send
  | 'bad-signature'
  | 'wrong-order'
  | 'wrong-purpose' // the leaf may not be used for what it was used for
  | 'weak-issuer-hash'
  | 'weak-issuer-key'
  | 'revoked'
  | 'issuer-revoked'
  | 'not-verifiable' // an algorithm that is not known here, or more certificates than are looked at

export interface ShownChain {
  /** As it was sent, the leaf first. */
  readonly sent: readonly Candidate[]
  readonly role: 'server' | 'client'
  /** µs; when it was shown. */
  readonly timeUs: number
  /** OCSP responses that were stapled to the leaf at any time. */
  readonly staples?: readonly OcspResponse[]
}

export interface Surroundings {
  readonly roots: Roots
  /** Authorities seen anywhere. */
  readonly seen: Pool
  readonly signatures: Signatures
  readonly revocations: RevocationLists
  /** What responders and lists said of a certificate when they were asked; none where nobody asks. */
  readonly fetched?: (fingerprint: string) => readonly FetchedWord[]
}

/** Who had a certificate of a path: the peer that showed the chain, another peer, or our set of roots. */
export type Origin = 'sent' | 'seen' | 'root'

export interface PathStep {
  readonly certificate: CertificateFacts
  readonly from: Origin
}

export interface ChainJudgement {
  readonly anchor: AnchorKind
  /** The leaf first, the root that vouches last where there is one. */
  readonly path: readonly PathStep[]
  readonly problems: readonly ChainProblem[]
  /** Of the leaf; null = nothing verified speaks of it. */
  readonly revocation: Revocation
  /** Whose word that is. */
  readonly revocationFrom: RevocationSource | null
}

/** A response that the server stapled, a list that the operator gave, or what a responder or a list said when it was asked. */
export type RevocationSource = 'stapled' | 'given-list' | 'fetched-ocsp' | 'fetched-list'

/** Null where nothing was sent. */
export function judgeChain(shown: ShownChain, surroundings: Surroundings): ChainJudgement | null {
  const { roots, seen, signatures } = surroundings
  const [leaf, ...others] = shown.sent
  if (leaf === undefined) return null
  const sent = new Pool()
  for (const other of others) sent.add(other)
  const purpose = shown.role === 'server' ? SERVER_AUTH : CLIENT_AUTH
  const path = bestPath(leaf, { roots, sent, seen, signatures, timeUs: shown.timeUs, purpose })
  const problems = new Set<ChainProblem>(path.problems)
  const ended = endProblem(path)
  if (ended !== null) problems.add(ended)
  for (const { problem, found } of CHECKS) if (found({ shown, path, roots, sent, purpose })) problems.add(problem)
  const [revocation, revocationFrom] = leafRevocation(shown, path, surroundings)
  if (revocation === 'revoked') problems.add('revoked')
  if (hasRevokedIssuer(shown, path, surroundings)) problems.add('issuer-revoked')
  const last = path.certificates.at(-1) as Candidate
  return {
    anchor: path.end === 'trusted' ? roots.kindOf(last) : 'none',
    path: path.certificates.map(({ facts }, i) => ({
      certificate: facts,
      from: i === 0 || sent.has(facts.fingerprint) ? 'sent' : roots.pool.has(facts.fingerprint) ? 'root' : 'seen',
    })),
    problems: [...problems],
    revocation,
    revocationFrom,
  }
}

type Word = readonly [Revocation, RevocationSource | null]

/** Whoever says that it is revoked is believed before whoever says that it is not. */
function leafRevocation(shown: ShownChain, path: Path, surroundings: Surroundings): Word {
  const [leaf, issuer] = path.certificates
  if (leaf === undefined || issuer === undefined) return UNKNOWN
  const { timeUs, staples = [] } = shown
  const { signatures } = surroundings
  const words: readonly Word[] = [
    ...revokedWords(leaf, issuer, timeUs, surroundings),
    ...staples.map((response): Word => [ocspVerdict(response, leaf, issuer, timeUs, signatures), 'stapled']),
    ...fetchedWords(leaf, issuer, timeUs, surroundings),
  ]
  return words.find(([word]) => word === 'revoked') ?? words.find(([word]) => word === 'good') ?? UNKNOWN
}

const UNKNOWN: Word = [null, null]

const revokedWords = (one: Candidate, issuer: Candidate, timeUs: number, { revocations }: Surroundings): Word[] =>
  revocations.isRevoked(one, issuer, timeUs) ? [['revoked', 'given-list']] : []

const fetchedWords = (one: Candidate, issuer: Candidate, timeUs: number, { fetched }: Surroundings): Word[] =>
  (fetched?.(one.facts.fingerprint) ?? []).map((word) => [
    fetchedVerdict(word, issuer, timeUs),
    word.kind === 'ocsp' ? 'fetched-ocsp' : 'fetched-list',
  ])

const hasRevokedIssuer = ({ timeUs }: ShownChain, { certificates }: Path, surroundings: Surroundings): boolean =>
  certificates.some((one, i) => {
    const issuer = certificates[i + 1]
    if (i === 0 || issuer === undefined) return false
    const words = [
      ...revokedWords(one, issuer, timeUs, surroundings),
      ...fetchedWords(one, issuer, timeUs, surroundings),
    ]
    return words.some(([word]) => word === 'revoked')
  })

/** What lies above the last certificate that anybody showed may be the root alone, which servers need not send. */
function endProblem({ end, certificates }: Path): ChainProblem | null {
  const isLeafAlone = certificates.length === 1
  switch (end) {
    case 'trusted':
      return null
    case 'unknown-root':
      return isLeafAlone ? 'self-signed' : 'untrusted'
    case 'no-issuer':
      return isLeafAlone ? 'incomplete-chain' : 'untrusted'
    case 'bad-signature':
      return 'bad-signature'
    case 'not-verifiable':
    case 'cap':
      return 'not-verifiable'
  }
}

interface Judged {
  readonly shown: ShownChain
  readonly path: Path
  readonly roots: Roots
  readonly sent: Pool
  readonly purpose: string
}

interface Check {
  readonly problem: ChainProblem
  readonly found: (judged: Judged) => boolean
}

const CHECKS: readonly Check[] = [
  {
    problem: 'completed-chain',
    found: ({ path, roots, sent }) =>
      path.certificates.some(
        ({ facts: { fingerprint } }, i) => i > 0 && !sent.has(fingerprint) && !roots.pool.has(fingerprint),
      ),
  },
  { problem: 'wrong-order', found: ({ shown }) => isUnordered(shown.sent) },
  { problem: 'wrong-purpose', found: ({ shown, purpose }) => !mayBeUsedFor(shown.sent[0] as Candidate, purpose) },
  {
    problem: 'unknown-critical',
    found: ({ path }) => (path.certificates[0] as Candidate).usage.unknownCritical.length > 0,
  },
  { problem: 'weak-issuer-hash', found: ({ path }) => authoritiesOf(path).some(isWeaklySigned) },
  {
    problem: 'weak-issuer-key',
    found: ({ path }) => path.certificates.slice(1).some(({ facts }) => hasWeakKey(facts)),
  },
]

/** RFC 5246 §7.4.2: each certificate must directly certify the one before it. */
const isUnordered = (sent: readonly Candidate[]): boolean =>
  sent.some((one, i) => i > 0 && sent[i - 1]?.issuerName !== one.subjectName)

/** RFC 5280 §4.2.1.3, §4.2.1.12; TLS needs a key that signs, or for a server also one that agrees or unwraps a key. */
function mayBeUsedFor({ usage }: Candidate, purpose: string): boolean {
  const { purposes, keyUsage } = usage
  if (purposes !== null && !purposes.includes(purpose) && !purposes.includes(ANY_PURPOSE)) return false
  const needed = purpose === SERVER_AUTH ? SERVER_KEY_USES : CLIENT_KEY_USES
  return keyUsage === null || keyUsage.some((use) => needed.has(use))
}

const SERVER_KEY_USES: ReadonlySet<string> = new Set(['digitalSignature', 'keyEncipherment', 'keyAgreement'])
const CLIENT_KEY_USES: ReadonlySet<string> = new Set(['digitalSignature', 'keyAgreement'])

/** Between the leaf and the root: how a root signed itself does not matter, and the leaf has a fault of its own. */
const authoritiesOf = ({ certificates }: Path): readonly Candidate[] =>
  certificates.slice(1).filter(({ facts }) => !facts.selfIssued)

const isWeaklySigned = ({ facts }: Candidate): boolean => WEAK_HASHES.has(facts.signatureHash ?? '')
const WEAK_HASHES: ReadonlySet<string> = new Set(['md2', 'md4', 'md5', 'sha1'])

const hasWeakKey = ({ keyType, keyBits }: CertificateFacts): boolean =>
  keyType === 'dsa' || (keyBits !== null && keyBits < (LEAST_BITS[keyType ?? ''] ?? 0))
const LEAST_BITS: Readonly<Record<string, number>> = { rsa: 2048, 'rsa-pss': 2048, ec: 224 }
