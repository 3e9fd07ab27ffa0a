/**
 * Queries that read the same rows, asked as one: SELECT lists over one FROM and WHERE, letter by letter the same. The rows are read
 * and the statement is planned once for all of them, and each query stays one file.
 */
import { readQuery } from './sql-files.ts'

interface SelectList {
  /** From FROM on. */
  readonly rows: string
  readonly list: string
}

/** Between names of queries; their answer is one row, of each the columns `<column>_<place>`. */
const JOINT = '+'

/** The names as `select` takes them: joined where queries read the same rows. In the order of the first of each. */
export function joinNames(names: readonly string[]): string[] {
  const alike = new Map<string, string[]>()
  for (const name of names) {
    const rows = selectListOf(readQuery(name))?.rows ?? name
    const others = alike.get(rows)
    if (others === undefined) alike.set(rows, [name])
    else others.push(name)
  }
  return Array.from(alike.values(), (group) => group.join(JOINT))
}

export const namesIn = (joined: string): string[] => joined.split(JOINT)

/** The columns of the query at this place, by their own names. */
export function columnsAt(row: Readonly<Record<string, unknown>>, place: number): Record<string, unknown> {
  const own = Object.entries(row).filter(([column]) => column.endsWith(`_${place}`))
  return Object.fromEntries(own.map(([column, value]) => [column.slice(0, -`_${place}`.length), value]))
}

/** The text of one query, or of several that read the same rows. */
export function readQueries(joined: string): string {
  const names = namesIn(joined)
  const [first = '', ...others] = names.map((name) => readQuery(name))
  if (others.length === 0) return first
  const lists = [first, ...others].map(selectListOf)
  const rows = lists[0]?.rows
  if (rows === undefined || lists.some((one) => one?.rows !== rows)) throw new Error(`not of the same rows: ${joined}`)
  return `SELECT\n${lists.map((one, place) => renamed(one?.list ?? '', place)).join(',\n')}\n${rows}`
}

/** Null: more than a list and what it is of. */
function selectListOf(text: string): SelectList | null {
  const [, list, rows] = /^(?:--[^\n]*\n)*SELECT\n((?: [^\n]*\n)+)(FROM [\s\S]+)$/.exec(text) ?? []
  return list === undefined || rows === undefined ? null : { list: list.trimEnd(), rows }
}

/** Later expressions of a list may name earlier ones. */
function renamed(list: string, place: number): string {
  const columns = new Set(Array.from(list.matchAll(/\bAS (\w+)/g), ([, column]) => column))
  return list.replace(/'(?:[^'\\]|\\.)*'|\w+/g, (word) => (columns.has(word) ? `${word}_${place}` : word))
}
