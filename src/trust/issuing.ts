/** One step of a path: may this certificate vouch for what is below it? RFC 5280 §6.1.4. */
import { isExpired, isNotYetValid } from '../classify/chain.ts'
import { ANY_PURPOSE } from '../wire/x509-usage.ts'
import type { Candidate } from './candidate.ts'
import { namesAllowed } from './name-constraints.ts'

/** Why a step does not hold. Closed: these are faults of certificates by the same name. */
export type StepProblem =
  | 'issuer-expired'
  | 'issuer-not-yet-valid'
  | 'issuer-not-ca' // it does not say CA:TRUE, or its key may not sign certificates
  | 'path-too-long'
  | 'names-not-permitted'
  | 'issuer-wrong-purpose' // it may issue for other purposes only
  | 'unknown-critical' // a critical extension that is not known here

export interface Step {
  /** The certificates below, the leaf first. */
  readonly below: readonly Candidate[]
  readonly issuer: Candidate
  readonly isRoot: boolean
  readonly timeUs: number
  /** Object identifier of what the leaf was used for. */
  readonly purpose: string
}

interface Check {
  readonly problem: StepProblem
  readonly found: (step: Step) => boolean
}

const CHECKS: readonly Check[] = [
  {
    problem: 'issuer-expired',
    found: ({ issuer: { facts }, timeUs }) => facts.notAfter !== null && isExpired(facts.notAfter, timeUs),
  },
  {
    problem: 'issuer-not-yet-valid',
    found: ({ issuer: { facts }, timeUs }) => facts.notBefore !== null && isNotYetValid(facts.notBefore, timeUs),
  },
  {
    problem: 'issuer-not-ca',
    // A root of version 1 says nothing, and is an authority because somebody trusts it as one.
    found: ({ issuer: { facts, usage }, isRoot }) =>
      !(facts.isCa === true || (isRoot && facts.isCa === null)) || usage.keyUsage?.includes('keyCertSign') === false,
  },
  {
    problem: 'path-too-long',
    found: ({ issuer: { usage }, below }) => usage.pathLength !== null && authoritiesIn(below) > usage.pathLength,
  },
  {
    problem: 'names-not-permitted',
    // A renewed authority's own name is no host's (§6.1.3 (b)).
    found: ({ issuer, below }) =>
      issuer.usage.nameConstraints !== null &&
      below.some((one, i) => (i === 0 || !one.facts.selfIssued) && !namesAllowed(one, issuer)),
  },
  {
    problem: 'issuer-wrong-purpose',
    found: ({ issuer: { usage }, purpose }) =>
      usage.purposes !== null && !usage.purposes.includes(purpose) && !usage.purposes.includes(ANY_PURPOSE),
  },
  { problem: 'unknown-critical', found: ({ issuer: { usage } }) => usage.unknownCritical.length > 0 },
]

export const problemsOf = (step: Step): StepProblem[] =>
  CHECKS.filter(({ found }) => found(step)).map(({ problem }) => problem)

/** Intermediates that count: the leaf does not, nor do those that an authority issued to itself (§4.2.1.9). */
const authoritiesIn = (below: readonly Candidate[]): number =>
  below.filter(({ facts }, i) => i > 0 && !facts.selfIssued).length

/**
 * Does it name itself as the issuer of the other, in all the ways in which it could? Key identifiers are hints, but two
 * that differ are of two keys (§4.2.1.1).
 */
export function mayHaveIssued(issuer: Candidate, child: Candidate): boolean {
  const { authorityKeyId, authoritySerial } = child.usage
  const { subjectKeyId } = issuer.usage
  if (authorityKeyId !== null && subjectKeyId !== null && authorityKeyId !== subjectKeyId) return false
  return authoritySerial === null || issuer.facts.serialNumber === null || authoritySerial === issuer.facts.serialNumber
}
