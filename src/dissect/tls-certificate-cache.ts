/** Certificates seen so far: each DER is copied, hashed and parsed once, and shared by the flows that carry it. */
import { createHash } from 'node:crypto'
import { copyBytes, hashBytes } from '../core/bytes.ts'
import type { CertificateFacts } from '../core/facts.ts'
import type { CertificateRanges } from '../wire/tls-certificate.ts'
import { parseCertificate } from '../wire/x509.ts'
import { ByteCache, type ByteCacheStats } from './tls-cache.ts'

const MAX_CERTIFICATES = 65_536
const MAX_DER_BYTES = 64 * 1024 * 1024
/** The end of a DER is its signature: as good as random, and enough to find candidates by. */
const HASHED_TAIL_BYTES = 24

const certificates = new ByteCache<CertificateFacts>(MAX_CERTIFICATES, MAX_DER_BYTES)

export const certificateCacheStats = (): ByteCacheStats => certificates.stats

/** The last chain that each leaf came with; at the cap they are forgotten and learnt again. */
const chains = new Map<CertificateFacts, readonly CertificateFacts[]>()
const MAX_CHAINS = 8192

const NO_CHAIN: readonly CertificateFacts[] = Object.freeze([])

/** The certificates at `ranges`, as one list for all the flows that show the same. */
export function copyChain(buf: Uint8Array, ranges: CertificateRanges): readonly CertificateFacts[] {
  if (ranges.count === 0) return NO_CHAIN
  const leaf = copyCertificate(buf, ranges.at[0] as number, ranges.end[0] as number)
  const known = chains.get(leaf)
  if (known !== undefined && isChain(known, buf, ranges)) return known
  const chain = [leaf]
  for (let i = 1; i < ranges.count; i++) {
    chain.push(copyCertificate(buf, ranges.at[i] as number, ranges.end[i] as number))
  }
  if (chains.size >= MAX_CHAINS) chains.clear()
  chains.set(leaf, Object.freeze(chain))
  return chain
}

function isChain(chain: readonly CertificateFacts[], buf: Uint8Array, ranges: CertificateRanges): boolean {
  if (chain.length !== ranges.count) return false
  for (let i = 1; i < ranges.count; i++) {
    if (copyCertificate(buf, ranges.at[i] as number, ranges.end[i] as number) !== chain[i]) return false
  }
  return true
}

/** Facts of the DER between two offsets. Keeps a copy of the bytes if they are new. */
export function copyCertificate(buf: Uint8Array, at: number, end: number): CertificateFacts {
  const hash = hashBytes(buf, Math.max(at, end - HASHED_TAIL_BYTES), end, end - at)
  const known = certificates.find(hash, buf, at, end)
  if (known !== undefined) return known
  const der = copyBytes(buf, at, end)
  const fingerprint = createHash('sha256').update(der).digest('hex')
  const facts: CertificateFacts = Object.freeze({ fingerprint, der, ...parseCertificate(der, 0, der.length) })
  certificates.add(hash, der, facts)
  return facts
}
