/** Certificates as detectors look at them, made once from their lines and found by fingerprint. */
import { coversName } from '../classify/chain.ts'
import { claimsPublicPolicy } from '../classify/when-certificate.ts'
import type { CertificateRecord } from './records.ts'

/** Hashes with which a signature can be forged. */
const BROKEN_HASHES = ['md2', 'md4', 'md5', 'sha1']
const MIN_RSA_BITS = 2048
const MIN_EC_BITS = 224

export class Certificate {
  readonly fingerprint: string
  readonly subject: string | null
  readonly issuer: string | null
  /** µs; NaN = not known. */
  readonly notBefore: number
  readonly notAfter: number
  readonly spki: string | null
  readonly isSelfIssued: boolean
  readonly isCa: boolean
  /** It says itself that it follows the rules for public certificates. */
  readonly isPublic: boolean
  /** What is weak about its key, null = nothing. */
  readonly weakKey: string | null
  /** The broken hash it is signed with, null = none. */
  readonly brokenHash: string | null
  readonly wildcards: ReadonlySet<string>
  readonly names: ReadonlySet<string> | null
  /** Short name for people. */
  readonly label: string

  constructor(record: CertificateRecord) {
    this.fingerprint = record.fingerprint_sha256
    this.subject = record.subject ?? null
    this.issuer = record.issuer ?? null
    this.notBefore = record.not_before === undefined ? Number.NaN : Date.parse(record.not_before) * 1000
    this.notAfter = record.not_after === undefined ? Number.NaN : Date.parse(record.not_after) * 1000
    this.spki = record.spki_sha256 ?? null
    this.isSelfIssued = record.self_issued === true
    this.isCa = record.is_ca === true
    this.isPublic = record.der !== undefined && claimsPublicPolicy(Buffer.from(record.der, 'base64'))
    this.weakKey = weaknessOf(record)
    this.brokenHash = BROKEN_HASHES.find((hash) => hash === record.signature_hash) ?? null
    const names = (record.subject_alt_names ?? []).map((name) => name.toLowerCase())
    this.wildcards = new Set(names.filter((name) => name.startsWith('*.')).map((name) => name.slice(2)))
    this.label = `${this.subject ?? 'without a subject'} (${this.fingerprint.slice(0, 16)})`
    this.names = names.length === 0 ? null : new Set(names.filter((name) => !name.startsWith('*.')))
  }

  /** RFC 9525 §6.3; null = it names nothing. */
  covers(serverName: string): boolean | null {
    return coversName(this, serverName)
  }

  /** µs; NaN = not known. */
  get lifetimeUs(): number {
    return this.notAfter - this.notBefore
  }
}

function weaknessOf({ key_type, key_bits, key_curve }: CertificateRecord): string | null {
  if (key_type === 'dsa') return 'DSA'
  if (key_bits === undefined) return null
  if ((key_type === 'rsa' || key_type === 'rsa-pss') && key_bits < MIN_RSA_BITS) return `RSA of ${key_bits} bits`
  if (key_type === 'ec' && key_bits < MIN_EC_BITS) return `the curve ${key_curve ?? ''} of ${key_bits} bits`
  return null
}
