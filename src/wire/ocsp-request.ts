/** What an OCSP responder is asked about one certificate. RFC 6960 §4.1, as lean as RFC 5019 §2.1 wants it: SHA-1, no nonce. */
import { createHash } from 'node:crypto'
import { INTEGER, OCTET_STRING, SEQUENCE } from './der.ts'
import { outlineOf } from './x509-outline.ts'

/** AlgorithmIdentifier of SHA-1: it names the issuer, and protects nothing. */
const SHA1 = Buffer.from('300906052b0e03021a0500', 'hex')

/** `serialNumber` as the facts have it, hex. Null where the issuer cannot be read, or the number is none that is issued. */
export function ocspRequest(issuerDer: Uint8Array, serialNumber: string | null): Uint8Array | null {
  const outline = outlineOf(issuerDer)
  if (outline?.keyBits == null || serialNumber === null || !/^(?:[\da-f]{2}){1,40}$/.test(serialNumber)) return null
  const hashed = (bytes: Uint8Array): Buffer => element(OCTET_STRING, createHash('sha1').update(bytes).digest())
  const serial = Buffer.from(serialNumber, 'hex')
  const isHigh = (serial[0] as number) >= 0x80
  const id = element(
    SEQUENCE,
    SHA1,
    hashed(outline.subject),
    hashed(outline.keyBits),
    element(INTEGER, ...(isHigh ? [Buffer.of(0)] : []), serial),
  )
  // OCSPRequest, TBSRequest, requestList, Request around the CertID.
  return [SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE].reduce((inside, tag) => element(tag, inside), id)
}

/** Of less than 256 octets: an identifier has 46 and a serial number. */
function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const length = content.length < 0x80 ? [content.length] : [0x81, content.length]
  return Buffer.concat([Buffer.of(tag, ...length), content])
}
