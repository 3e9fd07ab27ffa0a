/** Certificate chains as the rules see them: interned, so that a chain served a million times is looked at once. */
import type { CertificateFacts } from '../core/facts.ts'

/** Clocks of peers differ: a certificate counts as expired, or as not yet valid, only beyond this. */
export const CLOCK_SKEW_US = 5 * 60 * 1_000_000
/** Chains remembered at one time; at the cap all are forgotten and learnt again. */
const MAX_CHAINS = 65_536
/** Ids are never used twice, so that a forgotten chain cannot be mistaken for a new one. */
let nextId = 1

export interface Chain {
  /** 0 = no certificate was seen. */
  readonly id: number
  readonly certificates: readonly CertificateFacts[]
  /** Ascending times, µs, at which some certificate starts or stops being valid. Between two, every answer is the same. */
  readonly boundaries: readonly number[]
  /** dNSName entries of the leaf, lower-case, without wildcards; null when the leaf names nothing we can read. */
  readonly names: ReadonlySet<string> | null
  /** What follows `*.` in the leaf's wildcard names. */
  readonly wildcards: ReadonlySet<string>
}

interface Node {
  chain: Chain | null
  readonly next: WeakMap<CertificateFacts, Node>
}

export const NO_CHAIN: Chain = { id: 0, certificates: [], boundaries: [], names: null, wildcards: new Set() }

/** Finds the one Chain of a list of certificates. Certificates are shared between flows; the lists are not. */
export class ChainTable {
  private root = newNode()
  /** Lists seen before: dissectors hand out one list for all the flows that show it, and freeze it. */
  private lists = new WeakMap<readonly CertificateFacts[], Chain>()
  private count = 0

  intern(certificates: readonly CertificateFacts[]): Chain {
    if (certificates.length === 0) return NO_CHAIN
    const known = this.lists.get(certificates)
    if (known !== undefined) return known
    const chain = this.find(certificates)
    if (Object.isFrozen(certificates)) this.lists.set(certificates, chain)
    return chain
  }

  private find(certificates: readonly CertificateFacts[]): Chain {
    let node = this.root
    for (const certificate of certificates) {
      let next = node.next.get(certificate)
      if (next === undefined) {
        next = newNode()
        node.next.set(certificate, next)
      }
      node = next
    }
    node.chain ??= this.learn(certificates)
    return node.chain
  }

  private learn(certificates: readonly CertificateFacts[]): Chain {
    this.count++
    if (this.count > MAX_CHAINS) {
      this.root = newNode()
      this.lists = new WeakMap()
      this.count = 0
    }
    return describeChain(certificates)
  }
}

/** How many of the chain's boundaries lie at or before `timeUs`. */
export function momentOf(chain: Chain, timeUs: number): number {
  const { boundaries } = chain
  let passed = 0
  while (passed < boundaries.length && (boundaries[passed] as number) <= timeUs) passed++
  return passed
}

/** Does the leaf's subjectAltName cover the name the client asked for (RFC 9525 §6.3)? Null when it names nothing. */
export function coversName(chain: Pick<Chain, 'names' | 'wildcards'>, serverName: string): boolean | null {
  if (chain.names === null) return null
  const name = serverName.toLowerCase()
  if (chain.names.has(name)) return true
  const dot = name.indexOf('.')
  return dot > 0 && chain.wildcards.has(name.slice(dot + 1))
}

export const isExpired = (notAfter: number, timeUs: number): boolean => timeUs >= expiryBoundary(notAfter)
export const isNotYetValid = (notBefore: number, timeUs: number): boolean => timeUs < startBoundary(notBefore)

// The second named by notAfter still belongs to the validity period (RFC 5280 §4.1.2.5).
const expiryBoundary = (notAfter: number): number => notAfter + 1_000_000 + CLOCK_SKEW_US
const startBoundary = (notBefore: number): number => notBefore - CLOCK_SKEW_US

const newNode = (): Node => ({ chain: null, next: new WeakMap() })

function describeChain(certificates: readonly CertificateFacts[]): Chain {
  const boundaries: number[] = []
  for (const { notBefore, notAfter } of certificates) {
    if (notBefore !== null) boundaries.push(startBoundary(notBefore))
    if (notAfter !== null) boundaries.push(expiryBoundary(notAfter))
  }
  const names = new Set<string>()
  const wildcards = new Set<string>()
  for (const entry of certificates[0]?.subjectAltNames ?? []) {
    const name = entry.toLowerCase()
    if (name.startsWith('*.')) wildcards.add(name.slice(2))
    else names.add(name)
  }
  return {
    id: nextId++,
    certificates: [...certificates],
    boundaries: boundaries.sort((a, b) => a - b),
    names: names.size + wildcards.size > 0 ? names : null,
    wildcards,
  }
}
