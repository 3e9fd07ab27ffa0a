/** Real certificates, changed at random: facts come back whatever the change, within their caps. */
import fc from 'fast-check'
import forge from 'node-forge'
import { describe, expect, it } from 'vitest'
import { parseCertificate } from '../../src/wire/x509.ts'
import { MAX_NAME_CHARS } from '../../src/wire/x509-name.ts'
import { basicConstraints, certificate, integer, ipAddress, subjectAltName, WHOLE } from './der-bytes.ts'
import { hex } from './tls-bytes.ts'

const parse = (bytes: Uint8Array) => parseCertificate(bytes, 0, bytes.length)
const TRUE = hex('0101ff')

function forgeCertificate(): Uint8Array {
  const keys = forge.pki.rsa.generateKeyPair({ bits: 1024 })
  const made = forge.pki.createCertificate()
  made.publicKey = keys.publicKey
  made.serialNumber = '01'
  made.setSubject([{ name: 'commonName', value: 'web.example.test' }])
  made.setIssuer([{ name: 'commonName', value: 'Example CA' }])
  made.setExtensions([{ name: 'subjectAltName', altNames: [{ type: 2, value: 'web.example.test' }] }])
  made.sign(keys.privateKey, forge.md.sha256.create())
  return Uint8Array.from(Buffer.from(forge.asn1.toDer(forge.pki.certificateToAsn1(made)).getBytes(), 'binary'))
}

describe('any change to a certificate', () => {
  const REAL = [
    certificate(),
    certificate({ extensions: [subjectAltName(ipAddress(10, 0, 0, 1)), basicConstraints(TRUE, integer(3))] }),
    forgeCertificate(),
  ]
  const real = fc.constantFrom(...REAL)

  const expectFacts = (bytes: Uint8Array): void => {
    const before = Uint8Array.from(bytes)
    const facts = parse(bytes)
    expect(Object.keys(facts).sort()).toEqual(Object.keys(WHOLE).sort())
    expect(bytes).toEqual(before)
    expect((facts.subject ?? '').length).toBeLessThanOrEqual(MAX_NAME_CHARS)
    for (const name of facts.subjectAltNames) expect(name).toMatch(/^[\x21-\x7e]{1,253}$/)
    for (const time of [facts.notBefore, facts.notAfter])
      expect(time === null || Number.isSafeInteger(time / 1e6)).toBe(true)
    expect(facts.keyBits === null || facts.keyBits > 0).toBe(true)
  }

  it('gives facts when octets are overwritten', () =>
    fc.assert(
      fc.property(real, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }), (bytes, writes) => {
        const changed = Uint8Array.from(bytes)
        for (const [at, octet] of writes) changed[at % changed.length] = octet
        expectFacts(changed)
      }),
      { numRuns: 3000 },
    ))

  it('gives facts, and says what is missing, when the end is cut off', () => {
    for (const bytes of REAL) {
      for (let end = 0; end < bytes.length; end++) {
        expectFacts(bytes.slice(0, end))
        expect(parse(bytes.slice(0, end)).malformed).not.toBeNull()
      }
    }
  })

  it('gives facts when octets are put in or taken out', () =>
    fc.assert(
      fc.property(real, fc.nat(), fc.nat(20), fc.uint8Array({ maxLength: 20 }), (bytes, place, cut, put) => {
        const at = place % bytes.length
        expectFacts(Uint8Array.from([...bytes.subarray(0, at), ...put, ...bytes.subarray(at + cut)]))
      }),
      { numRuns: 2000 },
    ))

  it('gives facts for bytes that never were one', () =>
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), expectFacts), { numRuns: 1000 }))
})
