/** What can be wrong with a certificate in use: one row a fault, in the words of the policy language where it has them. */
import { compilePresented, DEFAULT_POLICY, loadPolicy, type Presented, YES } from '../classify/index.ts'
import type { Severity } from '../classify/policy.ts'
import type { CertificateFacts } from '../core/facts.ts'
import type { ChainProblem } from '../trust/judge-chain.ts'
import type { AnchorKind } from '../trust/roots.ts'
import { outlineOf } from '../wire/x509-outline.ts'
import { readUsage } from '../wire/x509-usage.ts'

/** A certificate with what the store knows of its use. Times in µs. */
export interface UsedCertificate {
  readonly certificate: CertificateFacts
  readonly nowUs: number
  readonly firstShownUs: number
  readonly lastShownUs: number
  /** The nearest to a leaf it was shown as: 0 = the peer's own. */
  readonly position: number
  /** Shown by some server as its own. */
  readonly isServerLeaf: boolean
  /** No other has taken its place everywhere. */
  readonly inUse: boolean
  readonly issuerSeen: boolean
  /** Who vouches for it, as a leaf; null = no chain that it leads was judged. */
  readonly anchor: AnchorKind | null
  /** What was wrong with the chains that it led; faults by the same ids. */
  readonly chainProblems: ReadonlySet<string>
  /** Server addresses and ports that showed it. */
  readonly endpoints: number
  /** Whom its key was certified for, when that is more than one. */
  readonly keyIdentities: readonly string[]
  /** Flows whose client went on though the certificate does not cover the name it asked for. */
  readonly mismatched: number
  /** Flows whose client asked for the stapled response that it demands, and got none. */
  readonly unstapled: number
}

type Test = (used: UsedCertificate) => boolean

export interface CertificateFault {
  readonly id: string
  readonly severity: Severity
  /** What is wrong, in words for people. */
  readonly title: string
  /** Who must change what. */
  readonly fix: string
  readonly found: Test
}

const isLeaf: Test = ({ position }) => position === 0
const isServerLeaf: Test = (used) => used.isServerLeaf
const inUse: Test = (used) => used.inUse
const both =
  (...tests: readonly Test[]): Test =>
  (used) =>
    tests.every((test) => test(used))

/** Does one of the conditions hold (docs/policies.md)? What could not be read fails none. */
function says(words: unknown, time: (used: UsedCertificate) => number = ({ lastShownUs }) => lastShownUs): Test {
  const conditions = [words].flat().map((one) => compilePresented(one, 'certificate'))
  return (used) => {
    const presented: Presented = { certificate: used.certificate, position: used.position, timeUs: time(used) }
    return conditions.some((meets) => meets(presented) === YES)
  }
}

/** A chain that it led had this. */
const inChain =
  (problem: ChainProblem): Test =>
  ({ chainProblems }) =>
    chainProblems.has(problem)

/** CA/Browser Forum Baseline Requirements §6.3.2, by the day of issue: as the policy pack has it. */
const validityLimits: readonly object[] = loadPolicy(DEFAULT_POLICY)
  .rules.filter(({ id }) => /^cert-validity-\d+d$/.test(id))
  .map(({ when }) => (when as { server_certificate: object }).server_certificate)

const CLAIM = 'claims_public_policy'

/** They bind authorities below a public root; where no root is known, those who say that they follow them. */
const beyondLimits = says(validityLimits)
const beyondLimitsOfPublic = says(
  validityLimits.map((limit) => Object.fromEntries(Object.entries(limit).filter(([word]) => word !== CLAIM))),
)

const isTooLong: Test = (used) =>
  used.anchor === 'public' ? beyondLimitsOfPublic(used) : used.anchor !== 'private' && beyondLimits(used)

/**
 * Baseline Requirements §7.1.2.7.6 bind authorities below a public root to say what a certificate is for. Elsewhere one
 * that does not say is for any purpose (RFC 5280 §4.2.1.12).
 */
