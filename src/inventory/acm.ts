/**
 * AWS Certificate Manager: what `aws acm describe-certificate` and `aws acm list-certificates` print (ACM API Reference,
 * DescribeCertificate, CertificateDetail, CertificateSummary; times are seconds in version 1 of the command, ISO 8601 in version 2).
 */
import { type InventoryItem, isObject, type JsonObject, serial, text, texts, time } from './item.ts'

/** One answer, or a list of them; null when it is none. */
export function readAcm(json: unknown): InventoryItem[] | null {
  const answers = Array.isArray(json) ? json : [json]
  const found = answers.map(certificatesOf)
  return found.some((one) => one === null) ? null : found.flatMap((one) => (one ?? []).map(itemOf))
}

function certificatesOf(answer: unknown): JsonObject[] | null {
  if (!isObject(answer)) return null
  if (isObject(answer['Certificate'])) return [answer['Certificate']]
  if (Array.isArray(answer['CertificateSummaryList'])) return answer['CertificateSummaryList'].filter(isObject)
  return text(answer['CertificateArn']) === null ? null : [answer]
}

function itemOf(told: JsonObject): InventoryItem {
  const names = [told['SubjectAlternativeNames'], told['SubjectAlternativeNameSummaries']].flatMap(texts)
  const domain = text(told['DomainName'])
  const renewal = told['RenewalSummary']
  const type = text(told['Type'])
  return {
    item: text(told['CertificateArn']) ?? '',
    // An ACM answer has no fingerprint: the serial number tells which it is, in a summary the names do.
    fingerprint_sha256: '',
    serial_number: serial(told['Serial']),
    subject: text(told['Subject']),
    // ACM gives the issuer's name alone ("Amazon"), not a distinguished name.
    issuer: null,
    subject_alt_names: names.length === 0 && domain !== null ? [domain] : names,
    not_before: time(told['NotBefore']),
    not_after: time(told['NotAfter']),
    issued_at: time(told['IssuedAt']),
    revoked_at: time(told['RevokedAt']),
    revocation_reason: text(told['RevocationReason']),
    authority: type === 'PRIVATE' ? 'private' : type === 'AMAZON_ISSUED' ? 'public' : null,
    automated: isAutomated(told, type),
    renewal_status: isObject(renewal) ? text(renewal['RenewalStatus']) : null,
  }
}

/** Imported certificates are renewed by their owner; those validated by mail wait for a person. */
function isAutomated(told: JsonObject, type: string | null): boolean | null {
  if (type === 'IMPORTED') return false
  if (type === 'PRIVATE') return text(told['RenewalEligibility']) === 'ELIGIBLE'
  const options = told['DomainValidationOptions']
  if (type !== 'AMAZON_ISSUED' || !Array.isArray(options)) return null
  return options.every((one) => isObject(one) && one['ValidationMethod'] !== 'EMAIL')
}
