/** OCSP responses, as servers staple them. RFC 6960 §4.2.1. */
import { CertificateFaults } from './certificate-faults.ts'
import { DerCursor, expectOid, hexText, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE } from './der.ts'
import { timeUs } from './der-time.ts'
import { readSigned, type Signed } from './signed-object.ts'
import { serialNumberText } from './x509.ts'

export interface OcspResponse {
  readonly signed: Signed
  /** Certificates that came with it: a delegated responder's own. DER. */
  readonly certificates: readonly Uint8Array[]
  /** µs. */
  readonly producedAt: number | null
  readonly answers: readonly OcspAnswer[]
}

/** What it says of one certificate, which it names by its issuer and its serial number. */
export interface OcspAnswer {
  /** Object identifier of the hash over the issuer's name and key. */
  readonly hash: string
  readonly issuerNameHash: string
  readonly issuerKeyHash: string
  readonly serialNumber: string | null
  readonly status: 'good' | 'revoked' | 'unknown'
  /** µs; null where it is not revoked. */
  readonly revokedAt: number | null
  readonly thisUpdate: number | null
  readonly nextUpdate: number | null
}

const MAX_ANSWERS = 32
const MAX_CERTIFICATES = 8

const ENUMERATED = 0x0a
const CONTEXT_0 = 0xa0
const CONTEXT_1 = 0xa1
const CONTEXT_2 = 0xa2
const BASIC_RESPONSE = '1.3.6.1.5.5.7.48.1.1'
const SUCCESSFUL = 0

/** Null where the bytes are no response that answers something. */
export function parseOcspResponse(der: Uint8Array): OcspResponse | null {
  const basic = basicResponse(new DerCursor(der, 0, der.length, new CertificateFaults()))
  const frame = basic === null ? null : readSigned(basic)
  if (basic === null || frame === null) return null
  const certificates: Uint8Array[] = []
  const list = basic.take(CONTEXT_0) ? basic.open() : null
  if (list?.take(SEQUENCE)) {
    const items = list.open()
    while (certificates.length < MAX_CERTIFICATES && items.next()) {
      certificates.push(items.buf.subarray(items.start, items.end))
    }
  }
  return { signed: frame.signed, certificates, ...responseData(frame.fields) }
}

/** OCSPResponseStatus, 0 = there is an answer; null where the bytes are no response (§4.2.1). */
export function responseStatus(der: Uint8Array): number | null {
  const outside = new DerCursor(der, 0, der.length, new CertificateFaults())
  const response = outside.expect(SEQUENCE) ? outside.open() : null
  return response?.take(ENUMERATED) === true && response.end > response.at ? (der[response.at] as number) : null
}

/** OCSPResponse: a status, and in two wrappers the BasicOCSPResponse. */
function basicResponse(outside: DerCursor): DerCursor | null {
  if (!outside.expect(SEQUENCE)) return null
  const response = outside.open()
  if (!response.expect(ENUMERATED) || response.buf[response.at] !== SUCCESSFUL || !response.take(CONTEXT_0)) return null
  const explicit = response.open()
  if (!explicit.expect(SEQUENCE)) return null
  const bytes = explicit.open()
  if (expectOid(bytes) !== BASIC_RESPONSE || !bytes.expect(OCTET_STRING)) return null
  const octets = bytes.open()
  return octets.expect(SEQUENCE) ? octets.open() : null
}

/** ResponseData: version, responderID, producedAt, responses. The responder is told by whose key fits. */
function responseData(fields: DerCursor): Pick<OcspResponse, 'producedAt' | 'answers'> {
  const answers: OcspAnswer[] = []
  fields.take(CONTEXT_0)
  if (!fields.take(CONTEXT_1) && !fields.take(CONTEXT_2)) return { producedAt: null, answers }
  const producedAt = fields.next() ? timeUs(fields) : null
  const list = fields.take(SEQUENCE) ? fields.open() : null
  while (list !== null && answers.length < MAX_ANSWERS && list.next()) {
    const answer = list.tag === SEQUENCE ? answerOf(list.open()) : null
    if (answer !== null) answers.push(answer)
  }
  return { producedAt, answers }
}

// CertStatus, IMPLICIT.
const GOOD = 0x80
const REVOKED = 0xa1
const UNKNOWN = 0x82

function answerOf(single: DerCursor): OcspAnswer | null {
  const id = single.expect(SEQUENCE) ? certificateId(single.open()) : null
  if (id === null || !single.next()) return null
  const status = { [GOOD]: 'good', [REVOKED]: 'revoked', [UNKNOWN]: 'unknown' } as const
  const found = status[single.tag as keyof typeof status]
  if (found === undefined) return null
  const info = found === 'revoked' ? single.open() : null
  const revokedAt = info?.next() === true ? timeUs(info) : null
  const thisUpdate = single.next() ? timeUs(single) : null
  const explicit = single.take(CONTEXT_0) ? single.open() : null
  const nextUpdate = explicit?.next() === true ? timeUs(explicit) : null
  return { ...id, status: found, revokedAt, thisUpdate, nextUpdate }
}

function certificateId(
  id: DerCursor,
): Pick<OcspAnswer, 'hash' | 'issuerNameHash' | 'issuerKeyHash' | 'serialNumber'> | null {
  const algorithm = id.expect(SEQUENCE) ? id.open() : null
  const hash = algorithm?.take(OBJECT_IDENTIFIER) === true ? hexText(algorithm.buf, algorithm.at, algorithm.end) : null
  if (hash === null || !id.expect(OCTET_STRING)) return null
  const issuerNameHash = hexText(id.buf, id.at, id.end)
  if (!id.expect(OCTET_STRING)) return null
  const issuerKeyHash = hexText(id.buf, id.at, id.end)
  return { hash, issuerNameHash, issuerKeyHash, serialNumber: id.expect(INTEGER) ? serialNumberText(id) : null }
}