const saysPublic = says({ [CLAIM]: true })
const lacksPurpose: Test = (used) =>
  (used.anchor === 'public' || (used.anchor !== 'private' && saysPublic(used))) && saysNoPurpose(used.certificate)

/** Read, and without extendedKeyUsage. */
const saysNoPurpose = ({ der, malformed }: CertificateFacts): boolean =>
  malformed === null && outlineOf(der) !== null && readUsage(der).purposes === null

/** Automatic renewal comes at a third of the life left, so a quarter says that it did not come. */
const LEAST_LIFE_LEFT = 1 / 4
const LEAST_US_LEFT = 30 * 86_400_000_000

function endsSoon({ certificate: { notBefore, notAfter }, nowUs, inUse: isUsed, position }: UsedCertificate): boolean {
  if (!isUsed || position !== 0 || notBefore === null || notAfter === null) return false
  const left = notAfter - nowUs
  return left >= 0 && left < LEAST_US_LEFT && left < LEAST_LIFE_LEFT * (notAfter - notBefore)
}

/** From here on one key that leaks opens more than a service. */
const WIDE_ENDPOINTS = 10

const isWideWildcard: Test = ({ certificate: { subjectAltNames }, position, endpoints }) =>
  position === 0 && endpoints >= WIDE_ENDPOINTS && subjectAltNames.some((name) => name.startsWith('*.'))

