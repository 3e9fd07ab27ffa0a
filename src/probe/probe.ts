/** What one endpoint can do: its certificates, the versions and the suites it takes, in a bounded number of handshakes. */
import {
  type Handshake,
  handshake,
  type Outcome,
  offering,
  type ProbedCertificate,
  type TlsWishes,
} from './handshake.ts'
import { SSL3, TLS12, takesOld } from './old-hello.ts'
import type { ProbeTarget } from './target.ts'

export interface Probed {
  readonly target: ProbeTarget
  /** RFC 3339, when the first handshake began. */
  readonly probedAt: string
  /** Of the first handshake, with everything offered. */
  readonly outcome: Outcome
  readonly version: number | null
  readonly suite: number | null
  readonly certificates: readonly ProbedCertificate[]
  /** The response that came with the leaf; null = none was stapled. */
  readonly staple: Uint8Array | null
  /** What was taken, lowest first. Empty when there was no handshake. */
  readonly versions: readonly number[]
  /** In the order in which the server preferred them, the newest version first. */
  readonly suites: readonly number[]
  /** Connections made. */
  readonly handshakes: number
}

export interface ProbeLimits {
  readonly timeoutMs: number
  /** Connections to one endpoint; 1 = only the certificates. */
  readonly maxHandshakes: number
  /** Resolves when the next connection may be made. */
  readonly turn: () => Promise<void>
  /** No more connections: what was found is not all. */
  readonly isStopped?: () => boolean
}

/** Never throws: what goes wrong is the outcome. */
export async function probe(target: ProbeTarget, limits: ProbeLimits, nowMs: () => number = Date.now): Promise<Probed> {
  const asking = new Asking(target, limits)
  await limits.turn()
  const probedAt = `${new Date(nowMs()).toISOString().slice(0, -1)}000Z`
  const first = await asking.first()
  const versions = new Set<number>()
  const suites = new Set<number>()
  const take = ({ version, suite }: Handshake): void => {
    if (version !== null) versions.add(version)
    if (suite !== null) suites.add(suite)
  }
  take(first)
  if (first.outcome === 'handshake' || first.outcome === 'refused') await asking.rest(take)
  return {
    target,
    probedAt,
    outcome: first.outcome,
    version: first.version,
    suite: first.suite,
    certificates: first.certificates,
    staple: first.staple,
    versions: [...versions].sort((a, b) => a - b),
    suites: [...suites],
    handshakes: asking.handshakes,
  }
}

const NEWEST_FIRST = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1'] as const
type Version = (typeof NEWEST_FIRST)[number]

const only = (version: Version, without: readonly string[]): TlsWishes => ({
  minVersion: version,
  maxVersion: version,
  ciphers: offering(without),
})

class Asking {
  readonly #target: ProbeTarget
  readonly #limits: ProbeLimits
  handshakes = 0

  constructor(target: ProbeTarget, limits: ProbeLimits) {
    this.#target = target
    this.#limits = limits
  }

  first(): Promise<Handshake> {
    this.handshakes += 1
    return handshake(this.#target, {}, this.#limits.timeoutMs)
  }

  /** Versions before suites, and old things before the long list, so that a small number of handshakes finds what matters. */
  async rest(take: (found: Handshake) => void): Promise<void> {
    const named = new Map<Version, string[]>()
    for (const version of NEWEST_FIRST) {
      const found = await this.#again((ms) => handshake(this.#target, only(version, []), ms))
      if (found === null) return
      take(found)
      if (found.suiteName !== null) named.set(version, [found.suiteName])
    }
    for (const version of [SSL3, TLS12]) {
      const found = await this.#again((ms) => takesOld(this.#target, version, ms))
      if (found === null) return
      take(found)
    }
    for (const [version, known] of named) {
      if (!(await this.#otherSuites(version, known, take))) return
    }
  }

  /** What the server takes when its choices so far are no longer offered, until it takes nothing. False at the limit. */
  async #otherSuites(version: Version, known: string[], take: (found: Handshake) => void): Promise<boolean> {
    for (;;) {
      const found = await this.#again((ms) => handshake(this.#target, only(version, known), ms))
      if (found === null) return false
      if (found.suiteName === null || known.includes(found.suiteName)) return true
      take(found)
      known.push(found.suiteName)
    }
  }

  /** Null at the limit. */
  async #again(ask: (timeoutMs: number) => Promise<Handshake>): Promise<Handshake | null> {
    if (this.handshakes >= this.#limits.maxHandshakes) return null
    await this.#limits.turn()
    if (this.#limits.isStopped?.() === true) return null
    this.handshakes += 1
    return ask(this.#limits.timeoutMs)
  }
}
