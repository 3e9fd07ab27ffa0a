import { rfc3339 } from '../core/clock.ts'
import type { CertificateFacts, StapledResponse } from '../core/facts.ts'
import { asciiJson } from '../core/json.ts'
import { readUsage } from '../wire/x509-usage.ts'
import { validationOf } from '../wire/x509-validation.ts'

/** One certificate as one JSON line for the store, without the newline, in ASCII; what could not be read is left out. */
export function certificateLine(certificate: CertificateFacts, staple: StapledResponse | null = null): string {
  const { notBefore, notAfter } = certificate
  const { timestamps, policies } = readUsage(certificate.der)
  return asciiJson({
    fingerprint_sha256: certificate.fingerprint,
    der: Buffer.from(certificate.der).toString('base64'),
    subject: certificate.subject ?? undefined,
    issuer: certificate.issuer ?? undefined,
    serial_number: certificate.serialNumber ?? undefined,
    not_before: notBefore === null ? undefined : rfc3339(notBefore),
    not_after: notAfter === null ? undefined : rfc3339(notAfter),
    key_type: certificate.keyType ?? undefined,
    key_bits: certificate.keyBits ?? undefined,
    key_curve: certificate.keyCurve ?? undefined,
    spki_sha256: certificate.spkiSha256 ?? undefined,
    signature_algorithm: certificate.signatureAlgorithm ?? undefined,
    signature_hash: certificate.signatureHash ?? undefined,
    is_ca: certificate.isCa ?? undefined,
    self_issued: certificate.selfIssued,
    subject_alt_names: certificate.subjectAltNames,
    malformed: certificate.malformed ?? undefined,
    sct_count: timestamps,
    policies,
    validation: validationOf(policies) ?? undefined,
    ocsp_response: staple === null ? undefined : Buffer.from(staple.der).toString('base64'),
  })
}
