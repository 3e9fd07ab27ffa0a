/** AlgorithmIdentifier of a certificate's signature: the algorithm, and the hash that it signs. */
import { type DerCursor, expectOid, SEQUENCE } from './der.ts'
import { PQ_SIGNATURES } from './x509-pq.ts'

export interface SignatureFacts {
  readonly signatureAlgorithm: string | null
  readonly signatureHash: string | null
}

const UNREAD_SIGNATURE: SignatureFacts = { signatureAlgorithm: null, signatureHash: null }

/** Reads the AlgorithmIdentifier that the cursor is opened on. */
export function readSignatureAlgorithm(algorithm: DerCursor): SignatureFacts {
  const oid = expectOid(algorithm)
  if (oid === null) return UNREAD_SIGNATURE
  if (oid === RSASSA_PSS) return { signatureAlgorithm: 'rsa-pss', signatureHash: readPssHash(algorithm) }
  if (oid === ECDSA_WITH_SPECIFIED) {
    return {
      signatureAlgorithm: 'ecdsa',
      signatureHash: algorithm.expect(SEQUENCE) ? readHash(algorithm.open()) : null,
    }
  }
  const [signatureAlgorithm, signatureHash] = SIGNATURES.get(oid) ?? [oid, null]
  return { signatureAlgorithm, signatureHash }
}

const RSASSA_PSS = '1.2.840.113549.1.1.10'
const ECDSA_WITH_SPECIFIED = '1.2.840.10045.4.3'

/** [0] EXPLICIT HashAlgorithm DEFAULT sha1, the first field of RSASSA-PSS-params. */
const PSS_HASH = 0xa0

/** RFC 4055 §3.1. A signature must carry the parameters; without them nothing says which hash it is. */
function readPssHash(algorithm: DerCursor): string | null {
  if (!algorithm.take(SEQUENCE)) {
    algorithm.faults.note('bad_algorithm')
    return null
  }
  const parameters = algorithm.open()
  if (!parameters.take(PSS_HASH)) return parameters.broken ? null : 'sha1'
  const hash = parameters.open()
  return hash.expect(SEQUENCE) ? readHash(hash.open()) : null
}

function readHash(algorithm: DerCursor): string | null {
  const oid = expectOid(algorithm)
  return oid === null ? null : (HASHES.get(oid) ?? oid)
}

const HASHES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.2.2', 'md2'],
  ['1.2.840.113549.2.4', 'md4'],
  ['1.2.840.113549.2.5', 'md5'],
  ['1.3.14.3.2.26', 'sha1'],
  ['1.3.36.3.2.1', 'ripemd160'],
  ['1.2.156.10197.1.401', 'sm3'],
  // NIST's hash algorithms, 2.16.840.1.101.3.4.2, in the order of their last arcs from 1.
  ...[
    'sha256',
    'sha384',
    'sha512',
    'sha224',
    'sha512-224',
    'sha512-256',
    'sha3-224',
    'sha3-256',
    'sha3-384',
    'sha3-512',
    'shake128',
    'shake256',
  ].map((name, i) => [`2.16.840.1.101.3.4.2.${i + 1}`, name] as const),
])

type Signature = readonly [signatureAlgorithm: string, signatureHash: string | null]

/** What is not here is named by its object identifier, without a hash. */
const SIGNATURES: ReadonlyMap<string, Signature> = new Map<string, Signature>([
  // RFC 8017 §A.2.4 and, for the last of them, the identifiers of OIW and TeleTrusT.
  ['1.2.840.113549.1.1.2', ['rsa-pkcs1', 'md2']],
  ['1.2.840.113549.1.1.3', ['rsa-pkcs1', 'md4']],
  ['1.2.840.113549.1.1.4', ['rsa-pkcs1', 'md5']],
  ['1.2.840.113549.1.1.5', ['rsa-pkcs1', 'sha1']],
  ['1.2.840.113549.1.1.11', ['rsa-pkcs1', 'sha256']],
  ['1.2.840.113549.1.1.12', ['rsa-pkcs1', 'sha384']],
  ['1.2.840.113549.1.1.13', ['rsa-pkcs1', 'sha512']],
  ['1.2.840.113549.1.1.14', ['rsa-pkcs1', 'sha224']],
  ['1.2.840.113549.1.1.15', ['rsa-pkcs1', 'sha512-224']],
  ['1.2.840.113549.1.1.16', ['rsa-pkcs1', 'sha512-256']],
  ['1.3.14.3.2.3', ['rsa-pkcs1', 'md5']],
  ['1.3.14.3.2.29', ['rsa-pkcs1', 'sha1']],
  ['1.3.36.3.3.1.2', ['rsa-pkcs1', 'ripemd160']],
  // RFC 5758 §3.2
  ['1.2.840.10045.4.1', ['ecdsa', 'sha1']],
  ['1.2.840.10045.4.3.1', ['ecdsa', 'sha224']],
  ['1.2.840.10045.4.3.2', ['ecdsa', 'sha256']],
  ['1.2.840.10045.4.3.3', ['ecdsa', 'sha384']],
  ['1.2.840.10045.4.3.4', ['ecdsa', 'sha512']],
  // RFC 3279 §2.2.2, RFC 5758 §3.1, and NIST's 2.16.840.1.101.3.4.3 for the rest
  ['1.2.840.10040.4.3', ['dsa', 'sha1']],
  ['1.3.14.3.2.27', ['dsa', 'sha1']],
  ...['dsa/sha224', 'dsa/sha256', 'dsa/sha384', 'dsa/sha512'].map((name, i) => nist(1 + i, name)),
  ...['dsa/sha3-224', 'dsa/sha3-256', 'dsa/sha3-384', 'dsa/sha3-512'].map((name, i) => nist(5 + i, name)),
  ...['ecdsa/sha3-224', 'ecdsa/sha3-256', 'ecdsa/sha3-384', 'ecdsa/sha3-512'].map((name, i) => nist(9 + i, name)),
  ...['rsa-pkcs1/sha3-224', 'rsa-pkcs1/sha3-256', 'rsa-pkcs1/sha3-384', 'rsa-pkcs1/sha3-512'].map((name, i) =>
    nist(13 + i, name),
  ),
  // RFC 8692 §2
  ['1.3.6.1.5.5.7.6.30', ['rsa-pss', 'shake128']],
  ['1.3.6.1.5.5.7.6.31', ['rsa-pss', 'shake256']],
  ['1.3.6.1.5.5.7.6.32', ['ecdsa', 'shake128']],
  ['1.3.6.1.5.5.7.6.33', ['ecdsa', 'shake256']],
  ['1.2.156.10197.1.501', ['sm2', 'sm3']],
  // RFC 8410 §3, and NIST's: the hash belongs to the algorithm
  ['1.3.101.112', ['ed25519', null]],
  ['1.3.101.113', ['ed448', null]],
  ...PQ_SIGNATURES.map(([oid, name]) => [oid, [name, null]] as const),
])

function nist(arc: number, name: string): readonly [string, Signature] {
  const [algorithm = '', hash = ''] = name.split('/')
  return [`2.16.840.1.101.3.4.3.${arc}`, [algorithm, hash]]
}
