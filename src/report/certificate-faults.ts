/** What can be wrong with a certificate in use: one row a fault, in the words of the policy language where it has them. */
import { compilePresented, DEFAULT_POLICY, loadPolicy, type Presented, YES } from '../classify/index.ts'
import type { Severity } from '../classify/policy.ts'
import type { CertificateFacts } from '../core/facts.ts'

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
  /** Whom its key was certified for, when that is more than one. */
  readonly keyIdentities: readonly string[]
  /** Flows whose client went on though the certificate does not cover the name it asked for. */
  readonly mismatched: number
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

/** CA/Browser Forum Baseline Requirements §6.3.2, by the day of issue: as the policy pack has it. */
const validityLimits: readonly unknown[] = loadPolicy(DEFAULT_POLICY)
  .rules.filter(({ id }) => /^cert-validity-\d+d$/.test(id))
  .map(({ when }) => (when as { server_certificate: unknown }).server_certificate)

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
    found: both(isLeaf, says({ self_issued: true })),
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
    found: both(isServerLeaf, says(validityLimits)),
  },
  {
    id: 'incomplete-chain',
    severity: 'low',
    title: 'Its issuer was shown nowhere: clients must have it already',
    fix: 'Owner: send the intermediate certificates too. Nothing to do where clients trust its issuer itself.',
    found: both(isLeaf, ({ certificate, issuerSeen }) => hasOtherIssuer(certificate) && !issuerSeen),
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
]

const namesHost = ({ subjectAltNames }: CertificateFacts): boolean => subjectAltNames.length > 0

const hasOtherIssuer = ({ issuer, selfIssued }: CertificateFacts): boolean => issuer !== null && !selfIssued
