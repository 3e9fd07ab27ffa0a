/** Certificates of real makers, compared with what Node's OpenSSL reads out of the same bytes. */
import { execFileSync } from 'node:child_process'
import { createHash, generateKeyPairSync, getCurves, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import forge from 'node-forge'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ParsedCertificate, parseCertificate } from '../../src/wire/x509.ts'
import { hasTool } from '../registry/tools.ts'
import { certificate } from './der-bytes.ts'

const parse = (der: Uint8Array): ParsedCertificate => parseCertificate(der, 0, der.length)

/** Everything that Node can tell about a certificate, in our words. */
function expectAsNodeReads(der: Uint8Array): ParsedCertificate {
  const facts = parse(der)
  const node = new X509Certificate(der)
  expect(facts.malformed).toBeNull()
  expect(BigInt(`0x${facts.serialNumber}`)).toBe(BigInt(`0x${node.serialNumber}`))
  expect(facts.notBefore).toBe(Date.parse(node.validFrom) * 1000)
  expect(facts.notAfter).toBe(Date.parse(node.validTo) * 1000)
  expect(facts.isCa ?? false).toBe(node.ca)
  expect(facts.selfIssued).toBe(node.subject === node.issuer)
  expect(namesOf(facts.subjectAltNames)).toEqual(namesOf(namesOfNode(node)))
  expect(facts.keyType).toBe(node.publicKey.asymmetricKeyType)
  const spki = node.publicKey.export({ type: 'spki', format: 'der' })
  expect(facts.spkiSha256).toBe(createHash('sha256').update(spki).digest('hex'))
  const { modulusLength } = node.publicKey.asymmetricKeyDetails ?? {}
  if (modulusLength !== undefined) expect(facts.keyBits).toBe(modulusLength)
  return facts
}

const namesOfNode = (node: X509Certificate): string[] =>
  (node.subjectAltName ?? '').split(', ').flatMap((entry) => /^(?:DNS|IP Address):(.*)$/.exec(entry)?.[1] ?? [])

/** OpenSSL writes IPv6 addresses in full and in capitals. */
const namesOf = (names: readonly string[]): string[] =>
  names.map((name) => (name.includes(':') ? new URL(`http://[${name}]`).host : name))

function forgeCertificate(shape: (certificate: forge.pki.Certificate) => void, bits = 1024): Uint8Array {
  const keys = forge.pki.rsa.generateKeyPair({ bits })
  const made = forge.pki.createCertificate()
  made.publicKey = keys.publicKey
  made.serialNumber = '00a1b2c3d4e5f60718'
  made.validity.notBefore = new Date('2024-02-29T00:00:01Z')
  made.validity.notAfter = new Date('2053-12-31T23:59:59Z')
  made.setSubject([
    { name: 'countryName', value: 'NL' },
    { name: 'organizationName', value: 'Example, Inc.' },
    { name: 'commonName', value: 'web.example.test' },
  ])
  made.setIssuer([{ name: 'commonName', value: 'Example CA' }])
  shape(made)
  made.sign(keys.privateKey, forge.md.sha256.create())
  return Buffer.from(forge.asn1.toDer(forge.pki.certificateToAsn1(made)).getBytes(), 'binary')
}

describe('certificates made with node-forge', () => {
  it('reads a server certificate with names and addresses', () => {
    const facts = expectAsNodeReads(
      forgeCertificate((made) =>
        made.setExtensions([
          { name: 'basicConstraints', cA: false },
          { name: 'keyUsage', digitalSignature: true },
          {
            name: 'subjectAltName',
            altNames: [
              { type: 2, value: 'web.example.test' },
              { type: 2, value: '*.example.test' },
              { type: 7, ip: '192.0.2.7' },
              { type: 7, ip: '2001:db8::1' },
              { type: 1, value: 'not-a-host@example.test' },
              { type: 6, value: 'https://example.test/' },
            ],
          },
        ]),
      ),
    )
    expect(facts).toMatchObject({
      serialNumber: 'a1b2c3d4e5f60718',
      subject: 'CN=web.example.test,O=Example\\, Inc.,C=NL',
      issuer: 'CN=Example CA',
      subjectAltNames: ['web.example.test', '*.example.test', '192.0.2.7', '2001:db8::1'],
      keyType: 'rsa',
      keyBits: 1024,
      keyCurve: null,
      signatureAlgorithm: 'rsa-pkcs1',
      signatureHash: 'sha256',
      isCa: false,
      selfIssued: false,
    })
  })

  it('reads a self-issued authority', () => {
    const facts = expectAsNodeReads(
      forgeCertificate((made) => {
        made.setIssuer(made.subject.attributes)
        made.setExtensions([{ name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true }])
      }),
    )
    expect(facts).toMatchObject({ isCa: true, selfIssued: true, subjectAltNames: [] })
  })

  it('says that a certificate without basicConstraints is no authority', () =>
    expect(expectAsNodeReads(forgeCertificate((made) => made.setExtensions([]))).isCa).toBe(false))

  it('measures a modulus that is no multiple of eight bits', () =>
    expect(expectAsNodeReads(forgeCertificate((made) => made.setExtensions([]), 1023)).keyBits).toBe(1023))
})

