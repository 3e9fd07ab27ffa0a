import { describe, expect, it } from 'vitest'
import { certificateLine } from '../../src/record/certificate-line.ts'
import { certificate } from '../classify/sample.ts'
import { extension, certificate as made, oid, sequence } from '../wire/der-bytes.ts'

describe('certificateLine', () => {
  it('tells everything that could be read', () => {
    const der = Uint8Array.of(0x30, 0x00, 0xff)
    expect(JSON.parse(certificateLine(certificate({ der, notBefore: 0, keyBits: 0, isCa: false })))).toEqual({
      fingerprint_sha256: 'aa'.repeat(32),
      der: 'MAD/',
      subject: 'CN=db.example',
      issuer: 'CN=Example Issuing CA',
      serial_number: '01',
      not_before: '1970-01-01T00:00:00.000000Z',
      not_after: '2026-12-30T00:00:00.000000Z',
      key_type: 'ec',
      key_bits: 0,
      key_curve: 'secp256r1',
      spki_sha256: 'bb'.repeat(32),
      signature_algorithm: 'ecdsa',
      signature_hash: 'sha256',
      is_ca: false,
      self_issued: false,
      subject_alt_names: ['db.example', '*.svc.example'],
      sct_count: 0,
      policies: [],
    })
  })

  it('tells by which policies it was issued', () => {
    const policy = (id: string) => sequence(oid(id))
    const policies = extension('2.5.29.32', sequence(policy('2.23.140.1.2.2'), policy('1.3.6.1.4.1.99999.7')))
    expect(JSON.parse(certificateLine(certificate({ der: made({ extensions: [policies] }) })))).toMatchObject({
      ...{ policies: ['2.23.140.1.2.2', '1.3.6.1.4.1.99999.7'], validation: 'ov', sct_count: 0 },
    })
  })

  it('leaves out what could not, and says why', () => {
    const unreadable = certificate({
      malformed: 'bad_length',
      serialNumber: null,
      subject: null,
      issuer: null,
      notBefore: null,
      notAfter: null,
      keyType: null,
      keyBits: null,
      keyCurve: null,
      spkiSha256: null,
      signatureAlgorithm: null,
      signatureHash: null,
      isCa: null,
      subjectAltNames: [],
    })
    expect(JSON.parse(certificateLine(unreadable))).toEqual({
      fingerprint_sha256: 'aa'.repeat(32),
      der: 'MAA=',
      self_issued: false,
      subject_alt_names: [],
      malformed: 'bad_length',
      sct_count: 0,
      policies: [],
    })
  })

  it('is one line of ASCII, whatever a name holds', () => {
    const subject = 'CN=\u001b[31m\n"\\\u2028ü\u{1f512}\u007f\u009b'
    const line = certificateLine(certificate({ subject, subjectAltNames: [subject] }))
    expect(line).toMatch(/^[\x20-\x7e]*$/)
    expect(JSON.parse(line)).toMatchObject({ subject, subject_alt_names: [subject] })
  })
})
