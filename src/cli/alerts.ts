/** Detectors beside a capture or a replay: rows go by, findings come out, are kept, stored and told. */

import type { SavedEntry } from '../alert/book.ts'
import { appendDecision, type Decision, readDecisions } from '../alert/decisions.ts'
import type { AlertEngine } from '../alert/engine.ts'
import { findingEventLine, findingLine } from '../alert/finding-line.ts'
import { FlowLines } from '../alert/flow-lines.ts'
import { type CertificateRecord, createAlertEngine, type FindingEvent } from '../alert/index.ts'
import type { StoredRevocation } from '../alert/revocations.ts'
import { StateFolder } from '../alert/state-folder.ts'
import type { AlertFigures } from '../api/metric-figures.ts'
import { checkReceivers, Notifier } from '../notify/index.ts'
import type { FlowMarks } from '../record/flow-marks.ts'
import { RevocationLists } from '../trust/revocation.ts'
import type { AlertsFile } from './alert-config.ts'

/** Where findings are kept beside the flows, and what is known there. */
export interface FindingOutput {
  findings(lines: Uint8Array, rows: number): Promise<void>
  findingEvents(lines: Uint8Array, rows: number): Promise<void>
  revocations(): Promise<StoredRevocation[]>
}

/** Operators wait no longer than this for what they decided. */
const LOOK_MS = 1000
/** Changed counts are stored, and findings saved, no more often than this. */
const SAVE_MS = 5000
/** And where thousands change, less often: to save one takes some 60 µs. */
const SAVE_MS_EACH = 3
/** Where thousands begin at once, or end, they wait as well, but less long. */
const URGENT_MS_EACH = 0.6
const BASELINES_MS = 300_000
/** What the store knows is judged every some minutes, by another job. */
const LEARN_MS = 60_000

export class Alerts {
  readonly engine: AlertEngine
  readonly notifier: Notifier
  readonly #lines: FlowLines
  readonly #state: StateFolder
  readonly #output: FindingOutput | null
  readonly #say: (text: string) => void
  readonly #timer: NodeJS.Timeout
  #decidedBytes: number
  #version = Date.now()
  #saveAtMs = SAVE_MS
  /** Not before are those saved that began or ended. */
  #urgentAtMs = 0
  /** Findings began or ended since they were saved. */
  #isUrgent = false
  #baselinesMs = performance.now()
  #learnedMs = Number.NEGATIVE_INFINITY
  #work: Promise<void> = Promise.resolve()

