import { printable } from '../report/format.ts'
import type { SeenCertificate } from '../report/read-certificates.ts'

/** RFC 7468 §5: a certificate in text, below what tells it from the others in the file (§5.2). */
export function pemText({ subject, fingerprint_sha256 }: SeenCertificate, der: Uint8Array): string {
  const base64 = Buffer.from(der).toString('base64')
  const lines = base64.match(/.{1,64}/g) ?? []
  return [
    `# subject ${printable(subject ?? '?')}`,
    `# sha256 ${fingerprint_sha256}`,
    '-----BEGIN CERTIFICATE-----',
    ...lines,
    '-----END CERTIFICATE-----',
    '',
  ].join('\n')
}
