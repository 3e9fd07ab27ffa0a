/** Records in, findings out: every flow is shown to the detectors that its kind concerns. Time is packet time. */

import type { Severity } from '../classify/policy.ts'
import { type Entry, FindingBook, type SavedEntry, type Sighting } from './book.ts'
import { BoundedMap } from './bounded-map.ts'
import { Certificate } from './certificates.ts'
import type { AlertConfig } from './config.ts'
import { CountedFlows } from './counted-flows.ts'
import type { Detector, Signal } from './detector.ts'
import { showsNobodyNew, showsNothingNew } from './evidence.ts'
import { Exceptions } from './exceptions.ts'
import type { FlowKind } from './facts.ts'
import type { Exception, Finding, FindingEvent } from './finding.ts'
import { type Flow, flowOf, timeUs } from './flow.ts'
import { HealthMemory } from './health.ts'
import { Memories, type SavedMemory } from './memories.ts'
import type { OpenFindings } from './open-findings.ts'
import { planOf } from './plan.ts'
import type { CertificateRecord, FlowRecord, HealthRecord } from './records.ts'
import { Revocations } from './revocations.ts'
import { Units } from './unit.ts'
import { type Watch, watchesOf } from './watch.ts'
import { Zones } from './zones.ts'

const MAX_CERTIFICATES = 65_536
/** Looks for what became dormant, packet time. */
const TICK_US = 60 * 1_000_000
const KINDS: readonly FlowKind[] = ['tls', 'ssh', 'cleartext', 'other']

/** All that a restart must not lose; plain JSON. */
export interface SavedEngine {
  readonly version: 1
  readonly sinceUs: number
  readonly nowUs: number
  readonly memories: readonly SavedMemory[]
  readonly findings: readonly SavedEntry[]
}

export interface EngineCounters {
  flows: number
  /** What a cap pushed out. */
  subjectsEvicted: number
  findingsEvicted: number
  /** How often one could not open, as there was no room. */
  findingsRefused: number
  eventsDropped: number
}

export class AlertEngine {
  nowUs = 0
  sinceUs = 0
  zones = new Zones({})
  isPostQuantumAsked = false
  readonly health = new HealthMemory()
  readonly exceptions = new Exceptions()
  readonly memories = new Memories()
  readonly revocations = new Revocations()
  readonly #book = new FindingBook()
  readonly #certificates = new BoundedMap<Certificate>(MAX_CERTIFICATES)
  readonly #counted = new CountedFlows()
  readonly #table: readonly Detector[]
  readonly #units = new Units()
  #watches: Readonly<Record<FlowKind, readonly Watch[]>> = { tls: [], ssh: [], cleartext: [], other: [] }
  #sensorWatches: readonly Watch[] = []
  #flows = 0
  #nextTickUs = 0

  /** @throws OperatorError ERR_USAGE for a rule that does not exist, or a range that is none */
  constructor(table: readonly Detector[], config: AlertConfig) {
    this.#table = table
    this.configure(config)
  }

  /** From now on by these thresholds, zones and suppressions; what is known stays known. @throws OperatorError ERR_USAGE, and nothing changes */
  configure(config: AlertConfig): void {
    const table = this.#table
    const zones = new Zones(config.zones)
    const watches = watchesOf(table, config.rules, this)
    this.exceptions.suppress(table, config.suppressions)
    this.zones = zones
    this.isPostQuantumAsked = config.isPostQuantumAsked === true
    const by = (kind: FlowKind) => watches.filter(({ row }) => row.kinds === undefined || row.kinds.includes(kind))
    this.#watches = Object.fromEntries(KINDS.map((kind) => [kind, by(kind)])) as Record<FlowKind, Watch[]>
    this.#sensorWatches = watches.filter(({ row }) => row.observeHealth !== undefined)
  }

