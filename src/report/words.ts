/** Why things are so, in words. */
import { describeRule } from '../classify/index.ts'
import { UNKNOWN_REASONS, type UnknownReason } from '../core/verdict.ts'

const REASONS: Readonly<Record<UnknownReason, string>> = {
  no_payload: 'nothing was said: refused, scanned or broken off before any application data',
  midstream: 'the capture begins after the handshake: capture longer, or from before the start',
  one_sided: 'only one direction was captured: check that the mirror covers both',
  gap: 'bytes were lost before the verdict: check the mirror for drops',
  truncated: 'frames were cut short: capture with a larger snap length',
  unrecognised: 'a protocol that this version does not know',
  cap_hit: "one of intransit's own memory caps stopped the reading",
}

const isReason = (reason: string): reason is UnknownReason => (UNKNOWN_REASONS as readonly string[]).includes(reason)

export const explainReason = (reason: string): string => (isReason(reason) ? REASONS[reason] : reason)

/** The title of the rule that a violation names; the name itself where its pack is not here. */
export const explainRule = (violation: string): string => describeRule(violation)?.title ?? violation

const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info']

/** Worst first. */
export const bySeverity = (violations: readonly string[]): string[] => {
  const rank = (violation: string): number => {
    const severity = describeRule(violation)?.severity
    return severity === undefined ? SEVERITIES.length : SEVERITIES.indexOf(severity)
  }
  return [...violations].sort((a, b) => rank(a) - rank(b))
}
