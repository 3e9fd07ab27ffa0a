/** A mapping as a table: each row says where a value comes from, and where it goes. docs/exports.md shows the same rows. */
import type { ExportContext } from './format.ts'
import type { FlowRecord } from './record.ts'

export interface Row<T> {
  /** Path in what is written, as "source.ip". */
  readonly to: string
  /** What it is made of, for people; '' = always the same. */
  readonly from: string
  /** undefined, null, '' and an empty list: nothing is written. */
  value(from: T, context: ExportContext): unknown
}

export type MappingRow = Row<FlowRecord>

/** An object with what the rows give. */
export function mapped<T>(rows: readonly Row<T>[], from: T, context: ExportContext): object {
  const object: Record<string, unknown> = {}
  for (const { to, value } of rows) {
    const given = value(from, context)
    if (given === undefined || given === null || given === '' || (Array.isArray(given) && given.length === 0)) continue
    put(object, to, given)
  }
  return object
}

function put(object: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split('.')
  const last = names.pop() as string
  let inner = object
  for (const name of names) {
    inner[name] ??= {}
    inner = inner[name] as Record<string, unknown>
  }
  inner[last] = value
}
