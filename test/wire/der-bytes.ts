/** Writes DER and certificates piece by piece, so that tests can break any piece of them. */
import { createHash } from 'node:crypto'
import { type Bytes, hex } from './tls-bytes.ts'

/** An element of definite length, in its shortest form. */
export function der(tag: number, ...contents: readonly Bytes[]): Bytes {
  const content = contents.flat()
  const { length } = content
  if (length < 0x80) return [tag, length, ...content]
  const octets = hex(length.toString(16).padStart(length < 0x100 ? 2 : length < 0x10000 ? 4 : 6, '0'))
  return [tag, 0x80 | octets.length, ...octets, ...content]
}

export const sequence = (...contents: readonly Bytes[]): Bytes => der(0x30, ...contents)
export const setOf = (...contents: readonly Bytes[]): Bytes => der(0x31, ...contents)
export const integer = (...octets: number[]): Bytes => der(0x02, octets)
export const octetString = (content: Bytes): Bytes => der(0x04, content)
export const bitString = (content: Bytes): Bytes => der(0x03, [0], content)
export const text = (tag: number, value: string): Bytes => der(tag, [...Buffer.from(value)])
export const utf8 = (value: string): Bytes => text(0x0c, value)
export const utcTime = (value: string): Bytes => text(0x17, value)
export const generalizedTime = (value: string): Bytes => text(0x18, value)

export function oid(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return der(0x06, [first * 40 + second, ...rest].flatMap(subidentifier))
}

function subidentifier(arc: number): Bytes {
  const octets = [arc % 128]
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) octets.unshift(0x80 | (left % 128))
  return octets
}

export const attribute = (type: string, value: Bytes): Bytes => sequence(oid(type), value)
export const commonName = (value: string): Bytes => setOf(attribute('2.5.4.3', utf8(value)))
export const organization = (value: string): Bytes => setOf(attribute('2.5.4.10', utf8(value)))

export const extension = (id: string, value: Bytes): Bytes => sequence(oid(id), octetString(value))
export const subjectAltName = (...names: readonly Bytes[]): Bytes => extension('2.5.29.17', sequence(...names))
export const basicConstraints = (...fields: readonly Bytes[]): Bytes => extension('2.5.29.19', sequence(...fields))
export const dnsName = (name: string): Bytes => text(0x82, name)
export const ipAddress = (...octets: number[]): Bytes => der(0x87, octets)

const NULL: Bytes = [0x05, 0x00]
const SHA256_RSA = sequence(oid('1.2.840.113549.1.1.11'), NULL)
export const VERSION_3 = der(0xa0, integer(2))
const RSA_KEY = sequence(
  sequence(oid('1.2.840.113549.1.1.1'), NULL),
  bitString(sequence(integer(0, 0x80, ...new Array(127).fill(1)), integer(1, 0, 1))),
)

/** Fields of a certificate; each may be replaced by any bytes, or by none. */
export interface CertificateParts {
  version?: Bytes
  serialNumber?: Bytes
  signature?: Bytes
  issuer?: Bytes
  validity?: Bytes
  subject?: Bytes
  key?: Bytes
  uniqueIds?: Bytes
  /** Extensions inside their SEQUENCE; null leaves out the field. */
  extensions?: readonly Bytes[] | null
  afterExtensions?: Bytes
  signatureAlgorithm?: Bytes
  signatureValue?: Bytes
}

export function certificate(parts: CertificateParts = {}): Uint8Array {
  const { extensions = [subjectAltName(dnsName('web.example.test'))] } = parts
  const toBeSigned = sequence(
    parts.version ?? VERSION_3,
    parts.serialNumber ?? integer(0x12, 0x34),
    parts.signature ?? SHA256_RSA,
    parts.issuer ?? sequence(commonName('Issuing CA')),
    parts.validity ?? sequence(utcTime('250102030405Z'), utcTime('260102030405Z')),
    parts.subject ?? sequence(organization('Example'), commonName('web.example.test')),
    parts.key ?? RSA_KEY,
    parts.uniqueIds ?? [],
    extensions === null ? [] : der(0xa3, sequence(...extensions)),
    parts.afterExtensions ?? [],
  )
  return Uint8Array.from(
    sequence(toBeSigned, parts.signatureAlgorithm ?? SHA256_RSA, parts.signatureValue ?? bitString([1, 2, 3])),
  )
}

export function spkiSha256(key: Bytes = RSA_KEY): string {
  return createHash('sha256').update(Uint8Array.from(key)).digest('hex')
}

/** What there is to read in `certificate()`. */
export const WHOLE = {
  malformed: null,
  serialNumber: '1234',
  subject: 'CN=web.example.test,O=Example',
  issuer: 'CN=Issuing CA',
  subjectAltNames: ['web.example.test'],
  notBefore: Date.UTC(2025, 0, 2, 3, 4, 5) * 1000,
  notAfter: Date.UTC(2026, 0, 2, 3, 4, 5) * 1000,
  keyType: 'rsa',
  keyBits: 1024,
  keyCurve: null,
  spkiSha256: spkiSha256(RSA_KEY),
  signatureAlgorithm: 'rsa-pkcs1',
  signatureHash: 'sha256',
  isCa: false,
  selfIssued: false,
}
