/** What authorities sign apart from certificates, revocation lists and OCSP responses, has one frame: RFC 5280 §5.1.1. */
import { BIT_STRING, type DerCursor, SEQUENCE } from './der.ts'
import { readSignatureAlgorithm, type SignatureFacts } from './x509-signature.ts'

export interface Signed extends SignatureFacts {
  /** What is signed, header and all. */
  readonly toBeSigned: Uint8Array
  readonly signature: Uint8Array
}

/** Reads what is signed, the algorithm and the signature, from a cursor inside the frame; `fields` is open on the first. */
export function readSigned(frame: DerCursor): { signed: Signed; fields: DerCursor } | null {
  if (!frame.expect(SEQUENCE)) return null
  const toBeSigned = frame.buf.subarray(frame.start, frame.end)
  const fields = frame.open()
  if (!frame.expect(SEQUENCE)) return null
  const algorithm = readSignatureAlgorithm(frame.open())
  if (!frame.expect(BIT_STRING) || frame.buf[frame.at] !== 0) return null
  return { signed: { ...algorithm, toBeSigned, signature: frame.buf.subarray(frame.at + 1, frame.end) }, fields }
}
