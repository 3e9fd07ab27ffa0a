/** Why things are so and what to do about it, in words. */
import { describeRule, listPolicies } from '../classify/index.ts'
import { type PolicyPack, type PolicyRule, SEVERITIES } from '../classify/policy.ts'
import type { UnknownReason, Verdict } from '../core/verdict.ts'

export const MEANINGS = {
  plaintext: 'data in the clear',
  weak: 'encrypted, a rule fails',
  strong: 'encrypted, no rule fails',
  opaque: 'encrypted, not seen how',
  unknown: 'not enough was seen',
  exempt: 'left out by an exemption',
} as const satisfies Record<Verdict, string>

/** Why a flow could not be judged, and what makes such flows fewer. */
export interface ReasonWords {
  readonly why: string
  readonly remedy: string
}

const REASONS: Readonly<Record<UnknownReason, ReasonWords>> = {
  no_payload: {
    why: 'No application data crossed: refused, scanned, idle, or a handshake that failed.',
    remedy: "Look for services that are down or refuse their clients' handshakes, and for scanners.",
  },
  midstream: {
    why: 'The capture begins after the handshake, and nothing recognisable followed.',
    remedy: 'Start capturing earlier or keep capturing: long connections are judged when they reconnect.',
  },
  one_sided: {
    why: 'Only one direction was captured, and it does not show enough.',
    remedy: 'Mirror both directions, and send both to the same sensor where routes are asymmetric.',
  },
  gap: {
    why: 'Packets were lost before the verdict.',
    remedy: "Look for drops at the mirror port and in the sensor's own counters; mirror less, or capture faster.",
  },
  truncated: {
    why: 'The capture kept too few bytes of each frame.',
    remedy: 'Capture whole frames: tcpdump -s 0, or a larger packet length in the traffic mirror session.',
  },
  ambiguous: {
    why: 'Data crossed in a protocol whose packets look the same encrypted and in the clear: RTP and SRTP, what TURN relays.',
    remedy: 'Ask the owners of these services; capture the signalling (SIP, DTLS) and RTCP of the same calls as well.',
  },
  unrecognised: {
    why: 'Bytes were seen, in a protocol that intransit does not know.',
    remedy: 'Ask the owners of these ports what they speak; what is known to be harmless can be exempted.',
  },
  cap_hit: {
    why: "One of intransit's own memory caps stopped the reading.",
    remedy: 'Spread the traffic over more sensors, or replay the capture in smaller pieces.',
  },
}

/** Null for a reason that a newer sensor may have written. */
export const explainReason = (reason: string | null): ReasonWords | null =>
  reason !== null && Object.hasOwn(REASONS, reason) ? REASONS[reason as UnknownReason] : null

/** What the packs say of violations, "pack/rule"; null where no pack at hand has the rule. */
export type RuleBook = (violation: string) => PolicyRule | null

/** The packs shipped with intransit and those of the operator. */
export function ruleBook(packs: readonly PolicyPack[]): RuleBook {
  const known = [...packs, ...listPolicies()]
  return (violation) => describeRule(violation, known)
}

/** Worst first; rules that are in no pack at hand come last. */
export function bySeverity(violations: readonly string[], rules: RuleBook): string[] {
  const rank = (violation: string): number => {
    const severity = rules(violation)?.severity
    return severity === undefined ? SEVERITIES.length : SEVERITIES.indexOf(severity)
  }
  return [...violations].sort((a, b) => rank(a) - rank(b))
}

/** What is wrong, worst first and each once, though several packs may forbid the same. */
export const faults = (violations: readonly string[], rules: RuleBook): string[] => [
  ...new Set(bySeverity(violations, rules).map((violation) => rules(violation)?.title ?? violation)),
]
