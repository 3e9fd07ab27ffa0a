/** A detector at work: with its settings, its memory of the subject at hand, and the context it is shown. */
import type { Severity } from '../classify/policy.ts'
import type { Certificate } from './certificates.ts'
import type { RuleConfig, Selector } from './config.ts'
import {
  type Context,
  type Detector,
  type DetectorRow,
  edgeOf,
  nothing,
  type Settings,
  type Signal,
  type SubjectKind,
} from './detector.ts'
import type { AlertEngine } from './engine.ts'
import { showsNothingNew } from './evidence.ts'
import { findRow } from './exceptions.ts'
import { type Flow, type Place, timeUs } from './flow.ts'
import type { MemoriesOfKind, RuleMemory, SubjectMemory } from './memories.ts'
import type { OpenFindings } from './open-findings.ts'
import type { HealthRecord } from './records.ts'
import type { RevokedBy } from './revocations.ts'
import { acceptedKeysOf, loadBalancersOf, settingsOf } from './rule-options.ts'
import { compileSelector, meansSensor } from './selector.ts'
import { Slot, Standing } from './unit.ts'
import type { Zones } from './zones.ts'

/** @throws OperatorError ERR_USAGE */
export function watchesOf(
  table: readonly Detector[],
  rules: Readonly<Record<string, RuleConfig>>,
  engine: AlertEngine,
): Watch[] {
  const configs = new Map(Object.entries(rules).map(([rule, config]) => [findRow(table, rule), config]))
  return table
    .filter((row) => configs.get(row)?.off !== true)
    .map((row) => new Watch(row, configs.get(row) ?? {}, engine, table.indexOf(row)))
}

const SHARED: ReadonlySet<SubjectKind> = new Set(['server', 'identity', 'certificate'])

export class Watch implements Context {
  readonly row: Detector
  /** See `DetectorRow.settles`. */
  readonly settles: boolean
  // The row's, at hand: rows are of many shapes, and looking into them is slow.
  readonly #observe: DetectorRow['observe']
  readonly #subjectOfRow: DetectorRow['subjectOf']
  readonly #kind: SubjectKind
  readonly #isForgetful: boolean
  /** Flows of the same facts to the same place for the same name have one subject. */
  readonly #sharesSubject: boolean
  readonly #settings: Settings
  readonly #severity: Severity | null
  readonly #acceptedKeys: ReadonlySet<string>
  readonly #isLoadBalancer: (address: string) => boolean
  readonly #isMeant: ((flow: Flow) => boolean) | null
  readonly #only: Selector | null
  readonly #engine: AlertEngine
  readonly #memories: MemoriesOfKind
  /** Of its row in the table. */
  readonly #index: number
  readonly #open: OpenFindings
  readonly #rowSeverity: Severity
  #flow: Flow | null = null
  #health: HealthRecord | null = null
  #subject = ''
  /** The memory of the subject before: there are few sensors and zones. Null = there was none. */
  #owner: SubjectMemory | null = null
  #own: RuleMemory | null = null
  #ownSubject = ''
  /** What the row said of the flow at hand: µs; -1 = nothing. */
  #settledUs = -1
  /** What it raised of it. */
  #raised: Signal | null = null

  constructor(row: Detector, config: RuleConfig, engine: AlertEngine, index: number) {
    this.row = row
    this.#rowSeverity = row.severity
    this.#observe = row.observe
    this.#subjectOfRow = row.subjectOf
    this.#kind = row.subject
    this.#isForgetful = row.fresh === nothing
    this.settles = row.settles === true
    this.#sharesSubject = row.subjectOf !== undefined || SHARED.has(row.subject)
    this.#settings = settingsOf(row, config.settings ?? {})
    this.#severity = config.severity ?? null
    this.#acceptedKeys = acceptedKeysOf(row, config.allow_spki)
    this.#isLoadBalancer = loadBalancersOf(row, config.elb_ranges)
    this.#only = config.only ?? null
    this.#isMeant = config.only === undefined ? null : compileSelector(config.only)
    this.#engine = engine
    this.#memories = engine.memories.ofKind(row.subject)
    this.#index = index
    this.#open = engine.openOf(row)
  }

