/** Certificates in files: PEM (RFC 7468), several in one, among keys that are passed over; or DER. */
const BLOCK = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END /g

export function readPem(content: Uint8Array): Uint8Array[] {
  if (content[0] === SEQUENCE) return [content]
  const found = Buffer.from(content).toString('latin1').matchAll(BLOCK)
  return Array.from(found, ([, base64 = '']) => Buffer.from(base64, 'base64')).filter((der) => der[0] === SEQUENCE)
}

const SEQUENCE = 0x30