  flow(record: FlowRecord): void {
    const flow = flowOf(record)
    if (this.#counts(flow)) this.#lookOnce(flow)
  }

  /** As `flow`, for those who share places, names and facts between flows. */
  look(flow: Flow): void {
    if (!this.#counts(flow)) return
    const unit = this.#units.of(flow, this.#watches[flow.facts.kind])
    if (unit === null) {
      this.#lookOnce(flow)
      return
    }
    unit.show(flow)
    if (this.#book.kept.openCount > 0) unit.showSound(flow, this.#book.kept.openChanges)
  }

  #counts({ facts, lastUs }: Flow): boolean {
    if (facts.verdict === 'exempt') return false
    this.#flows += 1
    this.#moveTo(lastUs)
    return true
  }

  #lookOnce(flow: Flow): void {
    const { observers, raises, sound } = planOf(flow.facts, this.#watches[flow.facts.kind])
    for (const watch of observers) watch.observe(flow)
    for (const { watch, signal } of raises) watch.raiseOf(flow, signal)
    if (this.#book.kept.openCount > 0) for (const watch of sound) watch.goodOf(flow)
  }

  certificate(record: CertificateRecord): void {
    this.revocations.note(record)
    if (this.#certificates.get(record.fingerprint_sha256) !== undefined) return
    this.#certificates.set(record.fingerprint_sha256, new Certificate(record))
  }

  /** A sensor's interval; those of a replay come after their flows. */
  healthInterval(record: HealthRecord): void {
    this.#moveTo(timeUs(record.window_end))
    this.health.note(record)
    for (const watch of this.#sensorWatches) watch.observeHealth(record)
  }

  knownCertificate(fingerprint: string): Certificate | null {
    return this.#certificates.get(fingerprint) ?? null
  }

  /** True when a finding begins by it. */
  raise(row: Detector, signal: Signal, seen: Sighting): boolean {
    return this.#book.raise(row, signal, seen)
  }

  /** Another flow shows what an open finding has of others already; false = it has more to say, and `raise` must be called. */
  raiseAgain(open: Entry, signal: Signal, severity: Severity, rule: number, flow: Flow): boolean {
    if (!this.exceptions.isEmpty || !showsNothingNew(open, signal, severity, flow)) return false
    this.#countAgain(open, rule, flow)
    return true
  }

  /** The same of an open finding of which a flow like this one, but for its client, showed nothing new since it changed. */
  raiseLikeOthers(open: Entry, rule: number, flow: Flow): boolean {
    if (!this.exceptions.isEmpty || !showsNobodyNew(open, flow)) return false
    this.#countAgain(open, rule, flow)
    return true
  }

  #countAgain(open: Entry, rule: number, flow: Flow): void {
    this.#book.countAgain(open, flow, this.isCounted(rule, flow), this.health.of(flow.sensor, flow.lastUs))
  }

  /** By findings of the rule at this place of the table, which counts it from now on. */
  isCounted(rule: number, flow: Flow): boolean {
    return this.#counted.isCounted(rule, flow)
  }

  openOf(row: Detector): OpenFindings {
    return this.#book.kept.openOf(row.id)
  }

  /** No other finding of the rule whose open ones these are can open: there is no room. */
  refuses(open: OpenFindings): boolean {
    return this.#book.kept.refuses(open)
  }

  good(row: Detector, open: Entry, atUs: number): void {
    this.#book.good(row, open, atUs)
  }

  acknowledge(key: string, by: string, reason: string): boolean {
    return this.#book.acknowledge(key, by, reason, this.nowUs)
  }

  /** From now on, and until it expires, nobody is told of this finding. */
  silence(key: string, exception: Exception): void {
    this.exceptions.silence(key, exception)
    this.#book.except(key, exception)
  }

  findings(): Finding[] {
    return this.#book.findings()
  }

  takeEvents(): FindingEvent[] {
    return this.#book.takeEvents()
  }

  /** Those that are not as they were when this was asked last; `isUrgent`: only those of which there were events. */
  takeChanged(isUrgent = false): SavedEntry[] {
    return this.#book.takeChanged(isUrgent)
  }

  get counters(): EngineCounters {
    return {
      flows: this.#flows,
      subjectsEvicted: this.memories.evicted,
      findingsEvicted: this.#book.kept.evicted,
      findingsRefused: this.#book.kept.refused,
      eventsDropped: this.#book.droppedEvents,
    }
  }

  save(): SavedEngine {
    return { ...this.saveBaselines(), ...this.saveFindings() }
  }

  saveFindings(): Pick<SavedEngine, 'version' | 'findings'> {
    return { version: 1, findings: this.#book.save() }
  }

  saveBaselines(): Omit<SavedEngine, 'findings'> {
    const { sinceUs, nowUs } = this
    return { version: 1, sinceUs, nowUs, memories: this.memories.save() }
  }

  restore(saved: SavedEngine): void {
    this.sinceUs = saved.sinceUs
    this.nowUs = saved.nowUs
    this.memories.restore(saved.memories)
    this.#book.restore(saved.findings)
  }

  #moveTo(timeUs: number): void {
    if (this.sinceUs === 0) this.sinceUs = timeUs
    if (timeUs <= this.nowUs) return
    this.nowUs = timeUs
    if (timeUs < this.#nextTickUs) return
    this.#nextTickUs = timeUs + TICK_US
    this.#book.tick(timeUs)
  }
}
