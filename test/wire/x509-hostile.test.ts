/** Certificates that no honest authority makes: whatever the bytes, facts come back and no name is wrong. */
import { describe, expect, it } from 'vitest'
import { parseCertificate } from '../../src/wire/x509.ts'
import { MAX_SUBJECT_ALT_NAMES } from '../../src/wire/x509-extensions.ts'
import { MAX_NAME_CHARS } from '../../src/wire/x509-name.ts'
import {
  basicConstraints,
  bitString,
  type CertificateParts,
  certificate,
  commonName,
  der,
  dnsName,
  extension,
  generalizedTime,
  integer,
  ipAddress,
  oid,
  organization,
  sequence,
  spkiSha256,
  subjectAltName,
  utcTime,
  VERSION_3,
  WHOLE,
} from './der-bytes.ts'
import { type Bytes, hex } from './tls-bytes.ts'

const parse = (bytes: Uint8Array) => parseCertificate(bytes, 0, bytes.length)

const TRUE = hex('0101ff')
const UNREAD = {
  malformed: 'bad_length',
  serialNumber: null,
  subject: null,
  issuer: null,
  subjectAltNames: [],
  notBefore: null,
  notAfter: null,
  keyType: null,
  keyBits: null,
  keyCurve: null,
  spkiSha256: null,
  signatureAlgorithm: null,
  signatureHash: null,
  isCa: null,
  selfIssued: false,
}

describe('a certificate that is whole', () => {
  it('is read between two offsets of a larger buffer', () => {
    const bytes = certificate()
    const around = new Uint8Array(bytes.length + 20).fill(0x30)
    around.set(bytes, 7)
    expect(parseCertificate(around, 7, 7 + bytes.length)).toEqual(WHOLE)
  })

  it.each([
    { name: 'version 1', version: [], isCa: null },
    { name: 'version 2', version: der(0xa0, integer(1)), isCa: null },
    { name: 'version 3', version: VERSION_3, isCa: false },
  ])('of $name without extensions', ({ version, isCa }) =>
    expect(parse(certificate({ version, extensions: null }))).toEqual({ ...WHOLE, subjectAltNames: [], isCa }),
  )

  it.each([
    { name: 'a certificate authority', fields: [TRUE], isCa: true },
    { name: 'one with a path length', fields: [TRUE, integer(0)], isCa: true },
    { name: 'none', fields: [], isCa: false },
    { name: 'none, in so many words', fields: [hex('010100')], isCa: false },
  ])('says that its holder is $name', ({ fields, isCa }) =>
    expect(parse(certificate({ extensions: [basicConstraints(...fields)] }))).toMatchObject({ isCa, malformed: null }),
  )

  it('may have unique identifiers', () =>
    expect(parse(certificate({ uniqueIds: hex('8102 00aa 8202 00bb') }))).toEqual(WHOLE))

  it.each([
    { name: 'a leading zero octet', octets: [0, 0xff], serialNumber: 'ff' },
    { name: 'zero', octets: [0], serialNumber: '00' },
    { name: 'one digit', octets: [7], serialNumber: '07' },
    { name: 'a negative number', octets: [0xff, 0x01], serialNumber: '-ff' },
    { name: 'a negative power of two', octets: [0x80], serialNumber: '-80' },
  ])('shows a serial number with $name', ({ octets, serialNumber }) =>
    expect(parse(certificate({ serialNumber: integer(...octets) }))).toEqual({ ...WHOLE, serialNumber }),
  )

  it('is self-issued only by a name that says something', () => {
    const name = sequence(commonName('a'))
    expect(parse(certificate({ issuer: name, subject: name })).selfIssued).toBe(true)
    expect(parse(certificate({ issuer: sequence(), subject: sequence() }))).toMatchObject({
      subject: '',
      issuer: '',
      selfIssued: false,
      malformed: null,
    })
  })
})