  /** @throws OperatorError ERR_USAGE, ERR_DATA_FOLDER */
  constructor(
    file: AlertsFile,
    folder: string,
    output: FindingOutput | null,
    say: (text: string) => void,
    lists = new RevocationLists(),
  ) {
    this.engine = createAlertEngine(file.config)
    this.#lines = new FlowLines(this.engine)
    this.engine.revocations.give(lists)
    this.#state = new StateFolder(file.folder ?? folder)
    this.#output = output
    this.#say = say
    const decided = this.#state.restore(this.engine)
    const isActive = ({ state }: { state: string }): boolean => state === 'open' || state === 'acknowledged'
    const active = () => this.engine.findings().filter(isActive)
    this.notifier = new Notifier(file.receivers, this.#state.folder, active, say)
    // Silences hold from the beginning of the file; acknowledgements are part of the findings once carried out.
    this.#decidedBytes = 0
    this.#decide(decided)
    this.#timer = setInterval(() => void this.#look(), LOOK_MS)
  }

  /** From now on as this file says. @throws OperatorError ERR_USAGE, and nothing changes */
  change({ folder, config, receivers }: AlertsFile): void {
    checkReceivers(receivers)
    this.engine.configure(config)
    // What fails on disk there, as here, must not end a capture.
    void this.notifier.change(receivers).catch((error: Error) => this.#say(error.message))
    if (folder !== null && folder !== this.#state.folder) this.#say('a restart is needed for another folder')
  }

  /** Whole JSON lines of flows; certificates that they show came before. */
  flows(lines: Uint8Array, marks: FlowMarks): void {
    this.#lines.read(lines, marks)
    this.#carryOn()
  }

  certificates(lines: Uint8Array): void {
    for (const line of Buffer.from(lines).toString('latin1').split('\n')) {
      if (line !== '') this.engine.certificate(JSON.parse(line) as CertificateRecord)
    }
  }

  /** A line of `record/health-line.ts`. */
  health(line: string): void {
    this.engine.healthInterval(JSON.parse(line))
    this.#carryOn()
  }

  /** As `intransit alert ack` and `silence`, at once. @throws OperatorError ERR_DATA_FOLDER */
  decide(decision: Decision): void {
    appendDecision(this.#state.folder, decision)
    this.#look()
  }

  /** Which certificates the store knows to be revoked by now. A store that is away is asked again. */
  async learn(): Promise<void> {
    const output = this.#output
    if (output === null) return
    this.#learnedMs = performance.now()
    try {
      this.engine.revocations.know(await output.revocations())
    } catch (error) {
      this.#say((error as Error).message)
    }
  }

  figures(): AlertFigures {
    const { subjectsEvicted, findingsEvicted, findingsRefused, eventsDropped } = this.engine.counters
    return {
      receivers: this.notifier.couriers.map((courier) => ({ name: courier.options.name, ...courier.figures })),
      subjects: this.engine.memories.subjects(),
      evicted: {
        subject: subjectsEvicted,
        finding: findingsEvicted,
        new_finding: findingsRefused,
        event: eventsDropped,
      },
    }
  }

  /** Everything is stored, saved, and taken or waiting on disk when it resolves. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#carryOn()
    // All findings are saved below: those that changed need no line of their own before.
    if (this.#output !== null) this.#storeFindings(this.engine.takeChanged())
    await this.#work
    await this.notifier.close()
    this.#state.saveFindings(this.engine, this.#decidedBytes)
    this.#state.saveBaselines(this.engine)
  }

  #look(): void {
    this.#decide(this.#decidedBytes)
    this.#carryOn()
    const nowMs = performance.now()
    if (nowMs - this.#learnedMs >= LEARN_MS) void this.learn()
    if (nowMs >= this.#saveAtMs) this.#save()
    else if (this.#isUrgent && nowMs >= this.#urgentAtMs) this.#save(true)
    if (nowMs - this.#baselinesMs < BASELINES_MS) return
    this.#baselinesMs = nowMs
    this.#try(() => this.#state.saveBaselines(this.engine))
  }

  #carryOn(): void {
    const events = this.engine.takeEvents()
    if (events.length === 0) return
    this.notifier.tell(events)
    this.#store(events)
    this.#isUrgent = true
  }

  /**
   * The queue on disk comes first: what is lost between the two is told twice, not never. What began or ended cannot wait;
   * counts of all others can.
   */
  #save(isUrgent = false): void {
    this.#isUrgent = false
    const changed = this.engine.takeChanged(isUrgent)
    const nowMs = performance.now()
    this.#urgentAtMs = nowMs + changed.length * URGENT_MS_EACH
    if (!isUrgent) this.#saveAtMs = nowMs + Math.max(SAVE_MS, changed.length * SAVE_MS_EACH)
    if (changed.length === 0) return
    const decidedBytes = this.#decidedBytes
    this.#work = this.#work
      .then(() => this.notifier.flush())
      .then(() => this.#try(() => this.#state.saveChanged(this.engine, changed, decidedBytes)))
    this.#storeFindings(changed)
  }

  #storeFindings(changed: readonly SavedEntry[]): void {
    const output = this.#output
    if (output === null || changed.length === 0) return
    const lines = changed.map(({ finding }) => findingLine(finding, this.#version++)).join('\n')
    this.#work = this.#work.then(() => output.findings(Buffer.from(`${lines}\n`, 'latin1'), changed.length))
  }

  #store(events: readonly FindingEvent[]): void {
    const output = this.#output
    if (output === null) return
    const lines = events.map(findingEventLine).join('\n')
    this.#work = this.#work.then(() => output.findingEvents(Buffer.from(`${lines}\n`, 'latin1'), events.length))
  }

  #decide(acknowledgeFrom: number): void {
    for (let isMore = true; isMore; ) {
      const from = this.#decidedBytes
      const { placed, end } = readDecisions(this.#state.folder, from)
      for (const { at, decision } of placed) this.#carryOut(decision, at >= acknowledgeFrom)
      this.#decidedBytes = end
      isMore = end > from
    }
  }

  #carryOut({ do: what, key, by, reason, expires }: Decision, isNew: boolean): void {
    if (what === 'silence' && expires !== undefined) this.engine.silence(key, { owner: by, reason, expires })
    else if (what === 'ack' && isNew) this.engine.acknowledge(key, by, reason)
  }

  /** A full disk must not end a capture: what cannot be saved now is saved later. */
  #try(save: () => void): void {
    try {
      save()
    } catch (error) {
      this.#say((error as Error).message)
    }
  }
}