describe('keys that OpenSSL makes', () => {
  /** OpenSSL's own names for what SEC 2 names otherwise. */
  const SEC_NAMES = new Map([
    ['prime192v1', 'secp192r1'],
    ['prime256v1', 'secp256r1'],
    ['SM2', 'curveSM2'],
  ])
  // The other curves of OpenSSL are binary ones of ANSI X9.62, WAP's and IPsec's, which no certificate uses.
  const known = getCurves().filter((curve) => /^(secp|sect|prime|brainpool|SM2)/.test(curve))

  it('has curves to try', () => expect(known.length).toBeGreaterThan(2))

  it.each(known)('reads a key on %s', (namedCurve) => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve })
    const facts = parse(certificate({ key: [...publicKey.export({ format: 'der', type: 'spki' })] }))
    const keyCurve = SEC_NAMES.get(namedCurve) ?? namedCurve
    const keyBits = Number(/\d{3}/.exec(keyCurve)?.[0] ?? 256)
    expect(facts).toMatchObject({ malformed: null, keyType: 'ec', keyCurve, keyBits })
  })

  it.each([
    { type: 'ed25519', bits: 256 },
    { type: 'ed448', bits: 456 },
    { type: 'x25519', bits: 256 },
    { type: 'x448', bits: 448 },
  ] as const)('reads an $type key', ({ type, bits }) => {
    const { publicKey } = generateKeyPairSync(type as 'ed25519')
    const facts = parse(certificate({ key: [...publicKey.export({ format: 'der', type: 'spki' })] }))
    expect(facts).toMatchObject({ malformed: null, keyType: type, keyBits: bits, keyCurve: null })
  })

  it('reads the size of a DSA key from its prime', () => {
    const { publicKey } = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 })
    const facts = parse(certificate({ key: [...publicKey.export({ format: 'der', type: 'spki' })] }))
    expect(facts).toMatchObject({ malformed: null, keyType: 'dsa', keyBits: 1024, keyCurve: null })
  })

  it('reads an RSA key that is restricted to PSS', () => {
    const { publicKey } = generateKeyPairSync('rsa-pss', { modulusLength: 1024 })
    const facts = parse(certificate({ key: [...publicKey.export({ format: 'der', type: 'spki' })] }))
    expect(facts).toMatchObject({ malformed: null, keyType: 'rsa-pss', keyBits: 1024 })
  })
})

const openssl = hasTool('openssl')

