/**
 * What alerts know, on disk. The baselines are a file that is whole or not at all; so are the findings, and what changed since
 * stands in a journal beside them, a line each: many findings of which one changes must not all be written again.
 */
import {
  appendFileSync,
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '../core/errors.ts'
import { makeFolders } from '../core/folders.ts'
import type { SavedEntry } from './book.ts'
import type { AlertEngine, SavedEngine } from './engine.ts'
import type { Finding } from './finding.ts'

const FINDINGS = 'findings.json'
const BASELINES = 'baselines.json'
const JOURNAL = /^findings-\d+\.jsonl$/
/** A journal that is longer than this, and than the findings beside it, is written into them. */
const MAX_JOURNAL_BYTES = 1024 * 1024

type SavedFindings = Pick<SavedEngine, 'version' | 'findings'> & {
  /** Bytes of the operators' decisions that were carried out. */
  readonly decidedBytes: number
  /** Which journal goes on from here; 0 in files of before there were any. */
  readonly journal?: number
}
type SavedBaselines = Omit<SavedEngine, 'findings'>

/** A line of the journal: the findings that changed together, as they are now. */
interface JournalLine {
  readonly decidedBytes: number
  readonly findings: readonly SavedEntry[]
}

export class StateFolder {
  readonly folder: string
  /** Of the journal that is written to; null = the findings must be written whole first. */
  #journal: number | null = null
  #journalBytes = 0
  #wholeBytes = 0

  /** @throws OperatorError ERR_DATA_FOLDER */
  constructor(folder: string) {
    this.folder = folder
    this.#guard(() => makeFolders(folder, 0o700))
  }

  /** Takes up what an earlier run left; returns the bytes of decisions it had carried out. @throws OperatorError ERR_DATA_FOLDER */
  restore(engine: AlertEngine): number {
    const saved = this.#readFindings()
    const baselines = this.#read<SavedBaselines>(BASELINES)
    if (saved === null && baselines === null) return 0
    const nothing = { version: 1 as const, sinceUs: 0, nowUs: 0, memories: [] }
    engine.restore({ ...nothing, ...baselines, findings: saved?.findings ?? [] })
    return saved?.decidedBytes ?? 0
  }

  /** All findings. @throws OperatorError ERR_DATA_FOLDER, and what was saved before is still there */
  saveFindings(engine: AlertEngine, decidedBytes: number): void {
    const journal = (this.#journal ?? this.#read<SavedFindings>(FINDINGS)?.journal ?? 0) + 1
    // A failure leaves nothing that could be gone on from.
    this.#journal = null
    const { version, findings } = engine.saveFindings()
    this.#wholeBytes = this.#write(FINDINGS, { version, findings, decidedBytes, journal } satisfies SavedFindings)
    this.#journal = journal
    this.#journalBytes = 0
    this.#removeJournals()
  }

  /** Those that changed since; the rest is as it was saved last. @throws OperatorError ERR_DATA_FOLDER */
  saveChanged(engine: AlertEngine, changed: readonly SavedEntry[], decidedBytes: number): void {
    const journal = this.#journal
    const isLong = this.#journalBytes > Math.max(MAX_JOURNAL_BYTES, this.#wholeBytes)
    if (journal === null || isLong) {
      this.saveFindings(engine, decidedBytes)
      return
    }
    const line = `${JSON.stringify({ decidedBytes, findings: changed } satisfies JournalLine)}\n`
    // Where it cannot be written, its lines would stand behind half of one.
    this.#journal = null
    this.#guard(() => appendFileSync(this.#journalPath(journal), line, { mode: 0o600, flush: true }))
    this.#journal = journal
    this.#journalBytes += line.length
  }

  saveBaselines(engine: AlertEngine): void {
    this.#write(BASELINES, engine.saveBaselines())
  }

  /** As they were when they were saved last. @throws OperatorError ERR_DATA_FOLDER */
  findings(): Finding[] {
    return (this.#readFindings()?.findings ?? []).map(({ finding }) => finding)
  }

  #readFindings(): Omit<SavedFindings, 'version'> | null {
    for (;;) {
      const whole = this.#read<SavedFindings>(FINDINGS)
      if (whole === null) return null
      const { journal = 0 } = whole
      const lines = this.#readJournal(journal)
      // Who writes may have begun the next one between the two.
      if (lines.length === 0 && this.#read<SavedFindings>(FINDINGS)?.journal !== whole.journal) continue
      const findings = new Map(whole.findings.map((entry) => [entry.finding.key, entry]))
      for (const line of lines) for (const entry of line.findings) findings.set(entry.finding.key, entry)
      const decidedBytes = lines.at(-1)?.decidedBytes ?? whole.decidedBytes
      return { findings: [...findings.values()], decidedBytes, journal }
    }
  }

  /** Up to the first line that was not written to its end. */
  #readJournal(journal: number): JournalLine[] {
    const text = this.#readText(`findings-${journal}.jsonl`)
    if (text === null) return []
    const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as JournalLine)
  }

  /** What they say is in the findings by now; also what a run left that was killed before it came so far. */
  #removeJournals(): void {
    this.#guard(() => {
      for (const name of readdirSync(this.folder))
        if (JOURNAL.test(name)) rmSync(join(this.folder, name), { force: true })
    })
  }

  #journalPath(journal: number): string {
    return join(this.folder, `findings-${journal}.jsonl`)
  }

  #read<T extends { version: number }>(name: string): T | null {
    const text = this.#readText(name)
    if (text === null) return null
    const saved = this.#guard(() => JSON.parse(text) as T)
    return saved.version === 1 ? saved : null
  }

  #readText(name: string): string | null {
    return this.#guard(() => {
      try {
        return readFileSync(join(this.folder, name), 'utf8')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw error
      }
    })
  }

  /** Returns how long it is. */
  #write(name: string, content: object): number {
    const path = join(this.folder, name)
    const text = JSON.stringify(content)
    this.#guard(() => {
      const file = openSync(`${path}.part`, 'w', 0o600)
      try {
        writeFileSync(file, text)
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
      renameSync(`${path}.part`, path)
    })
    return text.length
  }

  #guard<T>(use: () => T): T {
    try {
      return use()
    } catch (error) {
      const what = `the folder of alerts ${this.folder} cannot be used: ${(error as Error).message}`
      throw new OperatorError(
        'ERR_DATA_FOLDER',
        what,
        'name a folder that this user may write, and see whether its disk is full',
      )
    }
  }
}
