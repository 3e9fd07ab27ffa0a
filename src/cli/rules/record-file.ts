/** Flow records as JSON lines, as `replay --format jsonl` prints them. */
import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { OperatorError } from '../../core/errors.ts'
import { VERDICTS } from '../../core/verdict.ts'
import type { FlowRecord } from '../../export/record.ts'

const MAX_BYTES = 256 * 1024 * 1024

/** @throws OperatorError ERR_USAGE */
export function readRecordFile(file: string): FlowRecord[] {
  const lines = readText(file).split('\n')
  return lines.flatMap((line, i) => (line.trim() === '' ? [] : [parse(line, file, i + 1)]))
}

function readText(file: string): string {
  try {
    if (statSync(file).size > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`)
    return readFileSync(file, 'utf8')
  } catch (error) {
    const why = `the records cannot be read: ${(error as Error).message}`
    throw new OperatorError('ERR_USAGE', why, 'name a file of JSON lines')
  }
}

/** What every record must have, of its type. */
const MEMBERS = {
  string: ['flow_id', 'first_seen', 'last_seen', 'transport', 'client_ip', 'server_ip', 'visibility', 'verdict'],
  number: ['client_port', 'server_port', 'packets_client', 'packets_server', 'bytes_client', 'bytes_server'],
} as const

function parse(line: string, file: string, at: number): FlowRecord {
  const wrong = (what: string) =>
    new OperatorError('ERR_USAGE', `${file}:${at}: ${what}`, 'write it as docs/flow-record.md says')
  const record = parseJson(line)
  if (record === null) throw wrong('not a JSON object')
  for (const [type, names] of Object.entries(MEMBERS)) {
    const missing = names.find((name) => typeof record[name] !== type)
    if (missing !== undefined) throw wrong(`${missing} is no ${type}`)
  }
  if (!(VERDICTS as readonly unknown[]).includes(record['verdict'])) throw wrong('verdict is none')
  const times = [record['first_seen'], record['last_seen']] as string[]
  if (times.some((time) => Number.isNaN(Date.parse(time)))) throw wrong('first_seen or last_seen is no time')
  return { sensor: 'rules-test', policy: '', source: basename(file), ...record } as FlowRecord
}

function parseJson(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}
