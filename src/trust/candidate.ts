/** A certificate as chain building sees it: its facts, and what it says of its use, read when first asked for. */
import { createHash } from 'node:crypto'
import type { CertificateFacts } from '../core/facts.ts'
import { parseCertificate } from '../wire/x509.ts'
import { readUsage, type UsageFacts } from '../wire/x509-usage.ts'

export class Candidate {
  readonly facts: CertificateFacts
  /** What another's `issuerName` must equal for this one to be its issuer; null = unreadable or empty. */
  readonly subjectName: string | null
  readonly issuerName: string | null
  #usage: UsageFacts | null = null

  constructor(facts: CertificateFacts) {
    this.facts = facts
    this.subjectName = comparedName(facts.subject)
    this.issuerName = comparedName(facts.issuer)
  }

  get usage(): UsageFacts {
    this.#usage ??= readUsage(this.facts.der)
    return this.#usage
  }
}

export function candidateOf(der: Uint8Array): Candidate {
  const fingerprint = createHash('sha256').update(der).digest('hex')
  return new Candidate({ fingerprint, der, ...parseCertificate(der, 0, der.length) })
}

/** RFC 5280 §7.1: names are compared without regard to case and to repeated spaces. */
export const comparedName = (name: string | null): string | null =>
  name === null || name === '' ? null : name.toLowerCase().replace(/ {2,}/g, ' ')
