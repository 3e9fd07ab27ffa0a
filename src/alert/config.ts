/** What an operator may change about detectors; `cli/alert-config.ts` reads it from a file. */
import type { Severity } from '../classify/policy.ts'
import type { Settings } from './detector.ts'
import type { Exception } from './finding.ts'

/** All that is named must match; of a list, one. */
export interface Selector {
  /** Addresses or CIDR ranges of servers. */
  readonly servers?: readonly string[]
  readonly clients?: readonly string[]
  readonly ports?: readonly number[]
  /** Server names; "*.example.com" takes every name below. */
  readonly names?: readonly string[]
  readonly sensors?: readonly string[]
}

export interface RuleConfig {
  readonly off?: boolean
  readonly severity?: Severity
  /** In place of a detector's defaults, by their names. */
  readonly settings?: Settings
  /** Looks only there. */
  readonly only?: Selector
  /** SHA-256 of public keys (SubjectPublicKeyInfo, hex) that it accepts; for detectors that ask (`acceptsKeys`). */
  readonly allow_spki?: readonly string[]
  /** Addresses or CIDR ranges of AWS load balancers; for detectors that ask (`asksLoadBalancers`). */
  readonly elb_ranges?: readonly string[]
}

export interface Suppression extends Exception {
  /** Ids or names; left out = every rule. */
  readonly rules?: readonly string[]
  readonly where: Selector
}

export interface AlertConfig {
  /** By id ("A5") or name. */
  readonly rules: Readonly<Record<string, RuleConfig>>
  /** Names of networks, most specific first; addresses in none are "internal" (private ones) or "external". */
  readonly zones: Readonly<Record<string, readonly string[]>>
  readonly suppressions: readonly Suppression[]
  /** A policy by which flows are judged asks for post-quantum groups; left out = none does. */
  readonly isPostQuantumAsked?: boolean
}

export const DEFAULT_ALERT_CONFIG: AlertConfig = { rules: {}, zones: {}, suppressions: [] }
