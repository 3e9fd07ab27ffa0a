/** What operators decide about findings while a capture runs: lines appended to a file, and read by whoever watches. */
import { appendFileSync, closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '../core/errors.ts'

export interface Decision {
  readonly do: 'ack' | 'silence'
  /** rule|subject. */
  readonly key: string
  readonly by: string
  readonly reason: string
  /** RFC 3339; of a silence. */
  readonly expires?: string
}

const FILE = 'decisions.jsonl'
/** Read at one time; the rest at the next. */
const MAX_BYTES = 1024 * 1024

/** @throws OperatorError ERR_DATA_FOLDER */
export function appendDecision(folder: string, decision: Decision): void {
  try {
    appendFileSync(join(folder, FILE), `${JSON.stringify(decision)}\n`, { mode: 0o600 })
  } catch (error) {
    const what = `the folder of alerts ${folder} cannot be used: ${(error as Error).message}`
    throw new OperatorError('ERR_DATA_FOLDER', what, 'name the folder that capture or replay has')
  }
}

/** A decision, and where its line begins. */
export interface Placed {
  readonly at: number
  readonly decision: Decision
}

/** Whole lines from `at` on, and where they end. A line that is no decision is passed over. */
export function readDecisions(folder: string, at: number): { placed: Placed[]; end: number } {
  let file: number
  try {
    file = openSync(join(folder, FILE), 'r')
  } catch {
    return { placed: [], end: at }
  }
  try {
    const bytes = Buffer.alloc(Math.min(Math.max(fstatSync(file).size - at, 0), MAX_BYTES))
    const read = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, at))
    const whole = read.subarray(0, read.lastIndexOf(0x0a) + 1)
    const placed: Placed[] = []
    for (let start = 0; start < whole.length; ) {
      const lineEnd = whole.indexOf(0x0a, start)
      const decision = parse(whole.subarray(start, lineEnd).toString())
      if (decision !== null) placed.push({ at: at + start, decision })
      start = lineEnd + 1
    }
    return { placed, end: at + whole.length }
  } finally {
    closeSync(file)
  }
}

function parse(line: string): Decision | null {
  try {
    const decision = JSON.parse(line) as Decision
    return typeof decision.key === 'string' && (decision.do === 'ack' || decision.do === 'silence') ? decision : null
  } catch {
    return null
  }
}
