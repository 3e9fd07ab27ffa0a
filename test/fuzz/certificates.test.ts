/** Changed certificates before our parser and before OpenSSL's (node:crypto): what both read is the same. `npm run fuzz:certificates` is long. */

import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCertificate } from '../../src/wire/x509.ts'
import { outlineOf } from '../../src/wire/x509-outline.ts'
import { makeLaboratory } from '../pki/lab.ts'
import { basicConstraints, certificate, dnsName, oid, sequence, subjectAltName } from '../wire/der-bytes.ts'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2000)
const { shown, roots } = makeLaboratory(Date.parse('2026-11-20T12:00:00Z'))
const RSA = [...shown.slice(0, 12).flatMap(({ chain }) => chain), ...roots].map(({ der }) => Uint8Array.from(der))
/** With other keys than forge makes; nobody asks here who signed them. */
const OTHERS = [
  { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }), algorithm: '1.2.840.10045.4.3.2' },
  { key: generateKeyPairSync('ec', { namedCurve: 'secp384r1' }), algorithm: '1.2.840.10045.4.3.3' },
  { key: generateKeyPairSync('ed25519'), algorithm: '1.3.101.112' },
  { key: generateKeyPairSync('ed448'), algorithm: '1.3.101.113' },
].map(({ key: { publicKey }, algorithm }) =>
  certificate({
    key: [...publicKey.export({ type: 'spki', format: 'der' })],
    signature: sequence(oid(algorithm)),
    signatureAlgorithm: sequence(oid(algorithm)),
    extensions: [subjectAltName(dnsName('web.example.test'), dnsName('*.example.test')), basicConstraints()],
  }),
)
const REAL = [...RSA, ...OTHERS]

/** Null = OpenSSL refuses it. */
function opensslReads(der: Uint8Array): X509Certificate | null {
  try {
    return new X509Certificate(der)
  } catch {
    return null
  }
}

const serialOf = ({ serialNumber }: X509Certificate): string =>
  serialNumber.toLowerCase().replace(/^(-?)(00)+(?=..)/, '$1')

/** Whole seconds, µs; null where OpenSSL cannot tell it either. */
function timeOf(text: string): number | null {
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? null : ms * 1000
}

const dnsNames = (text: string | undefined): string[] =>
  (text ?? '').split(', ').flatMap((one) => (one.startsWith('DNS:') ? [one.slice(4)] : []))

/** node:crypto does not tell why. */
const WE_ALONE = 'we take, OpenSSL refuses'
const NO_NAMES = 'we take names, OpenSSL tells none'
const ANOTHER_LENGTH = 'OpenSSL writes the key in another length'
/** Against DER or RFC 5280, and OpenSSL does not mind when it loads one. Not here: any cap of ours, and a field that is missing. */
const OUR_WORDS = [
  ...['bad_length', 'indefinite_length', 'bad_tag', 'trailing_bytes', 'bad_oid', 'bad_integer', 'bad_boolean'],
  ...['bad_bit_string', 'bad_time', 'bad_version', 'bad_string', 'embedded_nul', 'bad_name', 'bad_address', 'bad_key'],
  ...['bad_algorithm', 'signature_mismatch', 'duplicate_extension'],
]
/** It looks into the key when somebody asks for that. */
const NO_KEY = 'OpenSSL loads it, and reads the key as little as we do'
const KNOWN_DISPUTES: ReadonlySet<string> = new Set([
  ...OUR_WORDS.map((word) => `OpenSSL takes, we say ${word}`),
  ...[WE_ALONE, NO_NAMES, ANOTHER_LENGTH, NO_KEY],
])

/** Who takes what the other refuses, by our word for it, and how often. */
const disputes = new Map<string, number>()
const dispute = (what: string): void => void disputes.set(what, (disputes.get(what) ?? 0) + 1)

function hasKey(certificate: X509Certificate): boolean {
  try {
    return certificate.publicKey !== undefined
  } catch {
    return false
  }
}

/** Of a name that it cannot read OpenSSL leaves out all: Node 26 throws then, versions before say so. */
function namesOf(certificate: X509Certificate): string | undefined {
  try {
    return certificate.subjectAltName
  } catch {
    return undefined
  }
}