describe.skipIf(!openssl)(
  `certificates made with openssl${openssl ? '' : ' (skipped: openssl is not installed)'}`,
  () => {
    let folder = ''
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'intransit-x509-'))
    })
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    function selfSigned(...options: string[]): Uint8Array {
      const out = join(folder, 'certificate.der')
      execFileSync(
        'openssl',
        ['req', '-x509', '-nodes', '-keyout', join(folder, 'key.pem'), '-outform', 'DER', '-out', out].concat(
          ['-subj', '/C=NL/O=Example/CN=web.example.test', '-days', '30'],
          ['-addext', 'subjectAltName=DNS:web.example.test,IP:192.0.2.1,IP:2001:db8::2,email:a@example.test'],
          options,
        ),
        { stdio: 'ignore' },
      )
      return readFileSync(out)
    }

    const ec = (curve: string): string[] => ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`]
    const rsa = ['-newkey', 'rsa:2048']
    const pss = [...rsa, '-sigopt', 'rsa_padding_mode:pss']

    it.each([
      {
        name: 'RSA, SHA-256',
        options: [...rsa, '-sha256'],
        key: ['rsa', 2048, null],
        signature: ['rsa-pkcs1', 'sha256'],
      },
      { name: 'RSA, SHA-1', options: [...rsa, '-sha1'], key: ['rsa', 2048, null], signature: ['rsa-pkcs1', 'sha1'] },
      { name: 'RSA, MD5', options: [...rsa, '-md5'], key: ['rsa', 2048, null], signature: ['rsa-pkcs1', 'md5'] },
      {
        name: 'RSA, SHA-224',
        options: [...rsa, '-sha224'],
        key: ['rsa', 2048, null],
        signature: ['rsa-pkcs1', 'sha224'],
      },
      {
        name: 'RSA, SHA-512',
        options: [...rsa, '-sha512'],
        key: ['rsa', 2048, null],
        signature: ['rsa-pkcs1', 'sha512'],
      },
      {
        name: 'RSA, PSS, SHA-384',
        options: [...pss, '-sha384'],
        key: ['rsa', 2048, null],
        signature: ['rsa-pss', 'sha384'],
      },
      {
        name: 'RSA, PSS, default hash',
        options: [...pss, '-sha1'],
        key: ['rsa', 2048, null],
        signature: ['rsa-pss', 'sha1'],
      },
      {
        name: 'RSA-PSS',
        options: ['-newkey', 'rsa-pss', '-sha256'],
        key: ['rsa-pss', 2048, null],
        signature: ['rsa-pss', 'sha256'],
      },
      {
        name: 'P-256',
        options: [...ec('P-256'), '-sha256'],
        key: ['ec', 256, 'secp256r1'],
        signature: ['ecdsa', 'sha256'],
      },
      {
        name: 'P-521',
        options: [...ec('P-521'), '-sha512'],
        key: ['ec', 521, 'secp521r1'],
        signature: ['ecdsa', 'sha512'],
      },
      {
        name: 'P-384, SHA3-256',
        options: [...ec('P-384'), '-sha3-256'],
        key: ['ec', 384, 'secp384r1'],
        signature: ['ecdsa', 'sha3-256'],
      },
      {
        name: 'secp256k1, SHA-1',
        options: [...ec('secp256k1'), '-sha1'],
        key: ['ec', 256, 'secp256k1'],
        signature: ['ecdsa', 'sha1'],
      },
      {
        name: 'brainpool',
        options: [...ec('brainpoolP320r1'), '-sha384'],
        key: ['ec', 320, 'brainpoolP320r1'],
        signature: ['ecdsa', 'sha384'],
      },
      {
        name: 'a prime curve written out',
        options: [...ec('P-256'), '-pkeyopt', 'ec_param_enc:explicit', '-sha256'],
        key: ['ec', 256, null],
        signature: ['ecdsa', 'sha256'],
      },
      {
        name: 'a binary curve written out',
        options: [...ec('sect283r1'), '-pkeyopt', 'ec_param_enc:explicit', '-sha256'],
        key: ['ec', 283, null],
        signature: ['ecdsa', 'sha256'],
      },
      { name: 'Ed25519', options: ['-newkey', 'ed25519'], key: ['ed25519', 256, null], signature: ['ed25519', null] },
      { name: 'Ed448', options: ['-newkey', 'ed448'], key: ['ed448', 456, null], signature: ['ed448', null] },
    ] as const)('$name', ({ options, key, signature }) => {
      const facts = expectAsNodeReads(selfSigned(...options))
      expect([facts.keyType, facts.keyBits, facts.keyCurve]).toEqual(key)
      expect([facts.signatureAlgorithm, facts.signatureHash]).toEqual(signature)
      expect(facts).toMatchObject({
        subject: 'CN=web.example.test,O=Example,C=NL',
        subjectAltNames: ['web.example.test', '192.0.2.1', '2001:db8::2'],
        isCa: true,
        selfIssued: true,
      })
    })

    it('reads names as openssl prints them by RFC 2253', () => {
      const der = selfSigned(...ec('P-256'), '-utf8', '-subj', '/O=Zo\u00eb, "B" <C>/CN= #1;2\\+3 ')
      const printed = execFileSync(
        'openssl',
        ['x509', '-inform', 'DER', '-noout', '-subject', '-nameopt', 'RFC2253,-esc_msb'],
        {
          input: der,
          encoding: 'utf8',
        },
      )
      expect(`subject=${parse(der).subject}\n`).toBe(printed)
    })
  },
)
