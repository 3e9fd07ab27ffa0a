import type { TlsFacts } from '../core/facts.ts'
import type { FragmentPool } from './fragment-pool.ts'
import { agreementFragment, certificatesFragment } from './fragments.ts'

/** Power of two. Agreements that share a slot push each other out. */
const SLOTS = 4096

/** What the text is made of. */
interface Agreement {
  version: number
  cipherSuite: number
  namedGroup: number
  dhBits: number
  compressionMethod: number
  flags: number
  alpn: string | null
  ja3s: string | null
  ech: TlsFacts['ech']
  clientCertificate: TlsFacts['clientCertificate']
  downgradeSentinel: TlsFacts['downgradeSentinel']
  /** Servers show the same chain again and again, and dissectors hand out the same list for it. */
  serverCertificates: TlsFacts['serverCertificates']
  clientCertificates: TlsFacts['clientCertificates']
  piece: number
}

/** Remembers the pieces of recent agreements, with the certificates that were shown: most flows agree on what others agreed on before. */
export class AgreementCache {
  readonly #pool: FragmentPool
  readonly #slots: (Agreement | undefined)[] = new Array(SLOTS)

  constructor(pool: FragmentPool) {
    this.#pool = pool
  }

  /** The number of the agreement's piece, counted once more. */
  acquire(tls: TlsFacts): number {
    const flags = flagsOf(tls)
    const slot = hash(tls, flags)
    const known = this.#slots[slot]
    if (known !== undefined && isSame(known, tls, flags)) {
      this.#pool.retain(known.piece)
      return known.piece
    }
    // The cache holds a reference of its own, so a remembered number never goes stale.
    if (known !== undefined) this.#pool.release(known.piece)
    const piece = this.#pool.acquire(textOf(tls))
    this.#pool.retain(piece)
    this.#slots[slot] = describe(tls, flags, piece)
    return piece
  }
}

const textOf = (tls: TlsFacts): string =>
  agreementFragment(tls) + certificatesFragment(tls.serverCertificates, tls.clientCertificates)

const flagsOf = (tls: TlsFacts): number =>
  (tls.sawServerHello ? 1 : 0) |
  (tls.helloRetry ? 2 : 0) |
  (tls.resumed ? 4 : 0) |
  (tls.earlyData ? 8 : 0) |
  (tls.ocspStaple ? 16 : 0) |
  (tls.renegotiation ? 32 : 0) |
  masterSecretFlags(tls.extendedMasterSecret)

const masterSecretFlags = (extended: boolean | null): number => {
  if (extended === null) return 0
  return extended ? 128 : 64
}

function hash(tls: TlsFacts, flags: number): number {
  let h = Math.imul(tls.version ^ (tls.cipherSuite << 16), 0x9e3779b1)
  h = Math.imul((h ^ (h >>> 15)) + tls.namedGroup + (flags << 16), 0x85ebca6b)
  h = Math.imul((h ^ (h >>> 13)) + tls.dhBits, 0xc2b2ae35)
  h = withDigits(withDigits(h, tls.ja3s), leafOf(tls.serverCertificates))
  h = withDigits(h, leafOf(tls.clientCertificates))
  return (h ^ (h >>> 16)) & (SLOTS - 1)
}

const leafOf = (chain: TlsFacts['serverCertificates']): string | null => chain[0]?.fingerprint ?? null

/** Of digits of a hash a few are as good as all. */
function withDigits(seed: number, digits: string | null): number {
  let h = Math.imul(seed ^ (seed >>> 15), 0x9e3779b1)
  if (digits === null) return h
  const end = Math.min(digits.length, 6)
  for (let i = 0; i < end; i++) h = Math.imul(h ^ digits.charCodeAt(i), 0x01000193)
  return h
}

const isSame = (a: Agreement, tls: TlsFacts, flags: number): boolean =>
  a.version === tls.version &&
  a.cipherSuite === tls.cipherSuite &&
  a.namedGroup === tls.namedGroup &&
  a.flags === flags &&
  a.dhBits === tls.dhBits &&
  a.compressionMethod === tls.compressionMethod &&
  a.clientCertificate === tls.clientCertificate &&
  a.downgradeSentinel === tls.downgradeSentinel &&
  a.ech === tls.ech &&
  a.alpn === tls.alpn &&
  a.serverCertificates === tls.serverCertificates &&
  a.clientCertificates === tls.clientCertificates &&
  a.ja3s === tls.ja3s

const describe = (tls: TlsFacts, flags: number, piece: number): Agreement => ({
  version: tls.version,
  cipherSuite: tls.cipherSuite,
  namedGroup: tls.namedGroup,
  dhBits: tls.dhBits,
  compressionMethod: tls.compressionMethod,
  flags,
  alpn: tls.alpn,
  ja3s: tls.ja3s,
  ech: tls.ech,
  clientCertificate: tls.clientCertificate,
  downgradeSentinel: tls.downgradeSentinel,
  serverCertificates: tls.serverCertificates,
  clientCertificates: tls.clientCertificates,
  piece,
})