function expectSame(der: Uint8Array): void {
  const ours = parseCertificate(der, 0, der.length)
  const theirs = opensslReads(der)
  if (theirs === null) {
    if (ours.malformed === null) dispute(WE_ALONE)
    return
  }
  if (ours.malformed !== null) dispute(hasKey(theirs) ? `OpenSSL takes, we say ${ours.malformed}` : NO_KEY)
  const [from, to] = [timeOf(theirs.validFrom), timeOf(theirs.validTo)]
  if (ours.serialNumber !== null) expect(ours.serialNumber).toBe(serialOf(theirs))
  if (ours.notBefore !== null && from !== null) expect(ours.notBefore).toBe(from)
  if (ours.notAfter !== null && to !== null) expect(ours.notAfter).toBe(to)
  // Whatever is not told, or not told in full, has a named reason.
  if (ours.malformed !== null) return
  expect(ours.serialNumber).toBe(serialOf(theirs))
  expect([ours.notBefore, ours.notAfter]).toEqual([from, to])
  expectSameSubject(ours.subject, theirs.subject)
  expectSameKey(der, ours.spkiSha256, theirs)
  const names = ours.subjectAltNames
  const theirNames = namesOf(theirs)
  // We leave out those of kinds that we do not tell.
  if (!theirNames && names.length > 0) dispute(NO_NAMES)
  // OpenSSL puts what has commas or quotes into quotes.
  else if (!/"/.test(theirNames ?? '')) {
    const hosts = dnsNames(theirNames)
    expect(names.filter((name) => isIP(name) === 0 || hosts.includes(name))).toEqual(hosts)
  }
  // OpenSSL's `ca` asks key usage and more than basicConstraints; who says CA:TRUE to it is one to us.
  if (theirs.ca && ours.isCa !== null) expect(ours.isCa).toBe(true)
}

/** Lines without anything that either would have to write in a way of its own. */
const PLAIN = /^(?:(?:CN|OU|O|C|L|ST|DC)=[A-Za-z0-9 .-]*(?:\n(?!$)|$))+$/

function expectSameSubject(ours: string | null, theirs: string): void {
  // A string of another type than RFC 5280 allows in a name is told as it is encoded (RFC 4514 §2.4).
  if (PLAIN.test(theirs) && !ours?.includes('=#')) expect(ours).toBe(theirs.split('\n').reverse().join())
}

/** The key that OpenSSL would use is the one that we tell by its hash. */
function expectSameKey(der: Uint8Array, spkiSha256: string | null, theirs: X509Certificate): void {
  const outline = outlineOf(der)
  const key = outline?.key ?? new Uint8Array()
  expect(spkiSha256).toBe(createHash('sha256').update(key).digest('hex'))
  let exported: Buffer
  try {
    exported = theirs.publicKey.export({ type: 'spki', format: 'der' })
  } catch {
    return
  }
  const bits = Buffer.from(outline?.keyBits ?? [])
  // Padded numbers and parameters that change nothing are gone when OpenSSL writes it anew; the key itself comes last.
  if (exported.length !== key.length) {
    dispute(ANOTHER_LENGTH)
    return
  }
  expect(exported.subarray(-bits.length).toString('hex')).toBe(bits.toString('hex'))
}

const real = fc.constantFrom(...REAL)

describe('a changed certificate', () => {
  it('is read as OpenSSL reads it where octets are overwritten', () =>
    fc.assert(
      fc.property(real, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }), (bytes, writes) => {
        const changed = Uint8Array.from(bytes)
        for (const [at, octet] of writes) changed[at % changed.length] = octet
        expectSame(changed)
      }),
      { numRuns: RUNS },
    ))

  it('is read as OpenSSL reads it where a part is put in the place of another', () =>
    fc.assert(
      fc.property(real, real, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 24 }), (bytes, other, to, from, length) => {
        const changed = Uint8Array.from(bytes)
        const part = other.subarray(from % other.length).subarray(0, length)
        const at = to % changed.length
        changed.set(part.subarray(0, changed.length - at), at)
        expectSame(changed)
      }),
      { numRuns: RUNS },
    ))

  it('is read by both before it is changed', () => {
    for (const bytes of REAL) {
      expect(opensslReads(bytes)).not.toBeNull()
      expect(parseCertificate(bytes, 0, bytes.length).malformed).toBeNull()
      expectSame(bytes)
    }
  })

  it('is taken by one and refused by the other for reasons that are known', () => {
    expect(disputes.size).toBeGreaterThan(0)
    expect(disputes.get(WE_ALONE) ?? 0).toBeLessThan(RUNS / 50)
    expect([...disputes.keys()].filter((what) => !KNOWN_DISPUTES.has(what))).toEqual([])
  })
}, 3_600_000)