describe('a certificate with one thing wrong keeps its other facts', () => {
  const san = (...names: readonly Bytes[]) => ({ extensions: [subjectAltName(...names)] })
  const good = dnsName('web.example.test')
  const rsaKey = (...fields: readonly Bytes[]) =>
    sequence(sequence(oid('1.2.840.113549.1.1.1')), bitString(sequence(...fields)))
  const modulus = integer(...new Array(128).fill(0x81))

  it.each([
    {
      name: 'a bad notBefore',
      parts: { validity: sequence(utcTime('251302030405Z'), utcTime('260102030405Z')) },
      facts: { malformed: 'bad_time', notBefore: null },
    },
    {
      name: 'a notAfter that is missing',
      parts: { validity: sequence(utcTime('250102030405Z')) },
      facts: { malformed: 'missing_field', notAfter: null },
    },
    {
      name: 'a third time',
      parts: { validity: sequence(utcTime('250102030405Z'), generalizedTime('20260102030405Z'), integer(1)) },
      facts: { malformed: 'trailing_bytes' },
    },
    { name: 'version 5', parts: { version: der(0xa0, integer(4)) }, facts: { malformed: 'bad_version', isCa: null } },
    { name: 'extensions in version 1', parts: { version: [] }, facts: { malformed: 'bad_version', isCa: null } },
    {
      name: 'no serial number',
      parts: { serialNumber: integer() },
      facts: { malformed: 'bad_integer', serialNumber: null },
    },
    {
      name: 'a padded serial number',
      parts: { serialNumber: integer(0, 0, 5) },
      facts: { malformed: 'bad_integer', serialNumber: '05' },
    },
    {
      name: 'an endless serial number',
      parts: { serialNumber: integer(...new Array(3000).fill(1)) },
      facts: { malformed: 'too_large', serialNumber: null },
    },
    {
      name: 'two signature algorithms',
      parts: { signature: sequence(oid('1.2.840.113549.1.1.4')) },
      facts: { malformed: 'signature_mismatch' },
    },
    {
      name: 'a NUL in the subject',
      parts: { subject: sequence(commonName('bank.test\0.evil.test')) },
      facts: { malformed: 'embedded_nul', subject: 'CN=bank.test\\00.evil.test' },
    },
    {
      name: 'a subject that is not UTF-8',
      parts: { subject: sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, [0x41, 0xff])))) },
      facts: { malformed: 'bad_string', subject: 'CN=#0c0241ff' },
    },
    {
      name: 'a subject that breaks off',
      parts: { subject: sequence(organization('Example'), hex('3140')) },
      facts: { malformed: 'bad_length', subject: null },
    },
    {
      name: 'a subject that is too long',
      parts: { subject: sequence(commonName('a'.repeat(MAX_NAME_CHARS))) },
      facts: { malformed: 'too_large', subject: null },
    },
    {
      name: 'a NUL in a host name',
      parts: san(dnsName('bank.test\0.evil.test'), good),
      facts: { malformed: 'embedded_nul' },
    },
    {
      name: 'a host name that is not ASCII',
      parts: san(dnsName('b\u00e4nk.test'), good),
      facts: { malformed: 'bad_string' },
    },
    { name: 'a host name with a space', parts: san(good, dnsName('a b')), facts: { malformed: 'bad_string' } },
    { name: 'an empty host name', parts: san(good, dnsName('')), facts: { malformed: 'bad_name' } },
    { name: 'an endless host name', parts: san(good, dnsName('a'.repeat(254))), facts: { malformed: 'bad_name' } },
    {
      name: 'an address of five octets',
      parts: san(ipAddress(1, 2, 3, 4, 5), good),
      facts: { malformed: 'bad_address' },
    },
    { name: 'names that break off', parts: san(good, hex('8240 61')), facts: { malformed: 'bad_length' } },
    {
      name: 'a second list of names',
      parts: { extensions: [subjectAltName(good), subjectAltName(dnsName('other.test'))] },
      facts: { malformed: 'duplicate_extension' },
    },
    {
      name: 'two answers to whether it is an authority',
      parts: { extensions: [subjectAltName(good), basicConstraints(), basicConstraints(TRUE)] },
      facts: { malformed: 'duplicate_extension', isCa: false },
    },
    {
      name: 'a truth of its own',
      parts: { extensions: [subjectAltName(good), basicConstraints(hex('010101'))] },
      facts: { malformed: 'bad_boolean', isCa: true },
    },
    {
      name: 'no truth at all',
      parts: { extensions: [subjectAltName(good), basicConstraints(hex('0100'))] },
      facts: { malformed: 'bad_boolean', isCa: null },
    },
    {
      name: 'constraints that cannot be opened',
      parts: { extensions: [subjectAltName(good), extension('2.5.29.19', hex('3080 0000'))] },
      facts: { malformed: 'indefinite_length', isCa: null },
    },
    {
      name: 'an extension without an identifier',
      parts: { extensions: [sequence(integer(1)), subjectAltName(good)] },
      facts: { malformed: 'bad_tag', isCa: null },
    },
    {
      name: 'an element after the extensions',
      parts: { afterExtensions: integer(1) },
      facts: { malformed: 'trailing_bytes' },
    },
    { name: 'no signature', parts: { signatureValue: [] }, facts: { malformed: 'missing_field' } },
    {
      name: 'a modulus without its sign octet',
      parts: { key: rsaKey(modulus, integer(3)) },
      facts: { malformed: 'bad_integer' },
    },
    {
      name: 'a modulus of zero',
      parts: { key: rsaKey(integer(0), integer(3)) },
      facts: { malformed: 'bad_key', keyBits: null },
    },
    {
      name: 'a key without an exponent',
      parts: { key: rsaKey(integer(0, 0x80, ...new Array(127).fill(1))) },
      facts: { malformed: 'missing_field' },
    },
    {
      name: 'a key of no whole octets',
      parts: { key: sequence(sequence(oid('1.2.840.113549.1.1.1')), hex('0302 07 80')) },
      facts: { malformed: 'bad_bit_string', keyBits: null },
    },
  ])('$name', ({ parts, facts }) => {
    const { key }: CertificateParts = parts
    expect(parse(certificate(parts))).toEqual({ ...WHOLE, spkiSha256: spkiSha256(key), ...facts })
  })

  it('bytes after its end', () =>
    expect(parse(Uint8Array.from([...certificate(), 0]))).toEqual({ ...WHOLE, malformed: 'trailing_bytes' }))

  it('a length that covers more than there is: what is there is read', () => {
    const bytes = certificate()
    const cut = bytes.subarray(0, bytes.length - 200)
    const { malformed, subject, issuer, notAfter, keyBits, isCa } = parse(cut)
    expect({ malformed, subject, issuer, notAfter }).toEqual({
      malformed: 'bad_length',
      subject: WHOLE.subject,
      issuer: WHOLE.issuer,
      notAfter: WHOLE.notAfter,
    })
    expect([keyBits, isCa]).toEqual([null, null])
  })

  it('is not read beyond the end it was given, though the bytes go on', () => {
    const bytes = certificate()
    for (let end = 0; end < bytes.length; end++) {
      expect(parseCertificate(bytes, 0, end)).toEqual(parse(bytes.slice(0, end)))
    }
  })
})

