/** SubjectPublicKeyInfo: what kind of key a certificate holds, and how large. RFC 5280 §4.1.2.7, RFC 3279, RFC 5480. */
import {
  BIT_STRING,
  checkInteger,
  type DerCursor,
  expectOid,
  INTEGER,
  OBJECT_IDENTIFIER,
  oidText,
  SEQUENCE,
  unsignedBits,
} from './der.ts'
import { NAMED_CURVES } from './x509-curves.ts'
import { PQ_SIGNATURES } from './x509-pq.ts'

interface KeyFacts {
  readonly keyType: string | null
  readonly keyBits: number | null
  readonly keyCurve: string | null
}

const UNREAD_KEY: KeyFacts = { keyType: null, keyBits: null, keyCurve: null }

/** Reads the SubjectPublicKeyInfo that the cursor is opened on. */
export function readKey(info: DerCursor): KeyFacts {
  if (!info.expect(SEQUENCE)) return UNREAD_KEY
  const algorithm = info.open()
  const oid = expectOid(algorithm)
  if (oid === null) return UNREAD_KEY
  const key = info.expect(BIT_STRING) ? info.openBits() : null
  info.finish()
  const kind = KEY_KINDS.get(oid)
  if (kind === undefined) return { ...UNREAD_KEY, keyType: oid }
  return { ...UNREAD_KEY, keyType: kind.keyType, ...kind.measure(algorithm, key) }
}

type Measure = (parameters: DerCursor, key: DerCursor | null) => Partial<KeyFacts>

const sized =
  (keyBits: number | null): Measure =>
  () => ({ keyBits })

/** RSAPublicKey: modulus, publicExponent (RFC 8017 §A.1.1). The size of an RSA key is that of its modulus. */
function measureRsa(_parameters: DerCursor, key: DerCursor | null): Partial<KeyFacts> {
  if (key === null || !key.expect(SEQUENCE)) return {}
  key.finish()
  const numbers = key.open()
  const keyBits = readSize(numbers)
  if (numbers.expect(INTEGER)) numbers.finish()
  return { keyBits }
}

/** Dss-Parms and DomainParameters begin with the prime p (RFC 3279 §2.3.2, §2.3.3); a key may inherit it instead. */
function measurePrimeField(parameters: DerCursor): Partial<KeyFacts> {
  return { keyBits: parameters.take(SEQUENCE) ? readSize(parameters.open()) : null }
}

/** ECParameters: a named curve, curve parameters written out, or none (RFC 5480 §2.1.1, RFC 3279 §2.3.5). */
function measureCurve(parameters: DerCursor): Partial<KeyFacts> {
  if (parameters.take(SEQUENCE)) return { keyBits: readFieldSize(parameters.open()) }
  if (!parameters.take(OBJECT_IDENTIFIER)) return {}
  const oid = oidText(parameters.buf, parameters.at, parameters.end)
  if (oid === null) {
    parameters.faults.note('bad_oid')
    return {}
  }
  const curve = NAMED_CURVES.get(oid)
  return { keyBits: curve?.bits ?? null, keyCurve: curve?.name ?? oid }
}

/** SpecifiedECDomain: version, FieldID, … (SEC 1 §C.2). The field is given by a prime, or by the degree of a polynomial. */
function readFieldSize(domain: DerCursor): number | null {
  if (!domain.expect(INTEGER) || !domain.expect(SEQUENCE)) return null
  const field = domain.open()
  const kind = expectOid(field)
  if (kind === PRIME_FIELD) return readSize(field)
  if (kind !== CHARACTERISTIC_TWO_FIELD || !field.expect(SEQUENCE)) return null
  const polynomial = field.open()
  if (!polynomial.expect(INTEGER) || polynomial.end - polynomial.at > 2) return null
  return Number.parseInt(Buffer.from(polynomial.buf.subarray(polynomial.at, polynomial.end)).toString('hex'), 16)
}

const PRIME_FIELD = '1.2.840.10045.1.1'
const CHARACTERISTIC_TWO_FIELD = '1.2.840.10045.1.2'

/** Bits of the next INTEGER, read as unsigned: some software forgot the zero octet that keeps a modulus positive. */
function readSize(numbers: DerCursor): number | null {
  if (!numbers.expect(INTEGER) || !checkInteger(numbers)) return null
  const { buf, at, end, faults } = numbers
  if ((buf[at] as number) >= 0x80) faults.note('bad_integer')
  const bits = unsignedBits(buf, at, end)
  if (bits > 0) return bits
  faults.note('bad_key')
  return null
}

interface KeyKind {
  readonly keyType: string
  readonly measure: Measure
}

/** What is not here is named by its object identifier, without a size. */
const KEY_KINDS: ReadonlyMap<string, KeyKind> = new Map<string, KeyKind>([
  ['1.2.840.113549.1.1.1', { keyType: 'rsa', measure: measureRsa }],
  ['2.5.8.1.1', { keyType: 'rsa', measure: measureRsa }], // X.509's own identifier, before PKCS #1 had one
  ['1.2.840.113549.1.1.10', { keyType: 'rsa-pss', measure: measureRsa }],
  ['1.2.840.10045.2.1', { keyType: 'ec', measure: measureCurve }],
  ['1.2.840.10040.4.1', { keyType: 'dsa', measure: measurePrimeField }],
  ['1.3.14.3.2.12', { keyType: 'dsa', measure: measurePrimeField }],
  ['1.2.840.10046.2.1', { keyType: 'dh', measure: measurePrimeField }],
  ['1.2.840.113549.1.3.1', { keyType: 'dh', measure: measurePrimeField }],
  // RFC 8032 §5.1, §5.2: a public key has b bits, 256 and 456. RFC 7748 §5: a u-coordinate has 256 and 448.
  ['1.3.101.110', { keyType: 'x25519', measure: sized(256) }],
  ['1.3.101.111', { keyType: 'x448', measure: sized(448) }],
  ['1.3.101.112', { keyType: 'ed25519', measure: sized(256) }],
  ['1.3.101.113', { keyType: 'ed448', measure: sized(456) }],
  // Sizes of lattice and hash-based keys say nothing beside those of the others; the name has the strength.
  ...PQ_SIGNATURES.map(([oid, keyType]) => [oid, { keyType, measure: sized(null) }] as const),
])