/** In the order in which they are told. */
export const CERTIFICATE_FAULTS: readonly CertificateFault[] = [
  {
    id: 'expired-when-seen',
    severity: 'critical',
    title: 'It was shown after its end, by the time of the packets',
    fix: 'Owner: renew it; owners of the clients: find out why they go on all the same.',
    found: says({ expired: true }),
  },
  {
    id: 'expired',
    severity: 'high',
    title: 'Its end has passed, and no other was seen in its place',
    fix: 'Owner: renew it, or see whether the service still runs.',
    found: both(
      inUse,
      says({ expired: true }, ({ nowUs }) => nowUs),
    ),
  },
  {
    id: 'not-yet-valid',
    severity: 'medium',
    title: 'It was shown before its beginning, by the time of the packets',
    fix: 'Owner: set the clocks of the authority, the server and the sensor.',
    found: says({ not_yet_valid: true }, ({ firstShownUs }) => firstShownUs),
  },
  {
    id: 'weak-key',
    severity: 'high',
    title: 'Its key is RSA under 2048 bits, an elliptic curve under 224, or DSA',
    fix: 'Owner: make a new key, P-256 or RSA of 2048 bits and more, and have it certified.',
    found: says([
      { key_type: ['rsa', 'rsa-pss'], key_bits_lt: 2048 },
      { key_type: ['ec'], key_bits_lt: 224 },
      { key_type: ['dsa'] },
    ]),
  },
  {
    id: 'weak-signature-hash',
    severity: 'high',
    title: 'It is signed with MD5 or SHA-1, with which it can be forged',
    fix: 'Authority: sign with SHA-256 or better.',
    found: says({ signature_hash: ['md2', 'md4', 'md5', 'sha1'] }),
  },
  {
    id: 'self-signed',
    severity: 'medium',
    title: 'Nobody but itself vouches for it',
    fix: 'Owner: use a certificate of a public or private authority.',
    found: both(isLeaf, (used) =>
      used.anchor === null ? says({ self_issued: true })(used) : used.chainProblems.has('self-signed'),
    ),
  },
  {
    id: 'ca-as-leaf',
    severity: 'medium',
    title: "An authority's certificate is used as a server's or client's own: its key can issue others",
    fix: 'Owner: issue a certificate without CA:TRUE, and keep the key of the authority off the server.',
    found: both(isLeaf, says({ is_ca: true })),
  },
  {
    id: 'name-mismatch',
    severity: 'medium',
    title: 'Clients asked for a name that it does not cover, and went on (rule cert-name-mismatch)',
    fix: 'Server owner: use a certificate with this name; client owner: turn name checking on.',
    found: ({ mismatched }) => mismatched > 0,
  },
  {
    id: 'staple-missing',
    severity: 'medium',
    title: 'It demands a stapled OCSP response, clients asked for one, and got none (rule cert-staple-missing)',
    fix: 'Owner: turn on OCSP stapling, or have it issued without the TLS feature extension.',
    found: ({ unstapled }) => unstapled > 0,
  },
  {
    id: 'no-san',
    severity: 'medium',
    title: 'It names no host in subjectAltName, so clients that follow RFC 9525 refuse it',
    fix: 'Owner: have the names put into subjectAltName.',
    found: both(isServerLeaf, ({ certificate }) => certificate.malformed === null && !namesHost(certificate)),
  },
  {
    id: 'validity-too-long',
    severity: 'medium',
    title: 'It is public, and valid for longer than authorities may issue since its day',
    fix: 'Authority: issue shorter certificates; owner: automate renewal.',
    found: both(isServerLeaf, isTooLong),
  },
  {
    id: 'incomplete-chain',
    severity: 'low',
    title: 'Its issuer was shown nowhere: clients must have it already',
    fix: 'Owner: send the intermediate certificates too. Nothing to do where clients trust its issuer itself.',
    found: both(isLeaf, ({ certificate, issuerSeen, anchor, chainProblems }) =>
      anchor === null ? hasOtherIssuer(certificate) && !issuerSeen : chainProblems.has('incomplete-chain'),
    ),
  },
  {
    id: 'shared-key',
    severity: 'low',
    title: 'Its key is certified for somebody else too',
    fix: 'Owner: give every identity a key of its own: one that leaks gives all of them away.',
    found: ({ keyIdentities }) => keyIdentities.length > 1,
  },
  {
    id: 'unreadable',
    severity: 'low',
    title: 'It could not be read in full',
    fix: 'Owner: look at it with openssl x509, and replace it if it is damaged.',
    found: says({ malformed: true }),
  },
  {
    id: 'revoked',
    severity: 'critical',
    title: 'Its authority had revoked it when it was shown: a stapled response or a list says so',
    fix: 'Owner: replace it with one on a new key, and find out why it was revoked.',
    found: inChain('revoked'),
  },
  {
    id: 'issuer-revoked',
    severity: 'critical',
    title: 'An authority above it was revoked',
    fix: 'Owner: have it issued by another authority.',
    found: inChain('issuer-revoked'),
  },
  {
    id: 'bad-signature',
    severity: 'critical',
    title: 'The certificate that should vouch for it has another key: the signature is wrong',
    fix: 'Owner: send the intermediate that signed it; if that is what is sent, it is forged or damaged.',
    found: inChain('bad-signature'),
  },
  {
    id: 'issuer-not-ca',
    severity: 'critical',
    title: 'Its issuer is no authority, or its key may not sign certificates',
    fix: 'Owner: find out who issued it; a certificate like this is refused, or used in an attack.',
    found: inChain('issuer-not-ca'),
  },
  {
    id: 'untrusted',
    severity: 'high',
    title: 'No root that is trusted here vouches for it',
    fix: 'Owner: use an authority that the clients trust. If it is your own, name its root with --roots.',
    found: inChain('untrusted'),
  },
  {
    id: 'issuer-expired',
    severity: 'high',
    title: 'An authority above it had ended when it was shown',
    fix: 'Owner: send the renewed intermediate, or have the certificate issued by another.',
    found: inChain('issuer-expired'),
  },
  {
    id: 'path-too-long',
    severity: 'high',
    title: 'More authorities stand below one than it allows',
    fix: 'Authority: issue the intermediate with another path length; owner: use another intermediate.',
    found: inChain('path-too-long'),
  },
  {
    id: 'names-not-permitted',
    severity: 'high',
    title: 'An authority above it may not certify its names',
    fix: 'Authority: look at the name constraints; owner: use another authority for these names.',
    found: inChain('names-not-permitted'),
  },
  {
    id: 'weak-issuer-hash',
    severity: 'high',
    title: 'An authority above it, other than the root, is signed with MD5 or SHA-1',
    fix: 'Owner: send an intermediate that is signed with SHA-256 or better.',
    found: inChain('weak-issuer-hash'),
  },
  {
    id: 'weak-issuer-key',
    severity: 'high',
    title: 'The key of an authority above it is RSA under 2048 bits, an elliptic curve under 224, or DSA',
    fix: 'Authority: issue from a stronger key; owner: have the certificate issued anew.',
    found: inChain('weak-issuer-key'),
  },
  {
    id: 'issuer-not-yet-valid',
    severity: 'medium',
    title: 'An authority above it was not yet valid when it was shown',
    fix: 'Owner: set the clocks, or send the intermediate that is valid.',
    found: inChain('issuer-not-yet-valid'),
  },
  {
    id: 'issuer-wrong-purpose',
    severity: 'medium',
    title: 'An authority above it may issue for other purposes only',
    fix: 'Owner: have it issued by an authority for servers, or for clients.',
    found: inChain('issuer-wrong-purpose'),
  },
  {
    id: 'wrong-purpose',
    severity: 'medium',
    title: 'It may not be used for what it is used for: its extended key usage or key usage says so',
    fix: 'Owner: have it issued with serverAuth for a server, clientAuth for a client.',
    found: inChain('wrong-purpose'),
  },
  {
    id: 'no-server-purpose',
    severity: 'low',
    title: 'It is public, and does not say that it is for servers (no extended key usage)',
    fix: 'Authority: issue with serverAuth; owner: have it issued anew, clients that go by the rules for public ones may refuse it.',
    found: both(isServerLeaf, lacksPurpose),
  },
  {
    id: 'unknown-critical',
    severity: 'medium',
    title: 'It, or an authority above it, has a critical extension that is not known here',
    fix: 'Owner: see whether the clients know the extension; those that do not must refuse it.',
    found: inChain('unknown-critical'),
  },
  {
    id: 'completed-chain',
    severity: 'medium',
    title: 'Its server does not send all intermediates: the chain is whole only with what others sent',
    fix: 'Owner: send the intermediate certificates too.',
    found: inChain('completed-chain'),
  },
  {
    id: 'over-a-year',
    severity: 'low',
    title: 'It is public, and valid for more than one year (SEC09)',
    fix: 'Owner: renew with a shorter validity, automatically.',
    found: both(isServerLeaf, ({ anchor }) => anchor === 'public', says({ validity_days_gt: 366 })),
  },
  {
    id: 'ends-soon',
    severity: 'low',
    title: 'Less than a quarter of its life, and fewer than 30 days, are left',
    fix: 'Owner: renew it, and find out why that was not done automatically.',
    found: endsSoon,
  },
  {
    id: 'wrong-order',
    severity: 'low',
    title: 'It is not followed by its issuer, and that by the next, as TLS up to 1.2 demands',
    fix: 'Owner: put the chain into order, and leave out what does not belong to it.',
    found: inChain('wrong-order'),
  },
  {
    id: 'wide-wildcard',
    severity: 'low',
    title: 'A wildcard certificate is used at ten endpoints or more',
    fix: 'Owner: give every service a certificate of its own: one key that leaks gives all of them away.',
    found: isWideWildcard,
  },
  {
    id: 'not-verifiable',
    severity: 'low',
    title:
      'Its chain could not be verified: an algorithm is not known here, or too many certificates vouch for each other',
    fix: 'Owner: look at it with openssl verify.',
    found: inChain('not-verifiable'),
  },
]

const namesHost = ({ subjectAltNames }: CertificateFacts): boolean => subjectAltNames.length > 0

const hasOtherIssuer = ({ issuer, selfIssued }: CertificateFacts): boolean => issuer !== null && !selfIssued
