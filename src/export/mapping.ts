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

/** Makes an object with what the rows give. */
export function mapping<T>(rows: readonly Row<T>[]): (from: T, context: ExportContext) => object {
  const compiled = rows.map(({ to, value }) => {
    const above = to.split('.')
    return { above, name: above.pop() as string, value }
  })
  return (from, context) => {
    const object: Record<string, unknown> = {}
    for (const { above, name, value } of compiled) {
      const given = value(from, context)
      if (given === undefined || given === null || given === '' || (Array.isArray(given) && given.length === 0))
        continue
      let inner = object
      for (const step of above) {
        inner[step] ??= {}
        inner = inner[step] as Record<string, unknown>
      }
      inner[name] = given
    }
    return object
  }
}
