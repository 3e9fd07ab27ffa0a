/** Findings and their lives: open, acknowledged, resolved after proof, dormant; flapping damped. */
import type { Severity } from '../classify/policy.ts'
import { SEVERITIES } from '../classify/policy.ts'
import { rfc3339 } from '../core/clock.ts'
import type { Detector, Signal } from './detector.ts'
import { addEvidence, copyFinding, listFlow, newFinding } from './evidence.ts'
import type { Exception, Finding, FindingEvent, FindingEventKind, SensorHealth } from './finding.ts'
import { type Flow, timeUs } from './flow.ts'
import { KeptFindings } from './kept-findings.ts'

const US_PER_HOUR = 3_600_000_000
/** A finding that comes again so soon is the same one, and from then on must stay away for as long. */
const HOLD_DOWN_US = 24 * US_PER_HOUR
const DORMANT_US = 7 * 24 * US_PER_HOUR
const DEFAULT_PROOF = { flows: 5, quiet_h: 1 }
/** Events wait for their taker; more than so many are only counted. */
const MAX_EVENTS = 10_000

/** A finding with what its life is judged by. */
export interface Entry {
  finding: Finding
  /** µs, packet time. */
  firstBadUs: number
  lastBadUs: number
  lastGoodUs: number
  resolvedUs: number
  /** Flows without the fault since the last one with it. */
  goodFlows: number
  /** It began, or became worse, while nobody had accepted it. */
  wasTold: boolean
  /** Of the flow that was listed last, µs. */
  listedUs: number
  /** What the finding's words are of; null = of an earlier run. */
  signal: Signal | null
  /** Conditions on `flows` that pick its subject; null = of an earlier run. */
  where: readonly string[] | 'health' | null
  /** The query made of these; null = nobody was told since they changed. */
  sql: string | null
  /** Facts, places and names of which it lists all that it would: most flows bring no others. */
  listed: Set<object> | null
  /** Another one whenever it changed in more than its counts, or is over. */
  revision: number
  /** Since `takeChanged` was asked last. */
  isChanged: boolean
}

/** What a restart must not lose; plain JSON. */
export type SavedEntry = Pick<Entry, 'finding' | 'lastBadUs' | 'lastGoodUs' | 'resolvedUs' | 'goodFlows'> & {
  /** Left out = an earlier version wrote it. */
  wasTold?: boolean
}

/** All are made here: objects of one shape are faster to look into. */
const entryOf = (saved: SavedEntry, firstBadUs: number): Entry => ({
  finding: saved.finding,
  firstBadUs,
  lastBadUs: saved.lastBadUs,
  lastGoodUs: saved.lastGoodUs,
  resolvedUs: saved.resolvedUs,
  goodFlows: saved.goodFlows,
  wasTold: saved.wasTold ?? false,
  listedUs: 0,
  signal: null,
  where: null,
  sql: null,
  listed: null,
  revision: 0,
  isChanged: false,
})

const savedEntry = (entry: Entry): SavedEntry => {
  const { lastBadUs, lastGoodUs, resolvedUs, goodFlows, wasTold } = entry
  return { finding: copyFinding(entry), lastBadUs, lastGoodUs, resolvedUs, goodFlows, wasTold }
}

/** What a fault was seen on: a flow, or a sensor's interval. */
export interface Sighting {
  readonly subject: string
  readonly atUs: number
  readonly firstUs: number
  readonly sensor: string
  readonly flow: Flow | null
  zonePair(): string
  /** A condition on `flows`: those of the zone pair. */
  zonePairSql(): string
  readonly severity: Severity
  readonly exception: Exception | null
  readonly health: SensorHealth
  /** The flow was counted before. */
  readonly isCounted: boolean
}

