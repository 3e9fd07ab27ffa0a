/** CertificateRequest of SSL 3.0 to TLS 1.2 (RFC 5246 §7.4.4, RFC 4346 §7.4.4). */
import { u8, u16 } from '../core/bytes.ts'
import { malformed, message, type Parsed } from '../core/result.ts'
import { readBytes, readCodePoints } from './tls-extensions.ts'

export interface CertificateRequest {
  /** ClientCertificateType codes. */
  readonly certificateTypes: readonly number[]
  /** Only TLS 1.2 has them; empty before. */
  readonly signatureSchemes: readonly number[]
  /** Distinguished names that the server would accept as issuers. */
  readonly authorities: number
}

const TLS12 = 0x0303

/** The body between `at` and `end`. `version` is the negotiated one: TLS 1.2 put signature schemes in the middle. */
export function parseCertificateRequest(
  buf: Uint8Array,
  at: number,
  end: number,
  version: number,
): Parsed<CertificateRequest> {
  if (at + 1 > end) return malformed('bad_length', at)
  const typesEnd = at + 1 + u8(buf, at)
  if (typesEnd > end) return malformed('bad_length', at)
  let p = typesEnd
  let signatureSchemes: number[] = []
  if (version >= TLS12) {
    if (p + 2 > end || p + 2 + u16(buf, p) > end) return malformed('bad_length', p)
    const schemesEnd = p + 2 + u16(buf, p)
    signatureSchemes = readCodePoints(buf, p + 2, schemesEnd)
    p = schemesEnd
  }
  if (p + 2 > end || p + 2 + u16(buf, p) > end) return malformed('bad_length', p)
  const listEnd = p + 2 + u16(buf, p)
  let authorities = 0
  for (p += 2; p + 2 <= listEnd; p += 2 + u16(buf, p)) authorities += 1
  if (p !== listEnd) return malformed('bad_length', p)
  return message({ certificateTypes: readBytes(buf, at + 1, typesEnd), signatureSchemes, authorities }, end)
}