  observe(flow: Flow): void {
    if (!this.#takes(flow)) return
    this.#settledUs = -1
    if (this.#isForgetful) {
      this.#observe?.(flow, nothing(), this.#settings, this)
      return
    }
    const own = this.#ownMemory()
    this.#observe?.(flow, own.memory, this.#settings, this)
    // Who had settled by what is remembered of the subject must look again.
    if (this.settles && this.#settledUs < 0) this.#owner?.noteChange(own)
  }

  #ownMemory(): RuleMemory {
    const subject = this.#subject
    if (this.#own !== null && this.#ownSubject === subject && this.#owner?.isKept === true) return this.#own
    this.#owner = this.#memories.of(subject)
    this.#own = this.memoryOf(this.#owner)
    this.#ownSubject = subject
    return this.#own
  }

  /** Its view of flows that are like this one; null = it must see each of them. */
  slotOf(flow: Flow): Slot | null {
    const subject = this.#sharedSubjectOf(flow)
    return subject === null ? null : new Slot(this, subject, this.#memories.of(subject))
  }

  /** The same where facts alone say that `signal` is raised. */
  standingOf(flow: Flow, signal: Signal): Standing | null {
    const subject = this.#sharedSubjectOf(flow)
    if (subject === null) return null
    const standing = new Standing(this, subject)
    standing.signal = signal
    return standing
  }

  #sharedSubjectOf(flow: Flow): string | null {
    return this.#sharesSubject && this.#isMeant === null ? this.#subjectOf(flow) : null
  }

  memoryOf(owner: SubjectMemory): RuleMemory {
    return owner.ofRule(this.#index, this.row)
  }

  /** Unless it has seen such flows often enough. */
  observeSlot(flow: Flow, slot: Slot): void {
    const { owner, own, subject } = slot
    const isQuiet = flow.lastUs < slot.quietUntilUs && slot.changes === own.changes
    if (isQuiet) {
      this.raiseStanding(flow, slot)
      return
    }
    this.#flow = flow
    this.#subject = subject
    this.#settledUs = -1
    this.#raised = null
    this.#observe?.(flow, own.memory, this.#settings, this)
    if (!this.settles) return
    if (this.#settledUs < 0 && !this.#isForgetful) owner.noteChange(own)
    slot.signal = this.#settledUs < 0 ? null : this.#raised
    slot.entry = null
    // While a finding is open each flow without the fault is part of the proof of its end.
    const isAwaited = slot.signal === null && this.#open.size > 0 && this.#open.has(subject)
    slot.quietUntilUs = isAwaited ? 0 : Math.max(0, this.#settledUs)
    slot.changes = own.changes
  }

  raiseStanding(flow: Flow, standing: Standing): void {
    const { entry, signal, subject } = standing
    if (signal === null) return
    const isAsBefore = entry !== null && entry.revision === standing.revision
    if (isAsBefore && this.#engine.raiseLikeOthers(entry, this.#index, flow)) return
    this.#flow = flow
    this.#subject = subject
    this.raise(signal)
    const open = this.#open.get(subject)
    const isKnown = open !== undefined && showsNothingNew(open, signal, this.#severityOf(signal), flow)
    standing.entry = isKnown ? open : null
    standing.revision = isKnown ? open.revision : 0
  }

  /** A finding of this subject begins: those who had nothing to report of it have now. */
  noteOpened(subject: string): void {
    const owner = this.#memories.peek(subject)
    owner?.noteChange(this.memoryOf(owner))
  }

  /** The flow's facts show this, as they do for all flows that share them. */
  raiseOf(flow: Flow, signal: Signal): void {
    if (this.#takes(flow)) this.raise(signal)
  }

  /** The flow's facts show that all is well: news only where something was wrong. */
  goodOf(flow: Flow): void {
    if (this.#open.size === 0) return
    // Before the client is asked for: its address is a text of its own.
    if (this.#kind === 'edge' && !this.#open.hasEdgeTo(flow.server)) return
    if (this.#takes(flow)) this.good()
  }

  /** False = no open finding of this detector waits for flows like this one, until one that is about no edge begins or ends. */
  mayAwait(flow: Flow): boolean {
    if (this.#isMeant !== null || !this.#sharesSubject) return true
    const subject = this.#subjectOf(flow)
    return subject !== null && this.#open.has(subject)
  }

  #severityOf({ severity }: Signal): Severity {
    return this.#severity ?? severity ?? this.#rowSeverity
  }

  #takes(flow: Flow): boolean {
    if (this.#isMeant !== null && !this.#isMeant(flow)) return false
    this.#flow = flow
    const subject = this.#subjectOf(flow)
    if (subject === null) return false
    this.#subject = subject
    return true
  }

  observeHealth(record: HealthRecord): void {
    if (this.#only !== null && !meansSensor(this.#only, record.sensor)) return
    this.#flow = null
    this.#health = record
    this.#subject = `${record.sensor}/${record.source}`
    this.row.observeHealth?.(record, this.#memory(), this.#settings, this)
  }

  get nowUs(): number {
    return this.#engine.nowUs
  }

  get sinceUs(): number {
    return this.#engine.sinceUs
  }

  get isHealthBad(): boolean {
    return this.#engine.health.isBad(this.#engine.nowUs)
  }

  get isPostQuantumAsked(): boolean {
    return this.#engine.isPostQuantumAsked
  }

  zonePair(flow: Flow): string {
    const { zones } = this.#engine
    if (flow.zonePair === '') flow.zonePair = zones.pair(clientZoneOf(flow, zones), zoneOf(flow.place, zones))
    return flow.zonePair
  }

  certificate(fingerprint: string): Certificate | null {
    return this.#engine.knownCertificate(fingerprint)
  }

  knowsAuthority(subject: string): boolean {
    return this.#engine.revocations.knowsAuthority(subject)
  }

  revocation(fingerprint: string, timeUs: number): RevokedBy | null {
    return this.#engine.revocations.of(fingerprint, timeUs)
  }

  acceptsKey(spki: string | null): boolean {
    return spki !== null && this.#acceptedKeys.has(spki)
  }

  isLoadBalancer(address: string): boolean {
    return this.#isLoadBalancer(address)
  }

  raise(signal: Signal): void {
    this.#raised = signal
    const flow = this.#flow
    const severity = this.#severityOf(signal)
    const open = flow === null ? undefined : this.#open.get(this.#subject)
    if (open === undefined && flow !== null && this.#engine.refuses(this.#open)) return
    const isKnown = open !== undefined && flow !== null
    if (isKnown && this.#engine.raiseAgain(open, signal, severity, this.#index, flow)) return
    const atUs = flow?.lastUs ?? timeUs(this.#health?.window_end ?? '')
    const sensor = flow?.sensor ?? this.#health?.sensor ?? ''
    const { exceptions, health } = this.#engine
    const isNews = this.#engine.raise(this.row, signal, {
      subject: this.#subject,
      atUs,
      firstUs: flow?.firstUs ?? timeUs(this.#health?.window_start ?? ''),
      sensor,
      flow,
      zonePair: () => (flow === null ? '' : this.zonePair(flow)),
      zonePairSql: () => (flow === null ? '' : this.#zonePairSql(flow)),
      severity,
      exception: exceptions.of(this.row, this.#subject, flow ?? sensor, atUs),
      health: health.of(sensor, atUs),
      isCounted: flow !== null && this.#engine.isCounted(this.#index, flow),
    })
    if (isNews) this.noteOpened(this.#subject)
  }

  good(): void {
    const open = this.#open.size === 0 ? undefined : this.#open.get(this.#subject)
    if (open === undefined) return
    this.#engine.good(this.row, open, this.#flow?.lastUs ?? timeUs(this.#health?.window_end ?? ''))
  }

  settled(untilUs: number): void {
    this.#settledUs = untilUs
  }

  #subjectOf(flow: Flow): string | null {
    if (this.#subjectOfRow !== undefined) return this.#subjectOfRow(flow, this)
    switch (this.#kind) {
      case 'server':
        return flow.server
      case 'edge':
        return edgeOf(flow.clientIp, flow.server)
      case 'identity':
        return flow.identity
      case 'certificate':
        return flow.facts.chain[0] ?? null
      case 'zone_pair':
        return this.zonePair(flow)
      case 'sensor':
        return flow.sensor
    }
  }

  #zonePairSql(flow: Flow): string {
    const { zones } = this.#engine
    return zones.pairSql(clientZoneOf(flow, zones), zoneOf(flow.place, zones))
  }

  #memory(): object {
    if (this.#isForgetful) return nothing()
    return this.memoryOf(this.#memories.of(this.#subject)).memory
  }
}

function clientZoneOf(flow: Flow, zones: Zones): number {
  if (!flow.hasClientWords) return zones.of(flow.clientIp)
  return zones.ofWords(flow.client0, flow.client1, flow.client2, flow.client3)
}

/** Many flows go to a place: its zone is looked up once. */
function zoneOf(place: Place, zones: Zones): number {
  if (place.zones !== zones) {
    place.zones = zones
    place.zone = zones.of(place.serverIp)
  }
  return place.zone
}
