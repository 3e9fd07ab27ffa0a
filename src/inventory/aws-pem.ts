/**
 * Certificates in PEM inside JSON: what `aws acm get-certificate`, `aws acm-pca get-certificate` and `aws acm-pca
 * get-certificate-authority-certificate` print: Certificate, and above it CertificateChain (ACM API Reference and AWS Private CA
 * API Reference, GetCertificate and GetCertificateAuthorityCertificate, "Response Syntax").
 */
import { type InventoryFound, type InventoryItem, isObject, itemOfDer, text } from './item.ts'
import { readPem } from './pem.ts'

/** The answer has no ARN: it is called as the file. Null when it is none, or holds no certificate. */
export function readAwsPem(
  json: unknown,
  file: string,
  told: Pick<InventoryItem, 'authority'> = {},
): InventoryFound | null {
  const pem = isObject(json) ? text(json['Certificate']) : null
  if (pem === null || !isObject(json)) return null
  const [own, ...more] = readPem(Buffer.from(pem))
  if (own === undefined) return null
  // What is above it is another's: known, and no item of this inventory.
  const chain = readPem(Buffer.from(text(json['CertificateChain']) ?? ''))
  return { items: [{ ...itemOfDer(file, own), ...told }], ders: [own, ...more, ...chain] }
}
