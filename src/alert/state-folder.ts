/** What alerts know, on disk: the findings and the baselines, each file whole or not at all. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '../core/errors.ts'
import type { AlertEngine, SavedEngine } from './engine.ts'
import type { Finding } from './finding.ts'

const FINDINGS = 'findings.json'
const BASELINES = 'baselines.json'

type SavedFindings = Pick<SavedEngine, 'version' | 'findings'> & {
  /** Bytes of the operators' decisions that were carried out. */
  readonly decidedBytes: number
}
type SavedBaselines = Omit<SavedEngine, 'findings'>

export class StateFolder {
  readonly folder: string

  /** @throws OperatorError ERR_DATA_FOLDER */
  constructor(folder: string) {
    this.folder = folder
    this.#guard(() => mkdirSync(folder, { recursive: true, mode: 0o700 }))
  }

  /** Takes up what an earlier run left; returns the bytes of decisions it had carried out. @throws OperatorError ERR_DATA_FOLDER */
  restore(engine: AlertEngine): number {
    const findings = this.#read<SavedFindings>(FINDINGS)
    const baselines = this.#read<SavedBaselines>(BASELINES)
    if (findings === null && baselines === null) return 0
    const nothing = { version: 1 as const, sinceUs: 0, nowUs: 0, memories: [] }
    engine.restore({ ...nothing, ...baselines, findings: findings?.findings ?? [] })
    return findings?.decidedBytes ?? 0
  }

  saveFindings(engine: AlertEngine, decidedBytes: number): void {
    const { version, findings } = engine.saveFindings()
    this.#write(FINDINGS, { version, findings, decidedBytes } satisfies SavedFindings)
  }

  saveBaselines(engine: AlertEngine): void {
    this.#write(BASELINES, engine.saveBaselines())
  }

  /** As they were when they were saved last. @throws OperatorError ERR_DATA_FOLDER */
  findings(): Finding[] {
    return (this.#read<SavedFindings>(FINDINGS)?.findings ?? []).map(({ finding }) => finding)
  }

  #read<T extends { version: number }>(name: string): T | null {
    return this.#guard(() => {
      try {
        const saved = JSON.parse(readFileSync(join(this.folder, name), 'utf8')) as T
        return saved.version === 1 ? saved : null
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw error
      }
    })
  }

  #write(name: string, content: object): void {
    const path = join(this.folder, name)
    this.#guard(() => {
      const file = openSync(`${path}.part`, 'w', 0o600)
      try {
        writeFileSync(file, JSON.stringify(content))
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
      renameSync(`${path}.part`, path)
    })
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
