import { describe, expect, it } from 'vitest'
import { parseCertificate } from '../../src/wire/x509.ts'
import { bitString, certificate, der, oid, sequence, spkiSha256, WHOLE } from './der-bytes.ts'
import type { Bytes } from './tls-bytes.ts'

const parse = (bytes: Uint8Array) => parseCertificate(bytes, 0, bytes.length)

describe('algorithms by identifier', () => {
  const pss = (...parameters: readonly Bytes[]) => sequence(oid('1.2.840.113549.1.1.10'), ...parameters)
  const hashIs = (id: string) => sequence(der(0xa0, sequence(oid(id))))

  it.each([
    { name: 'MD2', algorithm: sequence(oid('1.2.840.113549.1.1.2')), is: ['rsa-pkcs1', 'md2'] },
    { name: 'SHA-512/224', algorithm: sequence(oid('1.2.840.113549.1.1.15')), is: ['rsa-pkcs1', 'sha512-224'] },
    { name: 'OIW SHA-1', algorithm: sequence(oid('1.3.14.3.2.29')), is: ['rsa-pkcs1', 'sha1'] },
    { name: 'DSA, SHA-256', algorithm: sequence(oid('2.16.840.1.101.3.4.3.2')), is: ['dsa', 'sha256'] },
    { name: 'RSA, SHA3-512', algorithm: sequence(oid('2.16.840.1.101.3.4.3.16')), is: ['rsa-pkcs1', 'sha3-512'] },
    { name: 'ML-DSA-65', algorithm: sequence(oid('2.16.840.1.101.3.4.3.18')), is: ['ml-dsa-65', null] },
    { name: 'SLH-DSA', algorithm: sequence(oid('2.16.840.1.101.3.4.3.31')), is: ['slh-dsa-shake-256f', null] },
    { name: 'GOST', algorithm: sequence(oid('1.2.643.7.1.1.3.2')), is: ['1.2.643.7.1.1.3.2', null] },
    { name: 'PSS by default', algorithm: pss(sequence()), is: ['rsa-pss', 'sha1'] },
    { name: 'PSS, SHA-512', algorithm: pss(hashIs('2.16.840.1.101.3.4.2.3')), is: ['rsa-pss', 'sha512'] },
    { name: 'PSS, unknown hash', algorithm: pss(hashIs('1.2.3')), is: ['rsa-pss', '1.2.3'] },
    { name: 'PSS, SHAKE256', algorithm: sequence(oid('1.3.6.1.5.5.7.6.31')), is: ['rsa-pss', 'shake256'] },
    {
      name: 'ECDSA with the hash beside it',
      algorithm: sequence(oid('1.2.840.10045.4.3'), sequence(oid('2.16.840.1.101.3.4.2.2'))),
      is: ['ecdsa', 'sha384'],
    },
  ])('signature $name', ({ algorithm, is: [signatureAlgorithm, signatureHash] }) =>
    expect(parse(certificate({ signature: algorithm, signatureAlgorithm: algorithm }))).toEqual({
      ...WHOLE,
      signatureAlgorithm,
      signatureHash,
    }),
  )

  it.each([
    { name: 'ML-DSA-44', id: '2.16.840.1.101.3.4.3.17', keyType: 'ml-dsa-44' },
    { name: 'ML-DSA-87', id: '2.16.840.1.101.3.4.3.19', keyType: 'ml-dsa-87' },
    { name: 'SLH-DSA', id: '2.16.840.1.101.3.4.3.20', keyType: 'slh-dsa-sha2-128s' },
    { name: 'GOST', id: '1.2.643.7.1.1.1.1', keyType: '1.2.643.7.1.1.1.1' },
  ])('key $name', ({ id, keyType }) => {
    const key = sequence(sequence(oid(id)), bitString([1]))
    expect(parse(certificate({ key }))).toEqual({
      ...WHOLE,
      spkiSha256: spkiSha256(key),
      keyType,
      keyBits: null,
    })
  })

  it('names an unknown curve by its identifier', () => {
    const key = sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.3.4')), bitString([4]))
    expect(parse(certificate({ key }))).toEqual({
      ...WHOLE,
      spkiSha256: spkiSha256(key),
      keyType: 'ec',
      keyBits: null,
      keyCurve: '1.2.3.4',
    })
  })

  it('does not know the hash of PSS without parameters', () =>
    expect(parse(certificate({ signature: pss(), signatureAlgorithm: pss() }))).toEqual({
      ...WHOLE,
      malformed: 'bad_algorithm',
      signatureAlgorithm: 'rsa-pss',
      signatureHash: null,
    }))
})
