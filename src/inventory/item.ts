/** What an inventory tells of one certificate, in the words of the table `certificate_imports`. Never a private key. */
import { createHash } from 'node:crypto'
import { rfc3339 } from '../core/clock.ts'
import { parseCertificate } from '../wire/x509.ts'

export interface InventoryItem {
  /** What the inventory calls it: an ARN, a file, a Secret. */
  readonly item: string
  /** Hex; '' = the inventory does not have it. */
  readonly fingerprint_sha256: string
  /** Hex in lower case, without leading zero octets; '' = not told. */
  readonly serial_number: string
  readonly subject?: string | null
  readonly issuer?: string | null
  readonly subject_alt_names?: readonly string[]
  /** RFC 3339. */
  readonly not_before?: string | null
  readonly not_after?: string | null
  readonly issued_at?: string | null
  readonly revoked_at?: string | null
  readonly revocation_reason?: string | null
  readonly authority?: 'private' | 'public' | null
  readonly automated?: boolean | null
  readonly renewal_status?: string | null
  /** Of an authority that the inventory lists, in the inventory's words; left out of a certificate. */
  readonly authority_status?: string
  readonly authority_type?: string | null
  readonly key_algorithm?: string | null
  readonly signing_algorithm?: string | null
  readonly usage_mode?: string | null
  readonly revokes_by_ocsp?: boolean | null
  readonly revokes_by_crl?: boolean | null
}

export interface InventoryFound {
  readonly items: readonly InventoryItem[]
  /** The certificates themselves, where the inventory has them. */
  readonly ders: readonly Uint8Array[]
}

const textOf = (us: number | null): string | null => (us === null ? null : rfc3339(us))

export function itemOfDer(item: string, der: Uint8Array): InventoryItem {
  const facts = parseCertificate(der, 0, der.length)
  return {
    item,
    fingerprint_sha256: createHash('sha256').update(der).digest('hex'),
    serial_number: facts.serialNumber ?? '',
    subject: facts.subject,
    issuer: facts.issuer,
    subject_alt_names: facts.subjectAltNames,
    not_before: textOf(facts.notBefore),
    not_after: textOf(facts.notAfter),
  }
}

/** A text, or null for everything else: these files are other people's. */
export const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

export const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []

/** "0A:1b:…", "0a1b…" */
export function serial(value: unknown): string {
  const hex = (text(value) ?? '').replaceAll(':', '').toLowerCase()
  if (!/^[0-9a-f]+$/.test(hex)) return ''
  const even = hex.length % 2 === 0 ? hex : `0${hex}`
  return even.replace(/^(00)+(?=..)/, '')
}

/** ISO 8601 with any zone as AWS and people write it, or seconds of the epoch; null when it is neither. */
export function time(value: unknown): string | null {
  if (typeof value === 'number' && Number.isFinite(value)) return rfc3339(value * 1e6)
  const written = text(value)?.replace(/([+-]\d\d)(\d\d)$/, '$1:$2') ?? ''
  if (!/^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?$/.test(written)) return null
  const ms = Date.parse(written)
  return Number.isNaN(ms) ? null : rfc3339(ms * 1000)
}

export type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