export class FindingBook {
  droppedEvents = 0
  readonly kept = new KeptFindings((entry) => this.#giveUp(entry))
  #events: FindingEvent[] = []
  readonly #changed = new Set<Entry>()
  /** Those of them of which there were events. */
  readonly #told = new Set<Entry>()

  /** True when the finding begins by it, or is no longer over. */
  raise(row: Detector, signal: Signal, seen: Sighting): boolean {
    const entry = this.kept.openOf(row.id).get(seen.subject) ?? this.#entryOf(row, seen)
    if (entry === null) return false
    const { finding } = entry
    const isNew = finding.flows === 0
    const hadException = finding.exception !== null
    const before = finding.severity
    const wasOver = finding.state === 'resolved' || finding.state === 'dormant'
    addEvidence(entry, signal, seen)
    entry.goodFlows = 0
    entry.revision += 1
    this.#noteChanged(entry)
    if (isNew) this.#tell('opened', entry, seen.atUs)
    else if (wasOver) this.#reopen(entry, seen.atUs)
    else if (hadException && finding.exception === null) this.#tell('opened', entry, seen.atUs)
    else if (isWorse(seen.severity, before)) this.#worsen(entry, seen)
    return isNew || wasOver
  }

  /** As `raise`, by a flow that shows nothing of an open finding that others did not show. */
  countAgain(entry: Entry, flow: Flow, isCounted: boolean, health: SensorHealth): void {
    const { finding } = entry
    if (!isCounted) finding.flows += 1
    if (flow.lastUs > entry.lastBadUs) entry.lastBadUs = flow.lastUs
    listFlow(entry, flow, isCounted)
    finding.health = health
    entry.goodFlows = 0
    this.#noteChanged(entry)
  }

  /** The subject of an open finding was seen without the fault. */
  good(row: Detector, entry: Entry, atUs: number): void {
    entry.lastGoodUs = Math.max(entry.lastGoodUs, atUs)
    if (atUs <= entry.lastBadUs) return
    entry.goodFlows += 1
    const { flows, quiet_h } = row.proof ?? DEFAULT_PROOF
    const quietUs = entry.finding.flapping ? Math.max(HOLD_DOWN_US, quiet_h * US_PER_HOUR) : quiet_h * US_PER_HOUR
    if (entry.goodFlows < flows || atUs - entry.lastBadUs < quietUs) return
    entry.resolvedUs = atUs
    entry.finding.proof = `${entry.goodFlows} without the fault since ${rfc3339(entry.lastBadUs)}`
    this.#end(entry, 'resolved', atUs)
  }

  /** What nobody has seen for long is neither there nor gone. */
  tick(nowUs: number): void {
    for (const entry of this.kept) {
      if (isOver(entry.finding)) continue
      if (nowUs - Math.max(entry.lastBadUs, entry.lastGoodUs) > DORMANT_US) this.#end(entry, 'dormant', nowUs)
    }
  }

  /** False when there is no such open finding. */
  acknowledge(key: string, by: string, reason: string, atUs: number): boolean {
    const entry = this.kept.get(key)
    if (entry === undefined || isOver(entry.finding)) return false
    const { finding } = entry
    finding.state = 'acknowledged'
    finding.acknowledged_by = by
    finding.acknowledged_at = rfc3339(atUs)
    finding.acknowledged_reason = reason
    this.#tell('acknowledged', entry, atUs)
    return true
  }

  except(key: string, exception: Exception): void {
    const entry = this.kept.get(key)
    if (entry === undefined) return
    entry.finding.exception = exception
    entry.revision += 1
    this.#noteChanged(entry)
  }

  findings(): Finding[] {
    return [...this.kept].map(copyFinding)
  }

  takeEvents(): FindingEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }

  /** Those that are not as they were when this was asked last; `isUrgent`: only those of which there were events. */
  takeChanged(isUrgent = false): SavedEntry[] {
    const taken = [...(isUrgent ? this.#told : this.#changed)]
    this.#told.clear()
    if (isUrgent) for (const entry of taken) this.#changed.delete(entry)
    else this.#changed.clear()
    for (const entry of taken) entry.isChanged = false
    return taken.map(savedEntry)
  }

  save(): SavedEntry[] {
    return [...this.kept].map(savedEntry)
  }

  restore(entries: readonly SavedEntry[]): void {
    for (const saved of entries) {
      const entry = entryOf(saved, timeUs(saved.finding.first_seen))
      if (this.kept.makeRoom(entry.finding.rule)) this.kept.add(entry, isOver(entry.finding))
    }
  }

  /** Null = there is no room for it. */
  #entryOf(row: Detector, seen: Sighting): Entry | null {
    const key = `${row.id}|${seen.subject}`
    return this.kept.get(key) ?? (this.kept.makeRoom(row.id) ? this.#add(key, row, seen) : null)
  }

  #add(key: string, row: Detector, seen: Sighting): Entry {
    const finding = newFinding(key, row, seen)
    const entry = entryOf({ finding, lastBadUs: seen.atUs, lastGoodUs: 0, resolvedUs: 0, goodFlows: 0 }, seen.firstUs)
    this.kept.add(entry)
    return entry
  }

  /** With most flows it has already. */
  #noteChanged(entry: Entry): void {
    if (entry.isChanged) return
    entry.isChanged = true
    this.#changed.add(entry)
  }

  #reopen(entry: Entry, atUs: number): void {
    const { finding } = entry
    finding.flapping = finding.state === 'resolved' && atUs - entry.resolvedUs < HOLD_DOWN_US
    finding.state = 'open'
    finding.reopened += 1
    finding.resolved_at = null
    finding.proof = null
    this.kept.reopen(entry)
    this.#tell('reopened', entry, atUs)
  }

  #worsen(entry: Entry, seen: Sighting): void {
    entry.finding.severity = seen.severity
    // Who accepted the milder one has not accepted this.
    entry.finding.state = 'open'
    this.#tell('worsened', entry, seen.atUs)
  }

  #end(entry: Entry, state: 'resolved' | 'dormant', atUs: number): void {
    entry.finding.state = state
    entry.finding.flapping = false
    if (state === 'resolved') entry.finding.resolved_at = rfc3339(atUs)
    this.kept.end(entry)
    this.#tell(state, entry, atUs)
    entry.wasTold = false
  }

  /** Nobody will know of it any more whether it is there. */
  #giveUp(entry: Entry): void {
    entry.finding.state = 'dormant'
    this.#tell('dormant', entry, entry.lastBadUs)
    entry.wasTold = false
  }

  #tell(kind: FindingEventKind, entry: Entry, atUs: number): void {
    this.#noteChanged(entry)
    this.#told.add(entry)
    if (entry.finding.exception === null) entry.wasTold = true
    if (this.#events.length >= MAX_EVENTS) {
      this.droppedEvents += 1
      return
    }
    this.#events.push({ kind, at: rfc3339(atUs), finding: copyFinding(entry), wasTold: entry.wasTold })
  }
}

const isOver = ({ state }: Finding): boolean => state === 'resolved' || state === 'dormant'

const isWorse = (a: Severity, b: Severity): boolean => SEVERITIES.indexOf(a) < SEVERITIES.indexOf(b)
