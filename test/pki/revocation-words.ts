/** What an authority says of revocation, signed at any time: lists (RFC 5280 §5.1) and OCSP responses (RFC 6960 §4.2.1). */
import { createHash, createPublicKey, sign } from 'node:crypto'
import forge from 'node-forge'
import { bitString, der, generalizedTime, integer, octetString, oid, sequence } from '../wire/der-bytes.ts'
import type { Bytes } from '../wire/tls-bytes.ts'
import type { Holder } from './issue.ts'

const SHA1 = sequence(oid('1.3.14.3.2.26'), [5, 0])
const SHA256_RSA = sequence(oid('1.2.840.113549.1.1.11'), [5, 0])

const time = (ms: number): Bytes => generalizedTime(`${new Date(ms).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`)

const signed = (toBeSigned: Bytes, { keyPem }: Holder): Bytes =>
  sequence(toBeSigned, SHA256_RSA, bitString([...sign('sha256', Uint8Array.from(toBeSigned), keyPem)]))

const serialOf = ({ certificate }: Holder): Bytes =>
  integer(...Buffer.from(certificate.serialNumber.replace(/^(00)+(?=..)/, ''), 'hex'))

const nameOf = ({ certificate }: Holder): Bytes => [
  ...Buffer.from(forge.asn1.toDer(forge.pki.distinguishedNameToAsn1(certificate.subject)).getBytes(), 'latin1'),
]

interface Revoked {
  readonly holder: Holder
  readonly atMs: number
}

/** A list of the week that begins at `fromMs`. */
export function listOf(authority: Holder, fromMs: number, revoked: readonly Revoked[]): Uint8Array {
  const entries = revoked.map(({ holder, atMs }) => sequence(serialOf(holder), time(atMs)))
  const times = [time(fromMs), time(fromMs + WEEK_MS)]
  return Uint8Array.from(
    signed(sequence(integer(1), SHA256_RSA, nameOf(authority), ...times, sequence(...entries)), authority),
  )
}

const WEEK_MS = 7 * 86_400_000

/** The authority's own response about one certificate, of the week that begins at `fromMs`; `revokedMs` null = good. */
export function responseOf(authority: Holder, about: Holder, fromMs: number, revokedMs: number | null): Uint8Array {
  const sha1 = (bytes: Uint8Array): Bytes => octetString([...createHash('sha1').update(bytes).digest()])
  const keyHash = sha1(createPublicKey(authority.keyPem).export({ type: 'pkcs1', format: 'der' }))
  const id = sequence(SHA1, sha1(Uint8Array.from(nameOf(authority))), keyHash, serialOf(about))
  const status = revokedMs === null ? [0x80, 0] : der(0xa1, time(revokedMs))
  const single = sequence(id, status, time(fromMs), der(0xa0, time(fromMs + WEEK_MS)))
  const basic = signed(sequence(der(0xa2, keyHash), time(fromMs), sequence(single)), authority)
  const bytes = sequence(oid('1.3.6.1.5.5.7.48.1.1'), octetString(basic))
  return Uint8Array.from(sequence(der(0x0a, [0]), der(0xa0, bytes)))
}
