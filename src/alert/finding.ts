import type { Severity } from '../classify/policy.ts'

/** Who can end it: by what was offered, what was chosen and the downgrade sentinel. */
export type MustFix = 'client' | 'server' | 'both' | 'attack' | 'network' | 'unknown'

export const FINDING_STATES = ['open', 'acknowledged', 'resolved', 'dormant'] as const
/** `resolved`: proved by traffic; `dormant`: neither the fault nor its absence was seen for long. */
export type FindingState = (typeof FINDING_STATES)[number]

/** An exemption or a suppression: what it covers is kept and shown apart, and nobody is told. */
export interface Exception {
  readonly owner: string
  readonly reason: string
  /** RFC 3339; from then on it no longer counts. */
  readonly expires: string
}

/** What the sensor lost while it saw this: evidence of a blind sensor is worth less. */
export interface SensorHealth {
  readonly state: 'good' | 'bad' | 'unknown'
  /** Of all frames offered. */
  readonly lost_ratio: number
}

/** One fault of one subject, however many flows show it. Named as the columns of `findings`. Times are packet time. */
export interface Finding {
  /** rule|subject. */
  readonly key: string
  /** "A5". */
  readonly rule: string
  /** "tls-declined". */
  readonly name: string
  severity: Severity
  readonly title: string
  readonly subject_kind: string
  readonly subject: string
  readonly zone_pair: string
  state: FindingState
  /** Came again within a day of its end: it ends only after a whole day without. */
  flapping: boolean
  /** One sentence: what the latest flow showed. */
  what: string
  must_fix: MustFix
  opened_at: string
  first_seen: string
  last_seen: string
  resolved_at: string | null
  /** What proved that it is over. */
  proof: string | null
  acknowledged_by: string | null
  acknowledged_at: string | null
  acknowledged_reason: string | null
  exception: Exception | null
  /** Flows that showed it. */
  flows: number
  reopened: number
  server_names: string[]
  servers: string[]
  clients: string[]
  sensors: string[]
  versions_offered: string[]
  versions_chosen: string[]
  cipher_suites: string[]
  /** The first ones and the latest ones. */
  flow_ids: string[]
  health: SensorHealth
  /** Shows the flows in the store. */
  sql: string
  /** Path of the page that says what to do. */
  runbook: string
}

/** What happens to a finding; receivers are told of these. */
export const FINDING_EVENTS = ['opened', 'worsened', 'acknowledged', 'reopened', 'resolved', 'dormant'] as const
export type FindingEventKind = (typeof FINDING_EVENTS)[number]

export interface FindingEvent {
  readonly kind: FindingEventKind
  /** Packet time, RFC 3339. */
  readonly at: string
  /** As it was then. */
  readonly finding: Finding
  /** Of an end: its beginning was told, so that its end must be, whatever was accepted meanwhile. */
  readonly wasTold?: boolean
}