describe('bytes that are no certificate', () => {
  it.each([
    { name: 'nothing', bytes: '', malformed: 'missing_field' },
    { name: 'one octet', bytes: '30', malformed: 'bad_length' },
    { name: 'an empty sequence', bytes: '3000', malformed: 'missing_field' },
    { name: 'an indefinite length', bytes: '3080 3080 0000 0000', malformed: 'indefinite_length' },
    { name: 'an inner indefinite length', bytes: '3006 3080 0201 0000', malformed: 'indefinite_length' },
    { name: 'a length that wraps around', bytes: '3084fffffffa 0000', malformed: 'bad_length' },
    { name: 'PEM', bytes: Buffer.from('-----BEGIN CERTIFICATE-----').toString('hex'), malformed: 'bad_tag' },
  ])('$name', ({ bytes, malformed }) => expect(parse(Uint8Array.from(hex(bytes)))).toEqual({ ...UNREAD, malformed }))

  it('sequences inside sequences, as deep as the bytes go', () => {
    const bytes = new Uint8Array(200_000).fill(0x30)
    for (let i = 0; i + 5 < bytes.length; i += 5) {
      bytes[i + 1] = 0x83
      const length = bytes.length - i - 5
      bytes.set([length >> 16, (length >> 8) & 0xff, length & 0xff], i + 2)
    }
    expect(parse(bytes)).toEqual({ ...UNREAD, malformed: 'bad_tag' })
  })
})

describe('caps', () => {
  it('keeps a bounded number of names', () => {
    const names = Array.from({ length: MAX_SUBJECT_ALT_NAMES + 5 }, (_, i) => dnsName(`h${i}.test`))
    const { subjectAltNames, malformed } = parse(certificate({ extensions: [subjectAltName(...names)] }))
    expect([subjectAltNames.length, subjectAltNames.at(-1), malformed]).toEqual([
      MAX_SUBJECT_ALT_NAMES,
      `h${MAX_SUBJECT_ALT_NAMES - 1}.test`,
      'too_many_names',
    ])
    const full = parse(certificate({ extensions: [subjectAltName(...names.slice(0, MAX_SUBJECT_ALT_NAMES))] }))
    expect([full.subjectAltNames.length, full.malformed]).toEqual([MAX_SUBJECT_ALT_NAMES, null])
  })

  it('reads a bounded number of extensions', () => {
    const many = Array.from({ length: 300 }, (_, i) => extension(`1.2.${i}`, []))
    const { malformed, isCa } = parse(certificate({ extensions: [...many, basicConstraints(TRUE)] }))
    expect([malformed, isCa]).toEqual(['too_many_extensions', null])
  })
})
