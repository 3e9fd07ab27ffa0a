/**
 * The facts of an X.509 certificate, read in place. RFC 5280 §4.1. Any bytes give facts: what cannot be read is null, and
 * `malformed` says what was wrong first. A name is given exactly or not at all.
 */
import { createHash } from 'node:crypto'
import { sameBytes, u8 } from '../core/bytes.ts'
import type { CertificateFacts } from '../core/facts.ts'
import { CertificateFaults } from './certificate-faults.ts'
import { BIT_STRING, checkInteger, DerCursor, hexText, INTEGER, SEQUENCE } from './der.ts'
import { timeUs } from './der-time.ts'
import { readExtensions } from './x509-extensions.ts'
import { readKey } from './x509-key.ts'
import { nameText } from './x509-name.ts'
import { readSignatureAlgorithm, type SignatureFacts } from './x509-signature.ts'

/** The certificate without what needs its bytes kept. */
export type ParsedCertificate = Omit<CertificateFacts, 'fingerprint' | 'der'>

/** Reads the certificate between two offsets of the buffer. Keeps none of its bytes. */
export function parseCertificate(buf: Uint8Array, at: number, end: number): ParsedCertificate {
  const faults = new CertificateFaults()
  const facts = unreadCertificate()
  const outside = new DerCursor(buf, at, Math.min(end, buf.length), faults)
  const certificate = outside.openCut(SEQUENCE)
  if (certificate !== null) {
    readCertificate(certificate, facts)
    outside.finish()
  }
  facts.malformed = faults.first
  return facts
}

type Draft = { -readonly [Field in keyof ParsedCertificate]: ParsedCertificate[Field] }

const unreadCertificate = (): Draft => ({
  malformed: null,
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
})

/** Offsets of a whole element. */
interface Span {
  readonly start: number
  readonly end: number
}

/** Certificate: tbsCertificate, signatureAlgorithm, signatureValue. */
function readCertificate(certificate: DerCursor, facts: Draft): void {
  const toBeSigned = certificate.openCut(SEQUENCE)
  if (toBeSigned === null) return
  const signed = readToBeSigned(toBeSigned, facts)
  if (!certificate.expect(SEQUENCE)) return
  const stated = readSignatureAlgorithm(certificate.open())
  // The one outside is what a verifier goes by.
  if (stated.signatureAlgorithm !== null) assignSignature(facts, stated)
  if (signed !== null && !sameElement(certificate.buf, signed, certificate)) {
    certificate.faults.note('signature_mismatch')
  }
  if (certificate.expect(BIT_STRING)) certificate.finish()
}

// Context tags of TBSCertificate.
const VERSION = 0xa0
const ISSUER_UNIQUE_ID = 0x81
const SUBJECT_UNIQUE_ID = 0x82
const EXTENSIONS = 0xa3

/** Reads the fields of TBSCertificate; says where its signature algorithm is. */
function readToBeSigned(fields: DerCursor, facts: Draft): Span | null {
  const version = readVersion(fields)
  if (fields.expect(INTEGER)) facts.serialNumber = serialNumberText(fields)
  const signature = fields.expect(SEQUENCE) ? spanOf(fields) : null
  if (signature !== null) assignSignature(facts, readSignatureAlgorithm(fields.open()))
  const issuer = fields.expect(SEQUENCE) ? spanOf(fields) : null
  if (issuer !== null) facts.issuer = nameText(fields.open())
  if (fields.expect(SEQUENCE)) readValidity(fields.open(), facts)
  if (fields.expect(SEQUENCE)) {
    facts.subject = nameText(fields.open())
    facts.selfIssued = issuer !== null && fields.end > fields.at && sameElement(fields.buf, issuer, fields)
  }
  if (fields.expect(SEQUENCE)) {
    facts.spkiSha256 = createHash('sha256').update(fields.buf.subarray(fields.start, fields.end)).digest('hex')
    Object.assign(facts, readKey(fields.open()))
  }
  fields.take(ISSUER_UNIQUE_ID)
  fields.take(SUBJECT_UNIQUE_ID)
  readExtensionFields(fields, version, facts)
  fields.finish()
  return signature
}

const V3 = 2

/** [0] EXPLICIT INTEGER DEFAULT v1(0). Null if it is none of the three there are. */
function readVersion(fields: DerCursor): number | null {
  if (!fields.take(VERSION)) return fields.broken ? null : 0
  const explicit = fields.open()
  if (!explicit.expect(INTEGER)) return null
  explicit.finish()
  const version = explicit.end - explicit.at === 1 ? u8(explicit.buf, explicit.at) : -1
  if (version >= 0 && version <= V3) return version
  fields.faults.note('bad_version')
  return null
}

/** [3] EXPLICIT Extensions, which only version 3 has. Without basicConstraints such a certificate is no authority's. */
function readExtensionFields(fields: DerCursor, version: number | null, facts: Draft): void {
  if (!fields.take(EXTENSIONS)) {
    if (version === V3 && !fields.broken) facts.isCa = false
    return
  }
  if (version !== V3) fields.faults.note('bad_version')
  const explicit = fields.open()
  if (!explicit.expect(SEQUENCE)) return
  explicit.finish()
  const { subjectAltNames, isCa, unconstrained } = readExtensions(explicit.open())
  facts.subjectAltNames = subjectAltNames
  facts.isCa = unconstrained && version === V3 ? false : isCa
}

/** Twice what RFC 5280 §4.1.2.2 lets an authority use, and more than any has been seen to. */
const MAX_SERIAL_NUMBER_OCTETS = 40

/** Hex of the number without a leading zero octet; a negative one, which some old authorities made, with a minus sign. */
export function serialNumberText(fields: DerCursor): string | null {
  if (!checkInteger(fields)) return null
  const { buf, at, end, faults } = fields
  if (end - at > MAX_SERIAL_NUMBER_OCTETS) {
    faults.note('too_large')
    return null
  }
  const hex = hexText(buf, at, end)
  if (u8(buf, at) < 0x80) return hex.replace(/^(00)+(?=..)/, '')
  const magnitude = (1n << BigInt(8 * (end - at))) - BigInt(`0x${hex}`)
  const digits = magnitude.toString(16)
  return `-${digits.padStart(digits.length + (digits.length % 2), '0')}`
}

/** Validity: notBefore, notAfter. One that cannot be read does not keep the other from being read. */
function readValidity(validity: DerCursor, facts: Draft): void {
  facts.notBefore = readTime(validity)
  facts.notAfter = readTime(validity)
  validity.finish()
}

function readTime(validity: DerCursor): number | null {
  if (validity.next()) return timeUs(validity)
  validity.faults.note('missing_field')
  return null
}

function assignSignature(facts: Draft, { signatureAlgorithm, signatureHash }: SignatureFacts): void {
  facts.signatureAlgorithm = signatureAlgorithm
  facts.signatureHash = signatureHash
}

const spanOf = ({ start, end }: DerCursor): Span => ({ start, end })

const sameElement = (buf: Uint8Array, a: Span, b: Span): boolean =>
  a.end - a.start === b.end - b.start && sameBytes(buf, a.start, buf, b.start, a.end - a.start)
