/**
 * The authorities of AWS Private CA: what `aws acm-pca describe-certificate-authority` and `aws acm-pca list-certificate-authorities`
 * print (AWS Private CA API Reference, DescribeCertificateAuthority, ListCertificateAuthorities, CertificateAuthority). Times are seconds
 * in version 1 of the command, ISO 8601 in version 2.
 */
import { type InventoryItem, isObject, type JsonObject, serial, text, time } from './item.ts'

/** One answer, or a list of them; null when it is none. */
export function readAuthorities(json: unknown): InventoryItem[] | null {
  const answers = Array.isArray(json) ? json : [json]
  const found = answers.map(authoritiesOf)
  return found.length === 0 || found.some((one) => one === null) ? null : found.flatMap((one) => one ?? []).map(itemOf)
}

function authoritiesOf(answer: unknown): JsonObject[] | null {
  if (!isObject(answer)) return null
  const listed = answer['CertificateAuthorities']
  if (Array.isArray(listed)) return listed.every(isAuthority) ? listed.filter(isObject) : null
  const one = answer['CertificateAuthority']
  return isAuthority(one) ? [one] : null
}

const isAuthority = (value: unknown): value is JsonObject => isObject(value) && text(value['Arn']) !== null

function itemOf(told: JsonObject): InventoryItem {
  const configured = objectIn(told, 'CertificateAuthorityConfiguration')
  const revocation = told['RevocationConfiguration']
  return {
    item: text(told['Arn']) ?? '',
    fingerprint_sha256: '',
    serial_number: serial(told['Serial']),
    subject: subjectOf(objectIn(configured, 'Subject')),
    issuer: null,
    not_before: time(told['NotBefore']),
    not_after: time(told['NotAfter']),
    authority: 'private',
    // One without a status could not be told from a certificate.
    authority_status: text(told['Status']) ?? 'UNKNOWN',
    authority_type: text(told['Type']),
    key_algorithm: text(configured['KeyAlgorithm']),
    signing_algorithm: text(configured['SigningAlgorithm']),
    usage_mode: text(told['UsageMode']),
    // Without a configuration nothing is known; without one of the two in it, that one is off.
    revokes_by_ocsp: isObject(revocation) ? isOn(revocation, 'OcspConfiguration') : null,
    revokes_by_crl: isObject(revocation) ? isOn(revocation, 'CrlConfiguration') : null,
  }
}

const objectIn = (told: JsonObject, member: string): JsonObject => {
  const value = told[member]
  return isObject(value) ? value : {}
}

const isOn = (revocation: JsonObject, kind: string): boolean => objectIn(revocation, kind)['Enabled'] === true

/** ASN1Subject, in the order in which names are written (RFC 4514 §2.1): the last first. */
const ATTRIBUTES = [
  ['CommonName', 'CN'],
  ['OrganizationalUnit', 'OU'],
  ['Organization', 'O'],
  ['Locality', 'L'],
  ['State', 'ST'],
  ['Country', 'C'],
] as const

function subjectOf(subject: JsonObject): string | null {
  const parts = ATTRIBUTES.flatMap(([member, type]) => {
    const value = text(subject[member])
    return value === null ? [] : [`${type}=${value.replace(/[",+;<>\\]/g, '\\$&')}`]
  })
  return parts.length === 0 ? null : parts.join(',')
}
