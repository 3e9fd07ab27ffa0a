/** A detector at work: with its settings, its memory of the subject at hand, and the context it is shown. */
import type { Severity } from '../classify/policy.ts'
import { OperatorError } from '../core/errors.ts'
import type { Certificate } from './certificates.ts'
import type { RuleConfig } from './config.ts'
import { type Context, type Detector, nothing, type Settings, type Signal } from './detector.ts'
import type { AlertEngine } from './engine.ts'
import { findRow } from './exceptions.ts'
import type { Flow } from './flow.ts'
import { timeUs } from './flow.ts'
import type { MemoriesOfKind } from './memories.ts'
import type { HealthRecord } from './records.ts'
import type { RevokedBy } from './revocations.ts'
import { compileSelector } from './selector.ts'

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

export class Watch implements Context {
  readonly row: Detector
  readonly #settings: Settings
  readonly #severity: Severity | null
  readonly #isMeant: ((flow: Flow) => boolean) | null
  readonly #engine: AlertEngine
  readonly #memories: MemoriesOfKind | null
  /** Of its row in the table. */
  readonly #index: number
  readonly #open: ReadonlyMap<string, unknown>
  #flow: Flow | null = null
  #health: HealthRecord | null = null
  #subject = ''

  constructor(row: Detector, config: RuleConfig, engine: AlertEngine, index: number) {
    this.row = row
    this.#settings = settingsOf(row, config.settings ?? {})
    this.#severity = config.severity ?? null
    this.#isMeant = config.only === undefined ? null : compileSelector(config.only)
    this.#engine = engine
    this.#memories = row.fresh === nothing ? null : engine.memories.ofKind(row.subject)
    this.#index = index
    this.#open = engine.openOf(row)
  }

  observe(flow: Flow): void {
    if (this.#takes(flow)) this.row.observe?.(flow, this.#memory(), this.#settings, this)
  }

  /** The flow's facts show this, as they do for all flows that share them. */
  raiseOf(flow: Flow, signal: Signal): void {
    if (this.#takes(flow)) this.raise(signal)
  }

  /** The flow's facts show that all is well: news only where something was wrong. */
  goodOf(flow: Flow): void {
    if (this.#open.size > 0 && this.#takes(flow)) this.good()
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

  zonePair(flow: Flow): string {
    const { zones } = this.#engine
    if (flow.zonePair === '') flow.zonePair = zones.pairOf(flow.clientIp, flow.serverIp)
    return flow.zonePair
  }

  certificate(fingerprint: string): Certificate | null {
    return this.#engine.knownCertificate(fingerprint)
  }

  revocation(fingerprint: string, timeUs: number): RevokedBy | null {
    return this.#engine.revocations.of(fingerprint, timeUs)
  }

  raise(signal: Signal): void {
    const flow = this.#flow
    const atUs = flow?.lastUs ?? timeUs(this.#health?.window_end ?? '')
    const sensor = flow?.sensor ?? this.#health?.sensor ?? ''
    const { exceptions, health } = this.#engine
    this.#engine.raise(this.row, signal, {
      subject: this.#subject,
      atUs,
      firstUs: flow?.firstUs ?? timeUs(this.#health?.window_start ?? ''),
      sensor,
      flow,
      zonePair: () => (flow === null ? '' : this.zonePair(flow)),
      severity: this.#severity ?? signal.severity ?? this.row.severity,
      exception: exceptions.of(this.row, this.#subject, flow, atUs),
      health: health.of(sensor, atUs),
    })
  }

  good(): void {
    if (this.#open.size === 0) return
    this.#engine.good(this.row, this.#subject, this.#flow?.lastUs ?? timeUs(this.#health?.window_end ?? ''))
  }

  #subjectOf(flow: Flow): string | null {
    if (this.row.subjectOf !== undefined) return this.row.subjectOf(flow, this)
    switch (this.row.subject) {
      case 'server':
        return flow.server
      case 'edge':
        return `${flow.clientIp} -> ${flow.server}`
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

  #memory(): object {
    if (this.#memories === null) return this.row.fresh()
    return this.#memories.of(this.#subject).ofRule(this.#index, this.row)
  }
}

/** @throws OperatorError ERR_USAGE for a name that the detector does not have */
function settingsOf(row: Detector, given: Settings): Settings {
  const unknown = Object.keys(given).find((name) => !(name in row.defaults))
  if (unknown === undefined) return { ...row.defaults, ...given }
  const names = Object.keys(row.defaults).join(', ') || 'none'
  throw new OperatorError('ERR_USAGE', `rule ${row.id} has no setting "${unknown}"`, `it has: ${names}`)
}
