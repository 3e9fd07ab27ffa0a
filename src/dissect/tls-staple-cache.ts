/** Stapled OCSP responses seen so far: each is copied and hashed once, and shared by the flows that carry it. */
import { createHash } from 'node:crypto'
import { copyBytes, hashBytes, u8, u24 } from '../core/bytes.ts'
import type { StapledResponse } from '../core/facts.ts'
import { parseOcspResponse } from '../wire/ocsp.ts'
import { ByteCache } from './tls-cache.ts'

/** A response with a delegated responder's certificate has two or three thousand; a longer one is not kept. */
const MAX_RESPONSE_BYTES = 16 * 1024
const MAX_RESPONSES = 4096
const MAX_BYTES = 8 * 1024 * 1024
/** The end of a response is a signature or a certificate: enough to find candidates by. */
const HASHED_TAIL_BYTES = 24

const responses = new ByteCache<StapledResponse>(MAX_RESPONSES, MAX_BYTES)

/** CertificateStatusType.ocsp and ocsp_multi (RFC 6066 §8, RFC 6961 §2.2). */
const OCSP = 1
const OCSP_MULTI = 2

/** Does a CertificateStatus message between `at` and `end` have OCSP responses? */
export const isOcspStatus = (buf: Uint8Array, at: number, end: number): boolean =>
  at < end && (u8(buf, at) === OCSP || u8(buf, at) === OCSP_MULTI)

/** The response for the leaf in it, the first of several; null where it is empty, cut or too long. */
export function copyStaple(buf: Uint8Array, at: number, end: number): StapledResponse | null {
  const lengthAt = at + (u8(buf, at) === OCSP_MULTI ? 4 : 1)
  if (lengthAt + 3 > end) return null
  const start = lengthAt + 3
  const stop = start + u24(buf, lengthAt)
  if (stop === start || stop > end || stop - start > MAX_RESPONSE_BYTES) return null
  const hash = hashBytes(buf, Math.max(start, stop - HASHED_TAIL_BYTES), stop, stop - start)
  const known = responses.find(hash, buf, start, stop)
  if (known !== undefined) return known
  const der = copyBytes(buf, start, stop)
  const sha256 = createHash('sha256').update(der).digest('hex')
  const response = Object.freeze({ sha256, der, nextUpdate: nextUpdateOf(der) })
  responses.add(hash, der, response)
  return response
}

function nextUpdateOf(der: Uint8Array): number | null {
  const times = (parseOcspResponse(der)?.answers ?? []).flatMap(({ nextUpdate }) => nextUpdate ?? [])
  return times.length === 0 ? null : Math.max(...times)
}
