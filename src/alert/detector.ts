import type { Severity } from '../classify/policy.ts'
import type { Certificate } from './certificates.ts'
import type { Facts, FlowKind } from './facts.ts'
import type { MustFix } from './finding.ts'
import type { Flow } from './flow.ts'
import type { HealthRecord } from './records.ts'
import type { RevokedBy } from './revocations.ts'

/** Thresholds by name; the name ends in the unit. */
export type Settings = Readonly<Record<string, number>>

/** Whose fault a finding is about: the second half of its key. */
export type SubjectKind = 'server' | 'edge' | 'identity' | 'certificate' | 'zone_pair' | 'sensor'

const TO = ' -> '

/** The subject of a client and a server. */
export const edgeOf = (clientIp: string, server: string): string => `${clientIp}${TO}${server}`
export const serverOfEdge = (edge: string): string => edge.slice(edge.indexOf(TO) + TO.length)

/** What one flow shows of a fault. */
export interface Signal {
  /** One sentence without volatile figures: server and times stand beside it. */
  readonly what: string
  readonly mustFix: MustFix
  /** In place of the detector's own. */
  readonly severity?: Severity
  /** A condition on `flows` that picks the flows which show it; those of the subject are meant anyway. */
  readonly sql: string
}

/** 'good' = the fault is not there; null = neither is shown. */
export type Shown = Signal | 'good' | null

export interface Context {
  /** The latest packet time of all, µs. */
  readonly nowUs: number
  /** When the engine's memory begins, µs: what is new is judged by it. */
  readonly sinceUs: number
  /** Capture lost frames lately: what is missing may only not have been seen. */
  readonly isHealthBad: boolean
  /** A policy by which flows are judged asks for post-quantum groups. */
  readonly isPostQuantumAsked: boolean
  zonePair(flow: Flow): string
  /** Null = not seen, or no longer known. */
  certificate(fingerprint: string): Certificate | null
  /** A certificate of an authority of this name was shown, by this server or another. */
  knowsAuthority(subject: string): boolean
  /** How it is known that the certificate was revoked by then; null = nothing says so. */
  revocation(fingerprint: string, timeUs: number): RevokedBy | null
  /** The operator knows this public key, and accepts it. */
  acceptsKey(spki: string | null): boolean
  /** The operator says that AWS load balancers have this address. */
  isLoadBalancer(address: string): boolean
  /** The subject shows the fault. */
  raise(signal: Signal): void
  /** The subject shows that the fault is not there: part of the proof that it is over. */
  good(): void
  /** Nothing was changed, and by more of the same nothing will be, before this packet time; what was raised holds for them too. */
  settled(untilUs: number): void
}

export interface DetectorRow<S extends Settings = Settings, T extends object = object> {
  /** As FIELD names it: "A1". */
  readonly id: string
  /** kebab-case; names the page in docs/runbooks. */
  readonly name: string
  readonly severity: Severity
  /** What is wrong, in words for people. */
  readonly title: string
  readonly subject: SubjectKind
  /** The flows it is shown; left out = all. */
  readonly kinds?: readonly FlowKind[]
  readonly defaults: S
  /** Public keys may be allowed by name in its configuration: it asks `acceptsKey`. */
  readonly acceptsKeys?: boolean
  /** Ranges of load balancers may be told in its configuration: it asks `isLoadBalancer`. */
  readonly asksLoadBalancers?: boolean
  /** Flows without the fault, and the quiet time since the last one with it, that prove its end. */
  readonly proof?: { readonly flows: number; readonly quiet_h: number }
  /** In place of the kind's own: null = this flow has no such subject. */
  subjectOf?(flow: Flow, context: Context): string | null
  /** Facts that show neither the fault nor its absence, whoever's they are; left out = none. */
  concerns?(facts: Facts): boolean
  /** In place of `observe` where facts say all there is to say: asked once for all flows that share them. */
  shows?(facts: Facts): Shown
  /**
   * It says when it has `settled`: flows of the same facts to the same server for the same name are not shown to it until
   * then, or until another flow changed what it remembers of the subject.
   */
  readonly settles?: boolean
  /** What is remembered of a subject: plain JSON. */
  fresh(): T
  observe?(flow: Flow, memory: T, settings: S, context: Context): void
  /** For detectors of subject "sensor": an interval of one of its sources, which is the subject then. */
  observeHealth?(record: HealthRecord, memory: T, settings: S, context: Context): void
}

/** A row of the table, its types of settings and memory checked here and forgotten. */
export const detector = <S extends Settings, T extends object>(row: DetectorRow<S, T>): Detector =>
  row as unknown as Detector

export type Detector = DetectorRow

/** A detector to which facts alone say whether the fault is there. */
export const factDetector = (row: Omit<DetectorRow, 'defaults' | 'fresh' | 'observe'>): Detector => ({
  ...row,
  defaults: {},
  fresh: nothing,
})

/** For detectors that remember nothing. */
export const nothing = (): object => NOTHING
const NOTHING = Object.freeze({})
